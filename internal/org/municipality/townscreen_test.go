package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

// TestTownScreens reads in a master and renames a town as two clerks do, with slips first.
func TestTownScreens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mt_town_city202029.csv")
	if err := os.WriteFile(file, []byte(matsumoto+"202029,12,2,長野県,松本市,深志,フカシ,,,,,0,,\n202053,0001000,2,長野県,飯田市,銀座,ギンザ,,,,,0,,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			who := c.settle("大手3丁目7号")
			c.settle("大手町4番1号")
			base := c.serve()
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d: %s", tab.Location(), got, want, tab.Text("main"))
				}
				c.run(time.Second)
			}
			as := func(clerk string) {
				t.Helper()
				status(tab.Open(base+"/session?next=/municipality-202029/towns"), http.StatusOK)
				status(tab.Follow(`button[value="`+clerk+`"]`), http.StatusOK)
				status(tab.Open(base+"/towns"), http.StatusOK)
			}
			count := func(css string) int { return webuitest.Eval[int](tab, `document.querySelectorAll('`+css+`').length`) }
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			as("clerk-aoki")
			look("towns-none")
			status(tab.Open(base+"/towns/import"), http.StatusOK)
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			tab.Upload("#f-file", file)
			status(tab.Follow(`#form .button`), http.StatusOK)
			if count(`form[action$="/confirm"]`) != 0 {
				t.Error("who proposed it is offered to confirm it")
			}
			at := tab.Location()
			as("clerk-inoue")
			status(tab.Open(at), http.StatusOK)
			look("towns-file")
			status(tab.Follow(`form[action$="/confirm"] .button`), http.StatusOK)

			status(tab.Open(base+"/towns/rename"), http.StatusOK)
			tab.Fill("#f-old_name", "大手前")
			tab.Fill("#f-new_name", "城南")
			tab.Fill("#f-day", resident.DateOf(c.clk.Now()).AddDays(1).String())
			tab.Press(`label:has(input[value="rule-21-2-3"])`)
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			look("towns-wrong")
			tab.Fill("#f-old_name", "大手")
			status(tab.Follow(`#form .button`), http.StatusOK)
			if count(`form[action$="/confirm"]`) != 0 {
				t.Error("who proposed it is offered to confirm it")
			}
			as("clerk-aoki")
			look("towns-counted")
			status(tab.Follow(`form[action$="/confirm"] .button`), http.StatusOK)
			c.run(24 * time.Hour)
			as("clerk-inoue") // the session of the day before is over
			tab.Fill("#q", "おおて")
			status(tab.Follow(`#find .button`), http.StatusOK)
			look("towns-done")
			status(tab.Open(base+"/towns/town/202029/0002003"), http.StatusOK)
			look("towns-history")
			for _, page := range []string{"/towns/renamings", "/towns/changes", "/towns/add", "/towns/end?town=0002003", "/towns/renamings?page=7"} {
				status(tab.Open(base+page), http.StatusOK)
			}
			status(tab.Open(base+"/towns/town/202029/0099000"), http.StatusNotFound)
			c.visitBy("clerk-inoue")
			status(tab.Open(base+"/register"), http.StatusOK)
			if n := webuitest.Eval[int](tab, `document.getElementById('f-address').list.options.length`); n != 6 {
				t.Errorf("%d towns are offered", n)
			}
			if got := c.address(who); got != "城南3丁目7号" {
				t.Errorf("the address is %s", got)
			}
			if html := webuitest.Eval[string](tab, `document.getElementById('f-address').list.innerHTML`); !strings.Contains(html, "長野県松本市城南３丁目") || strings.Contains(html, "旧町") {
				t.Error(html)
			}
		})
	}
}
