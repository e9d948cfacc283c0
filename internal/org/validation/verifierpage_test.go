package validation_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestVerifierScreens looks at whom we answer, and at a late revocation that two offices and somebody unknown were told of wrongly.
func TestVerifierScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:", nagano, etax, pension, "verifier-stranger")
			home, tax, pensions, stranger := c.join(nagano), c.join(etax), c.join(pension), c.join("verifier-stranger")
			other := registration(pension, 1, true)
			other.Office, other.Procedures = "厚生労働省", "年金受給者住所、支払機関変更等"
			home.send(registration(etax, 1, true), other)
			c.send(good(t, c.signature, "4711"))
			c.run(time.Minute)
			stranger.asks(c.signature, "4711")
			untrue := resident.DateOf(c.clk.Now())
			c.jump(26 * time.Hour)
			tax.asks(c.signature, "4711")
			c.run(time.Minute)
			tax.asks(c.signature, "4711")
			pensions.asks(c.signature, "4711")
			c.told(c.signature, "4711")
			c.run(time.Minute)
			c.send(c.late("4711", c.clk.Now().Truncate(time.Second), untrue))
			c.run(time.Minute)
			if len(tax.notices) != 1 {
				t.Fatalf("the verifier is told %+v", tax.notices)
			}
			tax.send(message.ImpactAcknowledgement{Notice: tax.notices[0].Notice, Verifier: etax, By: "operator-ueda", Text: "この回答によって受け付けた申告はない。", At: c.clk.Now()})
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			base := c.server.URL + "/validation"
			tab.Open(base + "/session?lang=" + lang + "&next=/validation/verifiers")
			if status := tab.Follow(`button[value="operator-ueda"]`); status != http.StatusOK {
				t.Fatal(status)
			}
			look("verifiers")
			tab.Open(base + "/impact?from=yesterday")
			look("impacts-wrong")
			tab.Open(base + "/impact?from=2026-04-01")
			look("impacts")
			tab.Follow("td a, th a")
			look("impact")
			if r := must[*http.Response](t)(http.Get(base + "/impact.csv")); r.StatusCode == http.StatusOK && r.Header.Get("Content-Type") == "text/csv; charset=utf-8" {
				t.Error("somebody unknown gets the table")
			}
		})
	}
}
