package exchange

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// A stored message is damaged when its bytes can no longer be read, or are those of another message: a disk, or a hand,
// has changed them. What else its row says is enough to park it, to hold for its keys what comes behind it, and to withdraw
// or close it: nothing is lost but what it carried.

const codeDamaged = "damaged"

var errDamaged = plain.Bad("act",
	"保存した電文の内容が壊れているため、この方法では解決できません。送信側で取り下げ、同じ内容を改めて送ってください。",
	"the stored message is damaged, so this act cannot be chosen: withdraw it at the sender, and send the same anew")

// errDamagedHere refuses an earlier attempt of a message whose later one is damaged at the receiver.
var errDamagedHere = Reject(codeDamaged,
	"この電文の後の訂正は受け取っていますが、保存したものが壊れて読めません。送信側で、いま送るべき内容に訂正して再送してください。",
	"a later correction of this message had come, and what was kept of it is damaged: correct it at the sender to what is to be sent now")

// isDamaged tells whether an envelope was made of the rest of a damaged row.
func isDamaged(e *message.Envelope) bool { return len(e.Raw) == 0 }

// whole reads the bytes of the row of one message; nil: they are damaged.
func whole(raw []byte, id message.ID, attempt int64) *message.Envelope {
	e, err := message.OpenEnvelope(raw)
	if err != nil || e.ID != id || int64(e.Attempt) != attempt {
		return nil
	}
	return e
}

// sameKeys tells whether another attempt has the keys of the stored one. Of a damaged one it is known which keys it holds,
// though not their order; a safe one holds none.
func sameKeys(stored, e *message.Envelope) bool {
	if !isDamaged(stored) {
		return slices.Equal(stored.Keys, e.Keys)
	}
	spec, _ := message.SpecOf(stored.Kind)
	return spec.Safe || slices.Equal(slices.Compact(slices.Sorted(slices.Values(stored.Keys))), slices.Compact(slices.Sorted(slices.Values(e.Keys))))
}

// outID names a message of ours to a peer.
func (x *Exchange) outID(peer message.Org, at place) message.ID {
	return message.ID{Sender: x.cfg.Self, Node: x.cfg.Node, Epoch: at.epoch, Receiver: peer, Seq: at.seq}
}

// envelopes reads the rows of a query of epoch, seq, attempt and envelope, and tells which are damaged.
func envelopes(rows *sqlstore.Rows, id func(place) message.ID) (all []*message.Envelope, damaged []place, err error) {
	defer rows.Close()
	for rows.Next() {
		var at place
		var attempt int64
		var raw []byte
		if err := rows.Scan(&at.epoch, &at.seq, &attempt, &raw); err != nil {
			return nil, nil, err
		}
		if e := whole(raw, id(at), attempt); e != nil {
			all = append(all, e)
		} else {
			damaged = append(damaged, at)
		}
	}
	return all, damaged, rows.Err()
}

const (
	selectRestOut = `SELECT attempt, kind, key1, trace, created_at FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3`
	selectMore    = `SELECT skey FROM x_out_more WHERE peer = $1 AND epoch = $2 AND seq = $3 ORDER BY skey`
	selectRestIn  = `SELECT attempt, kind, key1, trace, created_at FROM x_in WHERE peer = $1 AND epoch = $2 AND seq = $3 AND node = $4`
	selectKeysIn  = `SELECT skey FROM x_in_hold WHERE peer = $1 AND epoch = $2 AND seq = $3 ORDER BY skey`
)

// rest is what the row of a damaged message still says. Of its body it knows nothing.
func (x *Exchange) rest(ctx context.Context, tx *sqlstore.Tx, id message.ID) (*message.Envelope, error) {
	dir, peer := x.side(id)
	row, more, args := selectRestOut, selectMore, []any{peer, int64(id.Epoch), int64(id.Seq)}
	rowArgs := args
	if dir == "in" {
		row, more, rowArgs = selectRestIn, selectKeysIn, append(args[:3:3], id.Node)
	}
	e := &message.Envelope{ID: id}
	var key1 string
	err := tx.QueryRow(ctx, row, rowArgs...).Scan(&e.Attempt, &e.Kind, &key1, &e.Trace, sqlstore.Time(&e.CreatedAt))
	if err != nil {
		return nil, err
	}
	keys, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, k *string) error { return r.Scan(k) }, more, args...)
	if err != nil {
		return nil, err
	}
	if key1 != "" {
		e.Keys = append(e.Keys, key1)
	}
	for _, k := range keys {
		if k != key1 {
			e.Keys = append(e.Keys, k)
		}
	}
	return e, nil
}

// parkDamaged parks damaged messages of ours that are in a state, to be sent or held. What shares their keys waits for
// them: order holds behind what was lost, too.
func (x *Exchange) parkDamaged(ctx context.Context, tx *sqlstore.Tx, peer message.Org, damaged []place, state string) error {
	if len(damaged) > 0 {
		x.ringParked(tx)
	}
	for _, at := range damaged {
		x.cfg.Log.ErrorContext(ctx, "a stored message is damaged: parked", "message", x.outID(peer, at).String())
		n, err := tx.Exec(ctx, `UPDATE x_out SET state = 'parked', code = $4, reason_ja = $5, reason_en = $6, decided_at = $7
			WHERE peer = $1 AND epoch = $2 AND seq = $3 AND state = $8`, string(peer), int64(at.epoch), int64(at.seq), codeDamaged,
			"保存した電文の内容が壊れていて読めません。この電文を取り下げ、同じ内容を改めて送ってください。",
			"the stored message is damaged and cannot be read: withdraw it, and send the same anew", tx.Now(), state)
		if err != nil {
			return err
		}
		if n == 0 || state == stateHeld { // what is held holds already
			continue
		}
		e, err := x.rest(ctx, tx, x.outID(peer, at))
		if err != nil {
			return fmt.Errorf("couldn't read what is left of a damaged message: %w", err)
		}
		if _, err := x.holdBehind(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}
