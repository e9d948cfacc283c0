package exchange

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// Hello answers a peer that starts, or comes back: it tells what we hold of its messages, and lets ours to it go on
// at once. from is who the link says it is.
func (x *Exchange) Hello(ctx context.Context, from message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	p := x.peers[from]
	if p == nil || g.Sender != string(from) || g.Receiver != string(x.cfg.Self) {
		return nil, &Refusal{fmt.Sprintf("%s does not exchange with %s", x.cfg.Self, from)}
	}
	var a messagepb.Acquaintance
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		var decisions int64
		if err := tx.QueryRow(ctx, `SELECT in_decisions FROM x_peer WHERE peer = $1`, string(from)).Scan(&decisions); err != nil {
			return err
		}
		a.Decisions = uint64(decisions)
		var epoch, seq int64
		err := tx.QueryRow(ctx, `SELECT epoch, seq FROM x_in WHERE peer = $1 AND node = $2 ORDER BY epoch DESC, seq DESC LIMIT 1`,
			string(from), g.Node).Scan(&epoch, &seq)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		a.Epoch, a.Seq = uint64(epoch), uint64(seq)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look up what is held of %s: %w", from, err)
	}
	x.heardFrom(p)
	return &a, nil
}

// Deliver takes a batch and returns a verdict on each of its messages, durable on return. from is who the link says
// the sender is. A *Refusal means that the batch as a whole is not taken; any other error that nothing was decided,
// and that the same batch may be offered again.
func (x *Exchange) Deliver(ctx context.Context, from message.Org, pb *messagepb.Batch) (*messagepb.Receipt, error) {
	p := x.peers[from]
	if p == nil {
		return nil, &Refusal{fmt.Sprintf("%s does not exchange with %s", x.cfg.Self, from)}
	}
	b, err := message.OpenBatch(pb)
	if err != nil {
		return nil, &Refusal{err.Error()}
	}
	if b.Head.Sender != from || b.Head.Receiver != x.cfg.Self {
		return nil, &Refusal{fmt.Sprintf("a batch from %s to %s came over the link of %s", b.Head.Sender, b.Head.Receiver, from)}
	}
	signer, err := x.cfg.Trust.Identify(b.Certificate, pki.ForSigning, x.cfg.Clock.Now())
	if err != nil {
		return nil, &Refusal{"signing certificate: " + err.Error()}
	}
	if signer.Organisation != string(from) {
		return nil, &Refusal{fmt.Sprintf("the batch is signed by %s", signer.Organisation)}
	}
	if err := b.Verify(signer.Public); err != nil {
		return nil, &Refusal{err.Error()}
	}
	p.inMu.Lock()
	defer p.inMu.Unlock()
	receipt, err := x.take(ctx, b)
	if err != nil {
		return nil, err
	}
	x.heardFrom(p)
	return receipt, nil
}

// errSingly asks for the batch to be taken one by one: a rule failed after it had written something.
var errSingly = errors.New("the batch must be taken one by one")

// take applies a batch in one optimistic transaction without savepoints, and repeats it one by one, each message in a
// transaction of its own, when something fails. Nothing but the messages' own effect tells the two apart.
func (x *Exchange) take(ctx context.Context, b *message.Batch) (*messagepb.Receipt, error) {
	var receipt *messagepb.Receipt
	if !x.anySlow(b) {
		err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			receipt, err = x.takeIn(ctx, tx, b, b.Envelopes, map[string]bool{}, false)
			return err
		})
		if err == nil || ctx.Err() != nil {
			return receipt, err
		}
		if !errors.Is(err, errSingly) {
			x.cfg.Log.WarnContext(ctx, "batch failed as a whole, taking it one by one", "from", b.Head.Sender, "error", err)
		}
	}
	all := &messagepb.Receipt{}
	stuck := map[string]bool{} // keys of what was not applied in this batch
	for i := range b.Envelopes {
		var one *messagepb.Receipt
		var now map[string]bool
		err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			now = maps.Clone(stuck) // the store may run this more than once
			one, err = x.takeIn(ctx, tx, b, b.Envelopes[i:i+1], now, true)
			return err
		})
		stuck = now
		if err != nil {
			// Not even the refusal could be written: nothing is decided about this message. What is decided about
			// those before it is durable, and the sender will be told so when it offers them again.
			return nil, fmt.Errorf("couldn't decide on %s: %w", b.Envelopes[i].ID, err)
		}
		all.Verdicts = append(all.Verdicts, one.Verdicts...)
		all.Decisions = one.Decisions
	}
	return all, nil
}

