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

// TestThirdPersonScreens: a creditor asks for a copy at the counter; the clerk who took the request sees that another one decides, and the other one gives out less than was
// asked for.
func TestThirdPersonScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			v := newIssuersBy(t, inMemory, true, rand.NewChaCha8([32]byte{11}))
			who := v.person("松本　一子", "1960-05-01", "世帯主", "")
			v.run(70 * time.Second)
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
				if got := tab.Text("main"); !strings.Contains(got, want) {
					t.Errorf("%s does not say %q: %s", tab.Location(), want, got)
				}
			}
			visit := func(persona string) {
				t.Helper()
				status(tab.Open(base+"/session?next=/"+string(matsumoto)+"/visit"), http.StatusOK)
				status(tab.Follow(`button[value="`+persona+`"]`), http.StatusOK)
				tab.Fill("#f-visit_case", "31")
				tab.Press(`label:has(input[value="by-others"])`)
				status(tab.Follow(`#form .button`), http.StatusOK)
			}
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			visit("clerk-aoki")
			status(tab.Open(base+"/resident/"+who.Person.String()+"/third"), http.StatusOK)
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			tab.Screen("third-wrong-" + lang)
			tab.Press(`label:has(input[value="12-3-1-1"])`)
			for field, text := range map[string]string{"applicant": "架空商事株式会社", "place": "東京都足立区中央本町一丁目17番1号", "came": "架空　五郎", "authority": "社員（社員証）", "purpose": "貸金の返還を求める訴えの準備",
				"proof": "金銭消費貸借契約書の写し", "items_why": "相続人を確かめる", "document": string(identity.DrivingLicence)} {
				tab.Fill("#f-"+field, text)
			}
			tab.Press(`label:has(#f-relation)`)
			tab.Press(`label:has(#f-domicile)`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			says("もう一人の審査を待っています", "It waits for another clerk")
			request := tab.Location()
			tab.Screen("third-asked-" + lang)
			status(tab.Open(base+"/documents"), http.StatusOK)
			tab.Screen("third-waits-" + lang)

			status(tab.Open(base+"/"), http.StatusOK)
			says("審査を待つ第三者の請求が1件あります", "Requests of third persons that wait for a decision: 1")

			visit("clerk-inoue")
			status(tab.Open(request), http.StatusOK)
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			says("交付するか、しないかを選んでください。", "Choose whether it is given out.")
			tab.Press(`label:has(input[value="grant"])`)
			tab.Press(`label:has(#f-relation)`)
			tab.Fill("#f-why", "契約書で債権を確かめた。本籍は要らない。")
			tab.Screen("third-decide-" + lang)
			status(tab.Follow(`#form .button`), http.StatusOK)
			says("交付すると決まりました", "It is to be given out")
			tab.Screen("third-granted-" + lang)
			status(tab.Follow(`main .actions .button`), http.StatusOK)
			says("第三者（法12条の2・12条の3）", "a third person (arts. 12-2, 12-3)")
		})
	}
}
