package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// report is what a holder has reported, or asked for, at a counter.
type report struct {
	serial string // "": all that was issued until then
	at     time.Time
	Cause
}

// about tells whether a certificate is to end by the report. One that was issued in the same second is.
func (r report) about(c issued) bool {
	if r.serial != "" {
		return r.serial == c.serial.String()
	}
	return !c.from.After(r.at)
}

// NoteReport writes down what a holder has reported. The same again is one fact.
func (tx *Tx) NoteReport(ctx context.Context, toldBy message.Org, holder resident.RecordCode, n message.CertRevoke) error {
	serial := ""
	if !n.Serial.IsZero() {
		serial = n.Serial.String()
	}
	if _, err := tx.Exec(ctx, `INSERT INTO report(code, profile, serial, at, told_by, holder, version, reason, since, noted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		n.Code.Reveal(), n.Profile.String(), serial, n.At, string(toldBy), holder.Reveal(), int64(n.Version), n.Reason.Final().String(),
		n.Since.String(), tx.Now()); err != nil {
		return fmt.Errorf("couldn't write a report down: %w", err)
	}
	return nil
}

// reportsOf lists what a holder has reported of a profile, the first report first: its reason counts. What somebody has made unreadable of
// it stands in nobody's way, and counts as a loss.
func (tx *Tx) reportsOf(ctx context.Context, holder resident.RecordCode, p cert.Profile) ([]report, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, one *report) error {
		var version int64
		var reason, since string
		if err := r.Scan(&one.serial, sqlstore.Time(&one.at), &version, &reason, &since); err != nil {
			return err
		}
		one.Version = resident.Version(max(1, version))
		var err error
		if one.Reason, err = cert.ParseReason(reason); err != nil || one.Reason != one.Reason.Final() {
			one.Reason = cert.Lost.Reason()
		}
		if one.Since, err = resident.ParseDate("stored", since); err != nil {
			one.Since = resident.DateOf(one.at)
		}
		return nil
	}, `SELECT serial, at, version, reason, since FROM report WHERE holder = $1 AND profile = $2 ORDER BY at, code, serial`, holder.Reveal(), p.String())
}

// Reported is what a holder has reported of all that they have of a profile, under the present code.
func (tx *Tx) Reported(ctx context.Context, holder resident.RecordCode, p cert.Profile) (all []message.CertRevoke, err error) {
	reports, err := tx.reportsOf(ctx, holder, p)
	for _, r := range reports {
		if r.serial == "" {
			all = append(all, message.CertRevoke{Code: holder, Profile: p, Version: r.Version, Reason: r.Reason, Since: r.Since, At: r.at})
		}
	}
	return all, err
}

// Places are the municipalities that may speak for a holder: where the record is, and where certificates were issued.
func (tx *Tx) Places(ctx context.Context, holder resident.RecordCode) ([]resident.MunicipalityCode, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	places, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, m *resident.MunicipalityCode) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		*m, _ = resident.ParseMunicipalityCode("stored", text) // what cannot be read is nobody's place
		return nil
	}, `SELECT municipality FROM resident WHERE code = $1 UNION SELECT municipality FROM certificate WHERE holder = $2`, holder.Reveal(), holder.Reveal())
	if err != nil {
		return nil, fmt.Errorf("couldn't look where a holder lives: %w", err)
	}
	return places, nil
}

// HolderOf is the present code of the holder of a certificate; found is false when none was told of.
func (tx *Tx) HolderOf(ctx context.Context, s cert.Serial) (holder resident.RecordCode, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanCode, `SELECT holder FROM certificate WHERE serial = $1`, s.String())
	if err != nil || len(all) == 0 {
		return holder, false, err
	}
	return all[0], true, nil
}
