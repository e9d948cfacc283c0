package exchangebench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/internal/bench/pair"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/bench/work"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The parts of this measurement that are processes of their own.
const (
	PartSender   = "exchange-sender"
	PartReceiver = "exchange-receiver"
)

// Part is the whole of such a process.
func Part(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	switch name {
	case PartSender:
		return peer.Serve(ctx, in, out, openSender)
	case PartReceiver:
		return peer.Serve(ctx, in, out, openReceiver)
	}
	return fmt.Errorf("the exchange's measurement has no part %q", name)
}

// part starts this program again as a part of the measurement.
func part(ctx context.Context, name string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", "--part", name)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// receiver is the prefecture's process.
type receiver struct {
	*pair.End
	books atomic.Pointer[reconcile.Books] // the rule may run before open has returned
	done  chan struct{}                   // an entry for each message that has been applied
}

func openReceiver(ctx context.Context, s pair.Seat) (peer.Worker, error) {
	r := &receiver{done: make(chan struct{}, 1<<20)}
	var err error
	r.End, err = s.Open(ctx, host.Rules{Schema: work.Schema, Routes: []exchange.Route{exchange.On(same, r.apply)}, Books: []reconcile.Table{book("effect", false)}})
	if err != nil {
		return nil, err
	}
	r.books.Store(r.Books)
	return r, nil
}

func same(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

// apply is a rule that writes one row, and the entry of the book.
func (r *receiver) apply(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	switch work.KindOf(n) {
	case work.Refused:
		return nil, exchange.Reject("unreadable-name", "氏名が読めません。", "the name cannot be read")
	case work.Panics:
		panic("a rule that panics")
	}
	work.Write(tx, "effect", n)
	r.books.Load().Apply(tx, pair.City, n)
	tx.OnCommit(func() { r.done <- struct{}{} })
	return nil, nil
}

func (r *receiver) Ready() any { return work.Ready{} }

func (r *receiver) Do(ctx context.Context, o peer.Order) (peer.Took, error) {
	if o.Do != work.DoTake {
		return peer.Took{}, fmt.Errorf("a receiver cannot %s", o.Do)
	}
	took := peer.Stopwatch()
	for range o.Count {
		select {
		case <-r.done:
		case <-ctx.Done():
			return peer.Took{}, ctx.Err()
		}
	}
	return peer.Took{Seconds: took()}, nil
}

// sender is the city's process, and the parent of the prefecture's.
type sender struct {
	*pair.End
	other *peer.Process
	last  uint64
	stuck int64 // messages that the receiver did not apply
}

func openSender(ctx context.Context, setup work.Setup) (w peer.Worker, err error) {
	seats, err := pair.Found(setup.Stores)
	if err != nil {
		return nil, err
	}
	s := &sender{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	cmd, err := part(ctx, PartReceiver)
	if err != nil {
		return nil, err
	}
	if s.other, err = peer.Start(cmd, seats[1], &work.Ready{}); err != nil {
		return nil, err
	}
	if s.End, err = seats[0].Open(ctx, host.Rules{Schema: work.Schema, Books: []reconcile.Table{book("business", true)}}); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sender) Ready() any {
	return work.Ready{Says: "two organisations as two processes over mutual TLS, everything on"}
}

func (s *sender) Close() error {
	var err error
	if s.End != nil {
		err = s.End.Close()
	}
	if s.other != nil {
		err = errors.Join(err, s.other.Close())
		s.other = nil
	}
	return err
}

func (s *sender) Do(ctx context.Context, o peer.Order) (peer.Took, error) {
	switch o.Do {
	case work.DoExchange:
		return s.exchange(ctx, o.Count)
	case work.DoPoison:
		return s.behind(ctx, o.Count, work.Refused)
	case work.DoPanic:
		return s.behind(ctx, o.Count, work.Panics)
	}
	return peer.Took{}, fmt.Errorf("the exchange cannot %s", o.Do)
}

// exchange sends messages with their business rows and waits until the last verdict is in the outbox.
func (s *sender) exchange(ctx context.Context, count int) (t peer.Took, err error) {
	changes, err := work.Changes(&s.last, count, work.Good)
	if err != nil {
		return t, err
	}
	applied := work.Take(s.other, count)
	took := peer.Stopwatch()
	for some := range slices.Chunk(changes, work.Batch) {
		if err := s.send(ctx, some); err != nil {
			return t, err
		}
	}
	if t, err = applied(); err != nil {
		return t, err
	}
	// Applied there; now the verdict is on its way.
	if err := s.settled(ctx); err != nil {
		return t, err
	}
	t.Seconds = took()
	return t, nil
}

// send makes one transaction of business rows and their messages.
func (s *sender) send(ctx context.Context, changes []message.ResidentChange) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		outs := make([]message.Out, len(changes))
		for i, c := range changes {
			work.Write(tx, "business", c)
			s.Books.Apply(tx, s.Peer, c)
			outs[i] = message.Out{To: s.Peer, Body: c}
		}
		_, err := s.Exchange.Send(ctx, tx, outs, "t-bench")
		return err
	})
}

func (s *sender) settled(ctx context.Context) error {
	clk := clock.System()
	for {
		pairs, err := s.Exchange.Pairs(ctx)
		if err != nil {
			return err
		}
		if pairs[0].Open == s.stuck {
			return nil
		}
		if stuck := pairs[0].Parked + pairs[0].Held; stuck > s.stuck {
			return fmt.Errorf("%d messages were refused", stuck-s.stuck)
		}
		if err := clk.Wait(ctx, clk.Now().Add(time.Millisecond), nil); err != nil {
			return err
		}
	}
}

// behind measures how long a good message takes that stands behind others, from when all are durable in the outbox.
func (s *sender) behind(ctx context.Context, count int, kind work.Kind) (t peer.Took, err error) {
	changes, err := work.Changes(&s.last, count, kind)
	if err != nil {
		return t, err
	}
	good, err := work.Changes(&s.last, 1, work.Good)
	if err != nil {
		return t, err
	}
	goods := 1
	if kind == work.Good {
		goods += count
	} else {
		s.stuck += int64(count)
	}
	applied := work.Take(s.other, goods)
	if err := s.send(ctx, append(changes, good...)); err != nil {
		return t, err
	}
	took := peer.Stopwatch()
	if t, err = applied(); err != nil {
		return t, err
	}
	t.Seconds = took()
	return t, nil
}
