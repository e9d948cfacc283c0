package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// shownKey is a holder's public key whose fingerprint stands on a picture.
const shownKey = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAENUlPD1fG07zowTrFNXHoD7d5coR4PIki
SR3ByggcfWKz4xxfdHZaK49faLLczTTQBZFjA1cvbC2W8VLKlHTbnQeQf+1BNA0P
GUPq1GZ95V78X1sG1cDzjV2aMWZNTX3a
-----END PUBLIC KEY-----
`

// TestScreens looks at the counter in both languages and widths: axe finds nothing, nothing is cut off, and each page looks
// as it did when somebody last looked.
func TestScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			c.step(c.o, c.o.Alarms.Tasks()...) // each page tells how many there are
			base := c.serve()
			look := func(name string) {
				t.Helper()
				if got := webuitest.Eval[string](tab, "document.documentElement.lang"); got != lang {
					t.Errorf("%s is in %q, want %q", name, got, lang)
				}
				tab.Screen(name + "-" + lang)
			}
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d", tab.Location(), got, want)
				}
				c.run(time.Second)
			}
			visit := func(path string) { t.Helper(); status(tab.Open(base+path), http.StatusOK) }
			visit("/?lang=" + lang)
			visit("/session?next=/municipality-202029/register")
			status(tab.Follow(`button[value="clerk-aoki"]`), http.StatusConflict)
			look("visit")
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			look("visit-wrong")
			tab.Fill("#f-visit_case", "A-17")
			tab.Press(`label:has(input[value="notice"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)

			look("register")
			tab.Fill("#f-name", "髙𠮷 葛󠄂子")
			tab.Fill("#f-birth", "2023-02-29")
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			look("register-wrong")
			tab.Fill("#f-birth", "平成4年2月29日")
			tab.Fill("#f-furigana", "タカヨシ カツコ")
			tab.Fill("#f-domicile", "長野県飯田市大久保町2534番地")
			tab.Fill("#f-domicile_head", "髙𠮷 一郎")
			tab.Fill("#f-earlier_address", "ブラジル")
			tab.Fill("#f-document", "passport")
			tab.Fill("#f-address", home)
			tab.Press(`label:has(input[value="女"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			look("register-confirm")
			status(tab.Follow(`#form button[value="file"]`), http.StatusOK)
			visit(strings.TrimPrefix(tab.Location(), base))
			look("registered")
			person := strings.TrimPrefix(tab.Location(), base)
			person = person[:strings.Index(person, "/filed/")]

			visit("/search")
			tab.Fill("#f-name", "髙𠮷")
			status(tab.Follow(`#form .button`), http.StatusOK)
			look("search")

			visit(person + "/apply")
			look("apply")
			tab.Press(`label:has(input[value="signature"])`)
			tab.Fill("#f-document", "my-number-card")
			tab.Fill("#f-public_key", shownKey)
			// Nothing is stepped while the page is looked at: it refreshes itself, and would show the answer.
			if got := tab.Follow(`#form .button`); got != http.StatusOK {
				t.Fatalf("%s: %d", tab.Location(), got)
			}
			look("waiting")
			c.run(2 * time.Second)
			tab.WaitFor(`a[href$="certificate.pem"]`)
			visit(strings.TrimPrefix(tab.Location(), base))
			look("application")
			c.apply(c.person(person), cert.Authentication, []byte(shownKey))

			visit(person + "/change/move-within")
			look("move")
			tab.Fill("#f-address", "松本市大手4番2号")
			tab.Fill("#f-document", "driving-licence")
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			look("move-warning")
			tab.Press(`label:has(#f-as_is)`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			look("move-confirm")
			c.refuse = unreadable
			status(tab.Follow(`#form button[value="file"]`), http.StatusOK)
			visit(strings.TrimPrefix(tab.Location(), base))
			look("moved")
			visit(person)
			look("person")
			visit(person + "/loss")
			look("loss")
			// The CA holds for valid what the move has ended, as in 2004.
			c.clk.Set(c.clk.Now().Add(time.Hour))
			visit("/visit")
			look("visit-idle")
			status(tab.Follow(`#form .button`), http.StatusOK)
			c.decline, c.held = &plain.Sentence{JA: "有効な電子証明書があります。更新は令和12年11月29日からできます。", EN: "The applicant has a valid certificate. It can be renewed from 2030-11-29 on."},
				c.heldOne(1)
			at := c.apply(c.person(person), cert.Signature, []byte(shownKey))
			visit("/application/" + at.Request)
			if got := tab.Text(`main .notice`); !strings.Contains(got, "食い違") && !strings.Contains(got, "disagree") {
				t.Errorf("first it says %q", got)
			}
			look("disagrees")
			c.decline, c.held = nil, nil
			visit(person + "/change/death")
			status(tab.Follow(`#form .button`), http.StatusOK)
			look("death-confirm")
			visit("/")
			look("home")
			visit("/session?next=/municipality-202029/audit")
			status(tab.Follow(`button[value="auditor-onishi"]`), http.StatusOK)
			look("audit")
		})
	}
}

func (c *country) person(path string) PersonID {
	c.t.Helper()
	r, err := http.NewRequest("GET", "http://here"+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetPathValue("person", strings.TrimPrefix(path, "/resident/"))
	return personOf(r)
}
