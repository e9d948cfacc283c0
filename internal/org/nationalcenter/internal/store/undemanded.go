package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Undemanded is a certificate that an invalidation has killed and of which the CA was not told.
type Undemanded struct {
	Serial cert.Serial
	Since  time.Time // when the invalidation, or the certificate, was written down, whichever is later
}

// Undemanded looks through a page of the living certificates, in the order of their serials. It asks the facts as they were
// told, and not the highest of them, which somebody may have taken out.
func (tx *Tx) Undemanded(ctx context.Context, after string, limit int) (found []Undemanded, next string, err error) {
	const page = `(SELECT serial, code, holder, profile, version, at FROM certificate WHERE serial > $1 ORDER BY serial LIMIT $2) AS c`
	var last string
	var n int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(c.serial), ''), COUNT(*) FROM `+page, after, limit).Scan(&last, &n); err != nil {
		return nil, "", fmt.Errorf("couldn't look for what the CA was not told: %w", err)
	}
	if n == int64(limit) {
		next = last
	}
	found, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, u *Undemanded) (err error) {
		var serial string
		if err := r.Scan(&serial, sqlstore.Time(&u.Since)); err != nil {
			return err
		}
		u.Serial, err = cert.ParseSerial(serial)
		return err
	}, `SELECT c.serial, MAX(CASE WHEN f.at > c.at THEN f.at ELSE c.at END) FROM `+page+`
		JOIN invalidation_notice AS f ON f.code IN (c.code, c.holder) AND f.version > c.version
			AND (f.signature AND c.profile = 'signature' OR f.authentication AND c.profile = 'authentication')
		LEFT JOIN demand AS d ON d.key = c.serial WHERE d.key IS NULL GROUP BY c.serial ORDER BY c.serial`, after, limit)
	if err != nil {
		return nil, "", fmt.Errorf("couldn't look for what the CA was not told: %w", err)
	}
	return found, next, nil
}
