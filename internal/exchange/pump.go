package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// PairState is how it stands between us and a peer, as we see it.
type PairState string

// The states of a pair.
const (
	PairUnknown PairState = "unknown" // not spoken to since the start
	PairUp      PairState = "up"
	PairDown    PairState = "down"    // no answer: probed with a growing pause, capped
	PairRefused PairState = "refused" // the peer refuses us: an alarm, probed at the cap only
)

// A peer that does not answer is probed after firstProbe, then twice that, up to Limits.ProbePause; with no jitter, since
// each pair is probed by one message, and a replay must give the same timeline each time.
const firstProbe = 250 * time.Millisecond

// probePause is how long to wait after so many failures in a row.
func (x *Exchange) probePause(failures int64) time.Duration {
	if failures > 20 {
		return x.cfg.Limits.ProbePause
	}
	return min(firstProbe<<failures, x.cfg.Limits.ProbePause)
}

// step hands over one batch to a peer, if there is one to hand over and the peer is there.
func (x *Exchange) step(ctx context.Context, p *peer) (time.Time, error) {
	now := x.cfg.Clock.Now()
	p.mu.Lock()
	greeted, retryAt := p.greeted, p.retryAt
	p.mu.Unlock()
	if now.Before(retryAt) {
		return retryAt, nil
	}
	if !greeted {
		if err := x.greet(ctx, p); err != nil {
			return x.noAnswer(ctx, p, err)
		}
	}
	limit := message.MaxBatch
	if !retryAt.IsZero() {
		limit = 1 // a probe: the peer may be there again, or may fall over this very message
	}
	batch, err := x.pick(ctx, p, now, limit)
	if err != nil {
		return time.Time{}, err
	}
	if len(batch.envelopes) == 0 {
		x.answered(p)
		return batch.next, nil
	}
	pb, err := message.SealBatch(x.cfg.Rand, x.cfg.Signer.Key, x.cfg.Signer.Certificate, now, batch.envelopes)
	if err != nil {
		return time.Time{}, err
	}
	receipt, err := x.deliver(ctx, p, pb)
	if err != nil {
		return x.noAnswer(ctx, p, err)
	}
	x.answered(p)
	if err := x.settle(ctx, p, batch, receipt); err != nil {
		return time.Time{}, err
	}
	return now, nil
}

func (x *Exchange) deliver(ctx context.Context, p *peer, pb *messagepb.Batch) (*messagepb.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, x.cfg.Limits.SendDeadline)
	defer cancel()
	return x.cfg.Link.Deliver(ctx, p.org, pb)
}

// noAnswer backs off. It is not an error of the task: a peer that is away is an ordinary state of the pair.
func (x *Exchange) noAnswer(ctx context.Context, p *peer, err error) (time.Time, error) {
	if ctx.Err() != nil {
		return time.Time{}, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := x.cfg.Clock.Now()
	was := p.state
	var refusal *Refusal
	if errors.As(err, &refusal) {
		p.state, p.reason, p.retryAt = PairRefused, refusal.Reason, now.Add(x.cfg.Limits.ProbePause)
	} else {
		p.state, p.reason, p.retryAt = PairDown, err.Error(), now.Add(x.probePause(int64(p.failures)))
	}
	p.failures++
	p.greeted = false // whoever answers next may be a restored database
	if was != p.state {
		p.since = now
		x.cfg.Log.WarnContext(ctx, "peer does not take messages", "self", x.cfg.Self, "peer", p.org, "state", p.state, "error", err)
	}
	return p.retryAt, nil
}

func (x *Exchange) answered(p *peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := x.cfg.Clock.Now()
	if p.state != PairUp {
		p.state, p.since, p.reason = PairUp, now, ""
	}
	p.failures, p.retryAt, p.contact = 0, time.Time{}, now
}

// heardFrom notes that a peer spoke to us, so that ours to it goes on at once when it had been away.
func (x *Exchange) heardFrom(p *peer) {
	p.mu.Lock()
	back := p.state == PairDown
	p.contact = x.cfg.Clock.Now()
	if back {
		p.retryAt = time.Time{}
	}
	p.mu.Unlock()
	if back {
		p.bell.Ring()
	}
}

// ready is what can be handed over to a peer now; next is when more will be, when nothing is.
type ready struct {
	envelopes []*message.Envelope
	again     []bool // decided upon before: corrected, deferred, or no longer held
	next      time.Time
}

// pick takes what is ready, in order, from the outbox.
func (x *Exchange) pick(ctx context.Context, p *peer, now time.Time, limit int) (ready, error) {
	var r ready
	var due bool
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, err := tx.Query(ctx, `SELECT envelope, outcome FROM x_out WHERE peer = $1 AND state = 'ready' ORDER BY epoch, seq LIMIT $2`,
			string(p.org), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var raw []byte
			var outcome string
			if err := rows.Scan(&raw, &outcome); err != nil {
				return err
			}
			e, err := message.OpenEnvelope(raw)
			if err != nil {
				return fmt.Errorf("a stored message can't be read: %w", err)
			}
			r.envelopes, r.again = append(r.envelopes, e), append(r.again, outcome != "")
		}
		if err := rows.Err(); err != nil {
			return err
		}
		bytes := 0
		for i, e := range r.envelopes {
			if bytes += len(e.Raw); bytes > message.MaxWire-(1<<16) && i > 0 {
				r.envelopes = r.envelopes[:i]
				break
			}
		}
		var at int64
		if err := tx.QueryRow(ctx, `SELECT CAST(COALESCE(MIN(not_before), 0) AS BIGINT) FROM x_out WHERE peer = $1 AND state = 'deferred'`,
			string(p.org)).Scan(&at); err != nil {
			return err
		}
		if at > 0 {
			r.next = time.UnixMicro(at).UTC()
			due = !r.next.After(now)
		}
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("couldn't look into the outbox: %w", err)
	}
	if due && len(r.envelopes) == 0 {
		return r, x.offerAgain(ctx, p, now)
	}
	return r, nil
}

