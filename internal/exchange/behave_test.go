package exchange_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// parkedBell is the name of the bell that tells of parked messages.
const parkedBell = "parked"

// duo is a city and its prefecture in virtual time. The prefecture's rule is take.
type duo struct {
	t       testing.TB
	clk     *clock.Virtual
	net     *exchange.Memory
	link    *countedLink
	limits  exchange.Limits
	cityURL string
	prefURL string
	city    member
	pref    member
	take    func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentChange) error
	applied []string
}

// countedLink notes when it was used, and may be cut.
type countedLink struct {
	exchange.Link
	clk    *clock.Virtual
	cut    error
	hellos []time.Duration
	sizes  []int
}

func (l *countedLink) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	l.hellos = append(l.hellos, l.clk.Now().Sub(start))
	if l.cut != nil {
		return nil, l.cut
	}
	return l.Link.Hello(ctx, to, g)
}

func (l *countedLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	if l.cut != nil {
		return nil, l.cut
	}
	l.sizes = append(l.sizes, len(b.Envelopes))
	return l.Link.Deliver(ctx, to, b)
}

func newDuo(t testing.TB, limits exchange.Limits, cityURL, prefURL string) *duo {
	d := &duo{t: t, clk: clock.NewVirtual(start), net: new(exchange.Memory), limits: limits, cityURL: cityURL, prefURL: prefURL}
	d.link = &countedLink{Link: d.net.As(city), clk: d.clk}
	d.take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) error { return nil }
	d.city = d.open(city, pref, cityURL, d.link)
	d.pref = d.open(pref, city, prefURL, d.net.As(pref))
	return d
}

