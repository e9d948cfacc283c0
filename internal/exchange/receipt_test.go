package exchange_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// receiptsOf reads the receipts that one side has kept of the pair, by number.
func receiptsOf(t testing.TB, m member, dir string) map[int64]message.ReceiptHead {
	t.Helper()
	type row struct {
		number int64
		head   []byte
	}
	all := map[int64]message.ReceiptHead{}
	m.view(t, func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.number, &v.head) },
			`SELECT number, head FROM x_receipt WHERE dir = $1`, dir)
		for _, v := range rows {
			all[v.number] = must(message.ParseReceiptHead(v.head))
		}
		return err
	})
	return all
}

// TestReceipt: both sides keep the same signed receipt, and find a message's line in it.
func TestReceipt(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, "memory:", url)
		d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
			if n.After.Version == 2 {
				return exchange.Reject("no such place!", "場所がありません。", "there is no such place")
			}
			return nil
		}
		ids := d.city.send(t, change(1, 1), change(2, 2), change(3, 3))
		d.run(time.Second)
		held, kept := receiptsOf(t, d.city, "out"), receiptsOf(t, d.pref, "in")
		if len(held) != 1 || held[1] != kept[1] || held[1].Receiver != pref || held[1].Sender != city || held[1].Count != 3 || held[1].Decisions != 3 {
			t.Fatalf("the sender holds %+v, the receiver keeps %+v", held, kept)
		}
		for i, want := range []string{"applied - -", "rejected - no_such_place!", "applied - -"} {
			for _, m := range []member{d.city, d.pref} {
				r, at, err := m.ReceiptOf(t.Context(), ids[i])
				if err != nil || at != i || !strings.HasSuffix(r.Lines[at].String(), " "+want) {
					t.Errorf("%s of %s: %v, %v", ids[i], m.Self(), r, err)
				}
			}
		}
		if _, _, err := d.city.ReceiptOf(t.Context(), message.ID{Sender: city, Node: "1", Epoch: 1, Receiver: pref, Seq: 9}); err == nil {
			t.Error("a receipt of a message that was never sent")
		}
		if _, _, err := d.city.ReceiptOf(t.Context(), message.ID{Sender: city, Node: "1", Epoch: 1, Receiver: "prefecture-13", Seq: 1}); err == nil {
			t.Error("a receipt of a stranger")
		}
	})
}

// spoiler changes what the receiver answers before it arrives.
type spoiler struct {
	exchange.Link
	spoil func(b *messagepb.Batch, r *messagepb.Receipt)
}

func (l *spoiler) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	r, err := l.Link.Deliver(ctx, to, b)
	if err == nil && l.spoil != nil {
		r = proto.CloneOf(r)
		l.spoil(b, r)
	}
	return r, err
}

