package due

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// maxCounted is up to where the items of a standing are counted: beyond it, more says nothing more to whoever must act.
const maxCounted = 10_000

// Standing is how the work of one kind stands, for the alarms.
type Standing struct {
	Kind         string
	Late         int64     // not done though their time has come; at most maxCounted of all kinds
	Oldest       time.Time // when the first of those was to be done; zero: none
	Parked       int64     // set aside; at most maxCounted of all kinds
	OldestParked time.Time // when the first of those was to be done; zero: none
}

// The conditions are those of the partial indexes, letter for letter: SQLite would else read all items there are.
const (
	// Every item that failed is tried again within lastPause, so the index on the next try finds all that are late.
	selectLate = `SELECT kind, COUNT(*), MIN(due_at) FROM (SELECT kind, due_at FROM due WHERE state = 'waiting' AND at <= $1 AND due_at <= $2
		ORDER BY at, id LIMIT $3) AS late GROUP BY kind ORDER BY kind`
	selectParked = `SELECT kind, COUNT(*), MIN(due_at) FROM (SELECT kind, due_at FROM due WHERE state = 'parked'
		ORDER BY kind, due_at LIMIT $1) AS parked GROUP BY kind ORDER BY kind`
)

// Standings tells of every kind of which something is late or set aside, as of the transaction's time.
func Standings(ctx context.Context, tx *sqlstore.Tx) ([]Standing, error) {
	all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *Standing) error {
		return r.Scan(&s.Kind, &s.Late, sqlstore.Time(&s.Oldest))
	}, selectLate, tx.Now().Add(lastPause), tx.Now(), int64(maxCounted))
	if err != nil {
		return nil, err
	}
	parked, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *Standing) error {
		return r.Scan(&s.Kind, &s.Parked, sqlstore.Time(&s.OldestParked))
	}, selectParked, int64(maxCounted))
	if err != nil {
		return nil, err
	}
	for _, p := range parked {
		found := false
		for i := range all {
			if all[i].Kind == p.Kind {
				all[i].Parked, all[i].OldestParked, found = p.Parked, p.OldestParked, true
			}
		}
		if !found {
			all = append(all, p)
		}
	}
	return all, nil
}

// Number tells how many items of a kind are on the list, whatever their state.
func Number(ctx context.Context, tx *sqlstore.Tx, kind string) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM due WHERE kind = $1`, kind).Scan(&n)
	return n, err
}

// RemoveOldest takes the oldest items of a kind off the list, waiting or parked, and returns their number: for work of which
// the newest is worth more than all of it, so that the list of it stays bounded.
func RemoveOldest(ctx context.Context, tx *sqlstore.Tx, kind string, n int64) (int64, error) {
	if err := tx.Flush(ctx); err != nil {
		return 0, err
	}
	return tx.Exec(ctx, `DELETE FROM due WHERE id IN (SELECT id FROM due WHERE kind = $1 ORDER BY id LIMIT $2)`, kind, n)
}
