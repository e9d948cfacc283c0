package exchange

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// A municipality may exchange with each of 1,740 others, and in a year does with some hundreds. A pair of whom neither has told the other
// anything is idle: it has a row of counters and a task that sleeps, and is on no page, in no alarm and in no comparison. The first message,
// or the first greeting of the peer, wakes it, and it stays awake.

// findIdle tells the idle peers from those with which something has been exchanged.
func (x *Exchange) findIdle(ctx context.Context, tx *sqlstore.Tx) error {
	if x.cfg.Seldom == nil {
		return nil
	}
	used, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, o *message.Org) error { return r.Scan(o) },
		`SELECT peer FROM x_peer WHERE out_sent > 0 OR in_decisions > 0 OR out_epoch > 1`)
	if err != nil {
		return fmt.Errorf("couldn't read with whom something was exchanged: %w", err)
	}
	for o, p := range x.peers {
		p.idle.Store(x.cfg.Seldom(o))
	}
	for _, o := range used {
		if p := x.peers[o]; p != nil {
			p.idle.Store(false)
		}
	}
	return nil
}

// Idle tells whether nothing has been exchanged with a peer of those with which one seldom does.
func (x *Exchange) Idle(peer message.Org) bool {
	p := x.peers[peer]
	return p != nil && p.idle.Load()
}

// active are the peers that are not idle.
func (x *Exchange) active() []message.Org {
	if x.cfg.Seldom == nil {
		return x.cfg.Peers
	}
	var all []message.Org
	for _, o := range x.cfg.Peers {
		if !x.Idle(o) {
			all = append(all, o)
		}
	}
	return all
}
