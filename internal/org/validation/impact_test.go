package validation_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki/jpki/jpkitest"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// late is a revocation that the CA made at a time, of a certificate untrue since a day.
func (c *country) late(number string, at time.Time, since resident.Date) message.CertStatus {
	s := revoked(c.t, c.signature, number, cert.AffiliationChanged, at)
	s.Since = since
	return s
}

func (c *country) impact(w validation.ImpactWindow) validation.ImpactReport {
	c.t.Helper()
	r, err := c.Impact(c.t.Context(), w)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// jump lets time pass in which nobody works.
func (c *country) jump(d time.Duration) {
	c.t.Helper()
	c.run(time.Second)
	c.clk.Set(c.clk.Now().Add(d))
	c.words++
	c.send(good(c.t, c.signature, fmt.Sprintf("7E%04X", c.words))) // "good" is told for a day after the CA's last word
	c.run(time.Second)
}

// TestLateRevocationIsTold: when a revocation comes late, each verifier that was told "good" wrongly gets one notice, which
// counts and names its answers, and what a person there says comes back. Answers of the day since which the certificate was
// untrue, of before it, and to who was told "revoked" are none of it.
func TestLateRevocationIsTold(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, nagano, etax, pension)
		home, tax, pensions := c.join(nagano), c.join(etax), c.join(pension)
		home.send(registration(etax, 1, true), registration(pension, 1, true))
		c.send(good(t, c.signature, "4711"), good(t, c.signature, "4712"))
		c.run(time.Minute)
		tax.asks(c.signature, "4711") // on the day itself
		untrue := resident.DateOf(c.clk.Now())
		c.jump(26 * time.Hour)
		for range 3 {
			tax.asks(c.signature, "4711")
			c.jump(time.Hour)
		}
		pensions.asks(c.signature, "4711")
		tax.asks(c.signature, "4712") // of another certificate
		c.told(c.signature, "4711")   // somebody whom nobody knows
		c.jump(26 * time.Hour)
		c.send(c.late("4711", c.clk.Now(), untrue))
		c.run(time.Second)
		if got := tax.asks(c.signature, "4711"); got != cert.Revoked.String() {
			t.Fatalf("told %s", got)
		}
		c.run(time.Minute)
		if len(tax.notices) != 1 || len(pensions.notices) != 1 {
			t.Fatalf("%d and %d notices", len(tax.notices), len(pensions.notices))
		}
		n := tax.notices[0]
		if n.Count != 3 || len(n.Answers) != 3 || n.Since != untrue || !n.WrongFrom.Equal(untrue.AddDays(1).Start()) || n.Serial != serial(t, "4711") || n.Answers[0].BasedAt.IsZero() {
			t.Errorf("the notice says %+v", n)
		}
		r := c.impact(validation.ImpactWindow{})
		if len(r.Cases) != 1 || r.Cases[0].Answers != 5 || r.Cases[0].Notices != 2 || r.Cases[0].Acknowledged != 0 || len(r.Cases[0].Verifiers) != 3 {
			t.Errorf("the report says %+v", r)
		}
		// A second look finds nothing new, and tells nobody twice.
		c.jump(10 * time.Minute)
		if len(tax.notices) != 1 || len(pensions.notices) != 1 {
			t.Errorf("%d and %d notices after a second look", len(tax.notices), len(pensions.notices))
		}
		tax.send(message.ImpactAcknowledgement{Notice: n.Notice, Verifier: etax, By: "operator-ueda", Text: "受け付けた申告はない。", At: c.clk.Now()})
		pensions.send(message.ImpactAcknowledgement{Notice: n.Notice, Verifier: pension, By: "operator-ueda", Text: "ほかの機関の通知", At: c.clk.Now()})
		// What was said first stays: others have relied on it.
		tax.send(message.ImpactAcknowledgement{Notice: n.Notice, Verifier: etax, By: "operator-egawa", Text: "訂正", At: c.clk.Now()})
		r = c.impact(validation.ImpactWindow{Serial: serial(t, "4711")})
		if r.Cases[0].Acknowledged != 1 || r.Cases[0].Verifiers[0].AcknowledgedBy != "operator-ueda" || r.Cases[0].Verifiers[0].Done != "受け付けた申告はない。" {
			t.Errorf("the report says %+v", r)
		}
		if got := c.stuck(); !slices.Contains(got, "unknown-notice") {
			t.Errorf("stuck: %v", got)
		}
		// A window narrows the answers, and the certificates.
		first := n.Answers[0].AskedAt
		if r := c.impact(validation.ImpactWindow{From: first, To: first.Add(time.Second)}); len(r.Cases) != 1 || r.Cases[0].Answers != 1 || r.Cases[0].Verifiers[0].Answers != 1 {
			t.Errorf("a window of a second says %+v", r)
		}
		if r := c.impact(validation.ImpactWindow{To: first}); len(r.Cases) != 0 {
			t.Errorf("before the first, the report says %+v", r)
		}
		if r := c.impact(validation.ImpactWindow{Serial: serial(t, "4712")}); len(r.Cases) != 0 {
			t.Errorf("of another certificate, the report says %+v", r)
		}
		var table bytes.Buffer
		if err := c.WriteImpact(t.Context(), &table, validation.ImpactWindow{}); err != nil {
			t.Fatal(err)
		}
		rows := must[[][]string](t)(csv.NewReader(&table).ReadAll())
		if len(rows) != 6 || rows[1][8] != string(etax) || rows[1][13] != "operator-ueda" {
			t.Errorf("the table says %v", rows)
		}
	})
}

