package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Tell merges what the CA told. Statuses may come in any order and more than once: revoked takes the place of good, good of
// nothing, and the first reason and time of a revocation stay. It reports whether a certificate was ended by it.
func (tx *Tx) Tell(ctx context.Context, s message.CertStatus) (ended bool, err error) {
	if !s.Revoked {
		// A row without a time of issue came from a list, or from a revocation that overtook this.
		n, err := tx.Exec(ctx, `INSERT INTO status(issuer, serial, profile, municipality, state, issued_at, not_after, revoked_at, reason, why, told_at)
			VALUES ($1, $2, $3, $4, 'good', $5, $6, 0, '', '', $7)
			ON CONFLICT (issuer, serial) DO UPDATE SET profile = excluded.profile, municipality = excluded.municipality,
				issued_at = excluded.issued_at, not_after = excluded.not_after WHERE status.issued_at = 0`,
			s.Issuer, s.Serial.Bytes(), s.Profile.String(), s.Municipality.String(), s.At, s.NotAfter, tx.Now())
		if n == 1 {
			tx.enter(s)
			tx.touched(s.Issuer, s.Serial.Bytes())
		}
		return false, err
	}
	n, err := tx.Exec(ctx, `INSERT INTO status(issuer, serial, profile, municipality, state, issued_at, not_after, revoked_at, reason, why, told_at)
		VALUES ($1, $2, $3, $4, 'revoked', 0, $5, $6, $7, $8, $9)
		ON CONFLICT (issuer, serial) DO UPDATE SET state = 'revoked', revoked_at = excluded.revoked_at, reason = excluded.reason,
			why = excluded.why, told_at = excluded.told_at WHERE status.state = 'good'`,
		s.Issuer, s.Serial.Bytes(), s.Profile.String(), s.Municipality.String(), s.NotAfter, s.At, s.Reason.String(), s.Why.Code(), tx.Now())
	if n == 1 {
		tx.enter(s)
		tx.touched(s.Issuer, s.Serial.Bytes())
	}
	if err == nil && n == 0 {
		_, err = tx.Exec(ctx, `UPDATE status SET not_after = $3, why = $4 WHERE issuer = $1 AND serial = $2 AND not_after = 0`,
			s.Issuer, s.Serial.Bytes(), s.NotAfter, s.Why.Code())
	}
	return n == 1, err
}

// Held is what a revocation list may not contradict.
type Held struct {
	Municipality string
	NotAfter     time.Time // zero or 1970: not known
}

// Held finds a certificate; false: nothing is known of it.
func (tx *Tx) Held(ctx context.Context, issuer string, serial cert.Serial) (h Held, found bool, err error) {
	rows, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, h *Held) error { return r.Scan(&h.Municipality, sqlstore.Time(&h.NotAfter)) },
		`SELECT municipality, not_after FROM status WHERE issuer = $1 AND serial = $2`, issuer, serial.Bytes())
	if err != nil || len(rows) == 0 {
		return h, false, err
	}
	return rows[0], true, nil
}

// Ends tells whether Tell would end a certificate. A row that says neither good nor revoked takes nothing: it is a matter of the books.
func (tx *Tx) Ends(ctx context.Context, issuer string, serial cert.Serial) (ends bool, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) = 0 FROM status WHERE issuer = $1 AND serial = $2 AND state <> 'good'`, issuer, serial.Bytes()).Scan(&ends)
	return ends, err
}

// revokedPage is how many rows of what is revoked are held at a time.
const revokedPage = 2000

// Revoked goes along what is revoked in a partition, by serial as a number.
func (tx *Tx) Revoked(ctx context.Context, issuer string, m resident.MunicipalityCode) iter.Seq2[crl.Entry, error] {
	return func(yield func(crl.Entry, error) bool) {
		fail := func(err error) {
			yield(crl.Entry{}, fmt.Errorf("couldn't read what is revoked in a municipality: %w", err))
		}
		lengths, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, n *int64) error { return r.Scan(n) },
			`SELECT DISTINCT LENGTH(serial) FROM status WHERE issuer = $1 AND municipality = $2 AND state = 'revoked' ORDER BY LENGTH(serial)`, issuer, m.String())
		if err != nil {
			fail(err)
			return
		}
		for _, length := range lengths {
			for after := []byte{}; ; {
				rows, err := tx.revokedAfter(ctx, issuer, m, length, after)
				if err != nil {
					fail(err)
					return
				}
				for _, w := range rows {
					e := crl.Entry{At: w.at}
					if e.Serial, err = cert.SerialFromBytes(w.serial); err != nil {
						continue // one that cannot be read is a matter of the books
					}
					if e.Reason, err = cert.ParseReason(w.reason); err != nil {
						e.Reason = cert.Unspecified // that it is revoked is what protects
					}
					if !yield(e, nil) {
						return
					}
				}
				if len(rows) < revokedPage {
					break
				}
				after = rows[len(rows)-1].serial
			}
		}
	}
}

type revokedRow struct {
	serial []byte
	at     time.Time
	reason string
}

func (tx *Tx) revokedAfter(ctx context.Context, issuer string, m resident.MunicipalityCode, length int64, after []byte) ([]revokedRow, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, w *revokedRow) error { return r.Scan(&w.serial, sqlstore.Time(&w.at), &w.reason) },
		`SELECT serial, revoked_at, reason FROM status WHERE issuer = $1 AND municipality = $2 AND state = 'revoked' AND LENGTH(serial) = $3 AND serial > $4
			ORDER BY serial LIMIT $5`, issuer, m.String(), length, after, int64(revokedPage))
}

// Count is how many certificates of a CA's key are in which state.
type Count struct {
	Issuer                 string
	Profile                cert.Profile
	Good, Expired, Revoked int64
}

// Counts counts by profile and key.
func (tx *Tx) Counts(ctx context.Context) ([]Count, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *Count) (err error) {
		var profile string
		if err := r.Scan(&profile, &c.Issuer, &c.Good, &c.Expired, &c.Revoked); err != nil {
			return err
		}
		c.Profile, err = cert.ParseProfile(profile)
		return err
	}, `SELECT profile, issuer, COUNT(*) FILTER (WHERE state = 'good' AND not_after > $1), COUNT(*) FILTER (WHERE state = 'good' AND not_after <= $1),
		COUNT(*) FILTER (WHERE state = 'revoked') FROM status GROUP BY profile, issuer ORDER BY profile DESC, issuer`, tx.Now())
}

// Count is how many entries of a CA's book the table holds.
func (tx *Tx) Count(ctx context.Context, ca message.Org) (n int64, err error) {
	whose, ids := tx.books.whose("issuer", ca, 0)
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FILTER (WHERE issued_at > 0) + COUNT(*) FILTER (WHERE state = 'revoked') FROM status WHERE `+whose, ids...).Scan(&n)
	return n, err
}
