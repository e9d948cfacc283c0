package validation_test

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestScreensOfTwoCAs looks at the overview and the lists of a country in which a prefecture has a CA of its own, which has fallen silent.
func TestScreensOfTwoCAs(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			s := newSeveral(t, "memory:")
			base := s.server.URL + "/validation"
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			s.send(good(t, s.signature, "4711"), good(t, s.authentication, "4713"), s.signature.list(t, 1, start, matsumoto))
			s.sendTheirs(good(t, s.theirs, "4711"), good(t, s.theirs, "4712"), revoked(t, s.theirs, "4712", cert.AffiliationChanged, start), s.theirs.list(t, 1, start, matsumoto, "4712"))
			s.run(time.Minute)
			s.net.Join(tokyoCA, nil)
			s.clk.Set(start.Add(27 * time.Hour))
			s.send(good(t, s.signature, "4714"))
			s.run(time.Minute)
			tab.Open(base + "/?lang=" + lang)
			look("several")
			tab.Open(base + "/lists")
			look("several-lists")
		})
	}
}
