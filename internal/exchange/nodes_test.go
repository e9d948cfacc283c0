package exchange_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// nodes are two nodes of an organisation on one database, and its peer.
type nodes struct {
	*duo
	peer   member
	both   [2]member
	driver *clock.Driver
}

// newNodes makes two nodes of the city or of the prefecture. On PostgreSQL they are two as in reality; in memory one is opened beside the other.
func newNodes(t *testing.T, self message.Org, url string) *nodes {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	n := &nodes{duo: d, peer: d.city}
	other, link := city, d.net.As(pref)
	if self == city {
		n.peer, other, link = d.pref, pref, exchange.Link(d.link)
	}
	var beside *sqlstore.Store
	for i := range n.both {
		n.both[i] = d.on(beside, true, self, other, url, link)
		if url == "memory:" {
			beside = n.both[0].store
		}
	}
	n.driver = clock.NewDriver(n.clk, slices.Concat(n.peer.Tasks(), n.both[0].Tasks(), n.both[1].Tasks()))
	return n
}

// reach leads what is sent to the organisation to one of its nodes.
func (n *nodes) reach(i int) { n.net.Join(n.both[i].Self(), n.both[i].Exchange) }

func (n *nodes) run(wait time.Duration) {
	n.t.Helper()
	if err := n.driver.Until(n.t.Context(), n.clk.Now().Add(wait)); err != nil {
		n.t.Fatal(err)
	}
}

// shared runs a test of two nodes where two nodes can be.
func shared(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("memory", func(t *testing.T) { test(t, "memory:") })
	t.Run("postgres", func(t *testing.T) { test(t, sqlstoretest.Postgres(t)) })
}

// TestReceiptsOfTwoNodes: two nodes of one receiver give no number twice, and each receipt is kept, whichever of the two signed it and keeps it first.
func TestReceiptsOfTwoNodes(t *testing.T) {
	shared(t, func(t *testing.T, url string) {
		n := newNodes(t, pref, url)
		for i := range n.both {
			n.reach(i)
			n.city.send(t, change(uint64(100+i), 1))
			n.run(time.Second)
		}
		for i := range 6 {
			n.reach(i % 2)
			n.city.send(t, change(uint64(i+1), 1))
			// The two do not keep what they have signed before both have signed.
			if err := clock.Drive(t.Context(), n.clk, n.city.Tasks(), n.clk.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if p := n.pair(); p.OutWrong != 0 || p.Waiting != 0 {
			t.Errorf("the sender sees %+v", p)
		}
		for i, want := range []int64{6, 8} { // each has its last; that of the one that keeps first is behind that of the other
			if err := clock.Drive(t.Context(), n.clk, n.both[1-i].Tasks(), n.clk.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			var whole int64
			n.both[0].view(t, func(ctx context.Context, tx *sqlstore.Tx) error {
				return tx.QueryRow(ctx, `SELECT in_receipts FROM x_peer`).Scan(&whole)
			})
			if whole != want {
				t.Errorf("after %d of the two have kept theirs, all are kept up to %d, want %d", i+1, whole, want)
			}
		}
		n.run(time.Minute)
		held, kept := receiptsOf(t, n.city, "out"), receiptsOf(t, n.both[0], "in")
		if len(held) != 8 || len(kept) != 8 {
			t.Errorf("the sender holds %d receipts and the receiver keeps %d, want 8", len(held), len(kept))
		}
		for number := range held {
			if held[number] != kept[number] {
				t.Errorf("receipt %d is %+v at the sender and %+v at the receiver", number, held[number], kept[number])
			}
		}
		if mine, theirs := n.pair(), must(n.both[0].Pairs(t.Context()))[0]; mine.OutMissing != 0 || theirs.InMissing != 0 {
			t.Errorf("missing: %+v and %+v", mine, theirs)
		}
	})
}

// TestOneNodeSends: of two nodes one sends what both put into the outbox, each message once, and the other one when the first is gone. No peer takes the change of
// the one that sends for a restored database.
func TestOneNodeSends(t *testing.T) {
	shared(t, func(t *testing.T, url string) {
		n := newNodes(t, city, url)
		n.run(time.Second)
		for i := range 4 {
			n.both[i%2].send(t, change(uint64(i+1), 1))
			n.run(time.Second)
		}
		if len(n.applied) != 4 || len(n.link.sizes) != 4 {
			t.Errorf("applied %v, in batches of %v", n.applied, n.link.sizes)
		}
		n.both[0].send(t, change(5, 1)) // and is gone
		if err := clock.Drive(t.Context(), n.clk, n.both[1].Tasks(), n.clk.Now().Add(15*time.Second)); err != nil {
			t.Fatal(err)
		}
		n.both[1].send(t, change(6, 1))
		if err := clock.Drive(t.Context(), n.clk, n.both[1].Tasks(), n.clk.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if len(n.applied) != 6 || len(n.link.sizes) != 6 {
			t.Errorf("after the first was gone: applied %v, in batches of %v", n.applied, n.link.sizes)
		}
		n.settled(t)
	})
}

// TestOvertakenNodeSettlesNothing: a node that stands still while it waits for a verdict, and goes on when another one has settled it, counts nothing twice.
func TestOvertakenNodeSettlesNothing(t *testing.T) {
	shared(t, func(t *testing.T, url string) {
		n := newNodes(t, city, url)
		times := 0
		n.take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) error {
			if times++; times < 3 {
				return errors.New("not now") // in the batch and alone, so that it is offered again and settled alone
			}
			return nil
		}
		line := &stopper{Link: n.link.Link}
		n.link.Link = line
		line.after = func() error {
			if times < 3 {
				return nil
			}
			line.after = nil
			return clock.Drive(t.Context(), n.clk, n.both[1].Tasks(), n.clk.Now().Add(15*time.Second))
		}
		n.both[0].send(t, change(1, 1))
		n.run(30 * time.Second)
		if line.after != nil || len(n.applied) != 1 {
			t.Fatalf("applied %v", n.applied)
		}
		n.settled(t)
	})
}

// settled checks that nothing is open, counted twice or taken for restored.
func (n *nodes) settled(t *testing.T) {
	t.Helper()
	var open, bytes, epoch int64
	n.both[1].view(t, func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT out_open, out_open_bytes, out_epoch FROM x_peer`).Scan(&open, &bytes, &epoch)
	})
	if open != 0 || bytes != 0 || epoch != 1 {
		t.Errorf("%d messages of %d bytes are open, in epoch %d", open, bytes, epoch)
	}
}