// TestWrongReceipt: nothing is settled on a receipt that is not the peer's, on this batch, with these verdicts. It is
// refused by name and counted, and what was offered is settled when a good one comes.
func TestWrongReceipt(t *testing.T) {
	seal := func(by exchange.Signer, at time.Time, number uint64, edit func(*message.ReceiptHead)) func(*messagepb.Batch, *messagepb.Receipt) {
		return func(pb *messagepb.Batch, r *messagepb.Receipt) {
			b := must(message.OpenBatch(pb))
			var lines []message.ReceiptLine
			for i, v := range r.Verdicts {
				lines = append(lines, message.ReceiptLine{Epoch: v.Epoch, Seq: v.Seq, Attempt: v.Attempt, Hash: b.Envelopes[i].Hash(), Outcome: message.Outcome(v.Outcome)})
			}
			head := message.ReceiptHead{Receiver: pref, Sender: city, Node: "1", Number: number, Batch: b.Head.Root, Decisions: r.Decisions, SignedAt: at}
			if edit != nil {
				edit(&head)
			}
			r.Signed = must(message.SealReceipt(rand.Reader, by.Key, by.Certificate, head, lines)).Wire(false)
		}
	}
	own := identities[pref].signer
	otherKey := must(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	for name, c := range map[string]struct {
		spoil func(*messagepb.Batch, *messagepb.Receipt)
		says  string
	}{
		"none":                       {func(_ *messagepb.Batch, r *messagepb.Receipt) { r.Signed = nil }, "there is no receipt"},
		"garbage":                    {func(_ *messagepb.Batch, r *messagepb.Receipt) { r.Signed.Head = []byte("akashi receipt v1\n") }, "not in the form"},
		"another verdict":            {func(_ *messagepb.Batch, r *messagepb.Receipt) { r.Verdicts[1].Outcome = "applied" }, "not those that were signed"},
		"another code":               {func(_ *messagepb.Batch, r *messagepb.Receipt) { r.Verdicts[1].Code = "other" }, "not those that were signed"},
		"another count of decisions": {func(_ *messagepb.Batch, r *messagepb.Receipt) { r.Decisions++ }, "not the one that was signed"},
		"a verdict too few":          {func(_ *messagepb.Batch, r *messagepb.Receipt) { r.Verdicts = r.Verdicts[1:] }, "2 messages and 1 verdicts"},
		"a forged signature":         {seal(exchange.Signer{Key: otherKey, Certificate: own.Certificate}, start, 1, nil), "does not verify"},
		"the sender's own signature": {seal(identities[city].signer, start, 1, nil), "signed by " + string(city)},
		"on another batch":           {seal(own, start, 1, func(h *message.ReceiptHead) { h.Batch[0] ^= 1 }), "another batch"},
		"for another sender":         {seal(own, start, 1, func(h *message.ReceiptHead) { h.Sender = "municipality-202053" }), "to municipality-202053"},
		"for another node":           {seal(own, start, 1, func(h *message.ReceiptHead) { h.Node = "2" }), "node 2"},
		"from another time":          {seal(own, start.AddDate(0, 0, -1), 1, nil), "set the clocks"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
			d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
				if n.After.Version == 2 {
					return exchange.Reject("no", "受け取れません。", "not taken")
				}
				return nil
			}
			line := &spoiler{d.link.Link, c.spoil}
			d.link.Link = line
			d.city.send(t, change(1, 1), change(2, 2))
			d.run(time.Second)
			p := d.pair()
			if p.State != exchange.PairRefused || p.OutWrong != 1 || p.Waiting != 2 || !strings.Contains(p.Reason, c.says) || !strings.HasPrefix(p.Reason, "wrong receipt: ") {
				t.Errorf("pair %+v, want a refusal that says %q", p, c.says)
			}
			if held := receiptsOf(t, d.city, "out"); len(held) != 0 {
				t.Errorf("the wrong receipt is kept: %+v", held)
			}
			line.spoil = nil
			d.run(2 * time.Minute)
			if p := d.pair(); p.State != exchange.PairUp || p.Applied != 1 || p.Parked != 1 || p.OutMissing != 0 {
				t.Errorf("after a good one: %+v", p)
			}
			if len(d.applied) != 1 {
				t.Errorf("applied %v, want it once", d.applied)
			}
		})
	}
	t.Run("a number that was given", func(t *testing.T) {
		d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
		line := &spoiler{d.link.Link, nil}
		d.link.Link = line
		d.city.send(t, change(1, 1))
		d.run(time.Second)
		line.spoil = seal(own, d.clk.Now(), 1, nil)
		d.city.send(t, change(2, 2))
		d.run(0)
		if p := d.pair(); p.OutWrong != 1 || !strings.Contains(p.Reason, "number 1 was given") {
			t.Errorf("pair %+v", p)
		}
	})
}