// intake is one transaction's work on (part of) a batch.
type intake struct {
	x        *Exchange
	tx       *sqlstore.Tx
	batch    *message.Batch
	batchID  int64
	known    map[message.ID]inRow
	anyStuck bool            // keys of earlier messages are stuck
	stuck    map[string]bool // keys stuck by this batch
	singly   bool
	decided  int64
	refused  int64
	outs     []message.Out
}

type inRow struct {
	attempt uint32
	hash    message.Hash
	message.Outcome
	code, ja, en string
}

func (x *Exchange) takeIn(ctx context.Context, tx *sqlstore.Tx, b *message.Batch, part []*message.Envelope, stuck map[string]bool, singly bool) (*messagepb.Receipt, error) {
	in := &intake{x: x, tx: tx, batch: b, stuck: stuck, singly: singly}
	peer := string(b.Head.Sender)
	var decisions, inStuck int64
	if err := tx.QueryRow(ctx, `SELECT in_decisions, in_stuck FROM x_peer WHERE peer = $1`, peer).Scan(&decisions, &inStuck); err != nil {
		return nil, fmt.Errorf("couldn't read the state of the pair: %w", err)
	}
	in.anyStuck = inStuck > 0
	// The first decision that a batch leads to names it, so that batches in one transaction each do not collide.
	in.batchID = decisions + 1
	var err error
	if in.known, err = knownOf(ctx, tx, b.Head, part); err != nil {
		return nil, err
	}
	receipt := &messagepb.Receipt{}
	for _, e := range part {
		v, err := in.one(ctx, e)
		if err != nil {
			return nil, err
		}
		receipt.Verdicts = append(receipt.Verdicts, v)
	}
	if _, err := x.Send(ctx, tx, in.outs, ""); err != nil {
		if !singly {
			return nil, errSingly
		}
		return nil, err
	}
	if in.decided > 0 {
		var hashes bytes.Buffer
		for _, e := range b.Envelopes {
			h := e.Hash()
			hashes.Write(h[:])
		}
		tx.Collect("x_batch", "peer, id, received_at, head, signature, certificate, hashes", peer, in.batchID,
			tx.Now().UnixMicro(), b.HeadRaw, b.Signature, b.Certificate, hashes.Bytes())
		if _, err := tx.Exec(ctx, `UPDATE x_peer SET in_decisions = in_decisions + $2, in_refused = in_refused + $3 WHERE peer = $1`,
			peer, in.decided, in.refused); err != nil {
			return nil, err
		}
	}
	receipt.Decisions = uint64(decisions + in.decided)
	return receipt, nil
}

