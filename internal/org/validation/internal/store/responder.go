package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Responder is a key that signs OCSP answers about one CA's certificates, or is to.
type Responder struct {
	Issuer    string
	Name      string // of the key's file
	PublicKey []byte // SubjectPublicKeyInfo
	AskedAt   time.Time
	NotBefore time.Time
	NotAfter  time.Time
	DER       []byte // empty until the CA has certified the key
}

// AskFor notes that the CA is asked to certify a key. It reports false when it was asked before.
func (tx *Tx) AskFor(ctx context.Context, r Responder) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO responder(issuer, name, public_key, asked_at, not_before, not_after, certificate)
		VALUES ($1, $2, $3, $4, 0, 0, $5) ON CONFLICT DO NOTHING`, r.Issuer, r.Name, r.PublicKey, tx.Now(), []byte{})
	return n == 1, err
}

// Certified notes the certificate of a key. It reports false for a key that is not ours.
func (tx *Tx) Certified(ctx context.Context, r Responder) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE responder SET not_before = $3, not_after = $4, certificate = $5 WHERE issuer = $1 AND public_key = $2`,
		r.Issuer, r.PublicKey, r.NotBefore, r.NotAfter, r.DER)
	return n > 0, err
}

// Responders lists the keys of a CA that have not run out, the one whose certificate lasts longest first, and last those
// that the CA has not certified yet.
func (tx *Tx) Responders(ctx context.Context, issuer string, now time.Time) ([]Responder, error) {
	return sqlstore.List(ctx, tx.Tx, scanResponder, selectResponder+`AND (not_after > $2 OR not_after = 0) ORDER BY not_after DESC, asked_at DESC`, issuer, now)
}

// LastResponder is the key of a CA that lasts longest, also when it has run out; none when there never was one.
func (tx *Tx) LastResponder(ctx context.Context, issuer string) ([]Responder, error) {
	return sqlstore.List(ctx, tx.Tx, scanResponder, selectResponder+`ORDER BY not_after DESC, asked_at DESC LIMIT 1`, issuer)
}

const selectResponder = `SELECT issuer, name, public_key, asked_at, not_before, not_after, certificate FROM responder WHERE issuer = $1 `

func scanResponder(r *sqlstore.Rows, v *Responder) error {
	return r.Scan(&v.Issuer, &v.Name, &v.PublicKey, sqlstore.Time(&v.AskedAt), sqlstore.Time(&v.NotBefore), sqlstore.Time(&v.NotAfter), &v.DER)
}
