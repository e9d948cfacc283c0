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
	turn      int64 // in which it is offered, of several nodes
}

const (
	selectReady = `SELECT epoch, seq, attempt, envelope, outcome, tries FROM x_out WHERE peer = $1 AND state = 'ready'
		AND (epoch, seq) > ($3, $4) ORDER BY epoch, seq LIMIT $2`
	selectDeferred = `SELECT CAST(COALESCE(MIN(not_before), 0) AS BIGINT) FROM x_out WHERE peer = $1 AND state = 'deferred' AND ` + stuckOut
)

// pick takes what is ready, in order, from the outbox; one message when probing.
func (x *Exchange) pick(ctx context.Context, p *peer, now time.Time, probing bool) (r ready, err error) {
	if p.probes.sifting() {
		r, err = x.sift(ctx, p, now)
	} else {
		p.probes.trying = nil
		r, err = x.next(ctx, p, now)
		if n := len(r.envelopes); probing && n > 0 {
			r.envelopes, r.again = r.envelopes[:1], r.again[:1]
		}
	}
	if err != nil {
		return r, fmt.Errorf("couldn't look into the outbox: %w", err)
	}
	return r, nil
}

// next takes as much as fits.
func (x *Exchange) next(ctx context.Context, p *peer, now time.Time) (ready, error) {
	r, damaged, err := x.look(ctx, p, place{}, message.MaxBatch)
	if err != nil {
		return r, err
	}
	if len(damaged) > 0 {
		return ready{next: now}, x.setDamaged(ctx, p, damaged) // what is behind them, as far as it does not wait for them now
	}
	// What was deferred may fail again, each time at the cost of a rule that fails: it goes in small batches of its own,
	// by turns with the rest, so that a thousand of them keep nobody else waiting. Order holds: what shares a key with a
	// deferred message is held, or left with it.
	if due := !r.next.IsZero() && !r.next.After(now); due && (len(r.envelopes) == 0 || p.fresh) {
		if err = x.offerAgain(ctx, p, now); err == nil {
			r, _, err = x.look(ctx, p, place{}, message.MaxBatch)
		}
		if err != nil {
			return r, err
		}
	}
	r = r.apart(p.fresh)
	p.fresh = len(r.deferred) > 0 && !r.deferred[0]
	return r, nil
}

// look reads what is ready behind a place.
func (x *Exchange) look(ctx context.Context, p *peer, after place, most int) (r ready, damaged []place, err error) {
	err = x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		r, damaged = ready{}, nil
		rows, err := tx.Query(ctx, selectReady, string(p.org), int64(most), int64(after.epoch), int64(after.seq))
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
		}
		return nil
	})
	return r, damaged, err
}

func (x *Exchange) setDamaged(ctx context.Context, p *peer, damaged []place) error {
	return x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return x.parkDamaged(ctx, tx, p.org, damaged, stateReady)
	})
}

// apart leaves the messages that the receiver had put off, or the others, when both are there. fresh: the last batch was
// of the others.
func (r ready) apart(fresh bool) ready {
	if !slices.Contains(r.deferred, true) || !slices.Contains(r.deferred, false) {
		return r
	}
	one := r.only(fresh)
	if len(one.envelopes) == 0 {
		return r.only(!fresh)
	}
	return one
}

// only leaves the messages that were put off, or those that were not, save what comes behind another with the same key that
// is left out: a receiver that was restored from a copy is sent both again.
func (r ready) only(deferred bool) ready {
	one, out := ready{next: r.next}, map[string]bool{}
	for i, e := range r.envelopes {
		spec, _ := message.SpecOf(e.Kind)
		switch behind := !spec.Safe && slices.ContainsFunc(e.Keys, func(k string) bool { return out[k] }); {
		case r.deferred[i] == deferred && !behind:
			one.envelopes, one.again, one.deferred = append(one.envelopes, e), append(one.again, r.again[i]), append(one.deferred, deferred)
		case !spec.Safe:
			for _, k := range e.Keys {
				out[k] = true
			}
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
