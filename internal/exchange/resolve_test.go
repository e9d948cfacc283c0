package exchange_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestRebase: when a message is withdrawn, the one that built on it builds on what it had built on.
func TestRebase(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, url, "memory:")
		var last resident.StateHash
		d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
			if n.Before != last {
				return exchange.Missing("前の異動がありません。", "the change before it is missing")
			}
			if n.After.Version == 2 {
				return exchange.Reject("unreadable", "読めません。", "unreadable")
			}
			last = n.After.StateHash() // nothing is taken back here
			return nil
		}
		var before resident.StateHash
		for v := range uint64(4) {
			o := change(1, v+1)
			c := o.Body.(message.ResidentChange)
			c.Before = before
			before = c.After.StateHash()
			d.city.send(t, message.Out{To: pref, Body: c})
			d.run(time.Second)
		}
		items := must(d.city.Stuck(t.Context(), 10))
		if len(items) != 3 || items[0].Code != "unreadable" {
			t.Fatalf("stuck: %+v", items)
		}
		d.resolve(d.city, items[0].ID, exchange.Withdraw)
		d.run(time.Minute)
		if p := d.pair(); p.Open != 0 || len(d.applied) != 3 || last != before {
			t.Errorf("applied %v, pair %+v: want 1, 3 and 4 joined", d.applied, p)
		}
		item, notes, _, err := d.pref.Find(t.Context(), items[0].ID)
		if err != nil || item.State != "withdrawn" || len(notes) != 1 || notes[0].Second != "operator-2" {
			t.Errorf("the receiver shows %+v %+v %v", item, notes, err)
		}
	})
}

// TestAcceptedWhileWithdrawn: the receiver accepts a message in the moment in which its sender takes it back. Whichever
// comes first is what happened, on both sides.
func TestAcceptedWhileWithdrawn(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	d.take = func(_ context.Context, _ *sqlstore.Tx, m exchange.Delivery, n message.ResidentChange) error {
		if !m.Accepted {
			return exchange.Reject("unreadable", "読めません。", "unreadable")
		}
		return nil
	}
	id := d.city.send(t, change(1, 1))[0]
	d.run(time.Second)
	d.resolve(d.city, id, exchange.Withdraw)
	d.resolve(d.pref, id, exchange.Accept)
	d.run(time.Minute)
	mine, _, _, err1 := d.city.Find(t.Context(), id)
	theirs, _, _, err2 := d.pref.Find(t.Context(), id)
	if err1 != nil || err2 != nil || mine.State != "applied" || theirs.State != "applied" || len(d.applied) != 1 {
		t.Errorf("sender: %s, receiver: %s, applied %v; want applied once on both sides", mine.State, theirs.State, d.applied)
	}
	if p := d.pair(); p.Open != 0 {
		t.Errorf("still open: %+v", p)
	}
}
