package org_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestAfterTheFactScreens: an operator is told that another person's paper came out, states the cause, and sees which documents it concerns and where they are;
// a clerk sees whose they are, with the drafts of the notices, and follows one of them.
func TestAfterTheFactScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			v := newIssuersBy(t, inMemory, true, rand.NewChaCha8([32]byte{9}))
			head := v.person("松本　一子", "1960-05-01", "世帯主", "")
			v.person("松本　二子", "2012-05-01", "子", v.household(head.Person))
			hers := v.person("松本　三子", "1970-05-01", "世帯主", "")
			v.run(70 * time.Second)
			made := func(kind making.Kind, who municipality.PersonID, items document.Items) string {
				id := v.applied(kind, who, items)
				v.run(2 * time.Second)
				_, err := v.town.PrintDocument(v.clerk, id)
				check(t, err)
				return id
			}
			household := made(making.HouseholdRecord, head.Person, document.Items{Relation: true, Number: true})
			check(t, v.handOver(household, 1))
			voided := made(making.IndividualRecord, head.Person, document.Items{})
			check(t, v.town.VoidDocument(v.clerk, voided, 1, "1枚目が詰まり、係長の前で裁断した。"))
			lost := made(making.IndividualRecord, hers.Person, document.Items{Domicile: true})
			made(making.IndividualRecord, hers.Person, document.Items{})
			v.run(2 * time.Second)
			_, err := v.town.Protect(v.clerk, municipality.Protecting{Applicant: hers.Person, Evidence: byCard})
			check(t, err)
			// The digests are those of the pictures: a signature is another one each time.
			exec(t, v.town.Store, `UPDATE document_request SET file = $1, content = $2, came = $2, bytes = $3`, repeated(0x1a), repeated(0x5e), []byte{})
			// A program without a gate would have let the household's document through for another application.
			exec(t, v.town.Store, `UPDATE document_request SET content = $2, came = $2 WHERE request = $1`, household, repeated(0x61))
			exec(t, v.town.Store, `UPDATE document_request SET came = $2 WHERE request = $1`, lost, repeated(0x61))

			server := httptest.NewServer(v.town.Handler())
			t.Cleanup(server.Close)
			base := server.URL + "/" + string(matsumoto)
			tab := webuitest.Browser(t)
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d: %s", tab.Location(), got, want, tab.Text("main"))
				}
			}
			says := func(ja, en string) {
				t.Helper()
				want := map[string]string{"ja": ja, "en": en}[lang]
				if got := tab.Text("body"); !strings.Contains(got, want) {
					t.Errorf("%s does not say %q: %s", tab.Location(), want, got)
				}
			}
			become := func(persona string) {
				t.Helper()
				status(tab.Open(base+"/session?next=/"+string(matsumoto)+"/documents/after"), http.StatusOK)
				status(tab.Follow(`button[value="`+persona+`"]`), http.StatusOK)
			}
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			become("operator-ueda")
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			says("調べる期間を、日付（2026-11-22）か時刻", "Write the time to look into as a day")
			tab.Screen("after-wrong-" + lang)
			day := v.clk.Now().Format("2006-01-02")
			tab.Fill("#f-from", day)
			tab.Fill("#f-to", day)
			tab.Fill("#f-cause", "プログラムの誤りで、別の人の証明書が印刷された。")
			status(tab.Follow(`#form .button`), http.StatusOK)
			inquiry := tab.Location()
			says("別の申請の証明書（"+household+"）", "another request's document ("+household+")")
			tab.Screen("affected-" + lang)
			if strings.Contains(tab.Text("main"), "一子") {
				t.Error("an operator is told a name")
			}
			status(tab.Open(inquiry+"/persons"), http.StatusForbidden)
			status(tab.Open(base+"/documents/after"), http.StatusOK)
			tab.Screen("after-" + lang)
			status(tab.Open(base+"/"), http.StatusOK)
			if got := tab.Text("main"); !strings.Contains(got, map[string]string{"ja": "証明書の事後の調査", "en": "Documents, after the fact"}[lang]) {
				t.Errorf("an operator is not led there: %s", got)
			}

			become("clerk-inoue")
			status(tab.Open(inquiry), http.StatusOK)
			status(tab.Follow(`#who + p + .actions .button`), http.StatusOK)
			says("氏名のほかは出せない", "the name alone may be shown")
			tab.Press(`#letter-2`)
			says("松本　二子 様", "松本　二子 様")
			tab.Screen("affected-persons-" + lang)
			tab.Open(base + "/documents/after")
			tab.Fill("#f-request", lost)
			status(tab.Follow(`#find .button`), http.StatusOK)
			says("分からない（件が開いている）", "unknown: a case is open")
			says("申請"+household+"の証明書です。", "It is that of "+household+".")
			tab.Screen("doctrace-" + lang)
			status(tab.Open(base+"/document/"+voided+"/trace"), http.StatusOK)
			says("係長の前で裁断した", "係長の前で裁断した")
			status(tab.Open(base+"/document/"+household+"/persons"), http.StatusConflict) // for what, the visit says
			tab.Fill("#f-visit_case", "F-17")
			tab.Press(`label:has(input[value="fault"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			says("松本　二子", "松本　二子")
			tab.Screen("doctrace-persons-" + lang)
			status(tab.Open(base+"/document/202029-7/trace"), http.StatusNotFound)
			says("窓口には、この番号の申請の記録がありません", "The counter has no record of this request")
			status(tab.Open(base+"/documents/after/202029-inquiry-0"), http.StatusUnprocessableEntity)
			says("この番号の調査はありません", "There is no inquiry of this number")

			become("auditor-onishi")
			status(tab.Open(inquiry), http.StatusOK)
			if got := tab.Text("main"); strings.Contains(got, "一子") || !strings.Contains(got, household) {
				t.Errorf("an auditor sees %s", got)
			}
		})
	}
}

// repeated is a digest for a picture.
func repeated(b byte) []byte { return []byte(strings.Repeat(string([]byte{b}), 32)) }
