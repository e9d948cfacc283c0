package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// visitBy opens a visit, as a clerk does before anybody is looked at.
func (c *country) visitBy(clerk string) {
	c.t.Helper()
	if err := c.o.OpenVisit(as(c.t, clerk), look.Ground{Purpose: look.Notice, Case: "A-17"}); err != nil {
		c.t.Fatal(err)
	}
}

// TestSealScreens registers a seal as a clerk does, with a scan that is too small first, by letter, and ends it.
func TestSealScreens(t *testing.T) {
	scan := func(mm float64) string {
		path := filepath.Join(t.TempDir(), "seal.png")
		if err := os.WriteFile(path, imprinttest.Seal{Millimetres: mm, Face: 3}.Scan(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			who := c.register(movedIn()).Person
			base := c.serve()
			shot := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d", tab.Location(), got, want)
				}
				c.run(time.Second)
			}
			page := "/resident/" + who.String() + "/seal"
			c.visitBy("clerk-aoki")
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			status(tab.Open(base+"/session?next=/municipality-202029"+page), http.StatusOK)
			status(tab.Follow(`button[value="clerk-aoki"]`), http.StatusOK)
			status(tab.Open(base+page), http.StatusOK)
			shot("seal")

			fill := func(mm float64) {
				t.Helper()
				tab.Upload("#f-seal", scan(mm))
				tab.Fill("#f-seal_text", "髙𠮷")
				tab.Press(`label:has(input[value="inquiry"])`)
				tab.Fill("#f-document", "driving-licence")
			}
			fill(7)
			tab.Fill("#f-seal_text", "佐藤")
			status(tab.Follow(`#form .button[data-kind="primary"]`), http.StatusUnprocessableEntity)
			if text := tab.Text("#errors"); strings.Count(text, "\n") < 1 {
				t.Errorf("it says %q", text)
			}
			shot("seal-wrong")
			tab.Upload("#f-seal", scan(13.5))
			tab.Fill("#f-seal_text", "髙𠮷")
			status(tab.Follow(`#form .button[data-kind="primary"]`), http.StatusOK)
			shot("seal-inquired")
			tab.Fill("#f-document", "inquiry")
			tab.Fill("#f-second_document", "driving-licence")
			status(tab.Follow(`form[action$="/answer"] .button`), http.StatusOK)
			shot("seal-registered")
			tab.Press(`label:has(input[value="card-lost"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			shot("seal-ended")
		})
	}
}
