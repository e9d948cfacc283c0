package reconcile

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// seen is what was found out about the keys of a page, over the transactions that it takes. A look that hangs leaves its
// goroutine behind, with the seen that it had: whoever goes on takes a copy.
type seen struct {
	mu    sync.Mutex
	held  map[string]message.Hash // keys that were looked at; zero: there, but unreadable
	gone  map[string]bool
	aside map[string]bool // keys at which the look failed
	at    string          // the key that is being looked at
}

func newSeen(aside map[string]bool) *seen {
	return &seen{held: map[string]message.Hash{}, gone: map[string]bool{}, aside: aside}
}

// beyond is a copy in which the key is aside whose look did not come to an end; nil when there was none.
func (s *seen) beyond() *seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == "" {
		return nil
	}
	next := &seen{held: maps.Clone(s.held), gone: maps.Clone(s.gone), aside: maps.Clone(s.aside)}
	next.aside[s.at] = true
	return next
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
