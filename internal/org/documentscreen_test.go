package org_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

// TestDocumentScreens: 葛󠄂西花子 gets a copy of her record at the counter; the next one is stopped, because her husband's moving out was filed
// while it lay there; and what the counter sees of a document that could not be made, and of one of which nothing is left.
func TestDocumentScreens(t *testing.T) {
	documenttest.Official(t) // the built-in font lacks her name
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			v := newIssuersBy(t, inMemory, true, rand.NewChaCha8([32]byte{7}))
			husband := v.person("葛󠄂西　太郎", "1958-02-03", "世帯主", "")
			wife := v.person("葛󠄂西　花子", "1960-05-01", "妻", v.household(husband.Person))
			v.run(70 * time.Second)
			server := httptest.NewServer(v.town.Handler())
			t.Cleanup(server.Close)
			base := server.URL + "/" + string(matsumoto)
			tab := webuitest.Browser(t)
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d", tab.Location(), got, want)
				}
				v.run(2 * time.Second)
			}
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			status(tab.Open(base+"/session?next=/"+string(matsumoto)+"/visit"), http.StatusOK)
			status(tab.Follow(`button[value="clerk-aoki"]`), http.StatusOK)
			tab.Fill("#f-visit_case", "17")
			tab.Press(`label:has(input[value="copy"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			person := base + "/resident/" + wife.Person.String()
			apply := func(kind string) {
				t.Helper()
				status(tab.Open(person+"/issue"), http.StatusOK)
				tab.Press(`label:has(input[value="` + kind + `"])`)
				tab.Press(`label:has(#f-relation)`)
				tab.Fill("#f-document", string(identity.MyNumberCard))
				if got := tab.Follow(`#form .button`); got != http.StatusOK {
					t.Fatalf("%s: %d", tab.Location(), got)
				}
			}
			status(tab.Open(person+"/issue"), http.StatusOK)
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			tab.Screen("issue-wrong-" + lang)
			status(tab.Open(person+"/issue"), http.StatusOK)
			tab.Screen("issue-" + lang)

			apply("resident-record-individual")
			tab.Screen("issued-waits-" + lang)
			v.run(2 * time.Second)
			status(tab.Open(tab.Location()), http.StatusOK)
			tab.Screen("issued-" + lang)
			first := tab.Location()
			if file := v.printed(server.URL, first); !strings.HasPrefix(file, "%PDF-") {
				t.Errorf("no document is printed: %.60q", file)
			}
			tab.Fill("#f-page-1", last(v.bindings(path.Base(tab.Location()))[0], 4))
			tab.Fill("#f-sheets", "1")
			status(tab.Follow(`#form .button`), http.StatusOK)
			tab.Screen("issued-handed-over-" + lang)

			apply("resident-record-household")
			v.run(2 * time.Second)
			status(tab.Open(tab.Location()), http.StatusOK)
			_, err := v.town.File(v.clerk, municipality.MoveOut{Filing: municipality.Filing{Person: husband.Person, Base: v.base(husband.Person), Arose: resident.DateOf(v.clk.Now()).AddDays(10), Basis: "law-24"},
				To: parsed("東京都足立区中央本町一丁目17番1号", resident.ParseAddress)})
			check(t, err)
			v.run(2 * time.Second)
			tab.Fill("#f-page-1", last(v.bindings(path.Base(tab.Location()))[0], 4))
			tab.Fill("#f-sheets", "1")
			status(tab.Follow(`#form .button`), http.StatusOK)
			tab.Screen("issued-stopped-" + lang)

			apply("seal-registration")
			v.run(2 * time.Second)
			status(tab.Open(tab.Location()), http.StatusOK)
			tab.Screen("issued-refused-" + lang)

			apply("resident-record-individual")
			v.run(2 * time.Second)
			status(tab.Open(tab.Location()), http.StatusOK)
			status(tab.Follow(`#void-form .button`), http.StatusUnprocessableEntity)
			tab.Screen("issued-void-wrong-" + lang)
			if says := map[string]string{"ja": "枚数を数字で入力してください。例：1", "en": "Enter how many sheets, as a number: 1."}[lang]; !strings.Contains(tab.Text("#errors"), says) {
				t.Errorf("it does not say %q", says)
			}
			tab.Fill("#f-spoiled", "1")
			tab.Fill("#f-proof", "1枚目が詰まり、係長の前で裁断した。")
			status(tab.Follow(`#void-form .button`), http.StatusOK)
			tab.Screen("issued-voided-" + lang)
			status(tab.Open(person), http.StatusOK)
			tab.Screen("issued-person-" + lang)
			v.accounts(4, 1, 1, 1, 1)

			apply("resident-record-individual")
			v.run(2 * time.Second)
			lost := tab.Location()
			v.printed(server.URL, lost)
			apply("resident-record-individual") // and nobody says what became of the first
			v.run(2 * time.Second)
			status(tab.Open(lost), http.StatusOK)
			status(tab.Follow(`#case-form-0 .button`), http.StatusUnprocessableEntity)
			tab.Screen("issued-case-" + lang)
			tab.Press(`label:has(input[value="destroyed"])`)
			tab.Fill("#f-case_proof", "トレイに1枚残っていたので、係長の前で裁断した。")
			status(tab.Follow(`#case-form-0 .button`), http.StatusOK)
			if says := map[string]string{"ja": "書いた人とは別の職員が、紙を見て確認すると、件が閉じます。", "en": "Another clerk than who said this looks at the paper and confirms"}[lang]; !strings.Contains(tab.Text("main"), says) || strings.Contains(tab.Text("main"), map[string]string{"ja": "確認して、件を閉じる", "en": "Confirm, and close the case"}[lang]) {
				t.Errorf("it does not say %q, or who said it may confirm it", says)
			}
			status(tab.Open(base+"/documents"), http.StatusOK)
			tab.Screen("papers-" + lang)
			status(tab.Open(base+"/"), http.StatusOK)
			tab.Screen("papers-home-" + lang)
			status(tab.Open(base+"/session?next=/"+string(matsumoto)+"/visit"), http.StatusOK)
			status(tab.Follow(`button[value="clerk-inoue"]`), http.StatusOK)
			tab.Fill("#f-visit_case", "18")
			tab.Press(`label:has(input[value="copy"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			status(tab.Open(lost), http.StatusOK)
			tab.Screen("issued-case-confirm-" + lang)
			status(tab.Follow(`#confirm-form-0 .button`), http.StatusOK)
			if got := v.openCases(); len(got) != 0 {
				t.Errorf("confirmed on the page: %q", got)
			}
		})
	}
}

