package alarm

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Since gives the alarms that are open, and those that closed at or after a moment, the newest first, at most limit of them: no drill and
// no notice. It reads the rows, in the caller's transaction, and so says nothing of an evaluation that has stopped.
func Since(ctx context.Context, tx *sqlstore.Tx, at time.Time, limit int) ([]Alarm, error) {
	rows, err := active(ctx, tx)
	if err != nil {
		return nil, err
	}
	closed, err := sqlstore.List(ctx, tx, scanRow, `SELECT `+columns+` FROM alarm WHERE `+isClosed+` AND closed_at >= $1 ORDER BY closed_at DESC, id DESC LIMIT $2`,
		sqlstore.MicrosOrNone(at), int64(limit))
	if err != nil {
		return nil, err
	}
	var all []Alarm
	for _, r := range append(rows, closed...) {
		if r.state != Pending && !r.drill && r.severity != Notice && !r.opened.IsZero() && len(all) < limit {
			all = append(all, r.alarm())
		}
	}
	return all, nil
}
