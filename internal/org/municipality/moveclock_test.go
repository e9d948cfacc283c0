package municipality

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
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
		{d(2026, 4, 1), d(2026, 4, 20), d(2026, 5, 1), false}, // the 30th day, within 14 of moving in
		{d(2026, 4, 1), d(2026, 4, 20), d(2026, 5, 2), true},  // the 31st
		{d(2026, 4, 1), d(2026, 4, 1), d(2026, 4, 15), false}, // the 14th day after moving in
		{d(2026, 4, 1), d(2026, 4, 1), d(2026, 4, 16), true},  // the 15th
		{d(2026, 4, 10), d(2026, 4, 1), d(2026, 4, 9), false}, // before the planned day
	} {
		if got := specialVoid(x.planned, x.moved, x.filed); got != x.void {
			t.Errorf("planned %s, moved %s, filed %s: void is %v", x.planned, x.moved, x.filed, got)
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
	if l.Here[0].SpecialVoid {
		t.Error("void before its time was over")
	}
	n.run(2 * time.Second)
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
