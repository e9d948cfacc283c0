package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The states of a message in the outbox.
const (
	stateReady     = "ready"     // to be sent
	stateDeferred  = "deferred"  // to be offered again at not_before
	stateParked    = "parked"    // refused: waits for a person
	stateHeld      = "held"      // waits for an earlier message with the same key
	stateApplied   = "applied"   // ended
	stateWithdrawn = "withdrawn" // ended
)

// A message is held while an earlier one that shares a key is stuck (parked, deferred, or held itself, so that
// waiting is transitive over messages with several keys). Both sides keep the keys of what is stuck, in tables of one
// shape, and so come to the same answer without asking each other.

// waitsForKey tells whether an earlier message that shares a key with e is stuck.
func waitsForKey(ctx context.Context, tx *sqlstore.Tx, table string, e *message.Envelope) (bool, error) {
	peer := other(table, e)
	for _, k := range e.Keys {
		var one int
		err := tx.QueryRow(ctx, `SELECT 1 FROM `+table+` WHERE peer = $1 AND skey = $2
			AND (epoch < $3 OR (epoch = $3 AND seq < $4)) LIMIT 1`, peer, k, int64(e.Epoch), int64(e.Seq)).Scan(&one)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return false, fmt.Errorf("couldn't look for messages that wait: %w", err)
		}
	}
	return false, nil
}

// hold writes down that e is stuck.
func hold(ctx context.Context, tx *sqlstore.Tx, table, counter string, e *message.Envelope) error {
	peer := other(table, e)
	var added int64
	for _, k := range e.Keys {
		n, err := tx.Exec(ctx, `INSERT INTO `+table+`(peer, skey, epoch, seq) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			peer, k, int64(e.Epoch), int64(e.Seq))
		if err != nil {
			return fmt.Errorf("couldn't hold the message's keys: %w", err)
		}
		added += n
	}
	return count(ctx, tx, counter, peer, added)
}

// unhold takes back what hold wrote.
func unhold(ctx context.Context, tx *sqlstore.Tx, table, counter string, e *message.Envelope) error {
	peer := other(table, e)
	var gone int64
	for _, k := range e.Keys {
		n, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE peer = $1 AND skey = $2 AND epoch = $3 AND seq = $4`,
			peer, k, int64(e.Epoch), int64(e.Seq))
		if err != nil {
			return fmt.Errorf("couldn't release the message's keys: %w", err)
		}
		gone += n
	}
	return count(ctx, tx, counter, peer, -gone)
}

func count(ctx context.Context, tx *sqlstore.Tx, counter, peer string, by int64) error {
	if by == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE x_peer SET `+counter+` = `+counter+` + $2 WHERE peer = $1`, peer, by)
	return err
}

// other is the organisation on the far side of the table's direction.
func other(table string, e *message.Envelope) string {
	if table == "x_out_hold" {
		return string(e.Receiver)
	}
	return string(e.Sender)
}

// release ends the wait of the messages behind e, which has ended. In order, each that waits for nothing else goes on;
// what waited for it is looked at in turn. withdrawn is e's payload when it was withdrawn, so that what built on it can be
// re-based; nil otherwise.
func (x *Exchange) release(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope, withdrawn message.Payload) error {
	if err := unhold(ctx, tx, "x_out_hold", "out_stuck", e); err != nil {
		return err
	}
	rows := []*message.Envelope{e}
	for len(rows) > 0 {
		behind, err := x.heldBehind(ctx, tx, rows[0])
		if err != nil {
			return err
		}
		rows = rows[1:]
		for _, h := range behind {
			if withdrawn != nil {
				if err := x.rebase(ctx, tx, h, withdrawn); err != nil {
					return err
				}
			}
			waits, err := waitsForKey(ctx, tx, "x_out_hold", h)
			if err != nil {
				return err
			}
			if waits {
				continue
			}
			if _, err := tx.Exec(ctx, `UPDATE x_out SET state = 'ready' WHERE peer = $1 AND epoch = $2 AND seq = $3 AND state = 'held'`,
				string(h.Receiver), int64(h.Epoch), int64(h.Seq)); err != nil {
				return err
			}
			if err := unhold(ctx, tx, "x_out_hold", "out_stuck", h); err != nil {
				return err
			}
			rows = append(rows, h)
		}
	}
	tx.OnCommit(x.peers[e.Receiver].bell.Ring)
	return nil
}

// heldBehind returns the held messages after e that share a key with it, in order.
func (x *Exchange) heldBehind(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope) ([]*message.Envelope, error) {
	var found []*message.Envelope
	seen := map[message.ID]bool{}
	for _, k := range e.Keys {
		rows, err := tx.Query(ctx, `SELECT o.envelope FROM x_out_hold h JOIN x_out o ON o.peer = h.peer AND o.epoch = h.epoch AND o.seq = h.seq
			WHERE h.peer = $1 AND h.skey = $2 AND o.state = 'held' AND (h.epoch > $3 OR (h.epoch = $3 AND h.seq > $4))
			ORDER BY h.epoch, h.seq`, string(e.Receiver), k, int64(e.Epoch), int64(e.Seq))
		if err != nil {
			return nil, fmt.Errorf("couldn't find what waits: %w", err)
		}
		got, err := envelopes(rows)
		if err != nil {
			return nil, err
		}
		for _, h := range got {
			if !seen[h.ID] {
				seen[h.ID] = true
				found = append(found, h)
			}
		}
	}
	return found, nil
}

// rebase makes a held message build on what the withdrawn one had built on. Its bytes change, so it takes the next
// attempt.
func (x *Exchange) rebase(ctx context.Context, tx *sqlstore.Tx, h *message.Envelope, withdrawn message.Payload) error {
	p, err := message.Decode(h.Kind, h.Body)
	if err != nil {
		return nil // it will be refused by its receiver, and shown; it must not stop this resolution
	}
	r, ok := p.(message.Rebaser)
	if !ok {
		return nil
	}
	rebased, ok := r.Rebase(withdrawn)
	if !ok {
		return nil
	}
	return x.replaceBody(ctx, tx, h, rebased)
}

// replaceBody gives a message that has not ended another payload: same sequence, next attempt.
func (x *Exchange) replaceBody(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope, p message.Payload) error {
	body, err := message.Encode(p)
	if err != nil {
		return err
	}
	was := weight(e.Body)
	e.Body, e.Kind, e.Attempt = body, p.Kind(), e.Attempt+1
	if err := e.Seal(); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE x_out SET attempt = $4, kind = $5, bytes = $6, envelope = $7 WHERE peer = $1 AND epoch = $2 AND seq = $3`,
		string(e.Receiver), int64(e.Epoch), int64(e.Seq), int64(e.Attempt), string(e.Kind), weight(e.Body), e.Raw); err != nil {
		return err
	}
	return count(ctx, tx, "out_open_bytes", string(e.Receiver), weight(e.Body)-was)
}

func envelopes(rows *sqlstore.Rows) ([]*message.Envelope, error) {
	defer rows.Close()
	var all []*message.Envelope
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, err
		}
		e, err := message.OpenEnvelope(raw)
		if err != nil {
			return nil, fmt.Errorf("a stored message can't be read: %w", err)
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
