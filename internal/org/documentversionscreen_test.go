package org_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestVersionScreens: two operators of the center stop a version, its page names the server that still runs it, the clerk is told before there is anything to fill in
// and cannot hand over what lies at the counter, and two resume it.
func TestVersionScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			v := newIssuersBy(t, inMemory, true, rand.NewChaCha8([32]byte{9}))
			who := v.person("松本　一子", "1960-05-01", "世帯主", "")
			v.run(70 * time.Second)
			counter, above := httptest.NewServer(v.town.Handler()), httptest.NewServer(v.center.Handler())
			t.Cleanup(counter.Close)
			t.Cleanup(above.Close)
			desk, center := counter.URL+"/"+string(matsumoto), above.URL+"/"+string(center)
			tab := webuitest.Browser(t)
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d", tab.Location(), got, want)
				}
				v.run(2 * time.Second)
			}
			status(tab.Open(desk+"/?lang="+lang), http.StatusOK)
			status(tab.Open(desk+"/session?next=/"+string(matsumoto)+"/visit"), http.StatusOK)
			status(tab.Follow(`button[value="clerk-aoki"]`), http.StatusOK)
			tab.Fill("#f-visit_case", "17")
			tab.Press(`label:has(input[value="copy"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			person := desk + "/resident/" + who.Person.String()
			status(tab.Open(person+"/issue"), http.StatusOK)
			tab.Press(`label:has(input[value="resident-record-individual"])`)
			tab.Fill("#f-document", string(identity.MyNumberCard))
			status(tab.Follow(`#form .button`), http.StatusOK)
			v.run(10 * time.Second)
			held := tab.Location()

			as := func(operator, path string) {
				t.Helper()
				tab.Open(center + "/session?lang=" + lang + "&next=/nationalcenter" + path)
				status(tab.Follow(`button[value="`+operator+`"]`), http.StatusOK)
			}
			as("operator-ueda", "/halts")
			says := func(ja, en string) {
				t.Helper()
				if want := map[string]string{"ja": ja, "en": en}[lang]; !strings.Contains(tab.Text("#errors"), want) {
					t.Errorf("it does not say %q", want)
				}
			}
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			says("止める範囲を選んでください。", "Choose what is stopped.")
			tab.Press(`label:has(input[value="version"])`)
			tab.Fill("#f-from", "あした")
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			says("止めるプログラムの版を入力してください。上の表にあります。", "Write the version to be stopped. It stands in the table above.")
			says("止める時刻を「2026-11-24 17:15」の形で入力してください。すぐに止めるときは空欄にします。", "Write the time as 2026-11-24 17:15 (Japan). Leave it empty to stop at once.")
			tab.Screen("halts-wrong-" + lang)
			status(tab.Open(center+"/halts"), http.StatusOK)
			tab.Press(`label:has(input[value="version"])`)
			tab.Fill("#f-version", "test")
			tab.Fill("#f-reason", "別の人の証明書が印刷される誤りがある。")
			status(tab.Follow(`#form .button`), http.StatusOK)
			tab.Screen("halt-proposed-" + lang)
			halt := tab.Location()[len(center):]
			as("operator-egawa", halt)
			tab.Screen("halt-approve-" + lang)
			status(tab.Follow(`#stop-form .button`), http.StatusOK)
			status(tab.Open(center+"/halts"), http.StatusOK)
			tab.Screen("halts-" + lang)

			v.run(10 * time.Second)
			status(tab.Open(person+"/issue"), http.StatusOK)
			tab.Screen("issue-halted-" + lang)
			status(tab.Open(held), http.StatusOK)
			tab.Screen("issued-halted-" + lang)

			as("operator-ueda", halt)
			tab.Fill("#f-cause", "版を入れ替え、きのうの申請を点検した。")
			status(tab.Follow(`#form .button`), http.StatusOK)
			as("operator-egawa", halt)
			tab.Screen("halt-lift-" + lang)
			status(tab.Follow(`#lift-form .button`), http.StatusOK)
			tab.Screen("halt-lifted-" + lang)
			v.run(10 * time.Second)
			status(tab.Open(held), http.StatusOK)
			tab.Fill("#f-sheets", "1")
			if got := tab.Follow(`#form .button`); got != http.StatusUnprocessableEntity { // it was not printed
				t.Errorf("%d", got)
			}
		})
	}
}
