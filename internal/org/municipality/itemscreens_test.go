package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestItemScreens looks at a foreign resident's record with a stay that has ended, and at the form of 帰化.
func TestItemScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{3}))
			c.step(c.o, c.o.Alarms.Tasks()...)
			base := c.serve()
			r := wholeForeigner()
			r.Record.Stay.Until = r.Record.BecameResident.AddDays(20)
			who := "/resident/" + c.register(r).Person.String()
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			visit := func(path string) {
				t.Helper()
				if got := tab.Open(base + path); got != http.StatusOK {
					t.Fatalf("%s: %d", path, got)
				}
				c.run(time.Second)
			}
			visit("/?lang=" + lang)
			visit("/session?next=/municipality-202029/register")
			c.visitBy("clerk-aoki")
			if got := tab.Follow(`button[value="clerk-aoki"]`); got != http.StatusOK {
				t.Fatal(got)
			}
			visit(who)
			look("person-foreign")
			visit(who + "/change/amendment?event=naturalisation")
			look("naturalisation")
		})
	}
}
