package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// TestHeldThroughTheOtherKey: what waits for a held message through its other key is not sent ahead of it.
func TestHeldThroughTheOtherKey(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	refuse := true
	d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
		if n.After.Version == 1 && refuse {
			return exchange.Reject("unreadable", "読めません。", "unreadable")
		}
		return nil
	}
	outs := []message.Out{change(1, 1)}
	for i := range uint64(120) { // the rest is in later batches
		outs = append(outs, change(i+10, i+10))
	}
	d.city.send(t, append(outs, codeChange(1, 2, 200), change(2, 201), codeChange(3, 2, 202), change(3, 203))...)
	d.run(time.Minute)
	if p := d.pair(); p.Parked != 1 || p.Held != 4 {
		t.Fatalf("pair %+v, want 1 parked and 4 held", p)
	}
	refuse = false
	d.resolve(d.city, must(d.city.Stuck(t.Context(), 1))[0].ID, exchange.Correct)
	d.run(time.Minute)
	tail := d.applied[len(d.applied)-5:]
	var versions []string
	for _, a := range tail {
		versions = append(versions, a[strings.Index(a, "/")+1:])
	}
	if fmt.Sprint(versions) != "[1 200 201 202 203]" {
		t.Errorf("applied in the order %v", versions)
	}
}

// TestDeferredIsNotStarved: a deferred message is offered again while new ones keep coming.
func TestDeferredIsNotStarved(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	tries := 0
	d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, m message.ResidentChange) error {
		if m.After.Version == 1 {
			if tries++; tries <= 2 { // in the batch, and by itself
				return errors.New("disk trouble")
			}
		}
		return nil
	}
	d.city.send(t, change(1, 1), change(2, 2))
	step := d.city.Tasks()[0].Step
	for i := 0; i < 400 && tries < 3; i++ {
		d.city.send(t, change(3, uint64(1000+i)))
		if _, err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.clk.Set(d.clk.Now().Add(10 * time.Millisecond))
	}
	if tries < 3 {
		t.Error("the deferred message was never offered again")
	}
}

// TestLater: what a rule refuses for now is taken when what it lacked has come, and parks with the reason when that never comes. Nobody
// waits behind it meanwhile who is not of the same order.
func TestLater(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	offers := map[uint64]int{}
	d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, m message.ResidentChange) error {
		v := uint64(m.After.Version)
		if offers[v]++; v == 1 && offers[v] < 5 || v == 2 {
			return exchange.Later("not-yet", "まだです。", "not yet")
		}
		return nil
	}
	d.city.send(t, change(1, 1), change(2, 2), change(3, 3))
	d.run(time.Minute)
	if p := d.pair(); p.Parked != 1 || len(d.applied) != 2 {
		t.Fatalf("pair %+v, applied %v", p, d.applied)
	}
	if offers[1] != 5 || offers[2] != 8 || offers[3] != 1 {
		t.Errorf("offered %v times", offers)
	}
	for name, at := range map[string]member{"the sender": d.city, "the receiver": d.pref} {
		if stuck := must(at.Stuck(t.Context(), 9)); len(stuck) != 1 || stuck[0].Code != "not-yet" || stuck[0].Reason.JA != "まだです。" {
			t.Errorf("%s: %+v", name, stuck)
		}
	}
}

// TestAwait: what waits for a message on another way is not counted, is offered soon and then seldom, and parks when its rule says so.
func TestAwait(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	offers, until := 0, d.clk.Now().Add(3*time.Hour)
	var never bool
	d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, m message.ResidentChange) error {
		switch offers++; {
		case m.After.Version == 2 && never:
			return exchange.Reject("too-long", "長すぎます。", "too long")
		case m.After.Version == 2 || d.clk.Now().Before(until):
			return exchange.Await("まだです。", "not yet")
		}
		return nil
	}
	d.city.send(t, change(1, 1))
	d.run(10 * time.Second)
	if offers < 3 {
		t.Errorf("offered %d times in the first seconds", offers)
	}
	d.run(3 * time.Hour)
	if p := d.pair(); p.Parked != 0 || len(d.applied) != 1 || offers > 3*3600/30+40 {
		t.Fatalf("pair %+v, applied %v, offered %d times", p, d.applied, offers)
	}
	d.city.send(t, change(1, 2))
	d.run(time.Hour)
	never = true
	d.run(time.Minute)
	if p := d.pair(); p.Parked != 1 {
		t.Errorf("pair %+v", p)
	}
}
