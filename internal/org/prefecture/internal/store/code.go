package store

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Codes lists the codes under which others may know whoever has the present code: that one, those that it replaced since we write them
// down, and the one that the last change of the record names.
func (tx *Tx) Codes(ctx context.Context, holder resident.RecordCode) ([]resident.RecordCode, error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *resident.RecordCode) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		var err error
		*c, err = resident.ParseRecordCode("stored", text)
		return err
	}, `SELECT code FROM former_code WHERE holder = $1 UNION SELECT old_code FROM resident WHERE code = $1 AND old_code <> '' ORDER BY 1`, holder.Reveal())
	if err != nil {
		return nil, fmt.Errorf("couldn't find the codes that a resident had: %w", err)
	}
	return append(all, holder), nil
}

// Retire says that a resident's code became another one, and so for every code that was replaced by it before. A code that becomes
// itself is none that was replaced.
func (tx *Tx) Retire(ctx context.Context, old, now resident.RecordCode) error {
	if !old.Valid() || old == now {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE former_code SET holder = $1 WHERE holder = $2`, now.Reveal(), old.Reveal()); err != nil {
		return fmt.Errorf("couldn't write down a code that was replaced: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO former_code(code, holder, at) VALUES ($1, $2, $3) ON CONFLICT(code) DO UPDATE SET holder = excluded.holder`,
		old.Reveal(), now.Reveal(), tx.Now()); err != nil {
		return fmt.Errorf("couldn't write down a code that was replaced: %w", err)
	}
	return nil
}
