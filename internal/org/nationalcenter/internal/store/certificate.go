package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/cert"
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

// raise keeps an invalidation as the highest, unless a higher one is held.
func (tx *Tx) raise(ctx context.Context, code resident.RecordCode, i Invalidation) (raised bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO invalidation(code, profile, version, reason, since, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT(code, profile) DO UPDATE SET version = excluded.version, reason = excluded.reason, since = excluded.since, at = excluded.at
		WHERE excluded.version > invalidation.version`,
		code.Reveal(), i.Profile.String(), int64(i.Version), i.Reason.Code(), i.Since.String(), tx.Now())
	if err != nil {
		return false, fmt.Errorf("couldn't keep an invalidation: %w", err)
	}
	return n == 1, nil
}

// Invalidate writes down what a prefecture says has died, under the code that it names, and as the highest for whoever
// holds that code now. It gives those that say something new: every certificate that another one kills is dead already.
//
// The fact and its effect are one method because the fact is what the prefecture's book is compared with.
func (tx *Tx) Invalidate(ctx context.Context, toldBy message.Org, holder resident.RecordCode, n message.ResidentInvalidation) (news []Invalidation, err error) {
	if _, err := tx.Notices.Note(ctx, toldBy, n); err != nil {
		return nil, err
	}
	for _, k := range []struct {
		p    cert.Profile
		dies bool
	}{{cert.Signature, n.Kills.Signature}, {cert.Authentication, n.Kills.Authentication}} {
		if !k.dies { // the card itself has no system to be told yet
			continue
		}
		i := Invalidation{Profile: k.p, Version: n.Version, Reason: n.Reason, Since: n.Since}
		raised, err := tx.raise(ctx, holder, i)
		if err != nil {
			return nil, err
		}
		if raised {
			news = append(news, i)
		}
	}
	return news, nil
}

// Inherit lets what was told under an old code hold for the new one.
func (tx *Tx) Inherit(ctx context.Context, old, now resident.RecordCode) error {
	for _, p := range cert.Profiles {
		i, err := tx.Invalidation(ctx, old, p)
		if err != nil {
			return err
		}
		if i.Version > 0 {
			if _, err := tx.raise(ctx, now, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// Teller is the CA that told of a certificate; "" when none did.
func (tx *Tx) Teller(ctx context.Context, s cert.Serial) (message.Org, error) {
	var ca string
	err := tx.QueryRow(ctx, `SELECT told_by FROM certificate WHERE serial = $1`, s.String()).Scan(&ca)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return message.Org(ca), err
}

// PutCertificate writes an issuance down. The row is not collected: what comes next may be of the same holder, and must see it.
func (tx *Tx) PutCertificate(ctx context.Context, toldBy message.Org, n message.CertIssuance, holder resident.RecordCode) error {
	if _, err := tx.Exec(ctx, `INSERT INTO certificate(serial, code, holder, profile, version, not_before, not_after, municipality, at, revoked_at, told_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)`, n.Serial.String(), n.Code.Reveal(), holder.Reveal(), n.Profile.String(), int64(n.Version),
		n.NotBefore, n.NotAfter, n.Municipality.String(), tx.Now(), string(toldBy)); err != nil {
		return fmt.Errorf("couldn't write a certificate down: %w", err)
	}
	tx.enter(toldBy, n)
	return nil
}
