package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Closing is what one person found out about a move, and with whom, until another confirms that it ends by that.
type Closing struct {
	Move  string
	State string // of the move, when it was found out
	Text  string
	By    string
	At    time.Time
}

// ClosingOf is what was found out about a move and waits; false when nothing does.
func (tx *Tx) ClosingOf(ctx context.Context, move string) (Closing, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanClosing, `SELECT move, state, text, by_person, at FROM move_closing WHERE move = $1`, move)
	if err != nil || len(found) == 0 {
		return Closing{}, false, err
	}
	return found[0], true, nil
}

// Closings are all that wait, the oldest first.
func (tx *Tx) Closings(ctx context.Context) ([]Closing, error) {
	return sqlstore.List(ctx, tx.Tx, scanClosing, `SELECT move, state, text, by_person, at FROM move_closing ORDER BY at, move`)
}

func scanClosing(r *sqlstore.Rows, c *Closing) error {
	return r.Scan(&c.Move, &c.State, &c.Text, &c.By, sqlstore.Time(&c.At))
}

// PutClosing writes down what was found out, in the place of what was before.
func (tx *Tx) PutClosing(ctx context.Context, c Closing) error {
	if err := tx.DropClosing(ctx, c.Move); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO move_closing(move, state, text, by_person, at) VALUES ($1, $2, $3, $4, $5)`, c.Move, c.State, c.Text, c.By, sqlstore.Micros(c.At))
	return err
}

// DropClosing takes it away: it was confirmed, or is not true any more.
func (tx *Tx) DropClosing(ctx context.Context, move string) error {
	_, err := tx.Exec(ctx, `DELETE FROM move_closing WHERE move = $1`, move)
	return err
}
