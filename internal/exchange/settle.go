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

// settle writes a receipt's verdicts into the outbox. It is the normal path and the recovery path: a verdict that was
// given before comes back as a duplicate, with what it came to. The receipt was checked, and is kept with what it says; told
// is up to which receipt the batch said that we hold them.
func (x *Exchange) settle(ctx context.Context, p *peer, batch ready, r *messagepb.Receipt, receipt *message.Receipt, told uint64) error {
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if err := stillTurn(ctx, tx, batch.turn); err != nil {
			return err
		}
		s := settlement{x: x, tx: tx, peer: p, decisions: int64(r.Decisions), held: map[message.ID]bool{}}
		for i, v := range r.Verdicts {
			e := batch.envelopes[i]
			if message.Outcome(v.Outcome) == message.Conflict {
				// Nothing behind it was decided upon.
				if err := s.newNumbers(ctx, e); err != nil {
					return err
				}
				break
			}
			if err := s.one(ctx, e, batch.again[i], v); err != nil {
				return err
			}
		}
		if err := s.flush(ctx); err != nil {
			return err
		}
		return p.holding.keep(ctx, tx, x, p, receipt, told)
	})
	if err != nil {
		p.mu.Lock()
		p.greeted = false // what we hold is read from the store again: the commit may have been done all the same
		p.mu.Unlock()
		return fmt.Errorf("couldn't write the verdicts of %s down: %w", p.org, err)
	}
	return nil
}

type settlement struct {
	x         *Exchange
	tx        *sqlstore.Tx
	peer      *peer
	decisions int64
	held      map[message.ID]bool // by this receipt
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
	case outcome == message.Applied && !again && !s.held[e.ID]:
		return s.applied(ctx, e)
	// A message that we withdrew may have been applied all the same: accepted by its receiver at the same moment.
	case outcome == message.Applied, outcome == message.Withdrawn:
		if err := s.write(ctx, e, string(outcome), v, 0); err != nil {
			return err
		}
		return s.ended(ctx, e)
	case outcome == message.Held:
		waits, err := waitsForKey(ctx, s.tx, "x_out_hold", e)
		if err != nil || waits {
			return errors.Join(err, s.stick(ctx, e, stateHeld, v))
		}
		// It waits there for a message that we lost when our database was restored from a copy, and whose end would not let it
		// go on here. So it is offered again now and then.
		return s.deferred(ctx, e, v)
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
	// Only upwards: when a restored peer says less than before, the next hello must still find the difference.
	_, err := s.tx.Exec(ctx, `UPDATE x_peer SET out_open = out_open - $2, out_open_bytes = out_open_bytes - $3,
		peer_decisions = CASE WHEN peer_decisions < $4 THEN $4 ELSE peer_decisions END WHERE peer = $1`,
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
	if state == stateDeferred && counted(v) {
		deferred = 1
	}
	n, err := s.tx.Exec(ctx, `UPDATE x_out SET state = $4, outcome = $5, code = $6, reason_ja = $7, reason_en = $8, decided_at = $9,
		decisions = $10, not_before = $11, tries = tries + $12 WHERE peer = $1 AND epoch = $2 AND seq = $3 AND state <> 'applied'`,
		string(s.peer.org), int64(e.Epoch), int64(e.Seq), state, clean(outcome, maxCode), clean(v.Code, maxCode), clean(v.ReasonJa, maxReason), clean(v.ReasonEn, maxReason), s.tx.Now().UnixMicro(),
		s.decisions, notBefore, deferred)
	if err == nil && n == 0 { // by another process: its end would be counted twice, or taken back by a verdict from before it
		err = fmt.Errorf("%s has been settled meanwhile", e.ID)
	}
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

// stick parks or holds a message, and holds those behind it that share a key. A message that people there accepted after
// this verdict is not parked but offered again.
func (s *settlement) stick(ctx context.Context, e *message.Envelope, state string, v *messagepb.Verdict) error {
	if state == stateParked && s.peer.offered.accepted(e.ID) {
		state = stateReady
	}
	if err := s.write(ctx, e, state, v, 0); err != nil {
		return err
	}
	if state == stateParked {
		s.x.ringParked(s.tx)
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
	wait := firstTurn
	if v.Code == codeWindowFull || v.Code == codeBehind {
		wait = lastPause
	}
	if v.Code == codeAwaits { // what is missing comes within seconds as a rule, and else when somebody has mended something
		wait = min(max(s.tx.Now().Sub(e.CreatedAt)/2, firstProbe), lastPause)
	}
	if counted(v) {
		if tries+1 >= s.x.cfg.Limits.DeferTimes {
			return s.stick(ctx, e, stateParked, v)
		}
		wait = deferPause(tries)
	}
	if err := s.write(ctx, e, stateDeferred, v, s.tx.Now().Add(wait).UnixMicro()); err != nil {
		return err
	}
	return s.holdBehind(ctx, e)
}

// lastPause is the longest pause before a deferred message is offered again.
const lastPause = 30 * time.Second

func deferPause(tries int64) time.Duration { return min(firstProbe<<min(tries, 20), lastPause) }

// counted tells whether a deferral says something about the message.
func counted(v *messagepb.Verdict) bool {
	return v.Code != codeSlowLane && v.Code != codeWindowFull && v.Code != codeBehind && v.Code != codeAwaits
}

func (s *settlement) holdBehind(ctx context.Context, e *message.Envelope) error {
	held, err := s.x.holdBehind(ctx, s.tx, e)
	for _, id := range held {
		s.held[id] = true
	}
	return err
}

// newNumbers starts a new epoch: the peer has another message under e's number, so our database is a restored copy that
// gave the number a second time. It gave those after it a second time too, and they move with it.
func (s *settlement) newNumbers(ctx context.Context, e *message.Envelope) error {
	s.x.cfg.Log.WarnContext(ctx, "a number was given a second time, our database was restored from a copy: new epoch", "message", e.ID.String())
	var epoch int64
	if err := s.tx.QueryRow(ctx, `UPDATE x_peer SET out_epoch = CASE WHEN out_epoch > $2 THEN out_epoch ELSE $2 + 1 END
		WHERE peer = $1 RETURNING out_epoch`, string(s.peer.org), int64(e.Epoch)).Scan(&epoch); err != nil {
		return err
	}
	s.tx.OnCommit(s.peer.bell.Ring)
	return s.x.renumber(ctx, s.tx, s.peer.org, uint64(epoch), e.Seq)
}