// TestTimelyRevocationOpensNothing: asked the whole day, revoked the same day, answered as revoked from then on.
func TestTimelyRevocationOpensNothing(t *testing.T) {
	c := newCountry(t, "memory:", nagano, etax)
	home, tax := c.join(nagano), c.join(etax)
	home.send(registration(etax, 1, true))
	c.send(good(t, c.signature, "4711"))
	c.run(time.Minute)
	tax.asks(c.signature, "4711")
	c.send(c.late("4711", c.clk.Now().Truncate(time.Second), resident.DateOf(c.clk.Now())))
	c.run(time.Second)
	tax.asks(c.signature, "4711")
	c.jump(time.Hour)
	if r := c.impact(validation.ImpactWindow{}); len(r.Cases) != 0 || len(tax.notices) != 0 {
		t.Errorf("%+v, %d notices", r, len(tax.notices))
	}
}

// TestListThatOvertakesTheStatus: a list ends the certificate and does not say since when it was untrue. The status that comes
// behind it says so, and the answers of the days between are found all the same.
func TestListThatOvertakesTheStatus(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, nagano, etax)
		home, tax := c.join(nagano), c.join(etax)
		home.send(registration(etax, 1, true))
		c.send(good(t, c.signature, "4711"))
		c.run(time.Minute)
		untrue := resident.DateOf(c.clk.Now())
		c.jump(48 * time.Hour)
		tax.asks(c.signature, "4711")
		c.jump(time.Minute)
		at := c.clk.Now().Truncate(time.Second)
		c.jump(time.Minute)
		tax.asks(c.signature, "4711")
		c.run(time.Second)
		c.send(c.signature.listed(t, 1, c.clk.Now().Truncate(time.Second), matsumoto, jpkitest.Revocation{Serial: serial(t, "4711"), At: at, Reason: cert.AffiliationChanged}))
		c.run(10 * time.Second)
		if len(tax.notices) != 1 || tax.notices[0].Count != 1 {
			t.Fatalf("after the list the verifier is told %+v", tax.notices)
		}
		c.send(c.late("4711", at, untrue))
		c.run(10 * time.Second)
		if len(tax.notices) != 2 || tax.notices[1].Count != 1 || tax.notices[1].Since != untrue {
			t.Errorf("after the status the verifier is told %+v", tax.notices)
		}
		if r := c.impact(validation.ImpactWindow{}); len(r.Cases) != 1 || r.Cases[0].Since != untrue.String() || !r.Cases[0].WrongFrom.Equal(untrue.AddDays(1).Start()) || r.Cases[0].Answers != 2 {
			t.Errorf("the report says %+v", r)
		}
		c.send(c.late("4711", at, untrue)) // once more says nothing new
		c.run(10 * time.Minute)
		if len(tax.notices) != 2 {
			t.Errorf("%d notices", len(tax.notices))
		}
	})
}

// TestStalledFeed: the CA had revoked it the same day, and validation learnt of it hours later. The answers between were wrong.
func TestStalledFeed(t *testing.T) {
	c := newCountry(t, "memory:", nagano, etax)
	home, tax := c.join(nagano), c.join(etax)
	home.send(registration(etax, 1, true))
	c.send(good(t, c.signature, "4711"))
	c.run(time.Minute)
	tax.asks(c.signature, "4711")
	c.run(time.Minute)
	at := c.clk.Now().Truncate(time.Second)
	c.jump(time.Hour)
	tax.asks(c.signature, "4711")
	c.run(time.Second)
	c.send(c.late("4711", at, resident.DateOf(at)))
	c.run(time.Minute)
	if len(tax.notices) != 1 || tax.notices[0].Count != 1 {
		t.Errorf("the verifier is told %+v", tax.notices)
	}
}

