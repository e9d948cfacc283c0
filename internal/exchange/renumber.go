package exchange

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// A restored sender may find out late that it is one: by a number that it gave a second time, after others behind it were
// decided upon. Whatever of ours has not ended from that number on moves to the new epoch (here), whether it was
// decided upon or not. So of what a sender knows and has not seen the end of, none has a smaller number in a later epoch, and
// its peer can tell by the numbers alone what the sender lost (orphan.go). What the peer had decided about a message
// under its number from before goes with it (carry.go): it is not taken twice, nor for another.

// The conditions repeat those of the partial indexes.
const (
	selectRenumber      = `SELECT epoch, seq, attempt, envelope FROM x_out WHERE peer = $1 AND epoch < $2 AND seq >= $3 AND `
	selectRenumberReady = selectRenumber + `state = 'ready'`
	selectRenumberStuck = selectRenumber + stuckOut
	selectFirstOf       = `SELECT seq FROM x_out WHERE peer = $1 AND epoch = $2 ORDER BY seq LIMIT 1`
)

// renumber moves our messages to a peer that have not ended, from a number on, to an epoch that is later than theirs. Numbers
// go on through the epochs, so their order stays as it is. What the peer had refused is offered again: nobody there knows it by
// its new number.
func (x *Exchange) renumber(ctx context.Context, tx *sqlstore.Tx, peer message.Org, epoch, from uint64) error {
	for _, query := range []string{selectRenumberReady, selectRenumberStuck} {
		rows, err := tx.Query(ctx, query, string(peer), int64(epoch), int64(from))
		if err != nil {
			return fmt.Errorf("couldn't find what is to be numbered anew: %w", err)
		}
		move, damaged, err := envelopes(rows, func(at place) message.ID { return x.outID(peer, at) })
		if err != nil {
			return err
		}
		for _, at := range damaged {
			e, err := x.rest(ctx, tx, x.outID(peer, at))
			if err != nil {
				return fmt.Errorf("couldn't read what is left of a damaged message: %w", err)
			}
			move = append(move, e)
		}
		for _, e := range move {
			if err := x.renumberOne(ctx, tx, e, epoch); err != nil {
				return fmt.Errorf("couldn't number %s anew: %w", e.ID, err)
			}
		}
		if len(move) > 0 && query == selectRenumberStuck {
			x.ringParked(tx)
		}
	}
	return nil
}

func (x *Exchange) renumberOne(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope, epoch uint64) error {
	at := []any{string(e.Receiver), int64(e.Epoch), int64(e.Seq), int64(epoch)}
	if isDamaged(e) { // it stays so, and parked if it is
		if _, err := tx.Exec(ctx, `UPDATE x_out SET epoch = $4 WHERE peer = $1 AND epoch = $2 AND seq = $3`, at...); err != nil {
			return err
		}
	} else {
		e.Epoch = epoch
		if err := e.Seal(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE x_out SET epoch = $4, envelope = $5, state = CASE WHEN state = 'parked' THEN 'ready' ELSE state END
			WHERE peer = $1 AND epoch = $2 AND seq = $3`, append(at[:4:4], e.Raw)...); err != nil {
			return err
		}
	}
	for _, table := range []string{"x_out_hold", "x_out_more"} {
		for _, k := range e.Keys {
			if _, err := tx.Exec(ctx, `UPDATE `+table+` SET epoch = $4 WHERE peer = $1 AND epoch = $2 AND seq = $3 AND skey = $5`, append(at[:4:4], k)...); err != nil {
				return err
			}
		}
	}
	for _, table := range []string{"x_note", "x_proposal"} {
		if _, err := tx.Exec(ctx, `UPDATE `+table+` SET epoch = $4 WHERE dir = 'out' AND peer = $1 AND epoch = $2 AND seq = $3`, at...); err != nil {
			return err
		}
	}
	return nil
}

// renumberAgain moves what ended once, and is sent again because its receiver lost it, to the epoch that it would have moved to
// had it not ended.
func (x *Exchange) renumberAgain(ctx context.Context, tx *sqlstore.Tx, peer message.Org) error {
	var present int64
	if err := tx.QueryRow(ctx, `SELECT out_epoch FROM x_peer WHERE peer = $1`, string(peer)).Scan(&present); err != nil {
		return err
	}
	if present == 1 {
		return nil
	}
	epochs, err := x.epochsTo(ctx, tx, peer, uint64(present))
	if err != nil {
		return err
	}
	for _, epoch := range epochs {
		var first int64
		if err := tx.QueryRow(ctx, selectFirstOf, string(peer), int64(epoch)).Scan(&first); err != nil {
			return err
		}
		if err := x.renumber(ctx, tx, peer, epoch, uint64(first)); err != nil {
			return err
		}
	}
	return nil
}
