package exchange

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// ready is what can be handed over to a peer now; next is when more will be, when nothing is.
type ready struct {
	envelopes []*message.Envelope
	again     []bool // decided upon before: corrected, deferred, or no longer held
	deferred  []bool // of these, put off by the receiver the last time
	next      time.Time
}

const (
	selectReady    = `SELECT epoch, seq, attempt, envelope, outcome, tries FROM x_out WHERE peer = $1 AND state = 'ready' ORDER BY epoch, seq LIMIT $2`
	selectDeferred = `SELECT CAST(COALESCE(MIN(not_before), 0) AS BIGINT) FROM x_out WHERE peer = $1 AND state = 'deferred' AND ` + stuckOut
)

// pick takes what is ready, in order, from the outbox; one message when probing.
func (x *Exchange) pick(ctx context.Context, p *peer, now time.Time, probing bool) (ready, error) {
	r, damaged, due, err := x.look(ctx, p, now)
	if err == nil && len(damaged) > 0 {
		err = x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			return x.parkDamaged(ctx, tx, p.org, damaged, stateReady)
		})
		if err == nil {
			return ready{next: now}, nil // what is behind them, as far as it does not wait for them now
		}
	}
	// What was deferred may fail again, each time at the cost of a rule that fails: it goes in small batches of its own,
	// by turns with the rest, so that a thousand of them keep nobody else waiting. Order holds: what shares
	// a key with a deferred message is held.
	if err == nil && due && (len(r.envelopes) == 0 || p.fresh) {
		if err = x.offerAgain(ctx, p, now); err == nil {
			r, _, _, err = x.look(ctx, p, now)
		}
	}
	if err != nil {
		return r, fmt.Errorf("couldn't look into the outbox: %w", err)
	}
	r = r.apart(p.fresh)
	p.fresh = len(r.deferred) > 0 && !r.deferred[0]
	if probing && len(r.envelopes) > 0 {
		i := p.probes.choose(r.envelopes)
		return ready{envelopes: r.envelopes[i : i+1], again: r.again[i : i+1]}, nil
	}
	return r, nil
}

func (x *Exchange) look(ctx context.Context, p *peer, now time.Time) (r ready, damaged []place, due bool, err error) {
	err = x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		r, damaged, due = ready{}, nil, false
		rows, err := tx.Query(ctx, selectReady,
			string(p.org), message.MaxBatch)
		if err != nil {
			return err
		}
		defer rows.Close()
		bytes := 0
		for rows.Next() {
			var at place
			var attempt, tries int64
			var raw []byte
			var outcome string
			if err := rows.Scan(&at.epoch, &at.seq, &attempt, &raw, &outcome, &tries); err != nil {
				return err
			}
			e := whole(raw, x.outID(p.org, at), attempt)
			if e == nil {
				damaged = append(damaged, at)
				continue
			}
			if bytes += len(e.Raw); bytes > message.MaxWire-(1<<16) && len(r.envelopes) > 0 {
				break
			}
			r.envelopes, r.again, r.deferred = append(r.envelopes, e), append(r.again, outcome != ""), append(r.deferred, tries > 0)
		}
		if err := rows.Close(); err != nil {
			return err
		}
		var at int64
		if err := tx.QueryRow(ctx, selectDeferred, string(p.org)).Scan(&at); err != nil {
			return err
		}
		if at > 0 {
			r.next = sqlstore.FromMicros(at)
			due = !r.next.After(now)
		}
		return nil
	})
	return r, damaged, due, err
}

// apart leaves the messages that the receiver had put off, or the others, when both are there. fresh: the last batch was
// of the others.
func (r ready) apart(fresh bool) ready {
	if !slices.Contains(r.deferred, true) || !slices.Contains(r.deferred, false) {
		return r
	}
	one := ready{next: r.next}
	for i, e := range r.envelopes {
		if r.deferred[i] == fresh {
			one.envelopes, one.again, one.deferred = append(one.envelopes, e), append(one.again, r.again[i]), append(one.deferred, fresh)
		}
	}
	return one
}

// offeredAgain is how many deferred messages go together.
const offeredAgain = 20

// offerAgain makes the next deferred messages ready whose time has come.
func (x *Exchange) offerAgain(ctx context.Context, p *peer, now time.Time) error {
	return x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE x_out SET state = 'ready' WHERE peer = $1 AND (epoch, seq) IN (SELECT epoch, seq FROM x_out
			WHERE peer = $1 AND state = 'deferred' AND not_before <= $2 AND `+stuckOut+` ORDER BY epoch, seq LIMIT $3)`,
			string(p.org), now.UnixMicro(), int64(offeredAgain))
		tx.OnCommit(p.bell.Ring)
		return err
	})
}