// TestAnswersThatComeLateIntoTheRecord, which is written behind the askers' backs, are found by the second look; and more
// than one step holds are all counted.
func TestAnswersThatComeLateIntoTheRecord(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, nagano, etax)
		home, tax := c.join(nagano), c.join(etax)
		home.send(registration(etax, 1, true))
		c.send(good(t, c.signature, "4711"))
		c.run(time.Minute)
		untrue := resident.DateOf(c.clk.Now())
		c.jump(48 * time.Hour)
		keep := func(n int) {
			t.Helper()
			err := c.Store.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
				for i := range n {
					tx.Collect("answer", "id, asked_at, issuer, serial, answer, fresh, requester, based_at", tx.Serial(), c.clk.Now().Add(-time.Duration(i)*time.Second), c.signature.id,
						serial(t, "4711").Bytes(), "good", false, string(etax), start)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		keep(1203)
		c.send(c.late("4711", c.clk.Now(), untrue))
		c.run(time.Minute)
		keep(4)
		c.jump(10 * time.Minute)
		if len(tax.notices) != 2 || tax.notices[0].Count != 1203 || len(tax.notices[0].Answers) != message.MaxImpactAnswers || tax.notices[1].Count != 4 {
			var counts []uint64
			for _, n := range tax.notices {
				counts = append(counts, n.Count)
			}
			t.Errorf("the verifier is told of %v", counts)
		}
	})
}

// TestWhoIsNoPeerAnyMore was told wrongly, and cannot be told; the others are.
func TestWhoIsNoPeerAnyMore(t *testing.T) {
	c := newCountry(t, "memory:", nagano, etax)
	home, tax := c.join(nagano), c.join(etax)
	home.send(registration(etax, 1, true), registration(pension, 1, true))
	c.send(good(t, c.signature, "4711"))
	c.run(time.Minute)
	untrue := resident.DateOf(c.clk.Now())
	c.jump(48 * time.Hour)
	tax.asks(c.signature, "4711")
	err := c.Store.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
		tx.Collect("answer", "id, asked_at, issuer, serial, answer, fresh, requester, based_at", tx.Serial(), c.clk.Now(), c.signature.id,
			serial(t, "4711").Bytes(), "good", false, string(pension), start)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.send(c.late("4711", c.clk.Now(), untrue))
	c.run(time.Minute)
	tax.send(message.ImpactAcknowledgement{Notice: tax.notices[0].Notice, Verifier: etax, By: "=1+1", Text: "受け付けた申告はない。", At: c.clk.Now()})
	var table bytes.Buffer
	if err := c.WriteImpact(t.Context(), &table, validation.ImpactWindow{}); err != nil || !strings.Contains(table.String(), ",'=1+1\n") {
		t.Errorf("%v: what a spreadsheet would reckon out is in %s", err, table.String())
	}
	if got := must[plain.Sentence](t)(c.Badge(t.Context())); got.EN != "some are not told, 1/1" {
		t.Errorf("the list says %q, and one was not told", got.EN)
	}
	if r := c.impact(validation.ImpactWindow{}); len(tax.notices) != 1 || len(r.Cases) != 1 || r.Cases[0].Notices != 1 || len(r.Cases[0].Verifiers) != 2 {
		t.Errorf("%d notices, and the report says %+v", len(tax.notices), r)
	}
}

func TestImpactWindow(t *testing.T) {
	w, err := validation.ParseImpactWindow("2026-04-01", "2026-04-01", "47 11")
	if err == nil {
		t.Errorf("a serial with a space is %v", w)
	}
	w, err = validation.ParseImpactWindow("2026-04-01", "2026-04-01", "4711")
	if err != nil || w.To.Sub(w.From) != 24*time.Hour || w.From.In(cert.JST).Hour() != 0 {
		t.Errorf("a day is %v to %v: %v", w.From, w.To, err)
	}
	for _, bad := range [][2]string{{"2026-02-30", ""}, {"", "yesterday"}, {"2026-04-02", "2026-04-01"}} {
		if w, err := validation.ParseImpactWindow(bad[0], bad[1], ""); err == nil {
			t.Errorf("%s is taken for %v", fmt.Sprint(bad), w)
		}
	}
}
