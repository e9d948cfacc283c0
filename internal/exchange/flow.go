package exchange

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// maxBacklog is how many messages of one peer and state are looked at when backlogs are told: those in front, in which
// the oldest are. The alarms ask every few seconds, with a million waiting too.
const maxBacklog = 10_000

// Backlog is what of one kind waits between this organisation and a peer.
type Backlog struct {
	Peer   message.Org
	Out    bool // ours; otherwise the peer's
	Parked bool // waits for people; otherwise to be sent, or for a verdict
	Kind   message.Kind
	N      int64 // at most maxBacklog, of all kinds together
	Oldest time.Time
}

const (
	// In quiet times these two are all that is asked: who has anything open at all.
	selectHasOut = `SELECT peer FROM x_peer WHERE out_open > 0 ORDER BY peer`
	selectHasIn  = `SELECT peer FROM x_peer WHERE EXISTS (SELECT 1 FROM x_in WHERE x_in.peer = x_peer.peer AND ` + stuckIn + `) ORDER BY peer`

	selectWaiting = `SELECT kind, COUNT(*), MIN(created_at) FROM (SELECT kind, created_at FROM x_out WHERE peer = $1 AND state = 'ready'
		ORDER BY epoch, seq LIMIT $2) AS front GROUP BY kind ORDER BY kind`
	selectStuckOut = `SELECT kind, COUNT(*), MIN(created_at) FROM (SELECT kind, created_at FROM x_out WHERE peer = $1 AND state = $3 AND ` + stuckOut + `
		ORDER BY epoch, seq LIMIT $2) AS front GROUP BY kind ORDER BY kind`
	selectParkedIn = `SELECT kind, COUNT(*), MIN(created_at) FROM (SELECT kind, created_at FROM x_in WHERE peer = $1 AND outcome = $3 AND ` + stuckIn + `
		ORDER BY epoch, seq LIMIT $2) AS front GROUP BY kind ORDER BY kind`
)

// Backlogs tells by peer and kind what waits for a verdict and what waits for people, from one read transaction.
func (x *Exchange) Backlogs(ctx context.Context) (all []Backlog, err error) {
	err = x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = BacklogsIn(ctx, tx)
		return err
	})
	return all, err
}

// BacklogsIn is Backlogs in the caller's transaction, for whoever tells of other things as of the same moment.
func BacklogsIn(ctx context.Context, tx *sqlstore.Tx) (all []Backlog, err error) {
	read := func(is Backlog, query string, wanted ...any) error {
		got, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, b *Backlog) error {
			*b = is
			return r.Scan(&b.Kind, &b.N, sqlstore.Time(&b.Oldest))
		}, query, append([]any{string(is.Peer), int64(maxBacklog)}, wanted...)...)
		all = joinBacklogs(all, got)
		return err
	}
	peers, err := sqlstore.List(ctx, tx, scanOrg, selectHasOut)
	if err != nil {
		return nil, err
	}
	for _, o := range peers {
		if err := read(Backlog{Peer: o, Out: true}, selectWaiting); err != nil {
			return nil, err
		}
		if err := read(Backlog{Peer: o, Out: true}, selectStuckOut, stateDeferred); err != nil {
			return nil, err
		}
		if err := read(Backlog{Peer: o, Out: true, Parked: true}, selectStuckOut, stateParked); err != nil {
			return nil, err
		}
	}
	if peers, err = sqlstore.List(ctx, tx, scanOrg, selectHasIn); err != nil {
		return nil, err
	}
	for _, o := range peers {
		for _, outcome := range []message.Outcome{message.Rejected, message.Gap} {
			if err := read(Backlog{Peer: o, Parked: true}, selectParkedIn, string(outcome)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func scanOrg(r *sqlstore.Rows, o *message.Org) error { return r.Scan(o) }

// joinBacklogs adds what differs in its state alone, and not for whoever reads.
func joinBacklogs(all, more []Backlog) []Backlog {
next:
	for _, m := range more {
		for i := range all {
			a := &all[i]
			if a.Peer == m.Peer && a.Out == m.Out && a.Parked == m.Parked && a.Kind == m.Kind {
				a.N += m.N
				if m.Oldest.Before(a.Oldest) {
					a.Oldest = m.Oldest
				}
				continue next
			}
		}
		all = append(all, m)
	}
	return all
}

// Flow is how many messages of a kind were put into the outbox for a peer since the last look.
type Flow struct {
	Peer message.Org
	Kind message.Kind
	N    int64
}

// Flows counts messages as they come into the outbox. It is not for several goroutines; the zero Flows is ready.
type Flows struct {
	last map[message.Org]place // seen up to here
}

// maxFlow is how many messages of one peer one look counts; the others are counted by the next.
const maxFlow = 20_000

const (
	selectFlow = `SELECT kind, COUNT(*), MAX(epoch), MAX(seq) FROM (SELECT kind, epoch, seq FROM x_out WHERE peer = $1 AND (epoch, seq) > ($2, $3)
		ORDER BY epoch, seq LIMIT $4) AS fresh GROUP BY kind ORDER BY kind`
	selectEnds = `SELECT peer, out_epoch, next_seq - 1 FROM x_peer ORDER BY peer`
)

// Next counts what came since the last call. The first call counts nothing: it says from where on the next one does.
func (f *Flows) Next(ctx context.Context, x *Exchange) ([]Flow, error) {
	var all []Flow
	last := map[message.Org]place{}
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all = nil
		type end struct {
			peer message.Org
			at   place
		}
		ends, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, e *end) error {
			return r.Scan(&e.peer, &e.at.epoch, &e.at.seq)
		}, selectEnds)
		if err != nil {
			return err
		}
		for _, e := range ends {
			at, known := f.last[e.peer]
			if !known || at == e.at {
				last[e.peer] = e.at
				continue
			}
			// Epochs and numbers both only grow along a stream, so that the largest of each are those of the last message.
			got, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *Flow) error {
				var epoch, seq uint64
				n.Peer = e.peer
				if err := r.Scan(&n.Kind, &n.N, &epoch, &seq); err != nil {
					return err
				}
				at.epoch, at.seq = max(at.epoch, epoch), max(at.seq, seq)
				return nil
			}, selectFlow, string(e.peer), int64(at.epoch), int64(at.seq), int64(maxFlow))
			if err != nil {
				return err
			}
			last[e.peer] = at
			all = append(all, got...)
		}
		return nil
	})
	if err == nil {
		f.last = last
	}
	return all, err
}
