package statement_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/resident"
)

func (m *member) sign(day resident.Date, findings string) error {
	return m.store.Update(m.c.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return m.Sign(ctx, tx, day, "operator-1", plain.Sentence{JA: "運用 一郎", EN: "Ichiro Unyo"}, findings)
	})
}

func (m *member) calendar(month time.Month) (c statement.Calendar) {
	m.c.Helper()
	m.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		c, err = m.Calendar(ctx, tx, 2026, month, m.c.clk.Now())
		return err
	})
	return c
}

// TestRoundOverDays goes through four days of a city: signed, forgotten, signed late, and with something to be looked at.
func TestRoundOverDays(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c, a, b := pair(t, url)
		rounds := func() (n int64) {
			for _, s := range a.missing() {
				if s.Code == statement.RoundMissed {
					n = s.Value
				}
			}
			return n
		}
		if err := a.sign(wednesday, ""); err != nil {
			t.Fatal(err)
		}
		ids := a.ask(1, 2)
		c.until(1, 13, 0)
		if n := rounds(); n != 0 {
			t.Errorf("%d rounds are missed though it was signed", n)
		}
		c.until(2, 11, 59)
		if n := rounds(); n != 0 {
			t.Errorf("%d rounds are missed before noon", n)
		}
		c.until(2, 12, 0)
		if n := rounds(); n != 1 {
			t.Errorf("%d rounds are missed at noon of the next day", n)
		}
		b.exec(`DELETE FROM x_in WHERE seq = $1`, int64(ids[0].Seq)) // of the first day: its week says so
		c.until(5, 0, 10)
		for _, day := range []resident.Date{wednesday.AddDays(-1), wednesday.AddDays(6), {}} {
			if err := a.sign(day, "見た"); err == nil {
				t.Errorf("a round of %s was signed", day)
			}
		}
		if err := a.sign(wednesday.AddDays(5), " "); err == nil || !strings.Contains(err.Error(), "所見") {
			t.Errorf("signed without a word over an unexplained week: %v", err)
		}
		if err := a.sign(wednesday.AddDays(5), strings.Repeat("長", 1400)); err == nil {
			t.Error("endless findings were taken")
		}
		unseen := func() (found bool) {
			for _, s := range a.missing() {
				found = found || s.Code == statement.StatementUnexplained
			}
			return found
		}
		if !unseen() {
			t.Error("the week has no unexplained line")
		}
		for _, day := range []int{1, 5, 5} {
			if err := a.sign(wednesday.AddDays(day), "受信側の控えが1件足りない。センターに問い合わせた。"); err != nil {
				t.Fatal(err)
			}
		}
		if unseen() {
			t.Error("it is still told of after a person looked")
		}
		if n := rounds(); n != 2 { // of the 3rd and the 4th; that of the 1st and 2nd are signed
			t.Errorf("%d rounds are missed", n)
		}
		cal := a.calendar(time.April)
		if len(cal.Days) != 30 || len(cal.Weeks) != 4 {
			t.Fatalf("%d days, %d weeks", len(cal.Days), len(cal.Weeks))
		}
		for i, want := range []statement.Cell{statement.Green, statement.Green, statement.Green, statement.Green, statement.Green, statement.NoClose} {
			d := cal.Days[i]
			if p := d.Pairs[0]; p.Peer != center || p.Cell != want {
				t.Errorf("%s: %+v, want %q", d.Day, p, want)
			}
			if d.RoundMissed != (i == 2 || i == 3) {
				t.Errorf("%s: round missed: %v", d.Day, d.RoundMissed)
			}
		}
		if w := cal.Weeks[0]; w.Last != wednesday.AddDays(4) || w.Pairs[0].Cell != statement.Unexplained || w.Pairs[0].In != statement.Green {
			t.Errorf("the week: %+v", w)
		}
		if r := cal.Days[1].Rounds; len(r) != 1 || !r[0].Late || r[0].Person != "operator-1" || r[0].Name.JA != "運用 一郎" || len(r[0].Looked) == 0 {
			t.Errorf("%+v", r)
		}
		if r := cal.Days[5].Rounds; len(r) != 2 || r[1].N != 2 || r[0].Late {
			t.Errorf("%+v", r)
		}
		a.view(func(ctx context.Context, tx *sqlstore.Tx) error {
			found, err := auditlog.List(ctx, tx, auditlog.Filter{Act: statement.ActRound})
			if len(found) != 4 || found[0].Actor != "operator-1" || found[0].Case != "2026-04-06" {
				t.Errorf("audit: %+v", found)
			}
			return err
		})
	})
}

// TestSilentPeer: a peer that sends no account is told of after thirty minutes, and is a mark in the calendar.
func TestSilentPeer(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c, a, b := pair(t, url)
		c.off(b)
		c.until(1, 0, 29)
		if got := a.missing(); len(got) != 0 {
			t.Errorf("told too early: %+v", got)
		}
		if p := a.calendar(time.April).Days[0].Pairs[0]; p.Cell != statement.Pending {
			t.Errorf("%+v", p)
		}
		c.until(1, 0, 30)
		got := a.missing()
		if len(got) != 1 || got[0].Code != statement.StatementMissing || got[0].Peer != center || got[0].Value != 1800 || got[0].Detail.JA == "" {
			t.Errorf("%+v", got)
		}
		if p := a.calendar(time.April).Days[0].Pairs[0]; p.Cell != statement.Absent || p.In != statement.Absent {
			t.Errorf("%+v", p)
		}
	})
}

// TestCodesAreKnownToTheAlarms: what is told has a line in the table of alarms.
func TestCodesAreKnownToTheAlarms(t *testing.T) {
	for _, code := range []string{statement.StatementMissing, statement.StatementUnexplained, statement.RoundMissed} {
		if !slices.ContainsFunc(alarm.Definitions, func(d alarm.Definition) bool { return string(d.Code) == code }) {
			t.Errorf("%s has no definition", code)
		}
	}
	c, a, b := pair(t, "memory:")
	c.off(b)
	c.until(2, 12, 0)
	signals, err := a.Source().Signals(t.Context(), c.clk.Now())
	if err != nil || len(signals) != 2 || signals[0].Code != alarm.StatementMissing || signals[0].Peer != center || signals[1].Code != alarm.RoundMissed {
		t.Errorf("%v %+v", err, signals)
	}
}
