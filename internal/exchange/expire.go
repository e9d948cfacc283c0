package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// expire empties the bytes of messages that ended longer ago than their retention: personal data is not kept in the
// outbox for ever; hash, kind, verdict and times stay.
//
// It goes through each peer's rows in the order of their numbers, which is that of their making, in small pieces, and
// stops at the first that is too young; the next round goes on there. A row that had not ended when it was passed is
// found by a round that begins at the beginning again, once a week.
func (x *Exchange) expire(ctx context.Context) (time.Time, error) {
	const day = 24 * time.Hour
	now := x.cfg.Clock.Now()
	for _, o := range x.active() {
		if p := x.peers[o]; !now.Before(p.anew) {
			p.anew, p.expired = now.Add(7*day), place{}
		}
		more, err := x.expirePiece(ctx, x.peers[o], now.Add(-x.cfg.Limits.Retention))
		if err != nil {
			return time.Time{}, fmt.Errorf("couldn't empty expired messages to %s: %w", o, err)
		}
		if more {
			return now, nil
		}
	}
	return now.Add(day), nil
}

// expirePiece does one piece of a peer's rows, and tells whether there may be more.
func (x *Exchange) expirePiece(ctx context.Context, p *peer, before time.Time) (more bool, err error) {
	const piece = 500
	type row struct {
		place
		state            string
		created, decided time.Time
		raw              []byte
	}
	var rows []row
	err = x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows = nil
		first, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, at *time.Time) error { return r.Scan(sqlstore.Time(at)) },
			`SELECT created_at FROM x_out WHERE peer = $1 AND (epoch, seq) > ($2, $3) ORDER BY epoch, seq LIMIT 1`,
			string(p.org), int64(p.expired.epoch), int64(p.expired.seq))
		if err != nil || len(first) == 0 || !first[0].Before(before) {
			return err
		}
		rows, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, o *row) error {
			return r.Scan(&o.epoch, &o.seq, &o.state, sqlstore.Time(&o.created), sqlstore.Time(&o.decided), &o.raw)
		}, `SELECT epoch, seq, state, created_at, decided_at, envelope FROM x_out WHERE peer = $1 AND (epoch, seq) > ($2, $3)
			ORDER BY epoch, seq LIMIT $4`, string(p.org), int64(p.expired.epoch), int64(p.expired.seq), piece)
		return err
	})
	if err != nil || len(rows) == 0 {
		return false, err
	}
	passed := p.expired
	err = x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		passed = p.expired
		for _, o := range rows {
			if !o.created.Before(before) {
				more = false
				return nil
			}
			passed, more = o.place, len(rows) == piece
			if len(o.raw) == 0 || o.state != stateApplied && o.state != stateWithdrawn || !o.decided.Before(before) {
				continue
			}
			hash := message.LeafHash(o.raw)
			// It may have been made ready again meanwhile, for a peer that lost it.
			if _, err := tx.Exec(ctx, `UPDATE x_out SET envelope = $4, hash = $5 WHERE peer = $1 AND epoch = $2 AND seq = $3
				AND state IN ('applied', 'withdrawn')`, string(p.org), int64(o.epoch), int64(o.seq), []byte{}, hash[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		p.expired = passed
	}
	return more, err
}
