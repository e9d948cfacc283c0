package exchange

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

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

// The conditions of the partial indexes x_out_stuck and x_in_stuck, letter for letter: SQLite uses a partial index only
// for a query that repeats its condition, and would else read all messages that were ever sent.
const (
	stuckOut = `state IN ('parked', 'held', 'deferred')`
	stuckIn  = `outcome IN ('rejected', 'gap', 'held', 'deferred')`
)

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
	for ended := []*message.Envelope{e}; len(ended) > 0; ended = ended[1:] {
		behind, damaged, err := x.heldBehind(ctx, tx, ended[0])
		if err != nil {
			return err
		}
		if err := x.parkDamaged(ctx, tx, e.Receiver, damaged, stateHeld); err != nil {
			return err
		}
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
			ended = append(ended, h)
		}
	}
	tx.OnCommit(x.peers[e.Receiver].bell.Ring)
	return nil
}

// place is where a message stands in its stream.
type place struct{ epoch, seq uint64 }

func (p place) before(q place) bool { return p.epoch < q.epoch || p.epoch == q.epoch && p.seq < q.seq }

// holdBehind writes down that e is stuck, and holds the messages behind it that are ready, or put off, and share a key with
// it, or with one that is held here, and so on: what is held is not offered, so the receiver cannot hold what waits for it.
// It returns what it held. (Put off is one behind e only when its receiver lost e, which was applied, with its database.)
func (x *Exchange) holdBehind(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope) ([]message.ID, error) {
	// What protects a person waits for nothing, and nothing waits for it.
	if spec, _ := message.SpecOf(e.Kind); spec.Safe || len(e.Keys) == 0 {
		return nil, nil
	}
	if err := hold(ctx, tx, "x_out_hold", "out_stuck", e); err != nil {
		return nil, err
	}
	var held []message.ID
	looked := map[string]place{} // keys that were looked for, and from where
	for work := []*message.Envelope{e}; len(work) > 0; work = work[1:] {
		at := place{work[0].Epoch, work[0].Seq}
		for _, k := range work[0].Keys {
			if from, done := looked[k]; done && !at.before(from) {
				continue
			}
			looked[k] = at
			behind, err := x.readyBehind(ctx, tx, work[0], k)
			if err != nil {
				return nil, err
			}
			for _, b := range behind {
				if spec, _ := message.SpecOf(b.Kind); spec.Safe {
					continue
				}
				if _, err := tx.Exec(ctx, `UPDATE x_out SET state = 'held' WHERE peer = $1 AND epoch = $2 AND seq = $3`,
					string(b.Receiver), int64(b.Epoch), int64(b.Seq)); err != nil {
					return nil, err
				}
				if err := hold(ctx, tx, "x_out_hold", "out_stuck", b); err != nil {
					return nil, err
				}
				held = append(held, b.ID)
				work = append(work, b)
			}
		}
	}
	return held, nil
}

const (
	selectReadyBehind = `SELECT epoch, seq, attempt, envelope FROM x_out WHERE peer = $1 AND key1 = $2 AND state IN ('ready', 'deferred')
		AND (epoch > $3 OR (epoch = $3 AND seq > $4))`
	// CROSS JOIN makes SQLite begin with the small table.
	selectReadyBehindMore = `SELECT o.epoch, o.seq, o.attempt, o.envelope FROM x_out_more m CROSS JOIN x_out o WHERE m.peer = $1 AND m.skey = $2
		AND (m.epoch > $3 OR (m.epoch = $3 AND m.seq > $4)) AND o.peer = m.peer AND o.epoch = m.epoch AND o.seq = m.seq AND o.state IN ('ready', 'deferred')`
	selectHeldBehind = `SELECT h.epoch, h.seq, o.attempt, o.envelope FROM x_out_hold h CROSS JOIN x_out o
		WHERE o.peer = h.peer AND o.epoch = h.epoch AND o.seq = h.seq AND h.peer = $1 AND h.skey = $2 AND o.state = 'held'
		AND (h.epoch > $3 OR (h.epoch = $3 AND h.seq > $4))`
)

// readyBehind returns the messages after e with a key that are ready to be sent, or put off, in order. It leaves out what is
// damaged: that is parked when its turn comes.
func (x *Exchange) readyBehind(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope, key string) ([]*message.Envelope, error) {
	var behind []*message.Envelope
	for _, query := range []string{selectReadyBehind, selectReadyBehindMore} {
		rows, err := tx.Query(ctx, query, string(e.Receiver), key, int64(e.Epoch), int64(e.Seq))
		if err != nil {
			return nil, fmt.Errorf("couldn't find what comes behind: %w", err)
		}
		found, _, err := envelopes(rows, func(at place) message.ID { return x.outID(e.Receiver, at) })
		if err != nil {
			return nil, err
		}
		behind = append(behind, found...)
	}
	inOrder(behind)
	return behind, nil
}

func inOrder(es []*message.Envelope) {
	slices.SortFunc(es, func(a, b *message.Envelope) int {
		return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Seq, b.Seq))
	})
}

// heldBehind returns the held messages after e that share a key with it, in order, and the places of those that are
// damaged.
func (x *Exchange) heldBehind(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope) (found []*message.Envelope, damaged []place, err error) {
	seen := map[message.ID]bool{}
	for _, k := range e.Keys {
		rows, err := tx.Query(ctx, selectHeldBehind, string(e.Receiver), k, int64(e.Epoch), int64(e.Seq))
		if err != nil {
			return nil, nil, fmt.Errorf("couldn't find what waits: %w", err)
		}
		got, bad, err := envelopes(rows, func(at place) message.ID { return x.outID(e.Receiver, at) })
		if err != nil {
			return nil, nil, err
		}
		damaged = append(damaged, bad...)
		for _, h := range got {
			if !seen[h.ID] {
				seen[h.ID] = true
				found = append(found, h)
			}
		}
	}
	// Each must be looked at after those before it, whichever key led to it.
	inOrder(found)
	return found, damaged, nil
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

// afterRestore is how far attempts jump when a message was numbered before our database was restored from a copy: the
// database that was lost may have made attempts that the copy does not remember.
const afterRestore = 1000

// replaceBody gives a message that has not ended another payload: same sequence, next attempt.
func (x *Exchange) replaceBody(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope, p message.Payload) error {
	body, err := message.Encode(p)
	if err != nil {
		return err
	}
	var epoch, was int64
	if err := tx.QueryRow(ctx, `SELECT p.out_epoch, o.bytes FROM x_peer p CROSS JOIN x_out o WHERE p.peer = $1 AND o.peer = $1 AND o.epoch = $2 AND o.seq = $3`,
		string(e.Receiver), int64(e.Epoch), int64(e.Seq)).Scan(&epoch, &was); err != nil {
		return err
	}
	e.Body, e.Kind, e.Attempt = body, p.Kind(), e.Attempt+1
	if e.Epoch < uint64(epoch) && e.Attempt < afterRestore {
		e.Attempt += afterRestore
	}
	if err := e.Seal(); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE x_out SET attempt = $4, kind = $5, bytes = $6, envelope = $7 WHERE peer = $1 AND epoch = $2 AND seq = $3`,
		string(e.Receiver), int64(e.Epoch), int64(e.Seq), int64(e.Attempt), string(e.Kind), weight(e.Body), e.Raw); err != nil {
		return err
	}
	return count(ctx, tx, "out_open_bytes", string(e.Receiver), weight(e.Body)-was)
}
