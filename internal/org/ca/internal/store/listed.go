package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

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

// Listed gives what a revocation list of a partition has to name: everything revoked that had not expired when the list
// before was made, so that each revocation stands on at least one list made after the expiry (RFC 5280 3.3). Of a row whose
// serial is not that of its certificate the certificate is believed, which is signed. lost counts the rows of which not
// even the serial can be told.
func (tx *Tx) Listed(ctx context.Context, issuer string, m resident.MunicipalityCode, before time.Time) (all []Ended, lost int64, err error) {
	type row struct {
		serial, der []byte
		at          time.Time
		reason      string
	}
	rows, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, w *row) error {
		return r.Scan(&w.serial, &w.der, sqlstore.Time(&w.at), &w.reason)
	}, `SELECT serial, certificate, revoked_at, reason FROM certificate WHERE issuer = $1 AND municipality = $2 AND state = 'revoked'
		AND not_after > $3 ORDER BY serial`, issuer, m.String(), before)
	if err != nil {
		return nil, 0, fmt.Errorf("couldn't read what a list has to name: %w", err)
	}
	for _, w := range rows {
		e := Ended{At: w.at}
		// What was revoked before it was issued has no certificate yet.
		signed, ok := serialOf(w.der)
		if ok && !bytes.Equal(signed.Bytes(), w.serial) {
			e.Serial, e.Damaged = signed, true
		} else if e.Serial, err = cert.SerialFromBytes(w.serial); err != nil {
			lost++
			continue
		}
		if e.Reason, err = cert.ParseReason(w.reason); err != nil {
			e.Reason, e.Damaged = 0, true
		}
		all = append(all, e)
	}
	return all, lost, nil
}

// serialOf reads the serial number of a certificate; false when there is none to be read.
func serialOf(der []byte) (cert.Serial, bool) {
	in := cryptobyte.String(der)
	var c, tbs cryptobyte.String
	var serial []byte
	if !in.ReadASN1(&c, cb.SEQUENCE) || !c.ReadASN1(&tbs, cb.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cb.Tag(0).ContextSpecific().Constructed()) || !tbs.ReadASN1Bytes(&serial, cb.INTEGER) {
		return cert.Serial{}, false
	}
	s, err := cert.SerialFromBytes(bytes.TrimLeft(serial, "\x00"))
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
