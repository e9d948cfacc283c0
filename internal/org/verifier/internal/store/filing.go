package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Filing is what this office filed with its prefecture, and what became of it.
type Filing struct {
	Number                      uint64
	Act                         string // file, end
	Office, Procedures, Address string
	FiledBy                     string
	FiledAt                     time.Time
	State                       string // waiting, accepted, refused, ended; of an end: sent
	Reason                      string
	DecidedBy, Second           string
	DecidedAt                   time.Time
}

// File writes a filing down under the next number.
func (tx *Tx) File(ctx context.Context, f Filing) (uint64, error) {
	var last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0) FROM filing`).Scan(&last); err != nil {
		return 0, err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing(number, act, office, procedures, address, filed_by, filed_at, state, reason, decided_by, second, decided_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', $9)`, last+1, f.Act, f.Office, f.Procedures, f.Address, f.FiledBy, tx.Now(), f.State, time.Time{})
	return uint64(last + 1), err
}

// restoredGap is more than an office files between a copy of its database and the day on which it is restored.
const restoredGap = 1000

// Renumber gives a filing a number that this office cannot have used before its database was restored from a copy.
func (tx *Tx) Renumber(ctx context.Context, number uint64) (uint64, error) {
	var last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0) FROM filing`).Scan(&last); err != nil {
		return 0, err
	}
	last += restoredGap
	_, err := tx.Exec(ctx, `UPDATE filing SET number = $2 WHERE number = $1`, int64(number), last)
	return uint64(last), err
}

// Filings lists the newest first.
func (tx *Tx) Filings(ctx context.Context, limit int) ([]Filing, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, f *Filing) error {
		var number int64
		err := r.Scan(&number, &f.Act, &f.Office, &f.Procedures, &f.Address, &f.FiledBy, sqlstore.Time(&f.FiledAt), &f.State, &f.Reason,
			&f.DecidedBy, &f.Second, sqlstore.Time(&f.DecidedAt))
		f.Number = uint64(number)
		return err
	}, `SELECT number, act, office, procedures, address, filed_by, filed_at, state, reason, decided_by, second, decided_at
		FROM filing ORDER BY number DESC LIMIT $1`, limit)
}

// Decide writes down what became of a filing; what was accepted before an acceptance has ended with it. It reports false when
// there is no such filing.
func (tx *Tx) Decide(ctx context.Context, number uint64, state, reason, by, second string) (bool, error) {
	if state == "accepted" {
		if _, err := tx.Exec(ctx, `UPDATE filing SET state = 'ended' WHERE state = 'accepted' AND number < $1`, int64(number)); err != nil {
			return false, err
		}
	}
	n, err := tx.Exec(ctx, `UPDATE filing SET state = $2, reason = $3, decided_by = $4, second = $5, decided_at = $6 WHERE number = $1 AND act = 'file'`,
		int64(number), state, reason, by, second, tx.Now())
	return n == 1, err
}
