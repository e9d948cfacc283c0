package exchange_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestFullWindow: when too much waits for a peer, callers are told so at the door, and their transaction has no effect;
// what protects a person passes.
func TestFullWindow(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{Open: 10}, url, "memory:")
		d.link.cut = errors.New("no route to host")
		for i := range uint64(10) {
			d.city.send(t, change(i+1, i+1))
		}
		err := d.city.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := d.city.Send(ctx, tx, []message.Out{change(11, 11)}, "t")
			return err
		})
		var problem *plain.Problem
		if !errors.As(err, &problem) || problem.JA == "" || problem.EN == "" {
			t.Fatalf("got %v, want a sentence in both languages", err)
		}
		// A caller who does something else instead must not leave a number without a message.
		err = d.city.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			d.city.Send(ctx, tx, []message.Out{change(11, 11)}, "t")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ids := d.city.send(t, kill(1, 12))
		if p := d.pair(); ids[0].Seq != 11 || p.Sent != 11 || p.Open != 11 {
			t.Errorf("the safe message got number %d, want 11: %+v", ids[0].Seq, p)
		}
		d.link.cut = nil
		d.run(time.Minute)
		d.city.send(t, change(11, 11))
		if p := d.pair(); p.Open != 1 || len(d.applied) != 11 {
			t.Errorf("after the window emptied: %+v", p)
		}
	})
}

// TestFullWindowBehind: a rule whose own messages find a full window puts off its message, and no other.
func TestFullWindowBehind(t *testing.T) {
	clk, net := clock.NewVirtual(start), new(exchange.Memory)
	open := func(self message.Org, limits exchange.Limits, peers []message.Org, routes ...exchange.Route) member {
		store := must(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: clk}, exchange.Schema()))
		t.Cleanup(func() { store.Close() })
		id := identities[self]
		x := must(exchange.New(t.Context(), exchange.Config{Self: self, Store: store, Clock: clk, Rand: rand.Reader, Trust: id.trust,
			Signer: id.signer, Link: net.As(self), Peers: peers, Routes: routes, Limits: limits}))
		net.Join(self, x)
		return member{x, store}
	}
	relayed := 0
	a := open(city, exchange.Limits{}, []message.Org{pref})
	open(pref, exchange.Limits{Open: 3}, []message.Org{city, center}, // the center is away
		exchange.On(raw, func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
			return []message.Out{{To: center, Body: n}}, nil
		}),
		exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
			tx.OnCommit(func() { relayed++ })
			return []message.Out{{To: center, Body: n}}, nil
		}))
	for i := range uint64(5) {
		a.send(t, change(i+1, i+1), kill(i+1, i+10))
	}
	if err := clock.Drive(t.Context(), clk, a.Tasks(), clk.Now()); err != nil {
		t.Fatal(err)
	}
	if relayed != 5 {
		t.Errorf("%d of 5 safe messages were relayed beside the full window", relayed)
	}
	if err := clock.Drive(t.Context(), clk, a.Tasks(), clk.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if p := must(a.Pairs(t.Context()))[0]; p.Open == 0 || p.Parked != 0 {
		t.Errorf("a full window is no reason to call a person: %+v", p)
	}
}

// TestBytesOfTheWindow: the budget counts bytes too.
func TestBytesOfTheWindow(t *testing.T) {
	d := newDuo(t, exchange.Limits{OpenBytes: 2000}, "memory:", "memory:")
	d.link.cut = errors.New("no route to host")
	sent := 0
	for i := range uint64(100) {
		err := d.city.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := d.city.Send(ctx, tx, []message.Out{change(i+1, i+1)}, "t")
			return err
		})
		if err == nil {
			sent++
		}
	}
	if sent < 2 || sent > 8 {
		t.Errorf("%d messages of about 400 bytes fit into 2,000", sent)
	}
}

// TestUnfitMessage: what no receiver could read is refused to the caller and does not block the outbox.
func TestUnfitMessage(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	err := d.city.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := d.city.Send(ctx, tx, []message.Out{{To: pref, Body: change(1, 1).Body, Trace: "with a space"}}, "")
		return err
	})
	if err == nil {
		t.Error("it was taken into the outbox")
	}
	d.city.send(t, change(1, 2))
	d.run(0)
	if len(d.applied) != 1 {
		t.Errorf("applied %v", d.applied)
	}
}
