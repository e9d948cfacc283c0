package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// traffic is the way to two nodes of the prefecture, each call to one of them by chance. Some answers to batches are lost, none twice on the same message, which
// would be set aside as one that the peer falls over.
type traffic struct {
	exchange.Link
	d     *duo
	nodes [2]member
	by    *rand.Rand
	lossy bool
	was   map[string]bool // messages on which an answer was lost
}

func (w *traffic) lead() { w.d.net.Join(pref, w.nodes[w.by.IntN(2)].Exchange) }

func (w *traffic) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	w.lead()
	return w.Link.Hello(ctx, to, g)
}

func (w *traffic) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	w.lead()
	r, err := w.Link.Deliver(ctx, to, b)
	if !w.lossy || w.by.IntN(3) > 0 || slices.ContainsFunc(b.Envelopes, func(e []byte) bool { return w.was[string(e)] }) {
		return r, err
	}
	for _, e := range b.Envelopes {
		w.was[string(e)] = true
	}
	return nil, errors.New("the line broke")
}

func (w *traffic) Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error) {
	w.lead()
	return w.Link.Ask(ctx, to, kind, body)
}

// TestTrafficOfTwoNodes: whatever goes to which of two nodes, whichever of them stops with receipts that it has not kept, and whichever answers are lost: each
// message is applied once, and in the end both sides have the same receipts, and miss none.
func TestTrafficOfTwoNodes(t *testing.T) {
	shared(t, func(t *testing.T, url string) {
		seeds := uint64(15)
		switch {
		case os.Getenv("AKASHI_FULL") != "":
			seeds = 300
		case url != "memory:":
			t.Skip("one after the other on PostgreSQL, for the long run; TestOneBatchToTwoNodes is short")
		}
		if url != "memory:" {
			seeds = 1 // a database is made for one
		}
		for seed := range seeds {
			if !t.Run(fmt.Sprint(seed), func(t *testing.T) { playTraffic(t, url, seed) }) {
				return
			}
		}
	})
}

func playTraffic(t *testing.T, url string, seed uint64) {
	d := newDuo(t, exchange.Limits{}, "memory:", url)
	by := rand.New(rand.NewPCG(seed, 7))
	start := func(other member) member {
		if url != "memory:" {
			other.store = nil
		}
		return d.on(other.store, false, pref, city, url, d.net.As(pref))
	}
	w := &traffic{Link: d.link.Link, d: d, nodes: [2]member{d.pref, start(d.pref)}, by: by, lossy: true, was: map[string]bool{}}
	d.link.Link = w
	n := &nodes{duo: d, peer: d.city}
	var want []string
	for person := range uint64(12) {
		d.city.send(t, change(person+1, 1))
		want = append(want, applied(person+1, 1))
		if by.IntN(4) == 0 { // one stops, and is started again
			i := by.IntN(2)
			if err := w.nodes[i].store.Close(); err != nil {
				t.Fatal(err)
			}
			w.nodes[i] = start(w.nodes[1-i])
		}
		n.both = w.nodes
		n.driver = clock.NewDriver(n.clk, slices.Concat(n.peer.Tasks(), n.both[0].Tasks(), n.both[1].Tasks()))
		n.run(time.Duration(by.IntN(2000)) * time.Millisecond)
	}
	w.lossy = false
	n.run(5 * time.Minute)
	slices.Sort(want)
	if slices.Sort(d.applied); !slices.Equal(d.applied, want) {
		t.Errorf("applied %v", d.applied)
	}
	held, kept := receiptsOf(t, d.city, "out"), receiptsOf(t, w.nodes[0], "in")
	for number, r := range kept {
		if held[number] != r {
			t.Errorf("receipt %d is %+v at the receiver and %+v at the sender", number, r, held[number])
		}
	}
	mine, theirs := d.pair(), must(w.nodes[0].Pairs(t.Context()))[0]
	if len(held) != len(kept) || mine.OutMissing != 0 || mine.OutWrong != 0 || mine.Open != 0 || theirs.InMissing != 0 {
		t.Errorf("%d and %d receipts; %+v and %+v", len(held), len(kept), mine, theirs)
	}
}

// both hands each batch to two nodes at the same time, as where a first try is still under way at the one when the second comes to the other.
type both struct {
	exchange.Link
	d       *duo
	nodes   [2]member
	numbers map[uint64]int
}

func (w *both) Deliver(ctx context.Context, _ message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	var wg sync.WaitGroup
	var answers [2]*messagepb.Receipt
	var errs [2]error
	for i, node := range w.nodes {
		wg.Go(func() { answers[i], errs[i] = node.Deliver(ctx, city, b) })
	}
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	for _, a := range answers {
		head, err := message.ParseReceiptHead(a.Signed.Head)
		if err != nil {
			return nil, err
		}
		w.numbers[head.Number]++
	}
	return answers[0], nil
}

// TestOneBatchToTwoNodes: two nodes that take the same batch at the same moment apply it once, and sign two receipts.
func TestOneBatchToTwoNodes(t *testing.T) {
	shared(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, "memory:", url)
		var beside *sqlstore.Store
		if url == "memory:" {
			beside = d.pref.store
		}
		w := &both{Link: d.link.Link, d: d, nodes: [2]member{d.pref, d.on(beside, false, pref, city, url, d.net.As(pref))}, numbers: map[uint64]int{}}
		d.link.Link = w
		for person := range uint64(10) {
			d.city.send(t, change(person+1, 1), change(person+101, 1))
			d.run(0)
		}
		if len(d.applied) != 20 || len(w.numbers) != 20 {
			t.Errorf("%d of 20 changes were applied, and %d of 20 receipts have a number of their own: %v", len(d.applied), len(w.numbers), w.numbers)
		}
	})
}