// TestPrinterScreens: what the counter sees of its printer while it prints, when it has printed, and when nobody knows.
func TestPrinterScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			v, p := withPrinterAs(t, inMemory, issuersAs{random: rand.NewChaCha8([32]byte{9})})
			who := v.person("松本　一子", "1960-05-01", "世帯主", "")
			v.run(70 * time.Second)
			id := v.applied(making.IndividualRecord, who.Person, document.Items{})
			v.run(2 * time.Second)
			server := httptest.NewServer(v.town.Handler())
			t.Cleanup(server.Close)
			base := server.URL + "/" + string(matsumoto)
			tab := webuitest.Browser(t)
			tab.Open(base + "/?lang=" + lang)
			tab.Open(base + "/session?next=/" + string(matsumoto) + "/visit")
			tab.Follow(`button[value="clerk-aoki"]`)
			tab.Fill("#f-visit_case", "17")
			tab.Press(`label:has(input[value="copy"])`)
			tab.Follow(`#form .button`)
			jam := printing.Status{State: printing.Stopped, Meaning: plain.Sentence{JA: "プリンターが止まっています。紙詰まりを直すと続きます。", EN: "The printer is stopped. It goes on when the jam is cleared."}}
			p.submit = func(context.Context, printing.Job) (printing.Status, error) { return jam, nil }
			p.status = func(context.Context, string) (printing.Status, error) { return jam, nil }
			tab.Open(base + "/document/" + id)
			tab.Follow(`#print-form .button`)
			v.run(3 * time.Second)
			tab.Open(base + "/document/" + id)
			tab.Screen("print-jam-" + lang)
			v.run(11 * time.Minute)
			tab.Open(base + "/document/" + id)
			tab.Screen("print-unknown-" + lang)
			p.submit, p.status = nil, nil
			tab.Follow(`#print-form .button`)
			v.run(5 * time.Second)
			tab.Open(base + "/document/" + id)
			tab.Screen("print-done-" + lang)
			tab.Fill("#f-page-1", "UUUU")
			tab.Fill("#f-sheets", "2")
			if got := tab.Follow(`#form .button`); got != http.StatusUnprocessableEntity {
				t.Errorf("by another number it is %d", got)
			}
			if says := map[string]string{"ja": "この誤りは、記録しました。", "en": "That this happened was recorded."}[lang]; !strings.Contains(tab.Text("#errors"), says) {
				t.Errorf("it does not say %q", says)
			}
			tab.Screen("sheet-wrong-" + lang)
		})
	}
}

// last is the end of a number.
func last(s string, n int) string { return s[len(s)-n:] }

// printed fetches what the clerk prints.
func (v *issuers) printed(server, page string) string {
	v.Helper()
	jar, err := cookiejar.New(nil)
	check(v, err)
	client := &http.Client{Jar: jar}
	base := server + "/" + string(matsumoto)
	for path, form := range map[string]url.Values{"/session": {"persona": {"clerk-aoki"}}} {
		resp, err := client.PostForm(base+path, form)
		check(v, err)
		resp.Body.Close()
	}
	resp, err := client.Get(page + "/document.pdf")
	check(v, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(v, err)
	return string(body)
}
