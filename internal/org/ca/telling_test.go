package ca_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	nagano = message.Org("prefecture-20")
	tokyo  = message.Org("prefecture-13")
)

// lastReport is the newest that a prefecture was told; n is how many there must be.
func (c *country) lastReport(o message.Org, n int) message.CAReport {
	c.t.Helper()
	got := received[message.CAReport](c, o)
	if len(got) != n {
		c.t.Fatalf("%s was told %d reports, want %d: %+v", o, len(got), n, got)
	}
	return got[n-1]
}

// at runs the country over a moment.
func (c *country) at(t time.Time) {
	c.t.Helper()
	c.clk.Set(t.Add(-time.Second))
	c.run(3 * time.Minute)
}

func placeOf(n message.CAReport, p cert.Profile) message.ReportPlace {
	for _, x := range n.Places {
		if x.Profile == p && x.Municipality.String() == "202029" {
			return x
		}
	}
	return message.ReportPlace{}
}

func aChild(t testing.TB, n uint64) resident.IdentificationInfo {
	p := person(t, n, 1)
	p.Birth = must[resident.PartialDate](t)(resident.ParsePartialDate("birth", "2015-02-17"))
	return p
}

// TestReportAtTheClose: at the end of each day each prefecture is told its own figures as of midnight, and days on which the CA
// was off are made up for, with the figures of their own midnights.
func TestReportAtTheClose(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, nagano, tokyo)
		changed := c.issue("r1", cert.Signature, person(t, 1, 1))
		c.issue("r2", cert.Authentication, person(t, 1, 1))
		c.send(matsumoto, request(t, "r3", cert.Signature, aChild(t, 2)), request(t, "r4", cert.Signature, person(t, 1, 1)))
		midnight := time.Date(2026, 4, 2, 0, 0, 0, 0, cert.JST)
		c.at(midnight)
		first := c.lastReport(nagano, 1)
		if !first.Since.Equal(midnight.AddDate(0, 0, -1)) || !first.Until.Equal(midnight) || first.At.Before(midnight) || first.Asked || first.Day() != resident.MustDate(2026, 4, 1) {
			t.Errorf("the first close: %+v", first)
		}
		want := message.ReportPlace{Municipality: person(t, 1, 1).Municipality, Profile: cert.Signature, Issued: 1, Fresh: 1, Valid: 1,
			Refused: []message.ReportCount{{What: "under-15", Ever: 1, Fresh: 1}, {What: "valid-certificate-exists", Ever: 1, Fresh: 1}}}
		if got := placeOf(first, cert.Signature); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got := c.lastReport(tokyo, 1); len(got.Places) != 0 || got.Prefecture != 13 || !reflect.DeepEqual(got.Prefectures, []message.ReportPrefecture{{Prefecture: 13}, {Prefecture: 20, Issued: 2, Valid: 2}}) {
			t.Errorf("Tokyo is told %+v", got)
		}

		// The next day one more is issued, and one revoked on the day after; then the CA is off for two nights.
		c.clk.Set(midnight.Add(12 * time.Hour))
		c.issue("r5", cert.Signature, person(t, 3, 1))
		c.clk.Set(midnight.Add(23*time.Hour + 59*time.Minute))
		c.Close()
		c.clk.Set(midnight.AddDate(0, 0, 3).Add(9 * time.Hour))
		c.open()
		c.send(center, revocation(changed, 2))
		c.run(time.Minute)
		got := received[message.CAReport](c, nagano)
		if len(got) != 4 {
			t.Fatalf("after three nights there are %d reports", len(got))
		}
		for i, n := range got[1:] {
			p := placeOf(n, cert.Signature)
			if n.Day() != resident.MustDate(2026, 4, 2+i) || p.Issued != 2 || p.Valid != 2 || len(p.Revoked) != 0 || p.Fresh != []int64{1, 0, 0}[i] || p.Refused[0].Ever != 1 || p.Refused[0].Fresh != 0 {
				t.Errorf("of %s, made up for: %+v", n.Day(), p)
			}
			if !n.At.Equal(c.lastReport(nagano, 4).At) && n.At.Before(c.clk.Now().Add(-time.Hour)) {
				t.Errorf("of %s: read at %s", n.Day(), n.At)
			}
		}
		c.at(midnight.AddDate(0, 0, 4))
		p := placeOf(c.lastReport(nagano, 5), cert.Signature)
		if want := []message.ReportCount{{What: "affiliationChanged", Ever: 1, Fresh: 1}}; !reflect.DeepEqual(p.Revoked, want) || p.Valid != 1 {
			t.Errorf("when one was revoked: %+v", p)
		}
		// The same figures as the table that the command line prints.
		_, total, err := c.Issuance(t.Context(), resident.MustDate(2026, 4, 5))
		if n := c.lastReport(nagano, 5); err != nil || total.Issued() != n.Prefectures[1].Issued || total.Valid != n.Prefectures[1].Valid {
			t.Errorf("the report says %+v, and the table %+v, %v", n.Prefectures, total, err)
		}
	})
}

