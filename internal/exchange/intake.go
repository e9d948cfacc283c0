package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// sitting is what is carried from message to message of a batch, and from transaction to transaction when it is taken
// one by one.
type sitting struct {
	batch      *message.Batch
	singly     bool            // under savepoints
	alone      bool            // in a transaction of its own, so that only there a slow kind has its turn
	sight      *sight          // of the transaction
	putOff     bool            // decide nothing: the message failed in a way that only not running its rule can avoid
	stuck      map[string]bool // keys of what was not applied
	conflicted bool            // a number was given twice: nothing behind it is decided upon
	batchID    int64           // of the batch's row; 0: not written yet
	number     uint64          // of the receipt, given with the first decision; 0: not given yet
}

func newSitting(b *message.Batch, singly bool) *sitting {
	return &sitting{batch: b, singly: singly, sight: new(sight), stuck: map[string]bool{}}
}

func (s *sitting) clone() *sitting {
	c := *s
	c.stuck = maps.Clone(s.stuck)
	return &c
}

// intake is one transaction's work on (part of) a batch.
type intake struct {
	*sitting
	x        *Exchange
	tx       *sqlstore.Tx
	known    map[message.ID]inRow
	former   map[message.ID]former // under numbers of earlier epochs
	anyStuck bool                  // keys of earlier messages are stuck
	mark     place
	id       int64
	decided  int64
	refused  int64
	outs     []message.Out
}

func (x *Exchange) takeIn(ctx context.Context, tx *sqlstore.Tx, s *sitting, part []*message.Envelope) (*messagepb.Receipt, error) {
	in := &intake{sitting: s, x: x, tx: tx}
	b, peer := s.batch, string(s.batch.Head.Sender)
	var decisions, inStuck, inEpoch, inSeq, signed, whole int64
	if err := tx.QueryRow(ctx, `SELECT in_decisions, in_stuck, in_epoch, in_seq, in_signed, in_receipts FROM x_peer WHERE peer = $1`, peer).
		Scan(&decisions, &inStuck, &inEpoch, &inSeq, &signed, &whole); err != nil {
		return nil, fmt.Errorf("couldn't read the state of the pair: %w", err)
	}
	in.anyStuck, in.mark = inStuck > 0, place{uint64(inEpoch), uint64(inSeq)}
	// The first decision that a batch leads to names it.
	if in.id = s.batchID; in.id == 0 {
		in.id = decisions + 1
	}
	var err error
	if in.known, err = x.knownOf(ctx, tx, b.Head, part); err != nil {
		return nil, err
	}
	epoch := uint64(1)
	for _, e := range part {
		if e.Epoch <= epoch {
			continue
		}
		epoch = e.Epoch // the first of it in this batch
		if err := x.orphan(ctx, tx, lostByOrder, e.Sender, e.Node, e.Epoch, e.Seq); err != nil {
			return nil, err
		}
	}
	if epoch > 1 {
		if in.former, err = x.formerOf(ctx, tx, b.Head, part, in.known); err != nil {
			return nil, err
		}
	}
	if !s.singly { // not where a fault of it would keep each message from being decided upon
		if err := x.keepSigned(ctx, tx, x.peers[b.Head.Sender], uint64(whole), uint64(signed)); err != nil {
			return nil, err
		}
	}
	receipt := &messagepb.Receipt{}
	for _, e := range part {
		v, err := in.one(ctx, e)
		if err != nil {
			return nil, err
		}
		receipt.Verdicts = append(receipt.Verdicts, v)
	}
	if len(in.outs) > 0 {
		if _, err := x.Send(ctx, tx, in.outs, ""); err != nil {
			return nil, errSingly // the message whose window is full is found one by one
		}
	}
	numbered := s.number == 0
	if numbered {
		s.number = uint64(signed) + 1
	}
	if in.decided > 0 {
		if s.batchID == 0 {
			s.batchID = in.id
			var hashes bytes.Buffer
			for _, e := range b.Envelopes {
				h := e.Hash()
				hashes.Write(h[:])
			}
			tx.Collect("x_batch", "peer, id, received_at, head, signature, certificate, hashes", peer, in.id,
				tx.Now().UnixMicro(), b.HeadRaw, b.Signature, b.Certificate, hashes.Bytes())
		}
		if _, err := tx.Exec(ctx, `UPDATE x_peer SET in_decisions = in_decisions + $2, in_refused = in_refused + $3, in_epoch = $4, in_seq = $5,
			in_receipts_told = CASE WHEN in_receipts_told < $6 THEN $6 ELSE in_receipts_told END, in_signed = CASE WHEN in_signed < $7 THEN $7 ELSE in_signed END WHERE peer = $1`,
			peer, in.decided, in.refused, int64(in.mark.epoch), int64(in.mark.seq), int64(b.Head.Receipts), int64(s.number)); err != nil {
			return nil, err
		}
	} else if numbered {
		if _, err := tx.Exec(ctx, `UPDATE x_peer SET in_signed = $2 WHERE peer = $1`, peer, int64(s.number)); err != nil {
			return nil, err
		}
	}
	receipt.Decisions = uint64(decisions + in.decided)
	return receipt, nil
}

