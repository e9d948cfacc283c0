package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Undemanded is a certificate that may not live and whose end its CA was not told to bring about.
type Undemanded struct {
	Serial cert.Serial
	CA     message.Org
	Since  time.Time // when that by which it may not live, or the certificate, was written down, whichever is later
}

// mayNotLive are the ways in which the facts f end a certificate c: endOf, asked of the tables. The last two end none whose term is over.
var mayNotLive = []struct {
	join       string
	unlessOver bool
}{
	{`invalidation_notice AS f ON f.code IN (c.code, c.holder) AND f.version > c.version
		AND (f.signature AND c.profile = 'signature' OR f.authentication AND c.profile = 'authentication')`, false},
	{`(SELECT holder, profile, serial, at AS told, noted_at AS at FROM report) AS f ON f.holder = c.holder AND f.profile = c.profile
		AND (f.serial = c.serial OR f.serial = '' AND c.not_before <= f.told)`, true},
	{`certificate AS f ON f.holder = c.holder AND f.profile = c.profile AND (f.told_by = c.told_by AND f.code <> c.code OR f.told_by <> c.told_by
		AND (f.told_by = 'ca' OR NOT EXISTS (SELECT 1 FROM resident AS r WHERE r.code = c.holder AND 'ca-' || SUBSTR(r.municipality, 1, 2) <> f.told_by)))
		AND (f.not_before > c.not_before OR f.not_before = c.not_before AND f.serial > c.serial)`, true},
}

// Undemanded looks through a page of the certificates, in the order of their serials, for such that may not live and were not demanded.
// It asks the facts as they were told, and not the highest of them, which somebody may have taken out.
func (tx *Tx) Undemanded(ctx context.Context, after string, limit int) (found []Undemanded, next string, err error) {
	const page = `(SELECT serial, code, holder, profile, version, at, told_by, not_before, not_after FROM certificate WHERE serial > $1 ORDER BY serial LIMIT $2) AS c`
	var last string
	var n int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(c.serial), ''), COUNT(*) FROM `+page, after, limit).Scan(&last, &n); err != nil {
		return nil, "", fmt.Errorf("couldn't look for what a CA was not told: %w", err)
	}
	if n == int64(limit) {
		next = last
	}
	for _, fact := range mayNotLive {
		alive, args := "", []any{after, limit}
		if fact.unlessOver {
			alive, args = " AND c.not_after >= $3", append(args, tx.Now())
		}
		more, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, u *Undemanded) (err error) {
			var serial, ca string
			if err := r.Scan(&serial, &ca, sqlstore.Time(&u.Since)); err != nil {
				return err
			}
			u.CA = message.Org(ca)
			u.Serial, err = cert.ParseSerial(serial)
			return err
		}, `SELECT c.serial, c.told_by, MAX(CASE WHEN f.at > c.at THEN f.at ELSE c.at END) FROM `+page+` JOIN `+fact.join+`
			LEFT JOIN demand AS d ON d.key = c.serial AND d.peer = c.told_by WHERE d.key IS NULL`+alive+` GROUP BY c.serial, c.told_by ORDER BY c.serial`, args...)
		if err != nil {
			return nil, "", fmt.Errorf("couldn't look for what a CA was not told: %w", err)
		}
		found = append(found, more...)
	}
	return found, next, nil
}
