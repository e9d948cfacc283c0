package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// A gap is a message that builds on another that never came. Changes carry the full state, so nothing has to be sent
// but on which state to build: the receiver says what it holds, in the transaction that finds the gap, and the sender makes
// the parked message build on that and offers it again. What does not help mostGrounded times is left to people.

const mostGrounded = 3

// noteGrounded is the act under which people see that a message was offered again so.
const noteGrounded = "grounded"

// Holding adds to the refusal of a message that builds on a missing one what the receiver holds under a key of a book, the
// zero Hash for nothing: the exchange asks the sender to build on that.
func (r *Rejected) Holding(book message.Book, key string, holds message.Hash) *Rejected {
	r.holds = &message.SnapshotRequest{Book: book, Key: key, Holds: holds}
	return r
}

// asks is the message by which the receiver of e says what it holds, when a rule has told.
func (r *Rejected) asks(e *message.Envelope) []message.Out {
	if r.holds == nil {
		return nil
	}
	q := *r.holds
	q.Epoch, q.Seq = e.Epoch, e.Seq
	return []message.Out{{To: e.Sender, Body: q, Trace: e.Trace}}
}

// errNotParkedYet puts a request off that was faster than the receipt that tells of the gap.
var errNotParkedYet = errors.New("the receipt on the message that the request is about has not been settled yet")

// grounding puts the rule for requests that are about a message in front of the organisation's own, which answers the
// others and those to which it does not apply.
func (x *Exchange) grounding(own Route, has bool) Route {
	same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	r := On(same, func(ctx context.Context, tx *sqlstore.Tx, d Delivery, n message.SnapshotRequest) ([]message.Out, error) {
		if n.Seq != 0 {
			done, err := x.ground(ctx, tx, d.Sender, n)
			if done || err != nil {
				return nil, err
			}
		}
		if !has {
			return nil, nil
		}
		return own.rule(ctx, tx, d, n)
	})
	r.wait = own.wait
	return r
}

// ground makes a parked message of ours build on what its receiver holds. done: nothing else is to be done about it.
func (x *Exchange) ground(ctx context.Context, tx *sqlstore.Tx, peer message.Org, n message.SnapshotRequest) (done bool, err error) {
	var state, outcome string
	var grounded int64
	err = tx.QueryRow(ctx, `SELECT state, outcome, (SELECT COUNT(*) FROM x_note t WHERE t.dir = 'out' AND t.peer = o.peer AND t.epoch = o.epoch
		AND t.seq = o.seq AND t.act = $4) FROM x_out o WHERE peer = $1 AND epoch = $2 AND seq = $3`,
		string(peer), int64(n.Epoch), int64(n.Seq), noteGrounded).Scan(&state, &outcome, &grounded)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return true, nil // lost when our database was restored from a copy: its receiver learns of that by itself
	case err != nil:
		return false, fmt.Errorf("couldn't read the message that the request is about: %w", err)
	case state == stateReady || state == stateDeferred:
		return false, errNotParkedYet
	case state != stateParked || outcome != string(message.Gap) || grounded >= mostGrounded:
		return true, nil
	}
	id := message.ID{Sender: x.cfg.Self, Node: x.cfg.Node, Epoch: n.Epoch, Receiver: peer, Seq: n.Seq}
	e, err := x.parkedRow(ctx, tx, id)
	if err != nil {
		return false, err
	}
	was, err := message.Decode(e.Kind, e.Body)
	if err != nil || isDamaged(e) {
		return true, nil // people see it already
	}
	g, ok := was.(message.Grounded)
	if !ok {
		return false, nil
	}
	on, ok := g.BuildOn(n.Holds)
	if !ok {
		return true, nil // it does, and was refused all the same
	}
	if err := x.replaceBody(ctx, tx, e, on); err != nil {
		return false, err
	}
	// What a person proposed was about the message as it was.
	if _, err := tx.Exec(ctx, `DELETE FROM x_proposal WHERE dir = 'out' AND peer = $1 AND epoch = $2 AND seq = $3`,
		string(peer), int64(n.Epoch), int64(n.Seq)); err != nil {
		return false, err
	}
	if err := x.note(ctx, tx, id, noteRow{author: x.cfg.Self, act: noteGrounded, by: "system",
		text: "受信側が持っている状態に続くように直し、自動で再送しました。 / Built on what the receiver holds, and sent again."}); err != nil {
		return false, err
	}
	return true, x.makeReady(ctx, tx, e)
}