// knownOf reads what was decided before about the messages of a batch.
func knownOf(ctx context.Context, tx *sqlstore.Tx, head message.Head, part []*message.Envelope) (map[message.ID]inRow, error) {
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
		rows, err := tx.Query(ctx, `SELECT seq, attempt, hash, outcome, code, reason_ja, reason_en FROM x_in
			WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq BETWEEN $4 AND $5`,
			string(head.Sender), head.Node, int64(epoch), int64(s.from), int64(s.to))
		if err != nil {
			return nil, fmt.Errorf("couldn't read the inbox: %w", err)
		}
		for rows.Next() {
			var seq, attempt int64
			var hash []byte
			var r inRow
			if err := rows.Scan(&seq, &attempt, &hash, &r.Outcome, &r.code, &r.ja, &r.en); err != nil {
				rows.Close()
				return nil, err
			}
			r.attempt, r.hash = uint32(attempt), message.Hash(hash)
			known[message.ID{Sender: head.Sender, Node: head.Node, Epoch: epoch, Receiver: head.Receiver, Seq: uint64(seq)}] = r
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// open outcomes may be decided anew when the same message is offered again.
func open(o message.Outcome) bool { return o == message.Held || o == message.Deferred }

// parked outcomes wait for a person, who answers with another attempt.
func parked(o message.Outcome) bool { return o == message.Rejected || o == message.Gap }

// one decides on one message.
func (in *intake) one(ctx context.Context, e *message.Envelope) (*messagepb.Verdict, error) {
	hash := e.Hash()
	was, known := in.known[e.ID]
	switch {
	case !known:
	case was.hash == hash && !open(was.Outcome), was.attempt > e.Attempt:
		return verdict(e, message.Duplicate, was.code, was.ja, was.en, was.Outcome), nil
	case was.hash == hash:
	case e.Attempt > was.attempt && (parked(was.Outcome) || open(was.Outcome)):
	default:
		// Another message had this number: the sender's database was restored and has not noticed yet.
		return verdict(e, message.Conflict, "number-reused", "この番号の電文は、別の内容で受け取っています。",
			"another message with this number was received before", was.Outcome), nil
	}
	outcome, reason, err := in.decide(ctx, e)
	if err != nil {
		return nil, err
	}
	if reason == nil {
		reason = &Rejected{}
	}
	if err := in.record(ctx, e, hash, known, was.Outcome, outcome, reason); err != nil {
		return nil, err
	}
	return verdict(e, outcome, reason.Code, reason.JA, reason.EN, ""), nil
}

// decide runs the rule. An error means that nothing can be decided in this transaction.
func (in *intake) decide(ctx context.Context, e *message.Envelope) (message.Outcome, *Rejected, error) {
	if !message.MaySend(e.Kind, e.Sender, e.Receiver) {
		if _, known := message.SpecOf(e.Kind); !known {
			return message.Rejected, refusal(message.ErrUnknownKind), nil
		}
		in.refused++
		return message.Rejected, Reject("not-allowed",
			string(e.Sender)+" は、この種類の電文を "+string(e.Receiver)+" に送れません。送信側の設定を確かめてください。",
			string(e.Sender)+" may not send this kind to "+string(e.Receiver)+": check the sender's configuration"), nil
	}
	spec, _ := message.SpecOf(e.Kind)
	if !spec.Safe {
		waits := false
		for _, k := range e.Keys {
			waits = waits || in.stuck[k]
		}
		if !waits && in.anyStuck {
			var err error
			if waits, err = waitsForKey(ctx, in.tx, "x_in_hold", e); err != nil {
				return "", nil, err
			}
		}
		if waits {
			return message.Held, Reject("behind-another", "同じ人についての前の電文が解決していないため、待っています。",
				"an earlier message about the same person is not settled"), nil
		}
	}
	if in.singly && in.x.isSlow(e.Kind) && !in.x.slowTurn(e.Kind) {
		return message.Deferred, Reject("slow-lane", "この種類の電文の処理が遅れているため、後で処理します。",
			"this kind of message is being processed slowly, and will be taken later"), nil
	}
	payload, err := message.Decode(e.Kind, e.Body)
	if err != nil {
		return message.Rejected, refusal(err), nil
	}
	if e.Kind != message.KindExchangeWithdrawal && !slices.Equal(e.Keys, payload.Keys()) {
		return message.Rejected, Reject("wrong-keys", "電文の見出しの鍵が、内容と合いません。送信側のプログラムを確かめてください。",
			"the keys in the header are not those of the payload: check the sender's program"), nil
	}
	mark := in.tx.Writes()
	outs, err := in.run(ctx, e, payload)
	var rejected *Rejected
	switch {
	case err == nil:
		in.outs = append(in.outs, outs...)
		return message.Applied, nil, nil
	case !in.singly && (in.tx.Writes() != mark || !errors.As(err, &rejected)):
		return "", nil, errSingly
	case errors.As(err, &rejected):
		return rejected.outcome(), rejected, nil
	case ctx.Err() != nil:
		return "", nil, err
	}
	in.x.cfg.Log.ErrorContext(ctx, "rule failed, message deferred", "message", e.ID.String(), "kind", e.Kind, "error", err)
	return message.Deferred, Reject("failed", "受信側で処理できませんでした。自動でもう一度試します。",
		"the receiver could not process it, and will try again"), nil
}

// run calls the rule with its deadline; one by one, under a savepoint, so that what it wrote before it failed goes.
func (in *intake) run(ctx context.Context, e *message.Envelope, p message.Payload) (outs []message.Out, err error) {
	route, ok := in.x.routes[e.Kind]
	if !ok {
		return nil, refusal(message.ErrUnknownKind)
	}
	d := Delivery{ID: e.ID, Attempt: e.Attempt, Kind: e.Kind, Keys: e.Keys, Trace: e.Trace, CreatedAt: e.CreatedAt}
	call := func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("rule for %s panicked: %v", e.Kind, r)
			}
		}()
		outs, err = route.rule(ctx, in.tx, d, p)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, in.x.cfg.Limits.RuleDeadline)
	defer cancel()
	if in.singly {
		err = in.tx.Attempt(ctx, call)
	} else {
		err = call()
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		in.x.setSlow(e.Kind)
	} else if err == nil && in.singly {
		in.x.setQuick(e.Kind)
	}
	for i := range outs {
		if outs[i].Trace == "" {
			outs[i].Trace = e.Trace
		}
	}
	return outs, err
}

