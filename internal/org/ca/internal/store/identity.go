package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// IdentityRule is a version of a municipality's rule of identity checks, as it was told.
type IdentityRule struct {
	Municipality            message.Org
	Version                 uint64
	Persons                 int
	From                    resident.Date // from which it holds here
	ToldFrom                resident.Date
	ProposedBy, ConfirmedBy message.Pseudonym
	ToldAt                  time.Time
}

// KeepIdentityRule writes a version down.
func (tx *Tx) KeepIdentityRule(ctx context.Context, r IdentityRule) error {
	_, err := tx.Exec(ctx, `INSERT INTO identity_rule(municipality, version, persons, from_day, told_from, proposed_by, confirmed_by, told_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, string(r.Municipality), int64(r.Version), int64(r.Persons), r.From.String(), r.ToldFrom.String(),
		r.ProposedBy[:], r.ConfirmedBy[:], tx.Now())
	return err
}

// IdentityRules are the versions of a municipality's rule, the newest first, at most 100: a rule changes once in years. One whose day
// cannot be read has none.
func (tx *Tx) IdentityRules(ctx context.Context, municipality message.Org) ([]IdentityRule, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *IdentityRule) error {
		var from, told string
		var proposed, confirmed []byte
		if err := r.Scan(&v.Municipality, &v.Version, &v.Persons, &from, &told, &proposed, &confirmed, sqlstore.Time(&v.ToldAt)); err != nil {
			return err
		}
		v.From, _ = resident.ParseDate("stored", from)
		v.ToldFrom, _ = resident.ParseDate("stored", told)
		copy(v.ProposedBy[:], proposed)
		copy(v.ConfirmedBy[:], confirmed)
		return nil
	}, `SELECT municipality, version, persons, from_day, told_from, proposed_by, confirmed_by, told_at FROM identity_rule
		WHERE municipality = $1 ORDER BY version DESC LIMIT 100`, string(municipality))
}
