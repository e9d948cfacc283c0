package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// StoredResponder is a row of a responder's certificate as it lies there.
type StoredResponder struct {
	Serial, KeyHash, DER       []byte
	Issuer                     string
	NotBefore, NotAfter, Until time.Time
	Intended                   []byte // empty: nothing was written down
	Others                     int64  // holders' certificates with its serial
}

const storedResponderColumns = `SELECT r.serial, r.key_hash, r.certificate, r.issuer, r.not_before, r.not_after, COALESCE(i.digest, $1),
	(SELECT COUNT(*) FROM certificate c WHERE c.serial = r.serial), (SELECT COALESCE(MAX(until), 0) FROM intended_since WHERE issuer = '' AND subject = '')
	FROM responder r LEFT JOIN intended i ON i.kind = 'responder' AND i.issuer = r.issuer AND i.subject = r.serial AND i.number = 0 `

func scanStoredResponder(r *sqlstore.Rows, s *StoredResponder) error {
	return r.Scan(&s.Serial, &s.KeyHash, &s.DER, &s.Issuer, sqlstore.Time(&s.NotBefore), sqlstore.Time(&s.NotAfter), &s.Intended, &s.Others, sqlstore.Time(&s.Until))
}

// StoredRespondersAfter gives responders' certificates behind a serial, in the order of their octets.
func (tx *Tx) StoredRespondersAfter(ctx context.Context, serial []byte, limit int) ([]StoredResponder, error) {
	return sqlstore.List(ctx, tx.Tx, scanStoredResponder, storedResponderColumns+`WHERE r.serial > $2 ORDER BY r.serial LIMIT $3`, []byte{}, serial, int64(limit))
}

// StoredResponderOf gives the row of one serial; false: there is none.
func (tx *Tx) StoredResponderOf(ctx context.Context, serial []byte) (s StoredResponder, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanStoredResponder, storedResponderColumns+`WHERE r.serial = $2`, []byte{}, serial)
	if err != nil || len(all) == 0 {
		return s, false, err
	}
	return all[0], true, nil
}
