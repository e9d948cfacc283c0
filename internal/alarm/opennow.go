package alarm

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// OpenNow counts the alarms that ask for somebody, and tells since when the oldest has been so: no drill, no notice. It
// reads the rows, in the caller's transaction, and so says nothing of an evaluation that has stopped.
func OpenNow(ctx context.Context, tx *sqlstore.Tx) (n int64, since time.Time, err error) {
	rows, err := active(ctx, tx)
	for _, r := range rows {
		if r.state != Open || r.drill || r.severity == Notice {
			continue
		}
		if n++; since.IsZero() || r.since.Before(since) {
			since = r.since
		}
	}
	return n, since, err
}
