package exchange

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// ringParked tells whoever watches, after the commit, that the number of parked messages has changed.
func (x *Exchange) ringParked(tx *sqlstore.Tx) {
	if x.cfg.Bell != "" {
		tx.Ring(x.cfg.Bell)
	}
}

// ParkedNow counts the messages that wait for people here, ours and the peers', and tells when the oldest was made, in the
// caller's transaction.
func (x *Exchange) ParkedNow(ctx context.Context, tx *sqlstore.Tx) (n int64, since time.Time, err error) {
	var oldest int64
	for _, o := range x.active() {
		for _, query := range []string{
			`SELECT COUNT(*), COALESCE(MIN(created_at), 0) FROM x_out WHERE peer = $1 AND state = 'parked' AND ` + stuckOut,
			`SELECT COUNT(*), COALESCE(MIN(created_at), 0) FROM x_in WHERE peer = $1 AND outcome IN ('rejected', 'gap') AND ` + stuckIn,
		} {
			var some, at int64
			if err := tx.QueryRow(ctx, query, string(o)).Scan(&some, &at); err != nil {
				return 0, time.Time{}, err
			}
			if n += some; at > 0 && (oldest == 0 || at < oldest) {
				oldest = at
			}
		}
	}
	return n, fromMicros(oldest), nil
}
