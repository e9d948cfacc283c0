package exchange_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// balanced is a way to several nodes of the prefecture, before which a balancer stands that leads each call to the next one.
type balanced struct {
	exchange.Link
	d     *duo
	nodes []member
	calls int
}

func (b *balanced) lead() {
	b.d.net.Join(pref, b.nodes[b.calls%len(b.nodes)].Exchange)
	b.calls++
}

func (b *balanced) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	b.lead()
	return b.Link.Hello(ctx, to, g)
}

func (b *balanced) Deliver(ctx context.Context, to message.Org, batch *messagepb.Batch) (*messagepb.Receipt, error) {
	b.lead()
	return b.Link.Deliver(ctx, to, batch)
}

// TestHelloToAnotherNode: a batch is taken also where each hello comes to one node and each batch to another, and by a node that was started since.
func TestHelloToAnotherNode(t *testing.T) {
	shared(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, "memory:", url)
		another := func() member {
			var beside *sqlstore.Store
			if url == "memory:" {
				beside = d.pref.store
			}
			return d.on(beside, false, pref, city, url, d.net.As(pref))
		}
		way := &balanced{Link: d.link.Link, d: d, nodes: []member{d.pref, another()}}
		d.link.Link = way
		d.city.send(t, change(1, 1))
		d.run(time.Second)
		if len(d.applied) != 1 || way.calls != 2 {
			t.Fatalf("applied %v after %d calls, want one hello and one batch", d.applied, way.calls)
		}
		way.nodes[1] = another()
		d.city.send(t, change(2, 1))
		d.city.send(t, change(3, 1))
		d.run(time.Minute)
		if len(d.applied) != 3 {
			t.Errorf("applied %v, and a node that was started later takes nothing", d.applied)
		}
	})
}

// TestHelloBeforeTheStart: a hello from before a node was started does not count for it.
func TestHelloBeforeTheStart(t *testing.T) {
	shared(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, "memory:", url)
		d.city.send(t, change(1, 1))
		d.run(time.Second)
		var beside *sqlstore.Store
		if url == "memory:" {
			beside = d.pref.store
		}
		late := d.on(beside, false, pref, city, url, d.net.As(pref))
		if _, err := late.Deliver(t.Context(), city, &messagepb.Batch{}); !errors.Is(err, exchange.ErrHelloFirst) {
			t.Errorf("a batch without a hello since the start: %v", err)
		}
	})
}
