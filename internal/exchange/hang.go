package exchange

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// A rule that takes no notice of its context is left behind: the transaction is taken away from it, and goes on without
// it. It keeps its goroutine until it comes back; there are at most as many of these as messages were tried in vain, each
// Limits.DeferTimes times, before they were parked.

// errLeft ends what a rule's caller would go on to do with a transaction that was taken away meanwhile.
var errLeft = errors.New("the transaction has gone on without this rule")

// leaveAfter is when a rule is left behind. One that heeds its context has come back before.
func (x *Exchange) leaveAfter() time.Duration {
	d := x.cfg.Limits.RuleDeadline
	return d + min(d/2, 500*time.Millisecond)
}

// laneOf is what a rule's slowness is remembered under: the kind of its messages, and what it does while they wait apart.
func laneOf(k message.Kind, waiting bool) message.Kind {
	if waiting {
		return k + " waiting"
	}
	return k
}

// sight knows over which message of a transaction a rule runs, so that one that does not come back is known for it.
type sight struct {
	mu   sync.Mutex
	at   *message.Envelope
	lane message.Kind
}

func (s *sight) set(e *message.Envelope, lane message.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.lane = e, lane
}

func (s *sight) get() (*message.Envelope, message.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, s.lane
}

// bounded calls a rule for a message, under the limit after which the transaction is taken away.
func (in *intake) bounded(e *message.Envelope, lane message.Kind, rule func() ([]message.Out, error)) ([]message.Out, error) {
	in.sight.set(e, lane)
	if !in.tx.Limit(in.x.leaveAfter()) {
		return nil, errLeft
	}
	outs, err := rule()
	if !in.tx.Limit(0) {
		return nil, errLeft // whoever waited has gone on: nothing here may be touched any more
	}
	in.sight.set(nil, "")
	return outs, err
}

// leftBehind tells whether a transaction failed because a rule did not come back, and puts its kind into the slow lane.
func (x *Exchange) leftBehind(ctx context.Context, s *sight, err error) bool {
	e, lane := s.get()
	if e == nil || !errors.Is(err, sqlstore.ErrTaken) {
		return false
	}
	x.cfg.Log.ErrorContext(ctx, "rule does not come back, left behind", "message", e.ID.String(), "kind", e.Kind)
	x.slow.overran(lane, x.cfg.Clock.Now())
	return true
}

var errHangs = plain.Bad("act",
	"この種類の電文の処理が時間内に終わらないため、いまは受け入れられません。開発元に知らせてください。",
	"the rule for this kind of message does not come back in time, so it cannot be accepted now: tell the maker")
