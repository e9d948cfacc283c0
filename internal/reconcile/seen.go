package reconcile

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// seen is what was found out about the keys of a page, over the transactions that it takes. A look that hangs leaves its
// goroutine behind, with the seen that it had: whoever goes on takes a copy.
type seen struct {
	mu       sync.Mutex
	held     map[string]message.Hash // keys that were looked at; zero: there, but unreadable
	gone     map[string]bool
	aside    map[string]bool // keys at which the look failed
	at       string          // the key that is being looked at
	together bool            // all keys are being looked at
	singly   bool            // a look at all failed, and each key is looked at by itself: that shows which it was
}

func newSeen(aside map[string]bool) *seen {
	return &seen{held: map[string]message.Hash{}, gone: map[string]bool{}, aside: aside}
}

// anew has seen nothing yet, and goes on in the same way.
func (s *seen) anew() *seen {
	next := newSeen(s.aside)
	next.singly = s.singly
	return next
}

// beyond is a copy with which the page goes on after a look that did not come to an end: key by key when it was at all of them, else
// with its key aside. Nil when there was no look.
func (s *seen) beyond() *seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == "" && !s.together {
		return nil
	}
	next := &seen{held: maps.Clone(s.held), gone: maps.Clone(s.gone), aside: maps.Clone(s.aside), singly: true}
	if s.at != "" {
		next.aside[s.at] = true
	}
	return next
}

// lookAt looks keys up in the state tables, all at once: a statement for each of them would be most of what the self-audit of a large
// book costs.
func (b *Books) lookAt(ctx context.Context, tx *sqlstore.Tx, p *pair, keys []string, s *seen) error {
	s.mu.Lock()
	singly := s.singly
	keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool {
		_, done := s.held[k]
		return done || s.aside[k]
	})
	s.together = !singly && len(keys) > 0
	together := s.together
	s.mu.Unlock()
	if !together {
		return nil
	}
	tx.Limit(b.cfg.Deadline)
	found, err := p.table.Look(ctx, tx, p.peer, keys)
	if err != nil {
		return fmt.Errorf("couldn't look into the state tables: %w", err)
	}
	if !tx.Limit(0) {
		return sqlstore.ErrTaken // too late: the page has gone on without it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.together = false
	for _, k := range keys {
		value, there := found[k]
		s.held[k], s.gone[k] = value, !there
	}
	return nil
}

func (s *seen) begin(key string) { s.mu.Lock(); s.at = key; s.mu.Unlock() }

func (s *seen) end() { s.begin("") }

// lookOne looks a key up in the state tables, once.
func (b *Books) lookOne(ctx context.Context, tx *sqlstore.Tx, p *pair, key string, s *seen) (value message.Hash, there bool, err error) {
	s.mu.Lock()
	value, done := s.held[key]
	gone := s.gone[key]
	s.mu.Unlock()
	if done {
		return value, !gone, nil
	}
	s.begin(key)
	tx.Limit(b.cfg.Deadline)
	found, err := p.table.Look(ctx, tx, p.peer, []string{key})
	if err != nil {
		return value, false, fmt.Errorf("couldn't look into the state tables: %w", err)
	}
	if !tx.Limit(0) {
		return value, false, sqlstore.ErrTaken // too late: the page has gone on without it
	}
	value, there = found[key]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = ""
	s.held[key], s.gone[key] = value, !there
	return value, there, nil
}
