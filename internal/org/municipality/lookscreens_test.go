package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestScreensOfLooks looks at the pages of who looked at whom, as TestScreens does at the others.
func TestScreensOfLooks(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			c.step(c.o, append(c.o.Alarms.Tasks(), c.o.LookWatch.Task())...)
			base := c.serve()
			shot := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d\n%s", tab.Location(), got, want, tab.Text("main"))
				}
				c.run(time.Second)
			}
			become := func(persona string) {
				t.Helper()
				status(tab.Open(base+"/session?next=/municipality-202029/&lang="+lang), http.StatusOK)
				status(tab.Follow(`button[value="`+persona+`"]`), http.StatusOK)
			}
			who := c.register(movedIn())
			person := base + "/resident/" + who.Person.String()
			v := c.counter("clerk-inoue")
			v.get("/resident/"+who.Person.String(), http.StatusOK)
			c.attend(look.Attention{Subject: who.Code, Category: look.Known})

			become("clerk-aoki")
			status(tab.Open(base+"/visit"), http.StatusOK)
			tab.Fill("#f-visit_case", "B-3")
			tab.Press(`label:has(input[value="disclosure"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			tab.Fill("#f-name", "髙𠮷")
			status(tab.Follow(`#form .button`), http.StatusOK)
			shot("search-attention")
			status(tab.Open(person), http.StatusConflict)
			shot("attention")
			tab.Fill("#f-again", "B-3")
			status(tab.Follow(`#form .button`), http.StatusOK)
			status(tab.Open(person+"/disclosure"), http.StatusOK)
			tab.Press(`label:has(input[value="disclosure"])`)
			tab.Fill("#f-document", "driving-licence")
			shot("disclose")
			status(tab.Follow(`#form .button`), http.StatusOK)
			shot("disclosed")
			status(tab.Open(base+"/disclosures"), http.StatusOK)
			shot("disclosures")
			c.run(3 * time.Minute)

			become("auditor-onishi")
			status(tab.Open(base+"/looks"), http.StatusOK)
			shot("looks")
			status(tab.Open(base+"/looks/finding?"+url.Values{"code": {"look-attended"}, "operator": {"clerk-aoki"}, "day": {today.String()}}.Encode()), http.StatusOK)
			shot("looks-finding")
			status(tab.Open(base+"/looks/attention"), http.StatusOK)
			shot("looks-attention")
			if !strings.Contains(tab.Text("main"), who.Code.Reveal()) {
				t.Error("the list lacks whom it is about")
			}
		})
	}
}
