package exchange

import (
	"sync"
	"time"

	"github.com/akashi-id/akashi/message"
)

// A kind whose rule overran its deadline costs that one deadline and then goes to the slow lane: its messages are
// deferred, and one at a time is let through, at growing intervals, to see whether the rule has recovered. So a rule
// that hangs for ever takes a small and shrinking part of the time.
const (
	firstTurn = time.Second
	lastTurn  = time.Minute
)

type slowLane struct {
	mu    sync.Mutex
	kinds map[message.Kind]slowKind
}

type slowKind struct {
	overran int // times in a row
	turn    time.Time
}

func (l *slowLane) overran(k message.Kind, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds == nil {
		l.kinds = map[message.Kind]slowKind{}
	}
	s := l.kinds[k]
	s.turn = now.Add(min(firstTurn<<min(s.overran, 10), lastTurn))
	s.overran++
	l.kinds[k] = s
}

func (l *slowLane) recovered(k message.Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.kinds, k)
}

func (l *slowLane) holds(k message.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, slow := l.kinds[k]
	return slow
}

// due tells whether a message of the kind may be let through.
func (l *slowLane) due(k message.Kind, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, slow := l.kinds[k]
	return slow && !now.Before(s.turn)
}

// take is due, and uses the turn up.
func (l *slowLane) take(k message.Kind, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, slow := l.kinds[k]
	if !slow || now.Before(s.turn) {
		return false
	}
	s.turn = now.Add(min(firstTurn<<min(s.overran, 10), lastTurn))
	l.kinds[k] = s
	return true
}
