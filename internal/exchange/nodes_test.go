package exchange_test

import (
	"context"
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
	both [2]member
}

// prefNodes are two nodes of the prefecture, each of which the city has met. Of PostgreSQL they are two as in reality; in memory one is opened beside the other.
func prefNodes(t *testing.T, url string) *nodes {
	d := newDuo(t, exchange.Limits{}, "memory:", url)
	n := &nodes{duo: d, both: [2]member{d.pref, d.second(d.pref, pref, city, url, d.net.As(pref))}}
	for i := range n.both {
		n.reach(i)
		d.city.send(t, change(uint64(100+i), 1))
		n.run(time.Second)
	}
	return n
}

func (d *duo) second(first member, self, peer message.Org, url string, link exchange.Link) member {
	d.t.Helper()
	var beside *sqlstore.Store
	if url == "memory:" {
		beside = first.store
	}
	return d.on(beside, self, peer, url, link)
}

// reach leads what is sent to the organisation to one of its nodes.
func (n *nodes) reach(i int) { n.net.Join(n.both[i].Self(), n.both[i].Exchange) }

func (n *nodes) run(wait time.Duration, also ...clock.Task) {
	n.t.Helper()
	if err := clock.Drive(n.t.Context(), n.clk, slices.Concat(n.city.Tasks(), n.both[0].Tasks(), n.both[1].Tasks(), also), n.clk.Now().Add(wait)); err != nil {
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
		n := prefNodes(t, url)
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
