package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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
	if (g.Epoch|g.NextSeq|g.Receipts|g.LastReceipt|g.Decisions)>>62 != 0 || g.NextSeq == 0 {
		return nil, &Refusal{"the greeting has impossible numbers"}
	}
	p.idle.Store(false)
	a, lost, err := x.acquaintance(ctx, p, g)
	if err != nil {
		return nil, fmt.Errorf("couldn't look up what is held of %s: %w", from, err)
	}
	p.mu.Lock()
	p.met = true
	if lost {
		p.greeted = false // by our own hello we learn how far back it is, and send again what it lost
	}
	p.mu.Unlock()
	if lost {
		p.bell.Ring()
	}
	x.heardFrom(p)
	return a, nil
}

// acquaintance tells what we hold of a peer's messages. When it is more than the peer says that it has numbered, the
// peer's database was restored from a copy. lost tells that the peer has lost decisions on our messages, so it was as well.
func (x *Exchange) acquaintance(ctx context.Context, p *peer, g *messagepb.Greeting) (a *messagepb.Acquaintance, lost bool, err error) {
	var decisions, epoch, seq, told, keptWhole int64
	var kept, held uint64
	from, node := p.org, clean(g.Node, maxCode)
	err = x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		epoch, seq = 0, 0
		if err := tx.QueryRow(ctx, `SELECT in_decisions, peer_decisions, in_receipts FROM x_peer WHERE peer = $1`, string(from)).
			Scan(&decisions, &told, &keptWhole); err != nil {
			return err
		}
		var err error
		if kept, err = lastReceipt(ctx, tx, "in", from); err != nil {
			return err
		}
		if held, err = lastReceipt(ctx, tx, "out", from); err != nil {
			return err
		}
		// What it holds of our receipts, downwards as well: a peer that was restored from a copy has lost some. A number that we do not know of says that our
		// database is a restored copy, which would give it again.
		if _, err := tx.Exec(ctx, `UPDATE x_peer SET in_hellos = in_hellos + 1, in_receipts_told = $2, in_signed = CASE WHEN in_signed < $3 THEN $3 ELSE in_signed END
			WHERE peer = $1`, string(from), int64(g.Receipts), int64(g.LastReceipt)); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `SELECT epoch, seq FROM x_in WHERE peer = $1 AND node = $2 ORDER BY epoch DESC, seq DESC LIMIT 1`,
			string(from), node).Scan(&epoch, &seq)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		// Numbers go on through the epochs: a later epoch of the peer's does not mean that it knows this one.
		if err == nil && (uint64(epoch) > g.Epoch || uint64(seq) >= g.NextSeq) {
			err = errors.Join(x.orphan(ctx, tx, lostByHello, from, node, g.Epoch, g.NextSeq),
				tx.QueryRow(ctx, `SELECT in_decisions FROM x_peer WHERE peer = $1`, string(from)).Scan(&decisions))
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	last := p.signing.heard(max(kept, g.LastReceipt))
	if g.LastReceipt > uint64(keptWhole) && p.signing.mayHaveLost(g.LastReceipt) {
		p.bell.Ring()
	}
	return &messagepb.Acquaintance{Epoch: uint64(epoch), Seq: uint64(seq), Decisions: uint64(decisions), Receipts: last, Told: uint64(told), LastReceipt: held},
		int64(g.Decisions) < told, nil
}

