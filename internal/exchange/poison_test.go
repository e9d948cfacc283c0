package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// TestPoisonAtTheHead: however many messages at the head cannot be applied, and however they fail, the next good one is
// applied within the second, without any pause of the protocol. The second is real: what the poison costs is work.
func TestPoisonAtTheHead(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context, tx *sqlstore.Tx) error{
		"rejected": func(context.Context, *sqlstore.Tx) error { return exchange.Reject("poison", "毒。", "poison") },
		"failed":   func(context.Context, *sqlstore.Tx) error { return errors.New("disk trouble") },
		"panicked": func(context.Context, *sqlstore.Tx) error { panic("nil map") },
		"rejected after writing": func(ctx context.Context, tx *sqlstore.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO log(k, n, pos) VALUES ('poison', $1, 0)`, tx.Serial()); err != nil {
				return err
			}
			return exchange.Reject("poison", "毒。", "poison")
		},
		"a row that no store takes": func(ctx context.Context, tx *sqlstore.Tx) error {
			tx.Collect("log", "k, n, pos", "poison", int64(1), int64(1))
			tx.Collect("log", "k, n, pos", "poison", int64(1), int64(1))
			return nil
		},
	} {
		for _, poison := range []int{1, 11, 100, 1000} {
			t.Run(fmt.Sprintf("%d %s", poison, name), func(t *testing.T) {
				d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
				d.take = func(ctx context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
					if n.After.Version == 1 {
						return nil
					}
					return fail(ctx, tx)
				}
				var outs []message.Out
				for i := range poison {
					outs = append(outs, change(uint64(i+2), uint64(i+2)))
				}
				d.city.send(t, append(outs, change(1, 1))...)
				begun := clock.System().Now()
				d.run(0)
				took := clock.System().Now().Sub(begun)
				if len(d.applied) != 1 || d.applied[0] != applied(1, 1) {
					t.Fatalf("applied %d, want the one good message, with no virtual time gone by", len(d.applied))
				}
				// Tenfold slack on a busy machine; the measured figure is in the benchmark.
				if took > 10*time.Second {
					t.Errorf("the good message took %v", took)
				}
				t.Logf("good message applied after %v", took)
				if p := d.pair(); p.Open != int64(poison) {
					t.Errorf("%d open, want the poison alone: %+v", p.Open, p)
				}
			})
		}
	}
}

// TestCommitFails: a message whose rule is content, but whose transaction the database refuses, is put off alone.
func TestCommitFails(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, "memory:", url)
		d.take = func(ctx context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
			if n.After.Version == 2 {
				_, err := tx.Exec(ctx, `INSERT INTO child(n) VALUES (1)`) // the parent is asked for at the commit
				return err
			}
			return nil
		}
		d.city.send(t, change(1, 1), change(2, 2), change(3, 3), change(2, 4))
		d.run(0)
		if p := d.pair(); len(d.applied) != 2 || p.Open != 2 || p.State != exchange.PairUp {
			t.Errorf("applied %v, pair %+v", d.applied, p)
		}
		d.run(5 * time.Minute)
		if p := d.pair(); p.Parked != 1 || p.Held != 1 {
			t.Errorf("in the end: %+v, want it parked and the one behind it held", p)
		}
	})
}

// TestHungRule: a rule that hangs costs one deadline; then its kind goes to the slow lane, in which it is tried ever more
// rarely, and the other kinds go on.
func TestHungRule(t *testing.T) {
	d := newDuo(t, exchange.Limits{RuleDeadline: 100 * time.Millisecond}, "memory:", "memory:")
	hung, healed := 0, false
	d.take = func(ctx context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
		if healed {
			return nil
		}
		hung++
		<-ctx.Done()
		return ctx.Err()
	}
	for i := range uint64(50) {
		d.city.send(t, change(i+1, i+1), kill(i+100, i+100))
	}
	d.run(0)
	if hung != 1 || len(d.applied) != 50 {
		t.Errorf("the rule was waited for %d times, and %d of the other kind applied; want 1 and 50", hung, len(d.applied))
	}
	d.run(time.Minute)
	if hung > 8 { // after 1, 2, 4 … seconds
		t.Errorf("in a minute, the rule was waited for %d times", hung)
	}
	healed = true
	d.run(10 * time.Minute)
	if p := d.pair(); len(d.applied) != 100 || p.Open != 0 {
		t.Errorf("after it recovered, %d applied and %d open; want 100 and 0", len(d.applied), p.Open)
	}
}

// TestMessageWithoutVerdict: one message on which the peer falls over each time is parked, and what is behind it goes on,
// except what shares a key with it, through whichever key.
func TestMessageWithoutVerdict(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	inner := d.link.Link
	d.link.Link = deadly{inner, 1}
	d.city.send(t, change(1, 1), codeChange(2, 1, 2), change(2, 3), change(3, 4), kill(1, 5))
	d.run(time.Minute)
	p := d.pair()
	if p.Parked != 1 || p.Held != 2 || len(d.applied) != 2 {
		t.Fatalf("applied %v, pair %+v: want the deadly one parked, two behind it held", d.applied, p)
	}
	items := must(d.city.Stuck(t.Context(), 10))
	if items[0].Code != "no-verdict" || items[0].Reason.JA == "" {
		t.Errorf("shown as %+v", items[0])
	}
	d.link.Link = inner
	d.resolve(d.city, items[0].ID, exchange.Correct)
	d.run(time.Minute)
	if p := d.pair(); p.Open != 0 || len(d.applied) != 5 {
		t.Errorf("after it was sent again: applied %v, pair %+v", d.applied, p)
	}
}

// deadly gives no answer to any batch that holds message seq.
type deadly struct {
	exchange.Link
	seq uint64
}

func (l deadly) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	for _, raw := range b.Envelopes {
		if must(message.OpenEnvelope(raw)).Seq == l.seq {
			return nil, errors.New("connection reset by peer")
		}
	}
	return l.Link.Deliver(ctx, to, b)
}
