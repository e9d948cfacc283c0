package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// fallingLink leads to a peer that answers hellos, and falls over some messages.
type fallingLink struct {
	exchange.Link
	over func(seq uint64) bool
	// down: it is away for so long each time that it fell over something.
	down    time.Duration
	clk     *clock.Virtual
	back    time.Time
	batches int
}

func (l *fallingLink) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	if l.clk.Now().Before(l.back) {
		return nil, errors.New("connection refused")
	}
	return l.Link.Hello(ctx, to, g)
}

func (l *fallingLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	l.batches++
	if l.clk.Now().Before(l.back) {
		return nil, errors.New("connection refused")
	}
	for _, raw := range b.Envelopes {
		if l.over(must(message.OpenEnvelope(raw)).Seq) {
			l.back = l.clk.Now().Add(l.down)
			return nil, errors.New("connection reset by peer")
		}
	}
	return l.Link.Deliver(ctx, to, b)
}

func newFalling(t *testing.T, over func(seq uint64) bool) (*duo, *fallingLink) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	l := &fallingLink{Link: d.link.Link, over: over, clk: d.clk}
	d.link.Link = l
	return d, l
}

// poison sends n messages about n persons, from the second on.
func (d *duo) poison(n int) {
	d.t.Helper()
	var outs []message.Out
	for i := range n {
		outs = append(outs, change(uint64(i+2), uint64(i+2)))
	}
	d.city.send(d.t, outs...)
}

// TestPeerFallsOver: however many messages at the head the peer falls over, the next good one is applied without a pause
// of the protocol, and they are parked.
func TestPeerFallsOver(t *testing.T) {
	for _, n := range []int{1, 11, 100, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			d, l := newFalling(t, func(seq uint64) bool { return seq <= uint64(n) })
			d.poison(n)
			d.city.send(t, change(1, 1))
			begun := clock.System().Now()
			d.run(0)
			took := clock.System().Now().Sub(begun)
			t.Logf("%d batches, %v", l.batches, took)
			if took > 10*time.Second { // tenfold slack on a busy machine
				t.Errorf("it took %v", took)
			}
			if p := d.pair(); fmt.Sprint(d.applied) != "["+applied(1, 1)+"]" || p.Parked != int64(n) || p.State != exchange.PairUp {
				t.Fatalf("applied %v, pair %+v", d.applied, p)
			}
			if i := must(d.city.Stuck(t.Context(), 1))[0]; i.Code != "no-verdict" || i.Reason.JA == "" || i.Reason.EN == "" {
				t.Errorf("shown as %+v", i)
			}
		})
	}
}

// TestAmongOthers: messages over which the peer falls are found among others, which are all applied, in their order.
func TestAmongOthers(t *testing.T) {
	d, l := newFalling(t, func(seq uint64) bool { return seq%17 == 3 })
	var outs []message.Out
	for i := range uint64(250) {
		outs = append(outs, change(i%100+1, i+1)) // some share their person with one over which it falls
	}
	d.city.send(t, outs...)
	d.run(0)
	stuck := map[uint64]bool{}
	want := 0
	for i := range uint64(250) {
		if (i+1)%17 == 3 {
			stuck[i%100] = true
		}
		if !stuck[i%100] {
			want++
		}
	}
	if p := d.pair(); len(d.applied) != want || p.State != exchange.PairUp || p.Waiting != 0 || p.Open != int64(250-want) {
		t.Errorf("%d applied, want %d; pair %+v", len(d.applied), want, p)
	}
	t.Logf("%d batches", l.batches)
}

// TestNewBehindLonePoison: nothing was answered for long, for there was nothing else. What is new does not wait for the
// next pause to be over, and then it is known who is to blame.
func TestNewBehindLonePoison(t *testing.T) {
	for _, n := range []int{1, 11, 100} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			d, l := newFalling(t, func(seq uint64) bool { return seq <= uint64(n) })
			d.poison(n)
			d.run(time.Hour + 7*time.Second)
			if p := d.pair(); p.Parked != 0 || p.State != exchange.PairDown || p.Reason == "" {
				t.Fatalf("nobody knows yet whether it is the peer: %+v", p)
			}
			// After the first round, a few after each pause.
			if most := 2*n + 100 + 9*(3600/30+10); l.batches > most {
				t.Errorf("%d batches in an hour, want at most %d", l.batches, most)
			}
			d.city.send(t, change(1, 1))
			d.run(0)
			if p := d.pair(); len(d.applied) != 1 || p.Parked != int64(n) || p.State != exchange.PairUp {
				t.Errorf("applied %v, pair %+v", d.applied, p)
			}
		})
	}
}

// TestPeerAnswersNothing: a peer that answers hellos and no batch, its disk full, is away. It is not overrun, and no
// message is to blame.
func TestPeerAnswersNothing(t *testing.T) {
	full := true
	d, l := newFalling(t, func(uint64) bool { return full })
	d.poison(300)
	for i := range uint64(60) {
		d.city.send(t, change(1000, 1000+i), change(2000+i, 1))
		d.run(time.Minute)
	}
	if p := d.pair(); p.Parked != 0 || p.State != exchange.PairDown || l.batches > 2*360+9*(3600/30+20) {
		t.Errorf("%d batches in an hour, pair %+v", l.batches, p)
	}
	full = false
	d.run(time.Minute)
	if p := d.pair(); p.Open != 0 || len(d.applied) != 420 || p.State != exchange.PairUp {
		t.Errorf("%d applied, pair %+v", len(d.applied), p)
	}
	versions := 0
	for _, a := range d.applied {
		if want := applied(1000, uint64(1000+versions)); a == want {
			versions++
		}
	}
	if versions != 60 {
		t.Errorf("of one person %d of 60 were applied in their order", versions)
	}
}

// TestPeerEndsOverMessages: a peer whose process ends over certain messages, and is back each time after a while, gets
// the others.
func TestPeerEndsOverMessages(t *testing.T) {
	d, l := newFalling(t, func(seq uint64) bool { return seq <= 11 })
	l.down = 2 * time.Second
	d.poison(11)
	d.city.send(t, change(1, 1), change(2, 100))
	d.run(30 * time.Minute)
	if p := d.pair(); len(d.applied) != 1 || p.Parked != 11 || p.Held != 1 {
		t.Errorf("applied %v, pair %+v, %d batches", d.applied, p, l.batches)
	}
}
