package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// codeRenumbered is the reason of a message that its sender offers under the same number of a later epoch now.
const codeRenumbered = "renumbered"

// mostEpochs is through how many earlier epochs a message is looked for. A sender begins one each time that it was restored.
const mostEpochs = 50

const (
	selectEpochBefore = `SELECT epoch, seq FROM x_in WHERE peer = $1 AND node = $2 AND epoch < $3 ORDER BY epoch DESC, seq DESC LIMIT 1`
	selectEpochAfter  = `SELECT epoch, seq FROM x_in WHERE peer = $1 AND node = $2 AND epoch > $3 ORDER BY epoch, seq LIMIT 1`
)

// formerOf finds what was decided about messages under their numbers of earlier epochs, before their sender moved them
// (renumber.go). They are told by what stays the same through all attempts. Only a sender that was restored from a copy has such.
func (x *Exchange) formerOf(ctx context.Context, tx *sqlstore.Tx, head message.Head, part []*message.Envelope, known map[message.ID]inRow) (map[message.ID]former, error) {
	var fresh []*message.Envelope
	var from uint64
	epoch := uint64(1)
	for _, e := range part {
		if _, ok := known[e.ID]; ok || e.Epoch == 1 {
			continue
		}
		if from == 0 || e.Seq < from {
			from = e.Seq
		}
		epoch, fresh = max(epoch, e.Epoch), append(fresh, e)
	}
	found := map[message.ID]former{}
	for range mostEpochs {
		if len(fresh) == 0 || epoch == 1 {
			break
		}
		var before, last int64
		err := tx.QueryRow(ctx, selectEpochBefore, string(head.Sender), head.Node, int64(epoch)).Scan(&before, &last)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("couldn't look for earlier epochs: %w", err)
		}
		epoch = uint64(before)
		if uint64(last) < from {
			continue
		}
		var moved []*message.Envelope // as they would have been
		for _, e := range fresh {
			if e.Epoch > epoch && e.Seq <= uint64(last) {
				as := *e
				as.Epoch = epoch
				moved = append(moved, &as)
			}
		}
		rows, err := x.knownOf(ctx, tx, head, moved)
		if err != nil {
			return nil, err
		}
		for _, e := range fresh {
			at := e.ID
			at.Epoch = epoch
			if _, later := found[e.ID]; later || e.Epoch <= epoch {
				continue
			}
			if row, ok := rows[at]; ok && row.isAttemptAt(e) {
				found[e.ID] = former{at, row}
			}
		}
	}
	return found, nil
}

// former is a message under its number of an earlier epoch.
type former struct {
	id message.ID
	inRow
}

// carry decides on a message that is known under its number of an earlier epoch. What it came to there, it has come to: it
// is not applied twice. What had not ended there is decided upon anew, also what was thought lost, or was closed because of
// that.
func (in *intake) carry(ctx context.Context, e *message.Envelope, hash message.Hash, was former) (*messagepb.Verdict, error) {
	lost := was.code == codeOrphan
	if !lost && !open(was.Outcome) && !parked(was.Outcome) {
		if err := in.record(ctx, e, hash, in.id, false, was.Outcome, Reject(was.code, was.ja, was.en)); err != nil {
			return nil, err
		}
		return verdict(e, message.Duplicate, was.code, was.ja, was.en, was.Outcome), nil
	}
	// The row stays, so that what is still on the way of the message under its earlier number is a duplicate.
	at := []any{string(was.id.Sender), int64(was.id.Epoch), int64(was.id.Seq)}
	if _, err := in.tx.Exec(ctx, `UPDATE x_in SET outcome = 'withdrawn', envelope = $5, code = $6, reason_ja = $7, reason_en = $8, decided_at = $9
		WHERE peer = $1 AND epoch = $2 AND seq = $3 AND node = $4`, append(at[:3:3], was.id.Node, []byte{}, codeRenumbered,
		"送信側がこの電文に新しい番号を付けました。判定は "+e.ID.String()+" にあります。",
		"its sender has numbered this message anew: what became of it is with "+e.ID.String(), in.tx.Now())...); err != nil {
		return nil, fmt.Errorf("couldn't carry %s over: %w", was.id, err)
	}
	if spec, _ := message.SpecOf(e.Kind); !lost && !spec.Safe {
		if err := unhold(ctx, in.tx, "x_in_hold", "in_stuck", was.stored); err != nil {
			return nil, err
		}
	}
	if _, err := in.tx.Exec(ctx, `UPDATE x_note SET epoch = $4 WHERE dir = 'in' AND peer = $1 AND epoch = $2 AND seq = $3`, append(at[:3:3], int64(e.Epoch))...); err != nil {
		return nil, err
	}
	// What a person proposed was about a decision that is made anew.
	if _, err := in.tx.Exec(ctx, `DELETE FROM x_proposal WHERE dir = 'in' AND peer = $1 AND epoch = $2 AND seq = $3`, at...); err != nil {
		return nil, err
	}
	in.x.ringParked(in.tx)
	return in.decideOn(ctx, e, hash, false)
}

// late tells whether a message that was never seen has a number that its sender left behind: it has begun a later epoch with a
// number not above it. What is so was on its way since before, and those that its sender sent instead may be applied. When its
// sender has it all the same, it comes again in the epoch of then.
func (in *intake) late(ctx context.Context, e *message.Envelope) (bool, error) {
	for epoch, n := int64(e.Epoch), 0; n < mostEpochs; n++ {
		var first int64
		err := in.tx.QueryRow(ctx, selectEpochAfter, string(e.Sender), e.Node, epoch).Scan(&epoch, &first)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("couldn't look for later epochs: %w", err)
		}
		if uint64(first) <= e.Seq {
			return true, nil
		}
	}
	return false, nil
}