// hasMet tells whether a peer has said hello since we started, so that a restored copy would have been noticed before anything of the peer's is decided upon.
// Which of several nodes the hello came to does not matter, since they share what it was compared with: a balancer may lead each hello to one node and
// each batch to another. One from before our start does not count, for the copy may be from after it.
func (x *Exchange) hasMet(ctx context.Context, p *peer) (bool, error) {
	p.mu.Lock()
	met, before := p.met, p.hellos
	p.mu.Unlock()
	if met {
		return true, nil
	}
	var hellos int64
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT in_hellos FROM x_peer WHERE peer = $1`, string(p.org)).Scan(&hellos)
	})
	if err != nil {
		return false, fmt.Errorf("couldn't look up whether %s has said hello: %w", p.org, err)
	}
	if hellos == before {
		return false, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.met = true
	return true, nil
}

// Deliver takes a batch and returns a verdict on each of its messages, durable on return. from is who the link says
// the sender is. A *Refusal means that the batch as a whole is not taken, ErrHelloFirst that the sender must say hello;
// any other error that not everything was decided, and that the same batch may be offered again.
func (x *Exchange) Deliver(ctx context.Context, from message.Org, pb *messagepb.Batch) (*messagepb.Receipt, error) {
	p := x.peers[from]
	if p == nil {
		return nil, &Refusal{fmt.Sprintf("%s does not exchange with %s", x.cfg.Self, from)}
	}
	if met, err := x.hasMet(ctx, p); err != nil {
		return nil, err
	} else if !met {
		return nil, ErrHelloFirst
	}
	select {
	case p.door <- struct{}{}:
		defer func() { <-p.door }()
	default:
		return nil, fmt.Errorf("%s has %d batches under way already", from, maxAtDoor)
	}
	b, err := x.open(from, pb)
	if err != nil {
		return nil, x.turnAway(ctx, p, err)
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	receipt, number, err := x.take(ctx, b)
	if err != nil {
		return nil, err
	}
	// What is decided is durable. Without a receipt it is offered again, and receipted then.
	if err := x.sign(p, b, receipt, number); err != nil {
		return nil, err
	}
	x.heardFrom(p)
	return receipt, nil
}

// open reads a batch and makes sure that it is whole, and that it is from the peer that handed it over (guarantee 10).
func (x *Exchange) open(from message.Org, pb *messagepb.Batch) (*message.Batch, error) {
	b, err := message.OpenBatch(pb)
	if err != nil {
		return nil, err
	}
	if b.Head.Sender != from || b.Head.Receiver != x.cfg.Self {
		return nil, fmt.Errorf("a batch from %s to %s came over the link of %s", b.Head.Sender, b.Head.Receiver, from)
	}
	signer, err := x.cfg.Trust.Identify(b.Certificate, pki.ForSigning, x.cfg.Clock.Now())
	if err != nil {
		return nil, fmt.Errorf("signing certificate: %w", err)
	}
	if signer.Organisation != string(from) {
		return nil, fmt.Errorf("the batch of %s is signed by %s", from, signer.Organisation)
	}
	if err := b.Verify(signer.Public); err != nil {
		return nil, err
	}
	return b, nil
}

// turnAway counts a batch that is not taken at all, and shows why.
func (x *Exchange) turnAway(ctx context.Context, p *peer, why error) error {
	p.mu.Lock()
	p.turned = clean(why.Error(), maxReason)
	p.mu.Unlock()
	x.cfg.Log.WarnContext(ctx, "batch refused", "from", p.org, "reason", why)
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return count(ctx, tx, "in_refused", string(p.org), 1)
	})
	if err != nil {
		x.cfg.Log.ErrorContext(ctx, "a refusal could not be counted", "from", p.org, "error", err)
	}
	return &Refusal{why.Error()}
}

// errSingly asks for the batch to be taken one by one: a rule failed after it had written something, or a message needs
// a transaction of its own.
var errSingly = errors.New("the batch must be taken one by one")

// take applies a batch in one optimistic transaction without savepoints, repeats it with a savepoint around each message
// when something fails, and with a transaction for each when even that cannot be committed. Nothing but the messages' own effect tells the two apart.
// The number is that of the receipt.
func (x *Exchange) take(ctx context.Context, b *message.Batch) (r *messagepb.Receipt, number uint64, err error) {
	if !x.slowTurnDue(b) {
		r, number, err = x.takeAll(ctx, b, false)
		if err == nil || ctx.Err() != nil {
			return r, number, err
		}
		if !errors.Is(err, errSingly) {
			x.cfg.Log.WarnContext(ctx, "batch failed as a whole, taking it one by one", "from", b.Head.Sender, "error", err)
		}
		// One by one, but still one commit: a savepoint around each rule takes back what it wrote. A thousand messages on
		// which a rule fails would else cost a thousand commits, and those behind them would wait for these. A kind whose rule
		// does not come back is not tried again here, so that each costs one deadline.
		for {
			if r, number, err = x.takeAll(ctx, b, true); err == nil || ctx.Err() != nil {
				return r, number, err
			}
			if !errors.Is(err, errLeft) {
				break
			}
		}
		x.cfg.Log.WarnContext(ctx, "batch failed as a whole, each message gets a transaction of its own", "from", b.Head.Sender, "error", err)
	}
	all := &messagepb.Receipt{}
	sitting := newSitting(b, true)
	sitting.alone = true
	for _, e := range b.Envelopes {
		one, next, err := x.takeOne(ctx, sitting, e)
		if err != nil && ctx.Err() == nil {
			// It failed beyond what the savepoint around the rule could take back: at the commit, say. Even so it is
			// this message alone that is put off; those behind it go on.
			x.cfg.Log.ErrorContext(ctx, "message can't be taken, deferred", "message", e.ID.String(), "error", err)
			aside := sitting.clone()
			aside.putOff = true
			one, next, err = x.takeOne(ctx, aside, e)
		}
		if err != nil {
			// Not even that could be written: nothing is decided about this message. What is decided about those
			// before it is durable, and the sender will be told so when it offers them again.
			return nil, 0, fmt.Errorf("couldn't decide on %s: %w", e.ID, err)
		}
		sitting = next
		sitting.putOff = false
		all.Verdicts = append(all.Verdicts, one.Verdicts...)
		all.Decisions = one.Decisions
	}
	return all, sitting.number, nil
}

// takeAll takes a batch in one transaction. Its error wraps errLeft when a rule was left behind, whose kind is slow then.
func (x *Exchange) takeAll(ctx context.Context, b *message.Batch, singly bool) (*messagepb.Receipt, uint64, error) {
	receipt, end, err := x.takePart(ctx, newSitting(b, singly), b.Envelopes)
	if err != nil {
		return nil, 0, err
	}
	return receipt, end.number, nil
}

// takeOne takes one message of a batch in a transaction of its own.
func (x *Exchange) takeOne(ctx context.Context, s *sitting, e *message.Envelope) (*messagepb.Receipt, *sitting, error) {
	return x.takePart(ctx, s, []*message.Envelope{e})
}

// takePart takes some of the messages of a batch in one transaction.
func (x *Exchange) takePart(ctx context.Context, s *sitting, part []*message.Envelope) (*messagepb.Receipt, *sitting, error) {
	// Of one run of the function each: one that was left behind may still write to its own.
	type taking struct {
		receipt *messagepb.Receipt
		next    *sitting
	}
	var last taking
	run := new(sight)
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		next := s.clone() // the store may run this more than once
		next.sight = run
		receipt, err := x.takeIn(ctx, tx, next, part)
		if err == nil {
			last = taking{receipt, next}
		}
		return err
	})
	if x.leftBehind(ctx, run, err) {
		return nil, nil, fmt.Errorf("%w: %w", errLeft, err)
	}
	if err != nil {
		return nil, nil, err
	}
	return last.receipt, last.next, nil
}

// slowTurnDue tells whether the batch holds a message of a slow kind that is to be tried again; it is then taken one
// by one, so that another overrun costs the others nothing but the time.
func (x *Exchange) slowTurnDue(b *message.Batch) bool {
	for _, e := range b.Envelopes {
		if now := x.cfg.Clock.Now(); x.slow.due(e.Kind, now) || x.slow.due(laneOf(e.Kind, true), now) {
			return true
		}
	}
	return false
}