// record writes the decision down, and the keys of what is stuck.
func (in *intake) record(ctx context.Context, e *message.Envelope, hash message.Hash, known bool, was, now message.Outcome, reason *Rejected) error {
	in.decided++
	spec, _ := message.SpecOf(e.Kind)
	keep := []byte{}
	if now != message.Applied {
		keep = e.Raw
		for _, k := range e.Keys {
			in.stuck[k] = in.stuck[k] || !spec.Safe
		}
	}
	if e.Kind == message.KindExchangeWithdrawal && now == message.Applied {
		now = message.Withdrawn
	}
	at := in.tx.Now().UnixMicro()
	if !known {
		in.tx.Collect("x_in", `peer, node, epoch, seq, attempt, kind, key1, trace, created_at, hash, batch, envelope,
			outcome, code, reason_ja, reason_en, received_at, decided_at`,
			string(e.Sender), e.Node, int64(e.Epoch), int64(e.Seq), int64(e.Attempt), string(e.Kind), firstKey(e.Keys), e.Trace,
			e.CreatedAt.UnixMicro(), hash[:], in.batchID, keep, string(now), reason.Code, reason.JA, reason.EN, at, at)
	} else if _, err := in.tx.Exec(ctx, `UPDATE x_in SET attempt = $5, kind = $6, hash = $7, batch = $8, envelope = $9, outcome = $10,
		code = $11, reason_ja = $12, reason_en = $13, decided_at = $14 WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq = $4`,
		string(e.Sender), e.Node, int64(e.Epoch), int64(e.Seq), int64(e.Attempt), string(e.Kind), hash[:], in.batchID, keep,
		string(now), reason.Code, reason.JA, reason.EN, at); err != nil {
		return fmt.Errorf("couldn't write the decision on %s: %w", e.ID, err)
	}
	// A safe message waits for nothing, and nothing waits for it.
	if spec.Safe {
		return nil
	}
	switch {
	case now != message.Applied && now != message.Withdrawn && !(known && (parked(was) || open(was))):
		return hold(ctx, in.tx, "x_in_hold", "in_stuck", e)
	case (now == message.Applied || now == message.Withdrawn) && known:
		return unhold(ctx, in.tx, "x_in_hold", "in_stuck", e)
	}
	return nil
}

func verdict(e *message.Envelope, o message.Outcome, code, ja, en string, settled message.Outcome) *messagepb.Verdict {
	return &messagepb.Verdict{Epoch: e.Epoch, Seq: e.Seq, Attempt: e.Attempt, Outcome: string(o), Code: code,
		ReasonJa: ja, ReasonEn: en, Settled: string(settled)}
}
