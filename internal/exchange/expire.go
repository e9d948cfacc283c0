package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// expire empties the bytes of messages that ended longer ago than their retention: personal data is not kept in the
// outbox for ever; hash, kind, verdict and times stay. It works in small pieces, and looks for them without holding up
// who writes.
func (x *Exchange) expire(ctx context.Context) (time.Time, error) {
	const piece = 500
	now := x.cfg.Clock.Now()
	type row struct {
		peer       string
		epoch, seq int64
		raw        []byte
	}
	var old []row
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		old, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, o *row) error { return r.Scan(&o.peer, &o.epoch, &o.seq, &o.raw) },
			`SELECT peer, epoch, seq, envelope FROM x_out WHERE state IN ('applied', 'withdrawn') AND decided_at < $1
				AND length(envelope) > 0 LIMIT $2`, now.Add(-x.cfg.Limits.Retention).UnixMicro(), piece)
		return err
	})
	if err == nil && len(old) > 0 {
		err = x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			for _, o := range old {
				hash := message.LeafHash(o.raw)
				// It may have been made ready again meanwhile, for a peer that lost it.
				if _, err := tx.Exec(ctx, `UPDATE x_out SET envelope = $4, hash = $5 WHERE peer = $1 AND epoch = $2 AND seq = $3
					AND state IN ('applied', 'withdrawn')`, o.peer, o.epoch, o.seq, []byte{}, hash[:]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("couldn't empty expired messages: %w", err)
	}
	if len(old) == piece {
		return now, nil
	}
	return now.Add(time.Hour), nil
}
