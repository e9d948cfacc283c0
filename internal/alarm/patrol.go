package alarm

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// patrolPage is how many rows one look goes through, so that a look is short however large the table is.
const patrolPage = 500

// Patrolled is a table that a patrol goes round, for rows that no rule leaves behind: each is somebody's hand in the
// tables, or a fault.
type Patrolled[T any] struct {
	Name string // of the source
	// Look goes through at most limit rows from after a cursor ("" for the beginning) and returns what is wrong. next is
	// "" at the end.
	Look  func(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) (found []T, next string, err error)
	Since func(T) time.Time
	// Says makes the signal of what is wrong, of which there is at least one. Value and Since are filled in.
	Says func(found []T) Signal
}

// Patrol makes a source that goes round a table, a page at each look, and says what the last whole round found; or this
// one, as soon as it has found more.
func Patrol[T any](store *sqlstore.Store, of Patrolled[T]) Source {
	return &patrol[T]{of: of, store: store}
}

type patrol[T any] struct {
	of          Patrolled[T]
	store       *sqlstore.Store
	cursor      string
	round, last []T // of this round so far, and of the last whole one
}

func (p *patrol[T]) Name() string { return p.of.Name }

func (p *patrol[T]) Signals(ctx context.Context, _ time.Time) ([]Signal, error) {
	var page []T
	var next string
	err := p.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		page, next, err = p.of.Look(ctx, tx, p.cursor, patrolPage)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.cursor, p.round = next, append(p.round, page...)
	if next == "" {
		p.last, p.round = p.round, nil
	}
	found := p.last
	if len(p.round) > len(found) {
		found = p.round
	}
	if len(found) == 0 {
		return nil, nil
	}
	s := p.of.Says(found)
	s.Value, s.Since = int64(len(found)), p.of.Since(found[0])
	for _, f := range found[1:] {
		if since := p.of.Since(f); since.Before(s.Since) {
			s.Since = since
		}
	}
	return []Signal{s}, nil
}