// one decides on one message.
func (in *intake) one(ctx context.Context, e *message.Envelope) (*messagepb.Verdict, error) {
	hash := e.Hash()
	was, known := in.known[e.ID]
	switch {
	case in.conflicted:
		// Its number may have been given twice as well, and it may share a key with the one that was.
		return verdict(e, message.Conflict, "after-conflict", "この前の電文の番号が衝突したため、判定していません。",
			"the number of a message before it was given twice, so nothing was decided", ""), nil
	case !known:
		if was, ok := in.former[e.ID]; ok {
			return in.carry(ctx, e, hash, was)
		}
		if e.Epoch < in.mark.epoch {
			late, err := in.late(ctx, e)
			if err != nil {
				return nil, err
			}
			if late {
				in.conflicted = true
				return verdict(e, message.Conflict, "number-moved", "送信側はこの番号から新しい世代に移りました。電文は新しい世代の番号で送ってください。",
					"its sender has begun a new epoch at or before this number: it must come in that epoch", ""), nil
			}
		}
	case !was.sameAs(e, hash):
		// Its sender is a restored copy and does not know that yet, or e was on its way since before. So nothing is said
		// here to be lost: what is, its sender shows by the epoch that it begins.
		in.conflicted = true
		return verdict(e, message.Conflict, "number-reused", "この番号の電文は、別の内容で受け取っています。",
			"another message with this number was received before", was.Outcome), nil
	case was.attempt > e.Attempt && open(was.Outcome) && was.stored != nil && isDamaged(was.stored):
		// Nobody has the later attempt any more: a person decides what is to be sent in its place.
		if err := in.record(ctx, e, hash, in.id, true, message.Rejected, errDamagedHere); err != nil {
			return nil, err
		}
		return verdict(e, message.Rejected, errDamagedHere.Code, errDamagedHere.JA, errDamagedHere.EN, ""), nil
	case was.attempt > e.Attempt && open(was.Outcome) && was.stored != nil:
		// Its sender was restored from a copy that does not remember the later attempt, and will never offer that again.
		if err := in.settle(ctx, was.stored, was.hash, was.batch, true, &was); err != nil {
			return nil, err
		}
		return verdict(e, message.Duplicate, was.code, was.ja, was.en, was.Outcome), nil
	case was.hash == hash && !open(was.Outcome), was.attempt > e.Attempt, !open(was.Outcome) && !parked(was.Outcome):
		if parked(was.Outcome) {
			in.stick(e) // it may hold nothing here, as what is thought lost does
		}
		return verdict(e, message.Duplicate, was.code, was.ja, was.en, was.Outcome), nil
	case was.hash != hash && was.stored != nil && !sameKeys(was.stored, e):
		// The keys hold what comes behind; another attempt cannot take others.
		return verdict(e, message.Rejected, "wrong-keys", "訂正した電文の鍵が、前のものと違います。送信側のプログラムを確かめてください。",
			"the corrected message has other keys than the one before: check the sender's program", ""), nil
	}
	return in.decideOn(ctx, e, hash, known)
}

