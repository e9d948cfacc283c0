package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// List is a published revocation list.
type List struct {
	Issuer       string
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	Number       int64
	ThisUpdate   time.Time
	NextUpdate   time.Time
	Entries      int64
	PublishedAt  time.Time
	DER          []byte
}

// Published finds the list of a partition.
func (tx *Tx) Published(ctx context.Context, issuer string, m resident.MunicipalityCode) (List, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanList, `SELECT issuer, municipality, profile, number, this_update, next_update, entries, published_at, der
		FROM crl WHERE issuer = $1 AND municipality = $2`, issuer, m.String())
	if err != nil || len(found) == 0 {
		return List{}, false, err
	}
	return found[0], true, nil
}

// Lists gives all, without their bytes.
func (tx *Tx) Lists(ctx context.Context) ([]List, error) {
	return sqlstore.List(ctx, tx.Tx, scanList, `SELECT issuer, municipality, profile, number, this_update, next_update, entries, published_at, ''
		FROM crl ORDER BY municipality, profile DESC, issuer`)
}

func scanList(r *sqlstore.Rows, l *List) (err error) {
	var municipality, profile string
	if err := r.Scan(&l.Issuer, &municipality, &profile, &l.Number, sqlstore.Time(&l.ThisUpdate), sqlstore.Time(&l.NextUpdate), &l.Entries,
		sqlstore.Time(&l.PublishedAt), &l.DER); err != nil {
		return err
	}
	if l.Municipality, err = resident.ParseMunicipalityCode("municipality", municipality); err != nil {
		return err
	}
	l.Profile, err = cert.ParseProfile(profile)
	return err
}

// Publish puts a list in the place of one with a lower number.
func (tx *Tx) Publish(ctx context.Context, l List) error {
	_, err := tx.Exec(ctx, `INSERT INTO crl(issuer, municipality, profile, number, this_update, next_update, entries, published_at, der)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (issuer, municipality) DO UPDATE SET number = excluded.number, this_update = excluded.this_update,
			next_update = excluded.next_update, entries = excluded.entries, published_at = excluded.published_at, der = excluded.der
		WHERE crl.number < excluded.number`,
		l.Issuer, l.Municipality.String(), l.Profile.String(), l.Number, l.ThisUpdate, l.NextUpdate, l.Entries, tx.Now(), l.DER)
	return err
}
