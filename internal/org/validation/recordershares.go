package validation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
)

// shares divide the room that is left when half of it is full among those who ask.
type shares struct {
	mu sync.Mutex
	of map[string]int
}

// take gives who asks one more place, while the share holds some.
func (s *shares) take(requester string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[string]int{}
	}
	if s.of[requester] >= maxShare || len(s.of) >= maxQueued { // at an open address everybody has a name
		return false
	}
	s.of[requester]++
	return true
}

// forget gives everybody a whole share again.
func (s *shares) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.of)
}

// lossRecord is what is known of answers that were not written down, for people. A loss is over when none came for some minutes.
type lossRecord struct {
	mu          sync.Mutex
	since, last time.Time
	n           int64
	by          string // who was told last
}

func (l *lossRecord) add(at time.Time, n int64, by string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.Sub(l.last) > lossOver || l.since.IsZero() {
		l.since, l.n = at, 0
	}
	l.last, l.n, l.by = at, l.n+n, by
}

// unrecorded is a source of alarms: of answers that are not in the record.
type unrecorded struct{ o *Validation }

// Name names it as a source.
func (unrecorded) Name() string { return "answers-unrecorded" }

// Signals says how many answers were lost, while they are.
func (u unrecorded) Signals(_ context.Context, now time.Time) ([]alarm.Signal, error) {
	l := &u.o.recorder.losses
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == 0 || now.Sub(l.last) > lossOver {
		return nil, nil
	}
	return []alarm.Signal{{Code: alarm.AnswersUnrecorded, Value: l.n, Since: l.since, Href: "/answers",
		Detail: plain.Sentence{JA: fmt.Sprintf("最後に書き留められなかった回答の相手は %s です。", l.by), EN: fmt.Sprintf("The last one was told to %s.", l.by)}}}, nil
}
