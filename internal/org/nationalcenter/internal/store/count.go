package store

import (
	"context"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Residents counts residents by municipality.
func (tx *Tx) Residents(ctx context.Context) (map[resident.MunicipalityCode]int64, error) {
	return tx.count(ctx, `SELECT municipality, COUNT(*) FROM resident WHERE resides GROUP BY municipality`)
}

// Holders counts those who hold a certificate of a profile that has not ended, by the municipality that it names.
func (tx *Tx) Holders(ctx context.Context, p cert.Profile) (map[resident.MunicipalityCode]int64, error) {
	return tx.count(ctx, `SELECT municipality, COUNT(DISTINCT holder) FROM certificate
		WHERE revoked_at = 0 AND profile = $1 AND not_after >= $2 GROUP BY municipality`, p.String(), tx.Now())
}

func (tx *Tx) count(ctx context.Context, query string, args ...any) (map[resident.MunicipalityCode]int64, error) {
	type row struct {
		code resident.MunicipalityCode
		n    int64
	}
	rows, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, one *row) error {
		var text string
		if err := r.Scan(&text, &one.n); err != nil {
			return err
		}
		return read(&one.code, text, resident.ParseMunicipalityCode)
	}, query, args...)
	counts := map[resident.MunicipalityCode]int64{}
	for _, r := range rows {
		counts[r.code] = r.n
	}
	return counts, err
}

// Count is how many entries of the book with a peer the tables hold.
func (tx *Tx) Count(ctx context.Context, book message.Book, peer message.Org) (n int64, err error) {
	switch book {
	case message.Residents:
		err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM resident WHERE told_by = $1 AND resides`, string(peer)).Scan(&n)
	case message.Invalidations:
		err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM invalidation_notice WHERE told_by = $1`, string(peer)).Scan(&n)
	case message.Certificates:
		err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM certificate WHERE told_by = $1`, string(peer)).Scan(&n)
	case message.Revocations:
		err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM demand WHERE peer = $1`, string(peer)).Scan(&n)
	}
	return n, err
}
