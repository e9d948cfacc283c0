package municipality

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestMoveClocks holds every clock at its borders, over a leap day, a year without one, and the change of an era.
func TestMoveClocks(t *testing.T) {
	d := resident.MustDate
	for _, x := range []struct {
		got, want resident.Date
		what      string
	}{
		{filingUntil(d(2026, 4, 1)), d(2026, 4, 15), "14 days to file"},
		{filingUntil(d(2028, 2, 15)), d(2028, 2, 29), "14 days over a leap day"},
		{filingUntil(d(2027, 2, 15)), d(2027, 3, 1), "14 days in a year without one"},
		{filingUntil(d(2019, 4, 20)), d(2019, 5, 4), "14 days into 令和"},
		{specialUntil(d(2028, 1, 31)), d(2028, 3, 1), "30 days over a leap day"},
		{specialUntil(d(2019, 4, 1)), d(2019, 5, 1), "30 days to the first day of 令和"},
		{cardUntil(d(2027, 12, 1)), d(2028, 2, 29), "90 days to a leap day"},
		{cardUntil(d(1989, 1, 7)), d(1989, 4, 7), "90 days from the last day of 昭和"},
		{unsettledFrom(d(2026, 4, 1)), d(2026, 5, 2), "the day after 30 days"},
	} {
		if x.got != x.want {
			t.Errorf("%s: %s, want %s", x.what, x.got, x.want)
		}
	}
	for _, x := range []struct {
		planned, moved, filed resident.Date
		void                  bool
	}{
		{d(2026, 4, 1), d(2026, 4, 20), d(2026, 5, 1), false},   // the 30th day, within 14 of moving in
		{d(2026, 4, 1), d(2026, 4, 20), d(2026, 5, 2), true},    // the 31st
		{d(2026, 4, 1), d(2026, 4, 1), d(2026, 4, 15), false},   // the 14th day after moving in
		{d(2026, 4, 1), d(2026, 4, 1), d(2026, 4, 16), true},    // the 15th
		{d(2026, 4, 10), d(2026, 4, 1), d(2026, 4, 9), false},   // before the planned day
		{d(2028, 1, 31), d(2028, 2, 20), d(2028, 2, 29), false}, // a leap day before the last day
		{d(2028, 1, 31), d(2028, 2, 20), d(2028, 3, 1), false},  // the 30th day, over it
		{d(2028, 1, 31), d(2028, 2, 20), d(2028, 3, 2), true},
		{d(2019, 4, 1), d(2019, 4, 20), d(2019, 5, 1), false}, // the first day of 令和
		{d(2019, 4, 1), d(2019, 4, 20), d(2019, 5, 2), true},
	} {
		if got := specialVoid(x.planned, x.moved, x.filed); got != x.void {
			t.Errorf("planned %s, moved %s, filed %s: void is %v", x.planned, x.moved, x.filed, got)
		}
		for _, y := range []struct{ special, lapsed, shown, refused bool }{
			{true, false, false, x.void}, {true, true, false, true}, {true, true, true, false}, {false, false, false, false},
		} {
			var ps problems
			for range 2 { // of a family it is said once
				checkSpecial(store.MoveHere{Special: y.special, SpecialVoid: y.lapsed, Planned: x.planned}, x.moved, x.filed, y.shown, &ps)
			}
			if refused := len(ps.Problems) == 1; refused != y.refused {
				t.Errorf("planned %s, moved %s, filed %s, %+v: refused is %v", x.planned, x.moved, x.filed, y, refused)
			}
		}
	}
}

// moveSignals are how many moves do not end, by the alarm.
func (c *country) moveSignals(o *Municipality) (in, out int64) {
	c.t.Helper()
	signals, err := o.moveAlarms().Signals(c.t.Context(), c.clk.Now())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, s := range signals {
		if s.Code != alarm.MoveUnsettled || s.Detail.JA == "" || s.Detail.EN == "" {
			c.t.Errorf("the signal %+v", s)
		}
		if s.About == "in" {
			in = s.Value
		} else {
			out = s.Value
		}
	}
	return in, out
}

