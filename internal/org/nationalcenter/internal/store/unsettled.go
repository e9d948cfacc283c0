package store

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Unsettled is from where on what an older program wrote down has not been gone through; left is false when nothing is.
func (tx *Tx) Unsettled(ctx context.Context) (after string, left bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, s *string) error { return r.Scan(s) }, `SELECT after FROM unsettled`)
	if err != nil || len(all) == 0 {
		return "", false, err
	}
	return all[0], true, nil
}

// SettledUntil notes how far that has been gone through; "": to the end.
func (tx *Tx) SettledUntil(ctx context.Context, serial string) error {
	query, args := `UPDATE unsettled SET after = $1`, []any{serial}
	if serial == "" {
		query, args = `DELETE FROM unsettled`, nil
	}
	if _, err := tx.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("couldn't note how far the certificates were gone through: %w", err)
	}
	return nil
}
