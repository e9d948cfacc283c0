package validation_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

// TestScreens looks at the pages in both languages and widths.
func TestScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			base := c.server.URL + "/validation"
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			tab.Open(base + "/?lang=" + lang)
			look("empty")
			c.send(good(t, c.signature, "4711"), good(t, c.signature, "4712"), good(t, c.authentication, "4713"),
				revoked(t, c.signature, "4712", cert.AffiliationChanged, start), c.signature.list(t, 1, start, matsumoto, "4712"))
			c.sendParts(c.signature.parts(t, 2, 1, c.signature.long(t, 2, 1, start.Add(time.Second)), 3000))
			c.sendParts(c.signature.parts(t, 3, 0, c.signature.long(t, 3, 0, start.Add(2*time.Second), serials(1, 400)...), 3000)[1:])
			c.run(time.Minute)
			for _, number := range []string{"4711", "4711", "4712", "4714"} {
				c.told(c.signature, number)
			}
			c.run(time.Second)
			tab.Open(base + "/")
			look("overview")
			tab.Open(base + "/lists")
			look("lists")
			if status := tab.Open(base + "/session?next=/validation/answers"); status != http.StatusOK {
				t.Fatal(status)
			}
			if status := tab.Follow(`button[value="auditor-onishi"]`); status != http.StatusOK {
				t.Fatalf("an auditor opens the answers: %d", status)
			}
			look("answers")
			tab.Fill("#f-serial", "serial=4712")
			tab.Follow("#find .button")
			if text := tab.Text("main"); !strings.Contains(text, "4712") || strings.Contains(text, "4711") {
				t.Errorf("looking for 4712 shows %s", text)
			}
			// While the CA is away the page says how old the answers are.
			c.clk.Set(start.Add(27 * time.Hour))
			c.run(0)
			tab.Open(base + "/")
			look("silent")
			c.net.Join(ca, nil)
			c.clk.Set(start.Add(21 * 24 * time.Hour))
			c.run(time.Minute)
			tab.Open(base + "/")
			look("away")
		})
	}
}