// TestReportWhenAsked: who asks is told at once, and all who ask within a minute from one count.
func TestReportWhenAsked(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, nagano, tokyo)
		c.issue("r1", cert.Signature, person(t, 1, 1))
		ask := func(from message.Org, p resident.PrefectureCode) {
			c.send(from, message.CAReportRequest{Prefecture: p, By: "operator-ueda"})
		}
		ask(nagano, 20)
		c.run(10 * time.Second)
		n := c.lastReport(nagano, 1)
		if !n.Asked || n.Until.Before(start) || n.Until.After(c.clk.Now()) || !n.At.Equal(n.Until) || placeOf(n, cert.Signature).Issued != 1 || len(received[message.CAReport](c, tokyo)) > 0 {
			t.Errorf("asked: %+v", n)
		}
		// Again, and another: not before a minute has passed, and then both as of the same moment.
		ask(nagano, 20)
		c.run(10 * time.Second)
		ask(tokyo, 13)
		ask(nagano, 20)
		c.run(10 * time.Second)
		c.lastReport(nagano, 1)
		c.run(time.Minute)
		a, b := c.lastReport(nagano, 2), c.lastReport(tokyo, 1)
		if !a.Until.Equal(b.Until) || a.Until.Before(n.Until.Add(time.Minute)) {
			t.Errorf("of %s and %s, after one of %s", a.Until, b.Until, n.Until)
		}
		ask(tokyo, 20)
		c.run(10 * time.Second)
		if got := c.stuck(); !reflect.DeepEqual(got, []string{"another-prefecture"}) {
			t.Errorf("another prefecture's report is asked for: %q", got)
		}
	})
}

// TestReportOfWhatWaits: what is not signed, not confirmed and set aside is told with its age.
func TestReportOfWhatWaits(t *testing.T) {
	c := newCountry(t, "memory:", nagano)
	c.issue("r1", cert.Signature, person(t, 1, 1))
	c.run(10 * time.Second) // the first list
	d := &device{Signer: c.Key(cert.Signature), fail: "failed"}
	c.SetKey(cert.Signature, d)
	before := c.clk.Now()
	c.send(matsumoto, request(t, "r2", cert.Signature, person(t, 2, 1)))
	c.runOthers(time.Second)
	c.send(nagano, message.CAReportRequest{Prefecture: 20, By: "operator-ueda"})
	c.run(30 * time.Second)
	n := c.lastReport(nagano, 1)
	if n.Applications.Count != 1 || n.Applications.Oldest.Before(before) || n.Applications.Oldest.After(n.At) {
		t.Errorf("an application waits: %+v", n.Applications)
	}
	if n.Lists.Count != 0 || n.Revocations.Count != 0 {
		t.Errorf("nothing else does: %+v", n)
	}
}

// TestReportOfDamagedRows: a row that cannot be counted is told of apart, and stops neither the others nor the close.
func TestReportOfDamagedRows(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, nagano)
		for i, damage := range []string{`municipality = '999999'`, `municipality = '２０２０２９'`, `profile = 'seal'`, `reason = 'weather', state = 'revoked', revoked_at = issued_at`,
			`reason = '', state = 'revoked', revoked_at = issued_at`} {
			c.issue(fmt.Sprint("r", i), cert.Signature, person(t, uint64(i), 1))
			c.exec(t, fmt.Sprintf(`UPDATE certificate SET %s WHERE request = 'r%d'`, damage, i))
		}
		c.issue("good", cert.Signature, person(t, 9, 1))
		c.at(time.Date(2026, 4, 2, 0, 0, 0, 0, cert.JST))
		if n := c.lastReport(nagano, 1); n.Unreadable != 5 || placeOf(n, cert.Signature).Issued != 1 {
			t.Errorf("told %+v", n)
		}
		if _, total, err := c.Issuance(t.Context(), resident.MustDate(2026, 4, 1)); err != nil || total.Unreadable != 5 || total.Issued() != 1 {
			t.Errorf("the table has %+v in all, %v", total, err)
		}
	})
}

// TestOneCloseAtATime: however often the CA is started, one close is planned; and none when nobody has delegated to it.
func TestOneCloseAtATime(t *testing.T) {
	for want, more := range map[int64][]message.Org{0: nil, 1: {nagano}} {
		c := newCountry(t, sqlstoretest.SQLite(t), more...)
		for range 3 {
			c.Close()
			c.open()
		}
		var n due.Counts
		err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			n, err = due.Count(ctx, tx)
			return err
		})
		if err != nil || n.Waiting != want {
			t.Errorf("with %v: %+v, %v", more, n, err)
		}
	}
}

// TestLastStatements: the close that has just been is told of when its accounts are there, or half an hour later; until then the one before.
func TestLastStatements(t *testing.T) {
	close := func(out bool, days int, state message.LineState) statement.Statement {
		s := statement.Statement{Key: statement.Key{Peer: center, Out: out, Span: message.Day, Until: start.AddDate(0, 0, -days)}, State: state}
		if state != "waiting" {
			s.ReceiverAt = s.Until.Add(time.Minute)
		}
		return s
	}
	for name, c := range map[string]struct {
		all  []statement.Statement
		late time.Duration
		want []string
	}{
		"both agreed":         {[]statement.Statement{close(true, 0, "agreed"), close(true, 1, "agreed"), close(false, 0, "explained")}, time.Minute, []string{"true 0 agreed", "false 0 explained"}},
		"one is on its way":   {[]statement.Statement{close(true, 0, "waiting"), close(true, 1, "unexplained"), close(false, 0, "agreed")}, time.Minute, []string{"true 1 unexplained", "false 0 agreed"}},
		"one does not come":   {[]statement.Statement{close(true, 0, "waiting"), close(true, 1, "agreed")}, 30 * time.Minute, []string{"true 0 waiting"}},
		"the first is coming": {[]statement.Statement{close(false, 0, "waiting")}, time.Minute, []string{"false 0 waiting"}},
	} {
		var got []string
		for _, s := range ca.LastStatements(c.all, start.Add(c.late)) {
			got = append(got, fmt.Sprintf("%v %d %s", s.Out, int(start.Sub(s.Until)/(24*time.Hour)), s.State))
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
