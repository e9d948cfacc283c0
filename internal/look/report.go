package look

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Count is how often an operator looked.
type Count struct {
	Operator       string
	Purpose        Purpose
	Hour           int // of the day, Japanese time
	Looks, Persons int64
}

// mostCounts bounds a report.
const mostCounts = 1000

// ByPurpose counts the looks of a time by operator and purpose.
func ByPurpose(ctx context.Context, tx *sqlstore.Tx, from, to time.Time) ([]Count, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, c *Count) error { return r.Scan(&c.Operator, &c.Purpose, &c.Looks, &c.Persons) },
		`SELECT operator, purpose, COUNT(*), COUNT(DISTINCT subject) FROM look WHERE at >= $1 AND at < $2
		GROUP BY operator, purpose ORDER BY operator, purpose LIMIT $3`, from, to, int64(mostCounts))
}

// ByHour counts them by operator and hour of the day.
func ByHour(ctx context.Context, tx *sqlstore.Tx, from, to time.Time) ([]Count, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, c *Count) error { return r.Scan(&c.Operator, &c.Hour, &c.Looks, &c.Persons) },
		`SELECT operator, hour, COUNT(*), COUNT(DISTINCT subject) FROM (SELECT operator, subject, ((at + 32400000000) / 3600000000) % 24 AS hour FROM look
		WHERE at >= $1 AND at < $2) AS looks GROUP BY operator, hour ORDER BY operator, hour LIMIT $3`, from, to, int64(mostCounts))
}