// decideOn decides on a message that is here now.
func (in *intake) decideOn(ctx context.Context, e *message.Envelope, hash message.Hash, known bool) (*messagepb.Verdict, error) {
	var now inRow
	if err := in.settle(ctx, e, hash, in.id, known, &now); err != nil {
		return nil, err
	}
	return verdict(e, now.Outcome, now.code, now.ja, now.en, ""), nil
}

// stick lets what comes behind e in the batch wait for it: its sender learns only with the verdicts that it did not end.
func (in *intake) stick(e *message.Envelope) {
	spec, _ := message.SpecOf(e.Kind)
	for _, k := range e.Keys {
		in.stuck[k] = in.stuck[k] || !spec.Safe
	}
}

// settle decides on a message and writes the decision down.
func (in *intake) settle(ctx context.Context, e *message.Envelope, hash message.Hash, batch int64, known bool, now *inRow) error {
	outcome, reason, err := in.decide(ctx, e)
	if err != nil {
		return err
	}
	if reason == nil {
		reason = &Rejected{}
	}
	if e.Kind == message.KindExchangeWithdrawal && outcome == message.Applied {
		outcome = message.Withdrawn
	}
	if outcome == message.Gap {
		in.outs = append(in.outs, reason.asks(e)...)
	}
	now.Outcome, now.code, now.ja, now.en = outcome, reason.Code, reason.JA, reason.EN
	return in.record(ctx, e, hash, batch, known, outcome, reason)
}

// Why a message was deferred through no fault of its own: such a deferral does not count towards parking it.
const (
	codeSlowLane   = "slow-lane"      // not tried
	codeBehind     = "behind-another" // held there, but not for one of ours
	codeWindowFull = "window-full"    // what its rule sends on would not fit into a window
)

// decide runs the rule. An error means that nothing can be decided in this transaction.
func (in *intake) decide(ctx context.Context, e *message.Envelope) (message.Outcome, *Rejected, error) {
	if refused := mayNot(e); refused != nil {
		if refused.Code == codeNotAllowed {
			in.refused++
		}
		return message.Rejected, refused, nil
	}
	waits, err := in.waits(ctx, e)
	if err != nil {
		return "", nil, err
	}
	if waits {
		return message.Held, Reject(codeBehind, "同じ人についての前の電文が解決していないため、待っています。",
			"an earlier message about the same person is not settled"), nil
	}
	if in.putOff {
		return message.Deferred, errFailed, nil
	}
	if in.slow(e.Kind) {
		return message.Deferred, Reject(codeSlowLane, "この種類の電文の処理が遅れているため、後で処理します。",
			"this kind of message is being processed slowly, and will be taken later"), nil
	}
	payload, refused := readPayload(e)
	if refused != nil {
		return message.Rejected, refused, nil
	}
	mark := in.tx.Writes()
	outs, err := in.run(ctx, e, payload)
	var rejected *Rejected
	switch {
	case errors.Is(err, errLeft):
		return "", nil, err
	case err == nil:
		in.outs = append(in.outs, outs...)
		return message.Applied, nil, nil
	case !in.singly && (in.tx.Writes() != mark || !errors.As(err, &rejected)):
		return "", nil, errSingly
	case errors.As(err, &rejected):
		return rejected.outcome(), rejected, nil
	case ctx.Err() != nil:
		return "", nil, err
	case errors.As(err, new(*WindowFull)):
		return message.Deferred, Reject(codeWindowFull, "受信側から先への電文がたまっているため、後で処理します。",
			"what the receiver has to send on is waiting, so this will be taken later"), nil
	}
	in.x.cfg.Log.ErrorContext(ctx, "rule failed, message deferred", "message", e.ID.String(), "kind", e.Kind, "error", err)
	return message.Deferred, errFailed, nil
}

// slow tells whether a lane is slow and does not have its turn now.
func (in *intake) slow(lane message.Kind) bool {
	return in.x.slow.holds(lane) && (!in.alone || !in.x.slow.take(lane, in.x.cfg.Clock.Now()))
}

var errFailed = Reject("failed", "受信側で処理できませんでした。自動でもう一度試します。",
	"the receiver could not process it, and will try again")

// waits tells whether an earlier message that shares a key is not settled.
func (in *intake) waits(ctx context.Context, e *message.Envelope) (bool, error) {
	if spec, _ := message.SpecOf(e.Kind); spec.Safe {
		return false, nil
	}
	for _, k := range e.Keys {
		if in.stuck[k] {
			return true, nil
		}
	}
	if !in.anyStuck {
		return false, nil
	}
	return waitsForKey(ctx, in.tx, "x_in_hold", e)
}

