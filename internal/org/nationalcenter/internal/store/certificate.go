package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Invalidation is what kills a resident's certificates of a profile that certify a version before Version.
type Invalidation struct {
	Profile cert.Profile
	Version resident.Version
	Reason  resident.ChangeReason
	Since   resident.Date
}

// Kills tells whether a certificate of a version is dead.
func (i Invalidation) Kills(certified resident.Version) bool { return certified < i.Version }

// Invalidation reads the highest that came for a resident and profile; the zero value, which kills nothing, when none did.
func (tx *Tx) Invalidation(ctx context.Context, code resident.RecordCode, p cert.Profile) (Invalidation, error) {
	var version int64
	var reason, since string
	err := tx.QueryRow(ctx, `SELECT version, reason, since FROM invalidation WHERE code = $1 AND profile = $2`, code.Reveal(), p.String()).
		Scan(&version, &reason, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return Invalidation{Profile: p}, nil
	}
	i := Invalidation{Profile: p, Version: resident.Version(version)}
	if err = errors.Join(err, read(&i.Reason, reason, resident.ParseChangeReason), read(&i.Since, since, resident.ParseDate)); err != nil {
		return i, fmt.Errorf("couldn't read an invalidation: %w", err)
	}
	return i, nil
}

// Invalidate keeps an invalidation, unless a higher one is held.
func (tx *Tx) Invalidate(ctx context.Context, code resident.RecordCode, i Invalidation) error {
	_, err := tx.Exec(ctx, `INSERT INTO invalidation(code, profile, version, reason, since, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT(code, profile) DO UPDATE SET version = excluded.version, reason = excluded.reason, since = excluded.since, at = excluded.at
		WHERE excluded.version > invalidation.version`,
		code.Reveal(), i.Profile.String(), int64(i.Version), i.Reason.Code(), i.Since.String(), tx.Now())
	if err != nil {
		return fmt.Errorf("couldn't keep an invalidation: %w", err)
	}
	return nil
}

// Certificate is a certificate as the center knows it.
type Certificate struct {
	Serial  cert.Serial
	Code    resident.RecordCode // as the CA knows the holder
	Version resident.Version
}

// Known tells whether the issuance of a certificate was written down.
func (tx *Tx) Known(ctx context.Context, s cert.Serial) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM certificate WHERE serial = $1`, s.String()).Scan(&n)
	return n > 0, err
}

// PutCertificate writes an issuance down, with the next flush; revoked says that the CA is told at once to revoke it.
func (tx *Tx) PutCertificate(n message.CertIssuance, holder resident.RecordCode, revoked bool) {
	at := int64(0)
	if revoked {
		at = sqlstore.Micros(tx.Now())
	}
	tx.Collect("certificate", `serial, code, holder, profile, version, not_before, not_after, municipality, at, revoked_at`,
		n.Serial.String(), n.Code.Reveal(), holder.Reveal(), n.Profile.String(), int64(n.Version), n.NotBefore, n.NotAfter,
		n.Municipality.String(), tx.Now(), at)
}

// RevokeBefore marks a holder's certificates that an invalidation kills and that the CA was not told of yet, and returns them.
func (tx *Tx) RevokeBefore(ctx context.Context, holder resident.RecordCode, i Invalidation) ([]Certificate, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	dead, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *Certificate) error {
		var serial, code string
		var version int64
		if err := r.Scan(&serial, &code, &version); err != nil {
			return err
		}
		c.Version = resident.Version(version)
		var err error
		c.Serial, err = cert.ParseSerial(serial)
		return errors.Join(err, read(&c.Code, code, resident.ParseRecordCode))
	}, `SELECT serial, code, version FROM certificate WHERE holder = $1 AND profile = $2 AND version < $3 AND revoked_at = 0 ORDER BY serial`,
		holder.Reveal(), i.Profile.String(), int64(i.Version))
	if err != nil || len(dead) == 0 {
		return nil, err
	}
	_, err = tx.Exec(ctx, `UPDATE certificate SET revoked_at = $4 WHERE holder = $1 AND profile = $2 AND version < $3 AND revoked_at = 0`,
		holder.Reveal(), i.Profile.String(), int64(i.Version), tx.Now())
	return dead, err
}