// offerAgain makes deferred messages ready when their time has come.
func (x *Exchange) offerAgain(ctx context.Context, p *peer, now time.Time) error {
	return x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE x_out SET state = 'ready' WHERE peer = $1 AND state = 'deferred' AND not_before <= $2`,
			string(p.org), now.UnixMicro())
		tx.OnCommit(p.bell.Ring)
		return err
	})
}

// greet says hello and compares what the peer holds with what we remember. It finds a restored database on either
// side before a batch is sent (guarantee 8).
func (x *Exchange) greet(ctx context.Context, p *peer) error {
	var epoch, next, decisions int64
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT out_epoch, next_seq, peer_decisions FROM x_peer WHERE peer = $1`, string(p.org)).
			Scan(&epoch, &next, &decisions)
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, x.cfg.Limits.SendDeadline)
	defer cancel()
	a, err := x.cfg.Link.Hello(ctx, p.org, &messagepb.Greeting{Sender: string(x.cfg.Self), Node: x.cfg.Node,
		Receiver: string(p.org), Epoch: uint64(epoch), NextSeq: uint64(next)})
	if err != nil {
		return err
	}
	if int64(a.Epoch) > epoch || int64(a.Epoch) == epoch && int64(a.Seq) >= next {
		if err := x.newEpoch(ctx, p, int64(a.Epoch)+1); err != nil {
			return err
		}
	}
	if int64(a.Decisions) < decisions {
		if err := x.sendAgain(ctx, p, int64(a.Decisions)); err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.greeted = true
	p.mu.Unlock()
	return nil
}

// newEpoch starts a new numbering: the peer has seen numbers that we have not given yet, so our database is a restored
// copy. What was in the outbox keeps its old number, and is taken as a duplicate when the peer has it already.
func (x *Exchange) newEpoch(ctx context.Context, p *peer, epoch int64) error {
	x.cfg.Log.WarnContext(ctx, "our database was restored from a copy: new epoch", "self", x.cfg.Self, "peer", p.org, "epoch", epoch)
	return x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE x_peer SET out_epoch = $2, next_seq = 1 WHERE peer = $1 AND out_epoch < $2`, string(p.org), epoch)
		return err
	})
}

// sendAgain offers again what the peer had decided on and lost: it holds fewer decisions than it told us before.
func (x *Exchange) sendAgain(ctx context.Context, p *peer, decisions int64) error {
	x.cfg.Log.WarnContext(ctx, "the peer's database was restored from a copy: sending again what it lost", "self", x.cfg.Self, "peer", p.org)
	return x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		var bytes int64
		if err := tx.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM x_out WHERE peer = $1 AND state = 'applied'
			AND decisions > $2 AND length(envelope) > 0`, string(p.org), decisions).Scan(&bytes); err != nil {
			return err
		}
		again, err := tx.Exec(ctx, `UPDATE x_out SET state = 'ready' WHERE peer = $1 AND state = 'applied' AND decisions > $2 AND length(envelope) > 0`,
			string(p.org), decisions)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE x_peer SET peer_decisions = $2, out_open = out_open + $3, out_open_bytes = out_open_bytes + $4
			WHERE peer = $1`, string(p.org), decisions, again, bytes); err != nil {
			return err
		}
		tx.OnCommit(p.bell.Ring)
		return nil
	})
}

// expire empties the bytes of messages that ended longer ago than their retention: personal data is not kept in the
// outbox for ever; kind, verdict and times stay. It works in small pieces.
func (x *Exchange) expire(ctx context.Context) (time.Time, error) {
	const piece = 500
	now := x.cfg.Clock.Now()
	var n int64
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE x_out SET envelope = $3 WHERE (peer, epoch, seq) IN (SELECT peer, epoch, seq FROM x_out
			WHERE state IN ('applied', 'withdrawn') AND decided_at < $1 AND length(envelope) > 0 LIMIT $2)`,
			now.Add(-x.cfg.Limits.Retention).UnixMicro(), piece, []byte{})
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("couldn't empty expired messages: %w", err)
	}
	if n == piece {
		return now, nil
	}
	return now.Add(time.Hour), nil
}