func (d *duo) open(self, peer message.Org, url string, link exchange.Link) member {
	d.t.Helper()
	store, err := sqlstore.Open(d.t.Context(), url, sqlstore.Options{Clock: d.clk}, exchange.Schema(), modelSchema)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { store.Close() })
	id := identities[self]
	x, err := exchange.New(d.t.Context(), exchange.Config{Self: self, Store: store, Clock: d.clk, Rand: rand.Reader, Trust: id.trust, Signer: id.signer,
		Link: link, Peers: []message.Org{peer}, Limits: d.limits, Bell: parkedBell, Routes: []exchange.Route{
			exchange.On(raw, func(ctx context.Context, tx *sqlstore.Tx, m exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
				if err := d.take(ctx, tx, m, n); err != nil {
					return nil, err
				}
				tx.OnCommit(func() {
					d.applied = append(d.applied, appliedAs(n.After.Code, n.After.Version))
				})
				return nil, nil
			}),
			exchange.On(raw, func(ctx context.Context, tx *sqlstore.Tx, m exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
				tx.OnCommit(func() { d.applied = append(d.applied, fmt.Sprintf("safe/%d", n.Version)) })
				return nil, nil
			})}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.net.Join(self, x)
	return member{x, store}
}

// applied is how duo.applied names a change that was applied.
func applied(person, version uint64) string {
	return appliedAs(resident.RecordCodeOf(person), resident.Version(version))
}

func appliedAs(code resident.RecordCode, v resident.Version) string {
	return fmt.Sprintf("%s/%d", strings.TrimLeft(code.Reveal(), "0"), v)
}

func (d *duo) run(wait time.Duration) {
	d.t.Helper()
	if err := clock.Drive(d.t.Context(), d.clk, append(d.city.Tasks(), d.pref.Tasks()...), d.clk.Now().Add(wait)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *duo) pair() exchange.Pair { return must(d.city.Pairs(d.t.Context()))[0] }

func change(person, version uint64) message.Out {
	return message.Out{To: pref, Body: changeOf(resident.RecordCodeOf(person), false, resident.RecordCode{}, version)}
}

func codeChange(person, old, version uint64) message.Out {
	return message.Out{To: pref, Body: changeOf(resident.RecordCodeOf(person), true, resident.RecordCodeOf(old), version)}
}

func kill(person, version uint64) message.Out {
	return message.Out{To: pref, Body: message.ResidentInvalidation{Code: resident.RecordCodeOf(person), Version: resident.Version(version),
		Reason: resident.MoveWithin, Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}}
}

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
	sqlstoretest.Each(t, func(t *testing.T, url string) {
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

// TestBackOff: a peer that is away is tried after growing pauses up to the cap, by one message, and goes on at once
// when it speaks.
func TestBackOff(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	d.link.cut = errors.New("no route to host")
	for i := range uint64(300) {
		d.city.send(t, change(i+1, i+1))
	}
	d.run(3 * time.Minute)
	// The second follows the peer's own hello at its start, which is as good as an answer.
	want := []time.Duration{0, 0, 500, 1500, 3500, 7500, 15500, 31500, 61500, 91500, 121500, 151500}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if fmt.Sprint(d.link.hellos) != fmt.Sprint(want) {
		t.Errorf("tried at %v, want %v", d.link.hellos, want)
	}
	if p := d.pair(); p.State != exchange.PairDown || p.Reason == "" || p.Waiting != 300 {
		t.Errorf("the pair is shown as %+v", p)
	}
	d.link.cut = nil
	if _, err := d.city.Hello(t.Context(), pref, &messagepb.Greeting{Sender: string(pref), Receiver: string(city), Node: "1", Epoch: 1, NextSeq: 1}); err != nil {
		t.Fatal(err)
	}
	d.run(0)
	if p := d.pair(); len(d.applied) != 300 || p.State != exchange.PairUp || p.Open != 0 {
		t.Errorf("when the peer spoke, %d were applied at once, want 300: %+v", len(d.applied), p)
	}
	d.link.cut = errors.New("no route to host")
	d.city.send(t, change(1, 301))
	d.run(time.Second)
	d.link.cut, d.link.sizes = nil, nil
	for i := range uint64(50) {
		d.city.send(t, change(i+1, i+302))
	}
	d.run(time.Minute)
	if len(d.link.sizes) == 0 || d.link.sizes[0] != 1 {
		t.Errorf("batches of %v after an absence: the first must be a probe of one", d.link.sizes)
	}
}

// TestRefusesUs: a peer that refuses us is a state of its own, tried at the cap only.
func TestRefusesUs(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	d.link.cut = &exchange.Refusal{Reason: "the certificate has expired"}
	d.city.send(t, change(1, 1))
	d.run(2 * time.Minute)
	if p := d.pair(); p.State != exchange.PairRefused || p.Reason != "the certificate has expired" || len(d.link.hellos) != 5 {
		t.Errorf("tried %d times in two minutes, state %s (%s)", len(d.link.hellos), p.State, p.Reason)
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

func (d *duo) resolve(m member, id message.ID, act exchange.Act) {
	d.t.Helper()
	if err := m.Propose(d.t.Context(), id, act, "確認した", "operator-1"); err != nil {
		d.t.Fatal(err)
	}
	if err := m.Confirm(d.t.Context(), id, "operator-1"); err == nil {
		d.t.Fatal("one person confirmed their own proposal")
	}
	if err := m.Confirm(d.t.Context(), id, "operator-2"); err != nil {
		d.t.Fatal(err)
	}
}

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

// TestFullWindow: when too much waits for a peer, callers are told so at the door, and their transaction has no effect;
// what protects a person passes.
func TestFullWindow(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
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

// TestExpiry: the bytes of what has ended go when their time is over; hash, kind and verdict stay, and what is parked
// stays whole.
func TestExpiry(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{Retention: 24 * time.Hour}, url, "memory:")
		d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
			if n.After.Version == 3 {
				return exchange.Reject("unreadable", "読めません。", "unreadable")
			}
			return nil
		}
		ids := d.city.send(t, change(1, 1), change(2, 2), change(3, 3))
		d.run(23 * time.Hour)
		if n := d.kept(); n != 3 {
			t.Errorf("%d whole messages within the retention, want 3", n)
		}
		d.run(48 * time.Hour)
		if n := d.kept(); n != 1 {
			t.Errorf("%d whole messages after it, want the parked one", n)
		}
		var hash []byte
		err := d.city.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT hash FROM x_out WHERE seq = 1`).Scan(&hash)
		})
		if err != nil || len(hash) != 32 {
			t.Errorf("its hash is %x, %v", hash, err)
		}
		item, _, _, err := d.city.Find(t.Context(), ids[0])
		if err != nil || item.State != "applied" || item.Kind != message.KindResidentChange {
			t.Errorf("an expired message is shown as %+v, %v", item, err)
		}
	})
}

func (d *duo) kept() (n int64) {
	err := d.city.store.View(d.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM x_out WHERE length(envelope) > 0`).Scan(&n)
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// TestRebase: when a message is withdrawn, the one that built on it builds on what it had built on.
func TestRebase(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
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

// TestRestoredReceiverUnderLoad: the receiver is restored while its sender is idle, and the sender's next batch is larger
// than what was lost, so that the receiver's count alone would not show it.
func TestRestoredReceiverUnderLoad(t *testing.T) {
	dir := t.TempDir()
	d := newDuo(t, exchange.Limits{}, "memory:", "sqlite:"+dir+"/a.db")
	for i := range uint64(20) {
		d.city.send(t, change(i+1, i+1))
	}
	d.run(time.Second)
	if err := d.pref.store.Backup(t.Context(), dir+"/b.db"); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(5) {
		d.city.send(t, change(i+30, i+30))
	}
	d.run(time.Second)
	d.applied = nil
	d.pref = d.open(pref, city, "sqlite:"+dir+"/b.db", d.net.As(pref))
	for i := range uint64(50) {
		d.city.send(t, change(i+100, i+100))
	}
	// Only the sender's task runs, as when the receiver has nothing to say.
	if err := clock.Drive(t.Context(), d.clk, d.city.Tasks(), d.clk.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if p := d.pair(); len(d.applied) != 55 || p.Open != 0 {
		t.Errorf("%d applied by the restored receiver, want the 5 that it lost and 50 new: %+v", len(d.applied), p)
	}
}

// TestRestoredSender: a restored sender gives numbers a second time while it cannot reach its peer. None of its messages
// is taken for a duplicate, and their order holds.
func TestRestoredSender(t *testing.T) {
	dir := t.TempDir()
	d := newDuo(t, exchange.Limits{}, "sqlite:"+dir+"/a.db", "memory:")
	d.city.send(t, change(1, 1), change(2, 2))
	d.run(time.Second)
	if err := d.city.store.Backup(t.Context(), dir+"/b.db"); err != nil {
		t.Fatal(err)
	}
	d.city.send(t, change(1, 3), change(2, 4), change(3, 5))
	d.run(time.Second)
	d.applied = nil
	d.city = d.open(city, pref, "sqlite:"+dir+"/b.db", d.link)
	d.link.cut = errors.New("no route to host")
	for v := range uint64(6) { // more than were lost: the next number says nothing
		d.city.send(t, change(1, v+10))
	}
	d.run(time.Second)
	d.link.cut = nil
	d.run(time.Minute)
	var versions []string
	for _, a := range d.applied {
		versions = append(versions, a[strings.Index(a, "/")+1:])
	}
	if fmt.Sprint(versions) != "[10 11 12 13 14 15]" {
		t.Errorf("applied after the restore: %v", versions)
	}
	if ids := d.city.send(t, change(9, 99)); ids[0].Epoch != 2 {
		t.Errorf("the epoch is %d, want 2", ids[0].Epoch)
	}
}

// TestMixedUpAnswer: nothing is settled on verdicts that are not those that were signed.
func TestMixedUpAnswer(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	inner := d.link.Link
	d.link.Link = liar{inner}
	d.city.send(t, change(1, 1), change(2, 2))
	d.run(time.Second)
	if p := d.pair(); p.State != exchange.PairRefused || p.Open != 2 || p.OutWrong == 0 {
		t.Errorf("pair %+v", p)
	}
	d.link.Link = inner
	d.run(time.Minute)
	if p := d.pair(); p.Open != 0 || len(d.applied) != 2 {
		t.Errorf("applied %v, pair %+v", d.applied, p)
	}
}

type liar struct{ exchange.Link }

func (l liar) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	r, err := l.Link.Deliver(ctx, to, b)
	if err == nil {
		r.Verdicts[0].Seq += 7
	}
	return r, err
}
