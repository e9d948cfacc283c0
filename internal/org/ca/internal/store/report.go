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

// Figure is how many certificates of a municipality and profile stand how, as of a moment.
type Figure struct {
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	Issued       int64                 // before the moment
	Fresh        int64                 // of these since the beginning of the period
	Valid        int64                 // of these at the moment neither revoked nor at their end
	Reason       cert.RevocationReason // that Revoked is about; zero: none of these was ever revoked
	Revoked      int64
	RevokedFresh int64 // of these in the period
}

// selectFigures is answered from the index certificate_figures alone. A certificate that was revoked after the moment was not, then.
// Those that are revoked stand apart, so that one that lost its reason is not taken together with all that have none.
const selectFigures = `SELECT municipality, profile, reason, COUNT(*), COUNT(*) FILTER (WHERE issued_at >= $1),
	COUNT(*) FILTER (WHERE not_after > $2 AND (state <> 'revoked' OR revoked_at >= $2)),
	COUNT(*) FILTER (WHERE state = 'revoked' AND revoked_at < $2), COUNT(*) FILTER (WHERE state = 'revoked' AND revoked_at < $2 AND revoked_at >= $1)
	FROM certificate WHERE issued_at > 0 AND issued_at < $2 GROUP BY municipality, profile, state, reason ORDER BY municipality, profile DESC, reason, state`

// Figures counts what was issued before a moment, of which since is the beginning of the period, by municipality, profile and reason of
// a revocation. Rows of which one of these three cannot be read are counted in unreadable alone: one damaged row is no reason to tell
// nobody anything.
func (tx *Tx) Figures(ctx context.Context, since, until time.Time) (all []Figure, unreadable int64, err error) {
	_, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, _ *struct{}) error {
		var f Figure
		var municipality, profile, reason string
		if err := r.Scan(&municipality, &profile, &reason, &f.Issued, &f.Fresh, &f.Valid, &f.Revoked, &f.RevokedFresh); err != nil {
			return err
		}
		var bad [3]error
		f.Municipality, bad[0] = resident.ParseMunicipalityCode("municipality", municipality)
		f.Profile, bad[1] = cert.ParseProfile(profile)
		if reason != "" {
			f.Reason, bad[2] = cert.ParseReason(reason)
		}
		// What says its municipality in other words would be another row of the same.
		if bad != [3]error{} || f.Municipality.String() != municipality || f.Reason == 0 && f.Revoked > 0 {
			unreadable += f.Issued
			return nil
		}
		all = append(all, f)
		return nil
	}, selectFigures, since, until)
	return all, unreadable, err
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
