package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The mark of a peer's stream is the highest place that was seen of it. Numbers before it that were not seen are kept as
// holes: the sender holds their messages back, behind others with the same key. So mark, holes and what is stuck
// together say exactly what has been applied at a moment, without looking through the inbox.

// saw moves the mark to a message that is seen for the first time, or fills the hole that it had left.
func (in *intake) saw(ctx context.Context, e *message.Envelope) error {
	peer, at := string(e.Sender), place{e.Epoch, e.Seq}
	if !in.mark.before(at) {
		if err := in.tx.Flush(ctx); err != nil { // the hole may have been collected a moment ago
			return err
		}
		return fillHole(ctx, in.tx, peer, int64(e.Seq))
	}
	switch {
	case e.Seq > in.mark.seq+1:
		in.tx.Collect("x_in_hole", "peer, from_seq, to_seq", peer, int64(in.mark.seq+1), int64(e.Seq-1))
	case e.Seq <= in.mark.seq:
		// A later epoch with a smaller number: its sender was restored from a copy, and what it had numbered from here on is
		// lost. What it has of older epochs has smaller numbers.
		if err := in.tx.Flush(ctx); err != nil {
			return err
		}
		if _, err := in.tx.Exec(ctx, `DELETE FROM x_in_hole WHERE peer = $1 AND from_seq >= $2`, peer, int64(e.Seq)); err != nil {
			return err
		}
		if _, err := in.tx.Exec(ctx, `UPDATE x_in_hole SET to_seq = $2 WHERE peer = $1 AND to_seq > $2`, peer, int64(e.Seq-1)); err != nil {
			return err
		}
	}
	in.mark = at
	return nil
}

func fillHole(ctx context.Context, tx *sqlstore.Tx, peer string, seq int64) error {
	var from, to int64
	err := tx.QueryRow(ctx, `SELECT from_seq, to_seq FROM x_in_hole WHERE peer = $1 AND from_seq <= $2 ORDER BY from_seq DESC LIMIT 1`, peer, seq).
		Scan(&from, &to)
	if errors.Is(err, sql.ErrNoRows) || err == nil && to < seq {
		return nil
	}
	if err != nil {
		return fmt.Errorf("couldn't read what was not seen of %s: %w", peer, err)
	}
	if from == seq {
		_, err = tx.Exec(ctx, `DELETE FROM x_in_hole WHERE peer = $1 AND from_seq = $2`, peer, from)
	} else {
		_, err = tx.Exec(ctx, `UPDATE x_in_hole SET to_seq = $3 WHERE peer = $1 AND from_seq = $2`, peer, from, seq-1)
	}
	if err == nil && seq < to {
		_, err = tx.Exec(ctx, `INSERT INTO x_in_hole(peer, from_seq, to_seq) VALUES ($1, $2, $3)`, peer, seq+1, to)
	}
	return err
}