// TestMoveNobodyFiles: until the last moment of the thirtieth day nobody is asked; from then on both ends have an alarm, the privilege of
// the card is over, and nothing is closed.
func TestMoveNobodyFiles(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	day := today.AddDays(2)
	n.leave(day, true)
	n.run(unsettledFrom(day).Start().Add(-time.Second).Sub(n.clk.Now()))
	for _, o := range []*Municipality{n.o, n.there} {
		if in, out := n.moveSignals(o); in+out != 0 {
			t.Errorf("%s is alarmed too early", o.Self)
		}
	}
	l := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	if l.Here[0].SpecialVoid || n.revoked(n.there) != 0 {
		t.Error("void before its time was over")
	}
	n.run(2 * time.Second)
	if got := n.revoked(n.there); got != 6 { // of three, at the CA and the center
		t.Errorf("with the card %d authentication certificates were demanded to end", got)
	}
	if in, out := n.moveSignals(n.o); in != 3 || out != 0 {
		t.Errorf("at the new municipality %d and %d", in, out)
	}
	if in, out := n.moveSignals(n.there); in != 0 || out != 3 {
		t.Errorf("at the old municipality %d and %d", in, out)
	}
	l = must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	if len(l.Here) != 3 || !l.Here[0].SpecialVoid || !l.Here[0].Waits() {
		t.Errorf("after 30 days: %+v", l.Here)
	}
	n.run(10 * 24 * time.Hour)
	if l := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki"))); len(l.Away) != 3 {
		t.Error("it closed by itself")
	}
	if got := n.revoked(n.there); got != 6 {
		t.Errorf("the card lapsed again: %d", got)
	}
}

// revoked is how many revocations an office has demanded of authentication certificates, and it fails for any other.
func (c *country) revoked(o *Municipality) (n int) {
	c.t.Helper()
	if err := o.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM x_out WHERE kind = 'cert.revoke'`).Scan(&n)
	}); err != nil {
		c.t.Fatal(err)
	}
	for _, r := range c.revokes {
		if r.Profile != cert.Authentication || !r.Serial.IsZero() {
			c.t.Errorf("%s is to end", r.Profile)
		}
	}
	return n
}

// TestSpecialTooLate: after its last day a moving in by the card needs a certificate on paper, and the authentication certificate dies with
// the card.
func TestSpecialTooLate(t *testing.T) {
	for what, x := range map[string]struct {
		filed, moved int // days after the planned day
	}{
		"the day after the thirtieth":  {31, 20},
		"the day after the fourteenth": {20, 5},
	} {
		n := newNeighbours(t, rand.Reader)
		n.leave(today, true)
		n.run(today.AddDays(x.filed).Start().Add(time.Hour).Sub(n.clk.Now()))
		c := MoveIn{Became: today.AddDays(x.moved), Address: address(home), Basis: "law-22"}
		for _, m := range must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here {
			c.People = append(c.People, Arrival{Move: m.Move, Relation: m.Info.Person.Relation})
		}
		_, err := n.o.RegisterArrivals(as(t, "clerk-aoki"), c)
		if !slices.Equal(fieldsOf(t, err), []string{"certificate"}) || !strings.Contains(err.Error(), "までです（転出の予定日から30日、転入をした日から14日）。転出証明書が必要です") {
			t.Errorf("%s: %v", what, err)
		}
		c.Certificate = true
		if _, err = n.o.RegisterArrivals(as(t, "clerk-aoki"), c); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		n.run(time.Minute)
		if got := n.revoked(n.o) + n.revoked(n.there); got != 6 {
			t.Errorf("%s: %d revocations", what, got)
		}
		if l := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))); len(l.ClosedHere) != 3 || !l.ClosedHere[0].SpecialVoid {
			t.Errorf("%s: %d are registered", what, len(l.ClosedHere))
		}
	}
}

// TestMoveClosedStaysClosed: a notice of moving in about a move that was given up deletes nobody, and the same word told again changes nothing.
func TestMoveClosedStaysClosed(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.leave(today.AddDays(3), false)
	l := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	if err := n.o.GiveUpMove(as(t, "clerk-aoki"), l.Here[0].Move); err != nil {
		t.Fatal(err)
	}
	n.run(time.Minute)
	take := func(m message.MoveIn) error {
		return n.there.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := n.there.onMoveIn(ctx, n.there.in(tx), exchange.Delivery{ID: message.ID{Sender: n.o.Self, Receiver: n.there.Self, Node: "1", Epoch: 1, Seq: 99}, CreatedAt: tx.Now()}, m)
			return err
		})
	}
	m := message.MoveIn{Move: l.Here[0].Move, Step: message.MoveRegistered, From: n.there.Code(), To: n.o.Code(), Code: l.Here[0].Code, Day: today, Filed: today, Version: 200}
	var r *exchange.Rejected
	if err := take(m); !errors.As(err, &r) || r.Code != "move-closed" {
		t.Errorf("a notice about a move that was given up: %v", err)
	}
	if d := must[Dossier](t)(n.there.Look(as(t, "clerk-aoki"), n.away[0], "test")); !d.Now.Present() || d.Plan != nil {
		t.Error("the record was deleted")
	}
	m.Step, m.Version = message.MoveVoid, 0
	if err := take(m); err != nil {
		t.Errorf("the same word again: %v", err)
	}
	m.To = n.there.Code()
	m.From = n.o.Code()
	if err := take(m); !errors.As(err, &r) || r.Code != "not-your-move" {
		t.Errorf("a move of two others: %v", err)
	}
}
