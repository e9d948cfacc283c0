package reconcile_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// tampered is an exchange with a fault. What is nil is as it should be.
type tampered struct {
	reconcile.Exchange
	cut       func(exchange.Cut) exchange.Cut
	unapplied func(u exchange.Unapplied, c exchange.Cut) (as exchange.Unapplied, there bool)
	lastOf    func() (exchange.Item, bool)
	out       func(message.Out) bool // whether it is sent
	answer    map[string]func(from []byte, to func([]byte) ([]byte, error)) ([]byte, error)
}

func (x tampered) Cut(ctx context.Context, tx *sqlstore.Tx, peer message.Org) (exchange.Cut, error) {
	c, err := x.Exchange.Cut(ctx, tx, peer)
	if x.cut != nil {
		c = x.cut(c)
	}
	return c, err
}

func (x tampered) Unapplied(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cut exchange.Cut) ([]exchange.Unapplied, error) {
	all, err := x.Exchange.Unapplied(ctx, tx, peer, cut)
	if x.unapplied == nil {
		return all, err
	}
	var kept []exchange.Unapplied
	for _, u := range all {
		if as, there := x.unapplied(u, cut); there {
			kept = append(kept, as)
		}
	}
	return kept, err
}

func (x tampered) LastOf(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string, kinds ...message.Kind) (exchange.Item, bool, error) {
	if x.lastOf != nil {
		i, found := x.lastOf()
		return i, found, nil
	}
	return x.Exchange.LastOf(ctx, tx, peer, key, kinds...)
}

func (x tampered) Send(ctx context.Context, tx *sqlstore.Tx, outs []message.Out, trace string) ([]message.ID, error) {
	var kept []message.Out
	for _, o := range outs {
		if x.out == nil || x.out(o) {
			kept = append(kept, o)
		}
	}
	return x.Exchange.Send(ctx, tx, kept, trace)
}

func (x tampered) Answer(kind string, fn func(context.Context, message.Org, []byte) ([]byte, error)) {
	if by := x.answer[kind]; by != nil {
		right := fn
		fn = func(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
			return by(body, func(q []byte) ([]byte, error) { return right(ctx, from, q) })
		}
	}
	x.Exchange.Answer(kind, fn)
}

// at puts a fault into the exchange of one organisation.
func at(org message.Org, fault func() tampered) wiring {
	return wiring{exchange: func(self message.Org, x reconcile.Exchange) reconcile.Exchange {
		if self != org {
			return x
		}
		t := fault()
		t.Exchange = x
		return t
	}}
}

func without(drop func(u exchange.Unapplied, c exchange.Cut) bool) func() tampered {
	return func() tampered {
		return tampered{unapplied: func(u exchange.Unapplied, c exchange.Cut) (exchange.Unapplied, bool) { return u, !drop(u, c) }}
	}
}