// TestReceiptLost: a receiver that stops between its decision and its receipt, before it has kept the receipt, or whose
// receipt does not arrive: the messages are applied once, and in the end both sides keep the same receipts.
func TestReceiptLost(t *testing.T) {
	broken := errors.New("the line broke")
	for name, stop := range map[string]func(d *duo, line *stopper){
		"before it signs": func(d *duo, line *stopper) { // as if: nothing of the answer is left, and nothing of the receipt
			line.after = func() error { d.reopenPref(); return broken }
		},
		"before it keeps": func(d *duo, line *stopper) { // the answer arrives
			line.after = func() error { d.reopenPref(); return nil }
		},
		"on the way": func(d *duo, line *stopper) {
			line.after = func() error { return broken }
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDuo(t, exchange.Limits{}, "memory:", sqlstoretest.SQLite(t))
			line := &stopper{Link: d.link.Link}
			d.link.Link = line
			d.city.send(t, change(1, 1), change(2, 2))
			stop(d, line)
			// The tasks of the one that was stopped end with it.
			if err := clock.Drive(t.Context(), d.clk, append(d.city.Tasks(), d.pref.Tasks()...), d.clk.Now()); err != nil && !errors.Is(err, sqlstore.ErrClosed) {
				t.Fatal(err)
			}
			line.after = nil
			d.city.send(t, change(3, 3))
			d.run(2 * time.Minute)
			held, kept := receiptsOf(t, d.city, "out"), receiptsOf(t, d.pref, "in")
			if len(held) == 0 || len(held) != len(kept) {
				t.Errorf("the sender holds %v, the receiver keeps %v", held, kept)
			}
			for n := range held {
				if held[n] != kept[n] {
					t.Errorf("receipt %d is two: %+v and %+v", n, held[n], kept[n])
				}
			}
			theirs := must(d.pref.Pairs(t.Context()))[0]
			if p := d.pair(); p.Applied != 3 || len(d.applied) != 3 || p.OutMissing+theirs.InMissing != 0 {
				t.Errorf("applied %v, pair %+v and %+v", d.applied, p, theirs)
			}
		})
	}
}

// stopper does something when a batch has been taken.
type stopper struct {
	exchange.Link
	after func() error
	mute  bool // no question is answered
}

func (l *stopper) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	r, err := l.Link.Deliver(ctx, to, b)
	if err == nil && l.after != nil {
		if err := l.after(); err != nil {
			return nil, err
		}
	}
	return r, err
}

func (l *stopper) Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error) {
	if l.mute {
		return nil, errors.New("the line broke")
	}
	return l.Link.Ask(ctx, to, kind, body)
}

// TestReceiptMissing: a receipt that does not get through is seen on both sides, with since when, until it does.
func TestReceiptMissing(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	line := &stopper{Link: d.link.Link}
	d.link.Link = line
	d.city.send(t, change(1, 1))
	d.run(time.Minute)
	if mine, theirs := d.pair(), must(d.pref.Pairs(t.Context()))[0]; mine.OutMissing != 0 || theirs.InMissing != 0 {
		t.Fatalf("after a good one %+v and %+v", mine, theirs)
	}
	// The answer is lost each time; the hello between them gets through.
	line.after = func() error { return errors.New("the line broke") }
	line.mute = true
	d.city.send(t, change(2, 2))
	sent := d.clk.Now()
	d.run(90 * time.Second)
	mine, theirs := d.pair(), must(d.pref.Pairs(t.Context()))[0]
	if mine.OutMissing == 0 || mine.OutMissingSince.Before(sent) || d.clk.Now().Sub(mine.OutMissingSince) < time.Minute {
		t.Errorf("the sender sees %+v", mine)
	}
	if theirs.InMissing == 0 || theirs.InMissingSince.Before(sent) || d.clk.Now().Sub(theirs.InMissingSince) < time.Minute {
		t.Errorf("the receiver sees %+v", theirs)
	}
	line.after, line.mute = nil, false
	d.run(2 * time.Minute)
	if mine, theirs := d.pair(), must(d.pref.Pairs(t.Context()))[0]; mine.OutMissing != 0 || theirs.InMissing != 0 || mine.Open != 0 {
		t.Errorf("in the end %+v and %+v", mine, theirs)
	}
}

// reopenPref stops the prefecture, with all that it had not committed, and starts it again.
func (d *duo) reopenPref() {
	d.t.Helper()
	if err := d.pref.store.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.pref = d.open(pref, city, d.prefURL, d.net.As(pref))
}

// TestReceiptForgotten: a receiver that stops before it keeps a receipt, is told by the sender that it has signed it, and stops
// again before it asks. The sender has said all that it has to say; the receiver learns of it from its own hello.
func TestReceiptForgotten(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", sqlstoretest.SQLite(t))
	sender := func() {
		t.Helper()
		if err := clock.Drive(t.Context(), d.clk, d.city.Tasks(), d.clk.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	d.city.send(t, change(1, 1))
	sender()
	d.reopenPref()
	d.city.send(t, change(2, 2))
	sender()
	d.reopenPref()
	d.run(2 * time.Minute)
	if held, kept := receiptsOf(t, d.city, "out"), receiptsOf(t, d.pref, "in"); len(held) != 2 || len(kept) != 2 {
		t.Errorf("the sender holds %v, the receiver keeps %v", held, kept)
	}
}
