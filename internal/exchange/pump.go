package exchange

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// PairState is how it stands between us and a peer, as we see it.
type PairState string

// The states of a pair.
const (
	PairUnknown PairState = "unknown" // not spoken to since the start
	PairUp      PairState = "up"
	PairDown    PairState = "down"    // no answer: probed with a growing pause, capped
	PairRefused PairState = "refused" // the peer refuses us: an alarm, probed at the cap only
)

// A peer that does not answer is probed after firstProbe, then twice that, up to Limits.ProbePause; with no jitter, since
// each pair is probed by one message, and a replay must give the same timeline each time.
const firstProbe = 250 * time.Millisecond

// probePause is how long to wait after so many failures in a row.
func (x *Exchange) probePause(failures int64) time.Duration {
	if failures > 20 {
		return x.cfg.Limits.ProbePause
	}
	return min(firstProbe<<failures, x.cfg.Limits.ProbePause)
}

// step hands over one batch to a peer, if there is one to hand over and the peer is there.
func (x *Exchange) step(ctx context.Context, p *peer) (time.Time, error) {
	turn, mine := x.sends()
	if p.idle.Load() || !mine {
		return time.Time{}, nil
	}
	now := x.cfg.Clock.Now()
	p.mu.Lock()
	greeted, retryAt := p.greeted, p.retryAt
	p.mu.Unlock()
	s, early := &p.probes, now.Before(retryAt)
	switch {
	case early && !s.goesOn():
		return retryAt, nil
	case !early && s.spent:
		s.again()
	}
	if !greeted || p.holding.tellDue(now) {
		a, err := x.hello(ctx, p)
		if err != nil {
			return x.noAnswer(ctx, p, err)
		}
		s.hailed = true
		if err := x.compare(ctx, p, a); err != nil {
			return time.Time{}, err
		}
	}
	more := x.fill(ctx, p)
	batch, err := x.pick(ctx, p, now, !retryAt.IsZero())
	if err != nil {
		return time.Time{}, err
	}
	if len(batch.envelopes) == 0 {
		switch {
		case batch.next.Equal(now):
			return now, nil
		case early:
			return retryAt, nil
		case s.spent:
			return x.pause(p, false), nil
		}
		x.answered(p)
		if more {
			return now, nil
		}
		return earlier(batch.next, earlier(p.holding.due(), p.signing.due())), nil
	}
	held := p.holding.wholeOf()
	pb, err := message.SealBatch(x.cfg.Rand, x.cfg.Signer.Key, x.cfg.Signer.Certificate, now, held, batch.envelopes)
	if err != nil {
		return time.Time{}, err
	}
	p.offered.set(batch.envelopes)
	answer, err := x.deliver(ctx, p, pb)
	var receipt *message.Receipt
	if err == nil {
		if receipt, err = x.checkReceipt(p, batch, answer); err != nil {
			err = x.wrongReceipt(ctx, p, err)
		}
	}
	switch {
	case errors.Is(err, ErrHelloFirst) && greeted:
		p.mu.Lock()
		p.greeted = false
		p.mu.Unlock()
		return now, nil
	case err != nil:
		return x.unanswered(ctx, p, batch, err)
	}
	s.hailed = false
	batch.turn = turn
	if err := x.settle(ctx, p, batch, answer, receipt, held); errors.Is(err, errOvertaken) {
		return time.Time{}, nil // the other node offers all of it again, and is told that it was decided upon
	} else if err != nil {
		return time.Time{}, err
	}
	s.answered()
	if err := x.setAside(ctx, p); err != nil {
		return time.Time{}, err
	}
	x.answered(p)
	return now, nil
}

func (x *Exchange) deliver(ctx context.Context, p *peer, pb *messagepb.Batch) (*messagepb.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, x.cfg.Limits.SendDeadline)
	defer cancel()
	return guarded(ctx, x, func() (*messagepb.Receipt, error) { return x.cfg.Link.Deliver(ctx, p.org, pb) })
}

// guarded calls the link. A panic of it, or in one process of the peer's end, is no answer of that peer: it is shown with the
// pair, and concerns no other.
func guarded[T any](ctx context.Context, x *Exchange, call func() (T, error)) (answer T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the way to the peer panicked: %v", r)
			x.cfg.Log.ErrorContext(ctx, "the way to a peer panicked", "self", x.cfg.Self, "panic", r, "stack", string(debug.Stack()))
		}
	}()
	return call()
}

// noAnswer backs off. It is not an error of the task: a peer that is away is an ordinary state of the pair.
func (x *Exchange) noAnswer(ctx context.Context, p *peer, err error) (time.Time, error) {
	if ctx.Err() != nil {
		return time.Time{}, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := x.cfg.Clock.Now()
	was := p.state
	var refusal *Refusal
	if errors.As(err, &refusal) {
		p.state, p.reason = PairRefused, clean(refusal.Reason, maxReason)
	} else {
		p.state, p.reason = PairDown, clean(err.Error(), maxReason)
	}
	x.pauseLocked(p, refusal != nil)
	p.greeted = false // whoever answers next may be a restored database
	if was != p.state {
		p.since = now
		x.cfg.Log.WarnContext(ctx, "peer does not take messages", "self", x.cfg.Self, "peer", p.org, "state", p.state, "error", err)
	}
	return p.retryAt, nil
}

// pause puts off the next try.
func (x *Exchange) pause(p *peer, refused bool) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return x.pauseLocked(p, refused)
}

func (x *Exchange) pauseLocked(p *peer, refused bool) time.Time {
	wait := x.cfg.Limits.ProbePause
	if !refused {
		wait = x.probePause(int64(p.failures))
	}
	p.failures++
	p.retryAt = x.cfg.Clock.Now().Add(wait)
	return p.retryAt
}

func (x *Exchange) answered(p *peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := x.cfg.Clock.Now()
	if p.state != PairUp {
		p.state, p.since, p.reason = PairUp, now, ""
	}
	p.failures, p.retryAt, p.contact = 0, time.Time{}, now
}

// heardFrom notes that a peer spoke to us, so that ours to it goes on at once when it had been away.
func (x *Exchange) heardFrom(p *peer) {
	p.mu.Lock()
	back := p.state == PairDown
	p.contact = x.cfg.Clock.Now()
	if back {
		p.retryAt = time.Time{}
	}
	p.mu.Unlock()
	if back {
		p.bell.Ring()
	}
}
