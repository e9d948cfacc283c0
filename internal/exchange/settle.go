package exchange

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// settle writes a receipt's verdicts into the outbox. It is the normal path and the recovery path: a verdict that was
// given before comes back as a duplicate, with what it came to.
func (x *Exchange) settle(ctx context.Context, p *peer, batch ready, r *messagepb.Receipt) error {
	if len(r.Verdicts) != len(batch.envelopes) {
		return fmt.Errorf("%s answered %d messages with %d verdicts", p.org, len(batch.envelopes), len(r.Verdicts))
	}
	restored := false
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		s := settlement{x: x, tx: tx, peer: p, decisions: int64(r.Decisions)}
		var known int64
		if err := tx.QueryRow(ctx, `SELECT peer_decisions FROM x_peer WHERE peer = $1`, string(p.org)).Scan(&known); err != nil {
			return err
		}
		restored = s.decisions < known
		for i, v := range r.Verdicts {
			e := batch.envelopes[i]
			if v.Epoch != e.Epoch || v.Seq != e.Seq || v.Attempt != e.Attempt {
				return fmt.Errorf("%s answered %s with a verdict on another message", p.org, e.ID)
			}
			if err := s.one(ctx, e, batch.again[i], v); err != nil {
				return err
			}
		}
		return s.flush(ctx)
	})
	if err != nil {
		return fmt.Errorf("couldn't write the verdicts of %s down: %w", p.org, err)
	}
	if restored {
		p.mu.Lock()
		p.greeted = false
		p.mu.Unlock()
	}
	return nil
}

type settlement struct {
	x         *Exchange
	tx        *sqlstore.Tx
	peer      *peer
	decisions int64
	// run is a stretch of plainly applied messages, written in one statement.
	run struct {
		epoch, from, to uint64
		n, bytes        int64
	}
}

// one writes one verdict. again: the message was decided upon before, and others may wait for it.
func (s *settlement) one(ctx context.Context, e *message.Envelope, again bool, v *messagepb.Verdict) error {
	outcome := message.Outcome(v.Outcome)
	if outcome == message.Duplicate {
		outcome = message.Outcome(v.Settled)
	}
	switch {
	case outcome == message.Applied && !again:
		return s.applied(ctx, e)
	case outcome == message.Applied, outcome == message.Withdrawn:
		state := stateApplied
		if e.Kind == message.KindExchangeWithdrawal {
			state = stateWithdrawn
		}
		if err := s.write(ctx, e, state, v, 0); err != nil {
			return err
		}
		return s.ended(ctx, e)
	case outcome == message.Conflict:
		return s.renumber(ctx, e)
	case outcome == message.Held:
		return s.stick(ctx, e, stateHeld, v)
	case outcome == message.Deferred:
		return s.deferred(ctx, e, v)
	default: // rejected, gap, and whatever a newer peer may say: a person looks
		return s.stick(ctx, e, stateParked, v)
	}
}