const codeNotAllowed = "not-allowed"

// mayNot applies the table of kinds to a message (guarantee 10).
func mayNot(e *message.Envelope) *Rejected {
	if message.MaySend(e.Kind, e.Sender, e.Receiver) {
		return nil
	}
	if _, known := message.SpecOf(e.Kind); !known {
		return refusal(message.ErrUnknownKind)
	}
	return Reject(codeNotAllowed,
		string(e.Sender)+" は、この種類の電文を "+string(e.Receiver)+" に送れません。送信側の設定を確かめてください。",
		string(e.Sender)+" may not send this kind to "+string(e.Receiver)+": check the sender's configuration")
}

// readPayload reads what a message carries. Its keys must be those of its header: a sender must not pass an earlier
// message by naming another key.
func readPayload(e *message.Envelope) (message.Payload, *Rejected) {
	payload, err := message.Decode(e.Kind, e.Body)
	if err != nil {
		return nil, refusal(err)
	}
	if e.Kind != message.KindExchangeWithdrawal && !slices.Equal(e.Keys, payload.Keys()) {
		return nil, Reject("wrong-keys", "電文の見出しの鍵が、内容と合いません。送信側のプログラムを確かめてください。",
			"the keys in the header are not those of the payload: check the sender's program")
	}
	return payload, nil
}

// run calls the rule with its deadline; one by one, under a savepoint, so that what it wrote before it failed goes, and
// with the messages that it sends, so that a full window puts off this message and no other.
func (in *intake) run(ctx context.Context, e *message.Envelope, p message.Payload) (outs []message.Out, err error) {
	d := Delivery{ID: e.ID, Attempt: e.Attempt, Kind: e.Kind, Keys: e.Keys, Trace: e.Trace, CreatedAt: e.CreatedAt}
	within, cancel := context.WithTimeout(ctx, in.x.cfg.Limits.RuleDeadline)
	defer cancel()
	call := func() ([]message.Out, error) {
		return in.bounded(e, e.Kind, func() ([]message.Out, error) { return in.x.call(within, in.tx, d, p) })
	}
	if in.singly {
		err = in.tx.Attempt(within, func() error {
			outs, err := call()
			if err != nil {
				return err
			}
			if _, err := in.x.Send(within, in.tx, outs, e.Trace); err != nil {
				return err
			}
			return in.tx.Flush(within) // what is wrong with a collected row is this message's fault
		})
	} else {
		outs, err = call()
	}
	if errors.Is(err, errLeft) {
		return nil, errLeft
	}
	if err != nil {
		in.overran(ctx, within, e.Kind)
	} else if in.singly {
		in.x.slow.recovered(e.Kind)
	}
	return outs, err
}

// overran notes that a rule failed because its time was over, when that is so.
func (in *intake) overran(ctx, within context.Context, lane message.Kind) {
	if ctx.Err() == nil && errors.Is(within.Err(), context.DeadlineExceeded) {
		in.x.slow.overran(lane, in.x.cfg.Clock.Now())
	}
}

// call calls the rule. A panic is the rule's failure, not the program's.
func (x *Exchange) call(ctx context.Context, tx *sqlstore.Tx, d Delivery, p message.Payload) (outs []message.Out, err error) {
	route, ok := x.routes[d.Kind]
	if !ok {
		return nil, refusal(message.ErrUnknownKind)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("rule for %s panicked: %v", d.Kind, r)
		}
	}()
	outs, err = route.rule(ctx, tx, d, p)
	for i := range outs {
		if outs[i].Trace == "" {
			outs[i].Trace = d.Trace
		}
	}
	return outs, err
}

func verdict(e *message.Envelope, o message.Outcome, code, ja, en string, settled message.Outcome) *messagepb.Verdict {
	return &messagepb.Verdict{Epoch: e.Epoch, Seq: e.Seq, Attempt: e.Attempt, Outcome: string(o), Code: code,
		ReasonJa: ja, ReasonEn: en, Settled: string(settled)}
}