// safeguards are what keeps the comparison exact and the audit awake, each switched off.
var safeguards = map[string]wiring{
	"the cut names what is not applied below its mark": at(pref, func() tampered {
		return tampered{cut: func(c exchange.Cut) exchange.Cut { c.Except = nil; return c }}
	}),
	"the cut is of the moment of the sum": at(pref, func() tampered {
		return tampered{cut: func(c exchange.Cut) exchange.Cut { c.Seq += 1000; return c }}
	}),
	"what is on its way is taken off": at(city, without(func(u exchange.Unapplied, c exchange.Cut) bool { return u.Seq > c.Seq })),
	"what is parked is taken off":     at(city, without(func(u exchange.Unapplied, _ exchange.Cut) bool { return u.Parked })),
	"what is held is taken off":       at(city, without(func(u exchange.Unapplied, _ exchange.Cut) bool { return u.State == "held" })),
	"a message that ended is not on its way": at(city, func() tampered {
		return tampered{unapplied: func(u exchange.Unapplied, _ exchange.Cut) (exchange.Unapplied, bool) {
			u.DecidedAt = start.AddDate(1, 0, 0)
			return u, true
		}}
	}),
	"only a withdrawal explains": at(city, func() tampered {
		return tampered{lastOf: func() (exchange.Item, bool) {
			return exchange.Item{ID: message.ID{Sender: city, Node: "1", Epoch: 1, Receiver: pref, Seq: 1}, State: "withdrawn"}, true
		}}
	}),
	"a withdrawal explains": at(city, func() tampered {
		return tampered{lastOf: func() (exchange.Item, bool) { return exchange.Item{}, false }}
	}),
	"the other end is told": at(city, func() tampered {
		return tampered{out: func(o message.Out) bool { return o.Body.Kind() != message.KindReconcileCase }}
	}),
	"the nodes that differ are named": at(pref, func() tampered {
		return tampered{answer: map[string]func([]byte, func([]byte) ([]byte, error)) ([]byte, error){
			"reconcile.nodes": func(q []byte, to func([]byte) ([]byte, error)) ([]byte, error) {
				var a messagepb.BookNodesAnswer
				return changed(q, to, &a, func() { a.Node, a.N, a.Sums = nil, nil, nil })
			}}}
	}),
	"the entries that differ are named": at(pref, func() tampered {
		return tampered{answer: map[string]func([]byte, func([]byte) ([]byte, error)) ([]byte, error){
			"reconcile.leaves": func(q []byte, to func([]byte) ([]byte, error)) ([]byte, error) {
				var a messagepb.BookLeavesAnswer
				return changed(q, to, &a, func() { a.Bucket, a.Count, a.Key, a.Prints = nil, nil, nil, nil })
			}}}
	}),
	"the copy answers anew each time": at(pref, func() tampered {
		first := map[string][]byte{}
		return tampered{answer: map[string]func([]byte, func([]byte) ([]byte, error)) ([]byte, error){
			"reconcile.root": func(q []byte, to func([]byte) ([]byte, error)) ([]byte, error) {
				var book messagepb.BookRootQuestion
				var a messagepb.BookRootAnswer
				proto.Unmarshal(q, &book)
				fresh, err := to(q)
				if old := first[book.Book]; old != nil {
					return old, err
				}
				if proto.Unmarshal(fresh, &a); !a.Making {
					first[book.Book] = fresh
				}
				return fresh, err
			}}}
	}),
	"books are compared": at(pref, func() tampered {
		return tampered{answer: map[string]func([]byte, func([]byte) ([]byte, error)) ([]byte, error){
			"reconcile.root": func([]byte, func([]byte) ([]byte, error)) ([]byte, error) { return nil, errors.New("no answer") }}}
	}),
	"both ends share the secret": {secret: func(self, _ message.Org) []byte { return []byte("0123456789abcdef0123456789abcdef" + self) }},
	"a rule sets its entry": {unbooked: func(self message.Org, p message.Booked) bool {
		return self == pref && p.Kind() == message.KindResidentInvalidation
	}},
	"the entries are held against the state": {table: func(_ message.Org, t *reconcile.Table) {
		t.Look = func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, keys []string) (map[string]message.Hash, error) {
			entries, err := reconcile.Entries(ctx, tx, t.Book, peer)
			held := map[string]message.Hash{}
			for _, k := range keys {
				if v, is := entries[k]; is {
					held[k] = v
				}
			}
			return held, err
		}
	}},
	"the state is held against the entries": {table: func(_ message.Org, t *reconcile.Table) {
		t.Scan = func(context.Context, *sqlstore.Tx, message.Org, string, int) ([]reconcile.Row, string, error) {
			return nil, "", nil
		}
	}},
}

// changed changes an answer on its way.
func changed(q []byte, to func([]byte) ([]byte, error), a proto.Message, how func()) ([]byte, error) {
	body, err := to(q)
	if err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(body, a); err != nil {
		return nil, err
	}
	how()
	return proto.Marshal(a)
}

// withdrawn is a schedule that chance seldom makes: a first message is refused and withdrawn, and nothing follows.
var withdrawn = []act{{"reject", 2, 0}, {"change", 2, 0}, {"wait", 0, 3}, {"withdraw", 0, 0}, {"wait", 0, 4}}

// most is how many schedules may pass before a missing safeguard is noticed.
const most = 400

func TestWithdrawnAndNothingElse(t *testing.T) {
	if wrong := play(t.Context(), withdrawn, wiring{}); wrong != "" {
		t.Error(wrong)
	}
}

// TestEachSafeguardIsNeeded: with each safeguard switched off, some schedule raises a false alarm or lets something pass.
func TestEachSafeguardIsNeeded(t *testing.T) {
	for name, by := range safeguards {
		t.Run(name, func(t *testing.T) {
			for seed := 0; seed <= most; seed++ {
				acts := withdrawn
				if seed > 0 {
					acts = schedules.Example(seed)
				}
				if wrong := play(t.Context(), acts, by); wrong != "" {
					t.Logf("schedule %d: %.200s", seed, wrong)
					return
				}
			}
			t.Errorf("without it, %d schedules pass", most)
		})
	}
}
