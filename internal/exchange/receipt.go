package exchange

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// A receipt is signed after the decisions are durable, and outside of their transaction: no key device can hold up a
// transaction, and nothing is signed that might be taken back. When the receiver stops between the two, the batch is
// offered again, and the duplicates are receipted. The receiver keeps its receipt with the next batch of the pair, or
// within keepWithin; the sender in the transaction that settles. What one of the two lost it asks the other for (fill.go).
//
// A receipt's number is given with the decisions, in their transaction: of two nodes of an organisation each would else count for itself, and two receipts
// would have one number. One whose node stops before it signs stays without a receipt, which nobody holds and nobody misses for long.

// keepWithin is how long a receipt may be in the receiver's memory alone.
const keepWithin = 500 * time.Millisecond

// clockSkew is how far a receipt's time may be from ours: it must mean something to whoever checks it years later.
const clockSkew = 10 * time.Minute

// signing is what a receiver knows of the receipts that it signs for one peer.
type signing struct {
	mu     sync.Mutex
	last   uint64             // the highest number that this node has signed or heard of
	unkept []*message.Receipt // signed and not in the store yet
	since  time.Time          // of the first of these
	lost   bool               // the peer holds some that we have not kept
	askAt  time.Time          // not before: for those
}

// due is when the next thing is to be done about our own receipts that we lost; zero: nothing.
func (s *signing) due() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost {
		return s.askAt
	}
	return time.Time{}
}

// heard notes that receipts up to a number exist, and tells up to which.
func (s *signing) heard(number uint64) (signed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last, number)
	return s.last
}

// sign signs the verdicts on a batch, whose decisions are durable.
func (x *Exchange) sign(p *peer, b *message.Batch, r *messagepb.Receipt, number uint64) error {
	s := &p.signing
	receipt, err := SealReceipt(x.cfg, b, r, number)
	if err != nil {
		return fmt.Errorf("couldn't sign the receipt for %s: %w", p.org, err)
	}
	r.Signed = receipt.Wire(false)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unkept) == 0 {
		s.since = x.cfg.Clock.Now()
		x.keepBell.Ring()
	}
	s.unkept, s.last = append(s.unkept, receipt), max(s.last, number)
	return nil
}

// SealReceipt signs the verdicts on a batch as its receiver: cfg says who that is, with what key, and when it is.
func SealReceipt(cfg Config, b *message.Batch, r *messagepb.Receipt, number uint64) (*message.Receipt, error) {
	hashes := make([]message.Hash, len(b.Envelopes))
	for i, e := range b.Envelopes {
		hashes[i] = e.Hash()
	}
	lines, err := receiptLines(hashes, r.Verdicts)
	if err != nil {
		return nil, err
	}
	return message.SealReceipt(cfg.Rand, cfg.Signer.Key, cfg.Signer.Certificate, message.ReceiptHead{Receiver: b.Head.Receiver, Sender: b.Head.Sender,
		Node: b.Head.Node, Number: number, Batch: b.Head.Root, Decisions: r.Decisions, SignedAt: cfg.Clock.Now()}, lines)
}

// receiptLines are the lines that verdicts on messages make. A verdict that does not name the message of its place is
// on none of them.
func receiptLines(hashes []message.Hash, verdicts []*messagepb.Verdict) ([]message.ReceiptLine, error) {
	if len(verdicts) != len(hashes) {
		return nil, fmt.Errorf("%d messages and %d verdicts", len(hashes), len(verdicts))
	}
	lines := make([]message.ReceiptLine, len(verdicts))
	for i, v := range verdicts {
		lines[i] = message.ReceiptLine{Epoch: v.Epoch, Seq: v.Seq, Attempt: v.Attempt, Hash: hashes[i],
			Outcome: message.Outcome(v.Outcome), Settled: message.Outcome(v.Settled), Code: v.Code}
	}
	return lines, nil
}

// errWrongReceipt begins what is said of a receipt that is not taken.
var errWrongReceipt = errors.New("wrong receipt")

// checkReceipt reads the receipt of what was handed over to a peer. It must be the peer's, on exactly this batch, and its
// verdicts those that are signed: nothing is settled on any other word.
func (x *Exchange) checkReceipt(p *peer, batch ready, r *messagepb.Receipt) (*message.Receipt, error) {
	hashes := make([]message.Hash, len(batch.envelopes))
	for i, e := range batch.envelopes {
		hashes[i] = e.Hash()
	}
	lines, err := receiptLines(hashes, r.Verdicts)
	if err != nil {
		return nil, err
	}
	receipt, err := message.OpenReceipt(r.Signed, lines)
	if err != nil {
		return nil, err
	}
	head, now := receipt.Head, x.cfg.Clock.Now()
	switch first := batch.envelopes[0]; {
	case head.Receiver != p.org || head.Sender != x.cfg.Self || head.Node != first.Node:
		return nil, fmt.Errorf("it is one from %s to %s, node %s", head.Receiver, head.Sender, head.Node)
	case head.Batch != message.RootHash(hashes):
		return nil, errors.New("it answers another batch")
	case head.Decisions != r.Decisions:
		return nil, errors.New("the number of decisions is not the one that was signed")
	case head.SignedAt.Before(now.Add(-clockSkew)) || head.SignedAt.After(now.Add(clockSkew)):
		return nil, fmt.Errorf("it was signed at %v and now it is %v: set the clocks", head.SignedAt, now)
	case head.Number <= p.holding.lastOf():
		return nil, fmt.Errorf("its number %d was given before", head.Number)
	}
	if err := x.trusted(receipt, p.org); err != nil {
		return nil, err
	}
	for i, v := range r.Verdicts {
		if e := batch.envelopes[i]; v.Epoch != e.Epoch || v.Seq != e.Seq || v.Attempt != e.Attempt {
			return nil, fmt.Errorf("%s was answered with a verdict on another message", e.ID)
		}
	}
	return receipt, nil
}

// trusted checks that an organisation signed a receipt, with a certificate that was good when it did.
func (x *Exchange) trusted(r *message.Receipt, by message.Org) error {
	signer, err := x.cfg.Trust.Identify(r.Certificate, pki.ForSigning, r.Head.SignedAt)
	if err != nil {
		return fmt.Errorf("signing certificate: %w", err)
	}
	if signer.Organisation != string(by) {
		return fmt.Errorf("it is signed by %s", signer.Organisation)
	}
	return r.Verify(signer.Public)
}

// wrongReceipt counts a receipt that is not taken, and makes it a refusal of the pair: the messages stay as they are.
func (x *Exchange) wrongReceipt(ctx context.Context, p *peer, why error) error {
	x.cfg.Log.WarnContext(ctx, "receipt refused", "from", p.org, "reason", why)
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return count(ctx, tx, "out_wrong", string(p.org), 1)
	})
	if err != nil {
		x.cfg.Log.ErrorContext(ctx, "a wrong receipt could not be counted", "from", p.org, "error", err)
	}
	return &Refusal{fmt.Errorf("%w: %w", errWrongReceipt, why).Error()}
}

// mayHaveLost notes that the peer holds a receipt of ours that we may not have kept.
func (s *signing) mayHaveLost(held uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.unkept {
		if r.Head.Number == held {
			return s.lost // it is about to be kept
		}
	}
	s.lost = true
	return true
}

// signed is the number of the last receipt, as far as it is known without the store, and since when one is not kept.
func (s *signing) signed() (last uint64, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unkept) > 0 {
		since = s.since
	}
	return s.last, since
}