// applied collects consecutive messages into one UPDATE.
func (s *settlement) applied(ctx context.Context, e *message.Envelope) error {
	if s.run.n > 0 && (s.run.epoch != e.Epoch || s.run.to+1 != e.Seq) {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	if s.run.n == 0 {
		s.run.epoch, s.run.from = e.Epoch, e.Seq
	}
	s.run.to = e.Seq
	s.run.n++
	s.run.bytes += weight(e.Body)
	return nil
}

func (s *settlement) flush(ctx context.Context) error {
	if s.run.n > 0 {
		n, err := s.tx.Exec(ctx, `UPDATE x_out SET state = 'applied', outcome = 'applied', decided_at = $5, decisions = $6
			WHERE peer = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4 AND state = 'ready'`,
			string(s.peer.org), int64(s.run.epoch), int64(s.run.from), int64(s.run.to), s.tx.Now().UnixMicro(), s.decisions)
		if err != nil {
			return err
		}
		if n != s.run.n {
			return fmt.Errorf("%d of %d applied messages are no longer ready in the outbox", s.run.n-n, s.run.n)
		}
	}
	_, err := s.tx.Exec(ctx, `UPDATE x_peer SET out_open = out_open - $2, out_open_bytes = out_open_bytes - $3, peer_decisions = $4 WHERE peer = $1`,
		string(s.peer.org), s.run.n, s.run.bytes, s.decisions)
	s.run.n, s.run.bytes = 0, 0
	return err
}

func (s *settlement) write(ctx context.Context, e *message.Envelope, state string, v *messagepb.Verdict, notBefore int64) error {
	outcome := v.Outcome
	if v.Settled != "" {
		outcome = v.Settled
	}
	deferred := 0
	if state == stateDeferred {
		deferred = 1
	}
	_, err := s.tx.Exec(ctx, `UPDATE x_out SET state = $4, outcome = $5, code = $6, reason_ja = $7, reason_en = $8, decided_at = $9,
		decisions = $10, not_before = $11, tries = tries + $12 WHERE peer = $1 AND epoch = $2 AND seq = $3`,
		string(s.peer.org), int64(e.Epoch), int64(e.Seq), state, outcome, v.Code, v.ReasonJa, v.ReasonEn, s.tx.Now().UnixMicro(),
		s.decisions, notBefore, deferred)
	return err
}

// ended takes a message off the window and lets what waited for it go on.
func (s *settlement) ended(ctx context.Context, e *message.Envelope) error {
	if _, err := s.tx.Exec(ctx, `UPDATE x_peer SET out_open = out_open - 1, out_open_bytes = out_open_bytes - $2 WHERE peer = $1`,
		string(s.peer.org), weight(e.Body)); err != nil {
		return err
	}
	return s.x.release(ctx, s.tx, e, nil)
}

// stick parks or holds a message, and holds those behind it that share a key.
func (s *settlement) stick(ctx context.Context, e *message.Envelope, state string, v *messagepb.Verdict) error {
	if err := s.write(ctx, e, state, v, 0); err != nil {
		return err
	}
	return s.holdBehind(ctx, e)
}

// deferred offers the message again later, with a growing pause, and parks it when that did not help.
func (s *settlement) deferred(ctx context.Context, e *message.Envelope, v *messagepb.Verdict) error {
	var tries int64
	if err := s.tx.QueryRow(ctx, `SELECT tries FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3`,
		string(s.peer.org), int64(e.Epoch), int64(e.Seq)).Scan(&tries); err != nil {
		return err
	}
	if tries+1 >= s.x.cfg.Limits.DeferTimes {
		return s.stick(ctx, e, stateParked, v)
	}
	wait := s.x.probePause(tries)
	if err := s.write(ctx, e, stateDeferred, v, s.tx.Now().Add(wait).UnixMicro()); err != nil {
		return err
	}
	return s.holdBehind(ctx, e)
}

func (s *settlement) holdBehind(ctx context.Context, e *message.Envelope) error {
	// What protects a person waits for nothing, and nothing waits for it.
	if spec, _ := message.SpecOf(e.Kind); spec.Safe || len(e.Keys) == 0 {
		return nil
	}
	if err := hold(ctx, s.tx, "x_out_hold", "out_stuck", e); err != nil {
		return err
	}
	// Later messages of these keys that are still ready are found through the tracing index; those with several keys
	// by the receiver's verdict, which comes to the same.
	for _, k := range e.Keys {
		rows, err := s.tx.Query(ctx, `SELECT envelope FROM x_out WHERE key1 = $4 AND peer = $1 AND state = 'ready'
			AND (epoch > $2 OR (epoch = $2 AND seq > $3)) ORDER BY epoch, seq`,
			string(s.peer.org), int64(e.Epoch), int64(e.Seq), k)
		if err != nil {
			return err
		}
		behind, err := envelopes(rows)
		if err != nil {
			return err
		}
		for _, b := range behind {
			if spec, _ := message.SpecOf(b.Kind); spec.Safe {
				continue
			}
			if _, err := s.tx.Exec(ctx, `UPDATE x_out SET state = 'held' WHERE peer = $1 AND epoch = $2 AND seq = $3`,
				string(s.peer.org), int64(b.Epoch), int64(b.Seq)); err != nil {
				return err
			}
			if err := hold(ctx, s.tx, "x_out_hold", "out_stuck", b); err != nil {
				return err
			}
		}
	}
	return nil
}

// renumber gives a message a number of a new epoch: the peer has another message under its number, so our database is
// a restored copy that gave the number a second time.
func (s *settlement) renumber(ctx context.Context, e *message.Envelope) error {
	var epoch, seq int64
	if err := s.tx.QueryRow(ctx, `UPDATE x_peer SET
		next_seq = CASE WHEN out_epoch > $2 THEN next_seq + 1 ELSE 2 END,
		out_epoch = CASE WHEN out_epoch > $2 THEN out_epoch ELSE $2 + 1 END
		WHERE peer = $1 RETURNING out_epoch, next_seq - 1`, string(s.peer.org), int64(e.Epoch)).Scan(&epoch, &seq); err != nil {
		return err
	}
	if _, err := s.tx.Exec(ctx, `DELETE FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3`,
		string(s.peer.org), int64(e.Epoch), int64(e.Seq)); err != nil {
		return err
	}
	if err := unhold(ctx, s.tx, "x_out_hold", "out_stuck", e); err != nil {
		return err
	}
	again := *e
	again.Epoch, again.Seq, again.Attempt = uint64(epoch), uint64(seq), 1
	if err := again.Seal(); err != nil {
		return err
	}
	s.x.addOut(s.tx, &again, stateReady)
	s.tx.OnCommit(s.peer.bell.Ring)
	return nil
}
