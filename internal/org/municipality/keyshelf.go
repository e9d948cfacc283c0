package municipality

import (
	"context"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

// keyLife is how long a holder's key waits at the counter for being handed over.
const keyLife = 10 * time.Minute

// keyShelf holds private keys that were made at the counter until their holders take them (引渡し前の秘密鍵): in memory only,
// each given out once, and forgotten after keyLife. A restart forgets all of them; the holder then applies again.
type keyShelf struct {
	clock clock.Clock
	bell  clock.Bell
	mu    sync.Mutex
	keys  map[string]shelved
}

type shelved struct {
	pem   []byte
	until time.Time
}

func newKeyShelf(c clock.Clock) *keyShelf { return &keyShelf{clock: c, keys: map[string]shelved{}} }

func (s *keyShelf) put(request string, pem []byte) {
	s.mu.Lock()
	s.keys[request] = shelved{pem, s.clock.Now().Add(keyLife)}
	s.mu.Unlock()
	s.bell.Ring()
}

// take gives a key out and forgets it.
func (s *keyShelf) take(request string) (shelved, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, there := s.keys[request]
	delete(s.keys, request)
	return k, there && s.clock.Now().Before(k.until)
}

// back takes a key again that was not handed over after all, for what is left of its time.
func (s *keyShelf) back(request string, k shelved) {
	s.mu.Lock()
	s.keys[request] = k
	s.mu.Unlock()
	s.bell.Ring()
}

// until tells how long a key waits; the zero time when there is none.
func (s *keyShelf) until(request string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.keys[request]; s.clock.Now().Before(k.until) {
		return k.until
	}
	return time.Time{}
}

// task forgets the keys whose time is over.
func (s *keyShelf) task() clock.Task {
	return clock.Task{Name: "holders' keys", Bell: &s.bell, Step: func(context.Context) (next time.Time, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for request, k := range s.keys {
			if !s.clock.Now().Before(k.until) {
				delete(s.keys, request)
			} else if next.IsZero() || k.until.Before(next) {
				next = k.until
			}
		}
		return next, nil
	}}
}
