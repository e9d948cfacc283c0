package exchange

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// inRow is what was decided before about a message.
type inRow struct {
	attempt uint32
	hash    message.Hash
	hashed  bool // the hash has not been damaged
	message.Outcome
	code, ja, en string
	createdAt    int64
	trace, key1  string
	batch        int64
	stored       *message.Envelope // of a message that is stuck; of a damaged one what is left
}

// sameAs tells whether e is the same message as the row, if perhaps another attempt at it. Time, trace and key stay the
// same through all attempts. A restored sender that gives a number again gives it at another time.
func (r inRow) sameAs(e *message.Envelope, hash message.Hash) bool {
	if r.attempt == 1 && e.Attempt == 1 && r.hashed {
		return r.hash == hash
	}
	return r.isAttemptAt(e)
}

// isAttemptAt tells whether e was made in the same instant as the row's message, by the same act, for the same person.
func (r inRow) isAttemptAt(e *message.Envelope) bool {
	return r.createdAt == e.CreatedAt.UnixMicro() && r.trace == e.Trace && r.key1 == firstKey(e.Keys)
}

// open outcomes may be decided anew when the same message is offered again.
func open(o message.Outcome) bool { return o == message.Held || o == message.Deferred }

// parked outcomes wait for a person, who answers with another attempt.
func parked(o message.Outcome) bool { return o == message.Rejected || o == message.Gap }

// knownOf reads what was decided before about messages of one batch.
func (x *Exchange) knownOf(ctx context.Context, tx *sqlstore.Tx, head message.Head, part []*message.Envelope) (map[message.ID]inRow, error) {
	known := map[message.ID]inRow{}
	type span struct{ from, to uint64 }
	spans := map[uint64]span{}
	for _, e := range part {
		s, ok := spans[e.Epoch]
		if !ok {
			s = span{e.Seq, e.Seq}
		}
		spans[e.Epoch] = span{min(s.from, e.Seq), max(s.to, e.Seq)}
	}
	for epoch, s := range spans {
		// Nearly always the numbers are consecutive and one look does; when they are far apart, one look at all between
		// could mean the whole inbox.
		if s.to-s.from < 4*message.MaxBatch {
			if err := x.lookUp(ctx, tx, head, epoch, s.from, s.to, known); err != nil {
				return nil, err
			}
			continue
		}
		for _, e := range part {
			if e.Epoch == epoch {
				if err := x.lookUp(ctx, tx, head, epoch, e.Seq, e.Seq, known); err != nil {
					return nil, err
				}
			}
		}
	}
	return known, nil
}

func (x *Exchange) lookUp(ctx context.Context, tx *sqlstore.Tx, head message.Head, epoch, from, to uint64, known map[message.ID]inRow) error {
	var damaged []message.ID
	rows, err := tx.Query(ctx, `SELECT seq, attempt, hash, outcome, code, reason_ja, reason_en, created_at, trace, key1, batch, envelope FROM x_in
		WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq BETWEEN $4 AND $5`,
		string(head.Sender), head.Node, int64(epoch), int64(from), int64(to))
	if err != nil {
		return fmt.Errorf("couldn't read the inbox: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq, attempt int64
		var hash, envelope []byte
		var r inRow
		if err := rows.Scan(&seq, &attempt, &hash, &r.Outcome, &r.code, &r.ja, &r.en, &r.createdAt, &r.trace, &r.key1, &r.batch, &envelope); err != nil {
			return err
		}
		id := message.ID{Sender: head.Sender, Node: head.Node, Epoch: epoch, Receiver: head.Receiver, Seq: uint64(seq)}
		r.attempt = uint32(attempt)
		if r.hashed = len(hash) == len(r.hash); r.hashed {
			r.hash = message.Hash(hash)
		}
		if len(envelope) > 0 {
			if r.stored = whole(envelope, id, attempt); r.stored == nil {
				damaged = append(damaged, id)
			}
		}
		known[id] = r
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, id := range damaged { // The message is offered again, and whole. What holds others are its keys.
		r := known[id]
		if r.stored, err = x.rest(ctx, tx, id); err != nil {
			return fmt.Errorf("couldn't read what is left of a damaged message: %w", err)
		}
		known[id] = r
	}
	return nil
}

// record writes the decision down, and the keys of what is stuck. batch is the one whose signature covers e.
func (in *intake) record(ctx context.Context, e *message.Envelope, hash message.Hash, batch int64, known bool, now message.Outcome, reason *Rejected) error {
	in.decided++
	if known || parked(now) {
		in.x.ringParked(in.tx)
	}
	spec, _ := message.SpecOf(e.Kind)
	ended := now == message.Applied || now == message.Withdrawn
	keep := []byte{}
	if !ended {
		keep = e.Raw
		in.stick(e)
		if err := in.whenWaiting(ctx, e); err != nil {
			return err
		}
	}
	at := in.tx.Now().UnixMicro()
	code, ja, en := clean(reason.Code, maxCode), clean(reason.JA, maxReason), clean(reason.EN, maxReason)
	if !known {
		// Nearly all are applied and have no more than this.
		columns := `peer, node, epoch, seq, attempt, kind, key1, trace, created_at, hash, batch, outcome, received_at, decided_at`
		values := []any{string(e.Sender), e.Node, int64(e.Epoch), int64(e.Seq), int64(e.Attempt), string(e.Kind), firstKey(e.Keys), e.Trace,
			e.CreatedAt.UnixMicro(), hash[:], batch, string(now), at, at}
		if !ended {
			columns += `, envelope, code, reason_ja, reason_en`
			values = append(values, keep, code, ja, en)
		}
		in.tx.Collect("x_in", columns, values...)
		if err := in.saw(ctx, e); err != nil {
			return err
		}
	} else if _, err := in.tx.Exec(ctx, `UPDATE x_in SET attempt = $5, kind = $6, hash = $7, batch = $8, envelope = $9, outcome = $10,
		code = $11, reason_ja = $12, reason_en = $13, decided_at = $14 WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq = $4`,
		string(e.Sender), e.Node, int64(e.Epoch), int64(e.Seq), int64(e.Attempt), string(e.Kind), hash[:], batch, keep,
		string(now), code, ja, en, at); err != nil {
		return fmt.Errorf("couldn't write the decision on %s: %w", e.ID, err)
	} else if e.Epoch < in.mark.epoch {
		// The hole that later epochs left at its number is none: they have no message of that number.
		if err := fillHole(ctx, in.tx, string(e.Sender), int64(e.Seq)); err != nil {
			return err
		}
	}
	// A safe message waits for nothing, and nothing waits for it.
	switch {
	case spec.Safe:
		return nil
	case !ended:
		return hold(ctx, in.tx, "x_in_hold", "in_stuck", e)
	case ended && known:
		return unhold(ctx, in.tx, "x_in_hold", "in_stuck", e)
	}
	return nil
}
