package validation_test

import (
	"errors"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const city = message.Org("municipality-202029")

// TestMunicipalitiesAskAboutCertificates: where the address is closed a municipality, with which no messages are exchanged, asks over the
// lines whether a certificate is good, and nothing else. What it was told is kept under its name, and opens no case of its own: it asks
// because it suspects the answer.
func TestMunicipalitiesAskAboutCertificates(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.closed = true
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c.open()
		counter, stranger := c.join(city), c.join(etax)
		c.send(good(t, c.signature, "4711"))
		c.run(time.Minute)
		if got := counter.asks(c.signature, "4711"); got != cert.Valid.String() {
			t.Errorf("the municipality is told %s", got)
		}
		c.run(time.Second)
		if told := c.answersTo(string(city)); len(told) != 1 || told[0].answer != "good" {
			t.Errorf("of the answer is kept %+v", told)
		}
		for _, x := range []struct {
			who  *office
			kind string
		}{{counter, "receipts"}, {counter, "cut"}, {stranger, "ocsp"}} {
			var refusal *exchange.Refusal
			if _, err := c.net.As(x.who.Self()).Ask(t.Context(), self, x.kind, []byte("?")); !errors.As(err, &refusal) {
				t.Errorf("%s asks for %s: %v", x.who.Self(), x.kind, err)
			}
		}
		untrue := resident.DateOf(c.clk.Now())
		c.jump(26 * time.Hour)
		counter.asks(c.signature, "4711")
		c.run(time.Second)
		c.send(c.late("4711", c.clk.Now(), untrue))
		c.run(time.Minute)
		if got := counter.asks(c.signature, "4711"); got != cert.Revoked.String() {
			t.Errorf("after the revocation it is told %s", got)
		}
		if r := c.impact(validation.ImpactWindow{}); len(r.Cases) != 0 {
			t.Errorf("told wrongly: %+v", r.Cases)
		}
	})
}

// TestRegisterThatCannotBeRead: when nobody can say whether a verifier is served it is told to try later, and never good.
func TestRegisterThatCannotBeRead(t *testing.T) {
	c := newCountry(t, "memory:", nagano, etax)
	home, verifier := c.join(nagano), c.join(etax)
	home.send(registration(etax, 1, true))
	c.send(good(t, c.signature, "4711"))
	c.run(time.Minute)
	if got := verifier.asks(c.signature, "4711"); got != cert.Valid.String() {
		t.Fatalf("told %s", got)
	}
	rename := func(from, to string) {
		c.exec("ALTER TABLE " + from + " RENAME TO " + to)
	}
	rename("verifier", "verifier_gone")
	if got := verifier.asks(c.signature, "4711"); got != ocspwire.TryLater.Error() {
		t.Errorf("without the register it is told %s", got)
	}
	rename("verifier_gone", "verifier")
	if got := verifier.asks(c.signature, "4711"); got != cert.Valid.String() {
		t.Errorf("with it again it is told %s", got)
	}
}
