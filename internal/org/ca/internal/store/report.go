package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Count is how many certificates of a municipality and profile there are.
type Count struct {
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	Issued       int64 // ever
	Valid        int64 // of these, neither revoked nor expired
	Revoked      int64
	Intended     int64 // not yet issued, and not in Issued
}

// Counts counts by municipality and profile.
func (tx *Tx) Counts(ctx context.Context) ([]Count, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *Count) error {
		return scanCount(r, c, &c.Issued, &c.Valid, &c.Revoked, &c.Intended)
	}, `SELECT municipality, profile, COUNT(*) FILTER (WHERE issued_at > 0), COUNT(*) FILTER (WHERE state = 'valid' AND not_after > $1),
		COUNT(*) FILTER (WHERE state = 'revoked'), COUNT(*) FILTER (WHERE state = 'intended')
		FROM certificate GROUP BY municipality, profile ORDER BY municipality, profile DESC`, tx.Now())
}

// IssuedBefore counts what was issued before a moment, by municipality and profile.
func (tx *Tx) IssuedBefore(ctx context.Context, end time.Time) ([]Count, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *Count) error {
		return scanCount(r, c, &c.Issued, &c.Revoked)
	}, `SELECT municipality, profile, COUNT(*), COUNT(*) FILTER (WHERE state = 'revoked' AND revoked_at < $1)
		FROM certificate WHERE issued_at > 0 AND issued_at < $1 GROUP BY municipality, profile ORDER BY municipality, profile DESC`, end)
}

func scanCount(r *sqlstore.Rows, c *Count, figures ...*int64) (err error) {
	var municipality, profile string
	dest := []any{&municipality, &profile}
	for _, f := range figures {
		dest = append(dest, f)
	}
	if err := r.Scan(dest...); err != nil {
		return err
	}
	if c.Municipality, err = resident.ParseMunicipalityCode("municipality", municipality); err != nil {
		return err
	}
	c.Profile, err = cert.ParseProfile(profile)
	return err
}

// Count is how many entries of a book the tables hold.
func (tx *Tx) Count(ctx context.Context, book message.Book) (n int64, err error) {
	query := map[message.Book]string{
		message.Certificates: `SELECT COUNT(*) FROM certificate WHERE issued_at > 0`,
		message.Statuses:     `SELECT COUNT(*) FILTER (WHERE issued_at > 0) + COUNT(*) FILTER (WHERE state = 'revoked') FROM certificate`,
		message.Revocations:  `SELECT COUNT(*) FROM notice`,
	}[book]
	err = tx.QueryRow(ctx, query).Scan(&n)
	return n, err
}
