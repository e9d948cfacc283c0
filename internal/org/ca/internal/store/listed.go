package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Ended is a revocation as a list names it.
type Ended struct {
	Serial  cert.Serial
	At      time.Time
	Reason  cert.RevocationReason // 0 when it cannot be read
	Damaged bool                  // something in the row is wrong
}

// Listed shows what a revocation list of a partition has to name: everything revoked until its time that had not expired when the
// full list before was made, so that each revocation stands on at least one list made after the expiry (RFC 5280 3.3); of that only what was
// revoked from a time on, which for a full list is the zero time. Of a row whose serial is not that of its certificate the certificate is
// believed, which is signed. lost counts the rows of which not even the serial can be told.
//
// The rows go past one by one: of a million none is kept here.
func (tx *Tx) Listed(ctx context.Context, issuer string, m resident.MunicipalityCode, before, from, until time.Time, see func(Ended)) (lost int64, err error) {
	// The serial of a certificate lies in its first bytes, and the rest of a million certificates is a gigabyte.
	rows, err := tx.Query(ctx, `SELECT serial, SUBSTR(certificate, 1, 64), revoked_at, reason FROM certificate WHERE issuer = $1 AND municipality = $2 AND state = 'revoked'
		AND not_after > $3 AND revoked_at >= $4 AND revoked_at < $5`, issuer, m.String(), before, from, until.Add(time.Second))
	if err != nil {
		return 0, fmt.Errorf("couldn't read what a list has to name: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Ended
		var serial, head []byte
		var reason string
		if err := rows.Scan(&serial, &head, sqlstore.Time(&e.At), &reason); err != nil {
			return 0, fmt.Errorf("couldn't read what a list has to name: %w", err)
		}
		// What was revoked before it was issued has no certificate yet.
		signed, ok := serialOf(head)
		if ok && !bytes.Equal(signed.Bytes(), serial) {
			e.Serial, e.Damaged = signed, true
		} else if e.Serial, err = cert.SerialFromBytes(serial); err != nil {
			lost++
			continue
		}
		if e.Reason, err = cert.ParseReason(reason); err != nil {
			e.Reason, e.Damaged = 0, true
		}
		see(e)
	}
	return lost, rows.Err()
}

// RevokedSince counts what was revoked in a partition from a time on.
func (tx *Tx) RevokedSince(ctx context.Context, issuer string, m resident.MunicipalityCode, from time.Time) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM certificate WHERE issuer = $1 AND municipality = $2 AND state = 'revoked' AND revoked_at >= $3`, issuer, m.String(), from).Scan(&n)
	return n, err
}

// serialOf reads the serial number at the beginning of a certificate, of which the rest may be cut off; false when there is none to
// be read.
func serialOf(der []byte) (cert.Serial, bool) {
	enter := func(in []byte, want byte) (content []byte, length int, ok bool) {
		if len(in) < 2 || in[0] != want {
			return nil, 0, false
		}
		length, in = int(in[1]), in[2:]
		if n := length & 0x7f; length >= 0x80 {
			if n == 0 || n > 3 || len(in) < n {
				return nil, 0, false
			}
			length = 0
			for _, o := range in[:n] {
				length = length<<8 | int(o)
			}
			in = in[n:]
		}
		return in, length, true
	}
	in, _, ok := enter(der, 0x30) // Certificate
	if ok {
		in, _, ok = enter(in, 0x30) // TBSCertificate
	}
	if version, length, there := enter(in, 0xa0); ok && there && len(version) >= length {
		in = version[length:]
	}
	if !ok {
		return cert.Serial{}, false
	}
	in, length, ok := enter(in, 0x02)
	if !ok || length == 0 || len(in) < length {
		return cert.Serial{}, false
	}
	s, err := cert.SerialFromBytes(bytes.TrimLeft(in[:length], "\x00"))
	return s, err == nil
}

// LastList is the list that was last signed for a partition, empty when there is none.
func (tx *Tx) LastList(ctx context.Context, issuer string, m resident.MunicipalityCode) (der []byte, err error) {
	err = tx.QueryRow(ctx, `SELECT der FROM crl WHERE issuer = $1 AND municipality = $2`, issuer, m.String()).Scan(&der)
	return der, err
}

// Term is when a certificate's term ends; false when no row says so.
func (tx *Tx) Term(ctx context.Context, serial cert.Serial) (notAfter time.Time, found bool, err error) {
	err = tx.QueryRow(ctx, `SELECT not_after FROM certificate WHERE serial = $1`, serial.Bytes()).Scan(sqlstore.Time(&notAfter))
	if errors.Is(err, sql.ErrNoRows) {
		return notAfter, false, nil
	}
	return notAfter, err == nil, err
}

// NoteDamaged writes down how many rows of a partition are damaged.
func (tx *Tx) NoteDamaged(ctx context.Context, issuer string, m resident.MunicipalityCode, n int64) error {
	_, err := tx.Exec(ctx, `UPDATE crl SET damaged = $3 WHERE issuer = $1 AND municipality = $2`, issuer, m.String(), n)
	return err
}
