package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

// TestTownScreens renames a town as two clerks do, with a slip first.
func TestTownScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			who := c.settle("大手3番7号")
			c.settle("大手町4番1号")
			base := c.serve()
			look := func(name string) {
				t.Helper()
				for _, w := range webuitest.Widths {
					for _, f := range tab.Axe(w) {
						t.Logf("axe could not decide at %d px: %s", w, f)
					}
				}
				tab.Golden(name + "-" + lang)
			}
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d", tab.Location(), got, want)
				}
				c.run(time.Second)
			}
			as := func(clerk string) {
				t.Helper()
				status(tab.Open(base+"/session?next=/municipality-202029/towns"), http.StatusOK)
				status(tab.Follow(`button[value="`+clerk+`"]`), http.StatusOK)
				status(tab.Open(base+"/towns"), http.StatusOK)
			}
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			as("clerk-aoki")
			tab.Fill("#f-old_name", "大手")
			tab.Fill("#f-new_name", "大手")
			tab.Fill("#f-day", resident.DateOf(c.clk.Now()).AddDays(1).String())
			tab.Press(`label:has(input[value="rule-21-2-3"])`)
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			look("towns-wrong")
			tab.Fill("#f-new_name", "中央")
			status(tab.Follow(`#form .button`), http.StatusOK)
			if tab.Text("main") == "" || webuitest.Eval[int](tab, `document.querySelectorAll('form[action$="/confirm"]').length`) != 0 {
				t.Error("who proposed it is offered to confirm it")
			}
			as("clerk-inoue")
			look("towns-counted")
			status(tab.Follow(`form[action$="/confirm"] .button`), http.StatusOK)
			c.run(24 * time.Hour)
			as("clerk-aoki") // the session of the day before is over
			look("towns-done")
			if got := c.address(who); got != "中央3番7号" {
				t.Errorf("the address is %s", got)
			}
		})
	}
}
