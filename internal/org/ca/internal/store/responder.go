package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Responder is the certificate of a key that may sign OCSP answers.
type Responder struct {
	Serial    cert.Serial
	Issuer    string
	KeyHash   []byte
	NotBefore time.Time
	NotAfter  time.Time
	DER       []byte // empty until it is issued
}

// IntendResponder writes one down before it is signed.
func (tx *Tx) IntendResponder(r Responder) {
	tx.Collect("responder", "serial, issuer, key_hash, not_before, not_after, certificate",
		r.Serial.Bytes(), r.Issuer, r.KeyHash, r.NotBefore, r.NotAfter, []byte{})
}

// IssueResponder stores what was signed.
func (tx *Tx) IssueResponder(ctx context.Context, serial cert.Serial, der []byte) error {
	_, err := tx.Exec(ctx, `UPDATE responder SET certificate = $2 WHERE serial = $1`, serial.Bytes(), der)
	return err
}

// ResponderOf is the newest certificate of a responder's key.
func (tx *Tx) ResponderOf(ctx context.Context, issuer string, keyHash []byte) (Responder, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *Responder) (err error) {
		var serial []byte
		if err := r.Scan(&serial, &v.Issuer, &v.KeyHash, sqlstore.Time(&v.NotBefore), sqlstore.Time(&v.NotAfter), &v.DER); err != nil {
			return err
		}
		v.Serial, err = cert.SerialFromBytes(serial)
		return err
	}, `SELECT serial, issuer, key_hash, not_before, not_after, certificate FROM responder WHERE issuer = $1 AND key_hash = $2
		ORDER BY not_after DESC LIMIT 1`, issuer, keyHash)
	if err != nil || len(found) == 0 {
		return Responder{}, false, err
	}
	return found[0], true, nil
}
