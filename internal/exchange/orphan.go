package exchange

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// codeOrphan is the reason of a message that its sender lost when its database was restored from a copy.
const codeOrphan = "sender-restored"

// What tells a sender that was restored from a copy, and the messages that it lost by that. Its numbers go on through
// the epochs, so in what it knows and has not seen the end of, a later epoch never has a smaller number (renumber.go). A number
// that it gave a second time tells nothing yet: those behind it may be its own, sent and decided upon since.
const (
	lostByHello = `(epoch > $3 OR seq >= $4)` // it says that it will give this number next
	lostByOrder = `epoch < $3 AND seq >= $4`  // it gave this number in a later epoch
)

// The expression keeps SQLite from going through the whole inbox by its primary key instead of by what is stuck.
const selectStuckIn = `SELECT epoch, seq, attempt, envelope FROM x_in WHERE peer = $1 AND node || '' = $2 AND code <> $5 AND ` + stuckIn + ` AND `

// orphan parks what we have not applied of the messages that their sender lost: it will neither offer, correct nor
// withdraw them. They wait for a person here, who asks the sender, and what the sender sends from now on does not wait
// for them.
func (x *Exchange) orphan(ctx context.Context, tx *sqlstore.Tx, which string, peer message.Org, node string, epoch, seq uint64) error {
	rows, err := tx.Query(ctx, selectStuckIn+which, string(peer), node, int64(epoch), int64(seq), codeOrphan)
	if err != nil {
		return fmt.Errorf("couldn't find what the sender lost: %w", err)
	}
	id := func(at place) message.ID {
		return message.ID{Sender: peer, Node: node, Epoch: at.epoch, Receiver: x.cfg.Self, Seq: at.seq}
	}
	lost, damaged, err := envelopes(rows, id)
	if err != nil {
		return err
	}
	for _, at := range damaged {
		e, err := x.rest(ctx, tx, id(at))
		if err != nil {
			return err
		}
		lost = append(lost, e)
	}
	if len(lost) > 0 {
		x.ringParked(tx)
	}
	for _, e := range lost {
		if _, err := tx.Exec(ctx, `UPDATE x_in SET outcome = 'rejected', code = $5, reason_ja = $6, reason_en = $7, decided_at = $8
			WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq = $4`, string(peer), node, int64(e.Epoch), int64(e.Seq), codeOrphan,
			"送信側のデータベースが控えから戻され、この電文が失われました。送信側に問い合わせ、改めて送られるなら閉じてください。",
			"the sender's database was restored from a copy and has lost this message: ask the sender, and close it when it is sent anew",
			tx.Now()); err != nil {
			return err
		}
		if err := unhold(ctx, tx, "x_in_hold", "in_stuck", e); err != nil {
			return err
		}
	}
	// A decision like any other: when a copy of before is restored here, the sender finds that we know less than we did.
	return count(ctx, tx, "in_decisions", string(peer), int64(len(lost)))
}

// discard closes a message that its sender no longer knows.
func (x *Exchange) discard(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope) error {
	n, err := tx.Exec(ctx, `UPDATE x_in SET outcome = 'withdrawn', envelope = $5, decided_at = $6
		WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq = $4 AND code = $7`,
		string(e.Sender), e.Node, int64(e.Epoch), int64(e.Seq), []byte{}, tx.Now(), codeOrphan)
	if err == nil && n == 0 {
		return errNotOrphan
	}
	return err
}
