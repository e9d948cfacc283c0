package exchange_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// hook hangs whoever calls it, whatever their context says, until it is let go.
type hook struct {
	mu    sync.Mutex
	calls int
	let   chan struct{}
}

func newHook(t *testing.T) *hook {
	h := &hook{let: make(chan struct{})}
	t.Cleanup(h.release)
	return h
}

func (h *hook) hang() {
	h.mu.Lock()
	h.calls++
	let := h.let
	h.mu.Unlock()
	<-let
}

func (h *hook) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.let:
	default:
		close(h.let)
	}
}

func (h *hook) called() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

// TestRuleDoesNotComeBack: a rule that takes no notice of its context costs one deadline and is left behind; its kind goes
// to the slow lane, the others go on, and each message that it hung over is parked in the end.
func TestRuleDoesNotComeBack(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		h := newHook(t)
		d := newDuo(t, exchange.Limits{RuleDeadline: 100 * time.Millisecond, DeferTimes: 2}, "memory:", url)
		d.take = func(ctx context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
			if n.After.Version < 4 {
				h.hang()
				_, err := tx.Exec(ctx, `INSERT INTO log(k, n, pos) VALUES ('late', 1, 1)`) // what comes too late counts for nothing
				return err
			}
			return nil
		}
		for i := range uint64(20) {
			d.city.send(t, change(i+1, i+1), kill(i+100, i+100))
		}
		d.run(0)
		if h.called() != 1 || len(d.applied) != 20 {
			t.Errorf("the rule was waited for %d times, and %d of the other kind applied; want 1 and 20", h.called(), len(d.applied))
		}
		d.run(time.Hour)
		if p := d.pair(); p.Parked != 3 || p.Open != 3 || len(d.applied) != 37 {
			t.Errorf("%d applied, pair %+v; want 37, and the three parked", len(d.applied), p)
		}
		if h.called() > 12 { // each twice, and once for each time that a good one had its kind tried with the others again
			t.Errorf("it was left behind %d times", h.called())
		}
		h.release()
		for _, i := range must(d.city.Stuck(t.Context(), 10)) {
			d.resolve(d.city, i.ID, exchange.Correct)
		}
		d.run(time.Hour)
		if p := d.pair(); p.Parked != 2 || p.Open != 2 { // the log takes the row once, and nobody had put it there before
			t.Errorf("after it came back: %+v", p)
		}
	})
}

// TestSeveralRulesDoNotComeBack: each kind costs one deadline, and none of them twice for one batch.
func TestSeveralRulesDoNotComeBack(t *testing.T) {
	h := newHook(t)
	const deadline = 100 * time.Millisecond
	clk, net := clock.NewVirtual(start), new(exchange.Memory)
	came, calls := 0, 0
	hang := func() {
		clk.Set(clk.Now().Add(2 * time.Second)) // so that the turn of the slow lane comes meanwhile
		h.hang()
	}
	open := func(self, peer message.Org, routes ...exchange.Route) member {
		store := must(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: clk}, exchange.Schema()))
		t.Cleanup(func() { store.Close() })
		id := identities[self]
		x := must(exchange.New(t.Context(), exchange.Config{Self: self, Store: store, Clock: clk, Rand: rand.Reader, Trust: id.trust, Signer: id.signer,
			Link: net.As(self), Peers: []message.Org{peer}, Routes: routes, Limits: exchange.Limits{RuleDeadline: deadline}}))
		net.Join(self, x)
		return member{x, store}
	}
	a := open(city, pref)
	open(pref, city,
		exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) ([]message.Out, error) {
			hang()
			return nil, nil
		}),
		exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.SnapshotRequest) ([]message.Out, error) {
			hang()
			return nil, nil
		}),
		exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
			if n.Version == 1 {
				return nil, exchange.Reject("no", "受け取れません。", "not taken")
			}
			tx.OnCommit(func() {
				if came++; came == 1 {
					calls = h.called()
				}
			})
			return nil, nil
		}).WhenWaiting(func(context.Context, *sqlstore.Tx, exchange.Delivery) ([]message.Out, error) {
			hang()
			return nil, nil
		}))
	var outs []message.Out
	for i := range uint64(10) {
		outs = append(outs, change(i+1, i+1), kill(i+1, i+1), message.Out{To: pref, Body: message.SnapshotRequest{Book: message.Residents, Key: fmt.Sprint(i)}})
	}
	a.send(t, outs...)
	if err := clock.Drive(t.Context(), clk, a.Tasks(), clk.Now()); err != nil {
		t.Fatal(err)
	}
	if calls != 3 || came != 9 {
		t.Errorf("%d calls hung before the good ones came, and %d of these came; want 3 and 9", calls, came)
	}
}

