package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// MoveOutcome is what two people have found out about a move that no message ends.
type MoveOutcome string

// The outcomes.
const (
	MoveIsRegistered MoveOutcome = "registered" // the person is registered at the new municipality
	MoveIsUnmade     MoveOutcome = "unmade"     // nobody moved by this
)

// MoveClosing is a proposal to close a move by hand, and what became of it.
type MoveClosing struct {
	ID         int64
	Move       string
	Outcome    MoveOutcome
	Unknown    bool   // whether the other end has a record by this move, it was not found out
	Said       string // what was found out, and with whom
	Seen       string // where the move stood
	ProposedAt time.Time
	ProposedBy string
	DecidedAt  time.Time // zero: not yet
	DecidedBy  string
	Approved   bool
}

// Open tells whether it waits for a second person.
func (c MoveClosing) Open() bool { return c.DecidedAt.IsZero() }

const closingColumns = `id, move, outcome, unknown, said, seen, proposed_at, proposed_by, decided_at, decided_by, approved`

func scanClosing(r *sqlstore.Rows, c *MoveClosing) error {
	var decided int64
	if err := r.Scan(&c.ID, &c.Move, &c.Outcome, &c.Unknown, &c.Said, &c.Seen, sqlstore.Time(&c.ProposedAt), &c.ProposedBy, &decided, &c.DecidedBy, &c.Approved); err != nil {
		return err
	}
	c.DecidedAt = sqlstore.FromMicrosOrNone(decided)
	return nil
}

// AddClosing writes a proposal down.
func (tx *Tx) AddClosing(c MoveClosing) {
	tx.Collect("move_closing", closingColumns, c.ID, c.Move, string(c.Outcome), c.Unknown, c.Said, c.Seen, c.ProposedAt, c.ProposedBy, sqlstore.MicrosOrNone(c.DecidedAt), c.DecidedBy, c.Approved)
}

// DecideClosing writes down what became of a proposal, once; false when it was decided before.
func (tx *Tx) DecideClosing(ctx context.Context, id int64, by string, approved bool) (bool, error) {
	rows, err := tx.Exec(ctx, `UPDATE move_closing SET decided_at = $2, decided_by = $3, approved = $4 WHERE id = $1 AND decided_at = 0`, id, tx.Now(), by, approved)
	if err != nil {
		return false, fmt.Errorf("couldn't decide the closing of a move: %w", err)
	}
	return rows == 1, nil
}

// ClosingsOf are the proposals to close a move, the newest first.
func (tx *Tx) ClosingsOf(ctx context.Context, move string) ([]MoveClosing, error) {
	return tx.closings(ctx, `move = $1 ORDER BY id DESC`, move)
}

// ClosingsProposed are those that wait for a second person and whose move no message has ended meanwhile, the oldest first.
func (tx *Tx) ClosingsProposed(ctx context.Context) ([]MoveClosing, error) {
	return tx.closings(ctx, `decided_at = 0 AND (move IN (SELECT move FROM move_out WHERE settled_at = 0) OR move IN (SELECT move FROM move_in WHERE settled_at = 0))
		ORDER BY id LIMIT 500`)
}

func (tx *Tx) closings(ctx context.Context, where string, args ...any) ([]MoveClosing, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	all, err := sqlstore.List(ctx, tx.Tx, scanClosing, `SELECT `+closingColumns+` FROM move_closing WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the closings of moves: %w", err)
	}
	return all, nil
}

// RenameClosings gives the closings of a move another name of it.
func (tx *Tx) RenameClosings(ctx context.Context, move, to string) error {
	if err := tx.Flush(ctx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE move_closing SET move = $2 WHERE move = $1`, move, to)
	return err
}