// TestAcceptDoesNotComeBack: a person who accepts a message over which the rule hangs, or takes too long, is told so, and
// waits no longer.
func TestAcceptDoesNotComeBack(t *testing.T) {
	for name, late := range map[string]func(ctx context.Context, h *hook) error{
		"never":    func(_ context.Context, h *hook) error { h.hang(); return nil },
		"too late": func(ctx context.Context, _ *hook) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHook(t)
			d := newDuo(t, exchange.Limits{RuleDeadline: 100 * time.Millisecond}, "memory:", "memory:")
			d.take = func(ctx context.Context, _ *sqlstore.Tx, m exchange.Delivery, _ message.ResidentChange) error {
				if m.Accepted {
					return late(ctx, h)
				}
				return exchange.Reject("unreadable", "読めません。", "unreadable")
			}
			id := d.city.send(t, change(1, 1))[0]
			d.run(0)
			if err := d.pref.Propose(t.Context(), id, exchange.Accept, "確認した", "operator-1"); err != nil {
				t.Fatal(err)
			}
			err := d.pref.Confirm(t.Context(), id, "operator-2")
			if problems, ok := plain.AsProblems(err); !ok || !strings.Contains(problems[0].EN, "does not come back") {
				t.Errorf("got %v", err)
			}
			d.city.send(t, kill(2, 2))
			d.run(0)
			if len(d.applied) != 1 {
				t.Error("the store does not go on")
			}
		})
	}
}

// TestAnswerDoesNotComeBack: an answer that is never given costs whoever asked its time, and one place until then. The
// peer's other questions are answered, its next ones of the kind are refused at once, and other peers are not concerned.
func TestAnswerDoesNotComeBack(t *testing.T) {
	h := newHook(t)
	c := newCountry(t)
	b := c.open("memory:", center, municipality)
	a := c.open("memory:", municipality, center)
	b.Answer("echo", func(_ context.Context, _ message.Org, body []byte) ([]byte, error) { return body, nil })
	b.Answer("hangs", func(context.Context, message.Org, []byte) ([]byte, error) { h.hang(); return []byte("late"), nil })
	ask := func(kind string, wait time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		_, err := a.Ask(ctx, center, kind, nil)
		return err
	}
	if err := ask("hangs", 20*time.Millisecond); err == nil {
		t.Fatal("answered")
	}
	for range 10 {
		if err := ask("hangs", time.Hour); err == nil || !strings.Contains(err.Error(), "has not come back") {
			t.Fatalf("the next of its kind: %v", err)
		}
		if err := ask("echo", time.Hour); err != nil {
			t.Fatalf("another question: %v", err)
		}
	}
	if h.called() != 1 {
		t.Errorf("it was called %d times", h.called())
	}
	h.release()
	for begun := clock.System().Now(); ask("hangs", time.Hour) != nil; {
		if clock.System().Now().Sub(begun) > time.Minute {
			t.Fatal("it came back, and is still refused")
		}
	}
}

// TestAskerGoesAway: who asked and then ended, as every organisation does when the country is stopped, is no reason to warn
// anybody. An answer that took too long is.
func TestAskerGoesAway(t *testing.T) {
	var said bytes.Buffer
	c := newCountry(t)
	c.log = slog.New(slog.NewTextHandler(&said, nil))
	b := c.open("memory:", center, municipality)
	for level, until := range map[string]func() (context.Context, context.CancelFunc){
		"INFO": func() (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) },
		"WARN": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), time.Millisecond)
		},
	} {
		ctx, cancel := until()
		b.Answer("waits "+level, func(ctx context.Context, _ message.Org, _ []byte) ([]byte, error) {
			if level == "INFO" {
				cancel()
			}
			<-ctx.Done()
			return nil, ctx.Err()
		})
		said.Reset()
		if _, err := b.Asked(ctx, municipality, &messagepb.Question{Kind: "waits " + level}); err == nil {
			t.Fatal("answered")
		}
		cancel()
		if !strings.Contains(said.String(), "level="+level) {
			t.Errorf("said %q, want %s", said.String(), level)
		}
	}
}

// breakingLink panics when told to.
type breakingLink struct {
	exchange.Link
	hello, deliver bool
}

func (l *breakingLink) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	if l.hello {
		panic("nil map")
	}
	return l.Link.Hello(ctx, to, g)
}

func (l *breakingLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	if l.deliver {
		panic("index out of range")
	}
	return l.Link.Deliver(ctx, to, b)
}

// TestLinkPanics: a way to a peer that panics is a peer that does not answer, and shown as one.
func TestLinkPanics(t *testing.T) {
	for name, broken := range map[string]*breakingLink{"at hello": {hello: true}, "at a batch": {deliver: true}} {
		t.Run(name, func(t *testing.T) {
			d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
			broken.Link = d.link.Link
			d.link.Link = broken
			d.city.send(t, change(1, 1))
			d.run(time.Minute)
			if p := d.pair(); p.State != exchange.PairDown || !strings.Contains(p.Reason, "panicked") || len(d.applied) != 0 {
				t.Fatalf("shown as %+v", p)
			}
			broken.hello, broken.deliver = false, false
			d.run(time.Minute)
			if p := d.pair(); p.State != exchange.PairUp || len(d.applied) != 1 {
				t.Errorf("when it works again: %+v", p)
			}
		})
	}
}
