package exchange

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message/messagepb"
)

// hello says hello to a peer.
func (x *Exchange) hello(ctx context.Context, p *peer) (*messagepb.Acquaintance, error) {
	var epoch, next, receipts, decisions, theirs, keptWhole int64
	var last uint64
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if err := tx.QueryRow(ctx, `SELECT out_epoch, next_seq, out_receipts, in_decisions, peer_decisions, in_receipts FROM x_peer WHERE peer = $1`, string(p.org)).
			Scan(&epoch, &next, &receipts, &decisions, &theirs, &keptWhole); err != nil {
			return err
		}
		last, err = lastReceipt(ctx, tx, "out", p.org)
		return err
	})
	if err != nil {
		return nil, err
	}
	next = p.unoffered(next)
	ctx, cancel := context.WithTimeout(ctx, x.cfg.Limits.SendDeadline)
	defer cancel()
	a, err := guarded(ctx, x, func() (*messagepb.Acquaintance, error) {
		return x.cfg.Link.Hello(ctx, p.org, &messagepb.Greeting{Sender: string(x.cfg.Self), Node: x.cfg.Node,
			Receiver: string(p.org), Epoch: uint64(epoch), NextSeq: uint64(next), Receipts: uint64(receipts), LastReceipt: last, Decisions: uint64(decisions)})
	})
	if err == nil && (a.Epoch|a.Seq|a.Decisions|a.Receipts|a.Told|a.LastReceipt)>>62 != 0 {
		err = fmt.Errorf("%s answered the hello with impossible numbers", p.org)
	}
	if err != nil {
		return nil, err
	}
	if a.LastReceipt > uint64(keptWhole) {
		p.signing.mayHaveLost(a.LastReceipt) // a peer that has nothing to say does not call, and it alone knows
	}
	p.holding.greeted(uint64(receipts), last, a.Receipts, x.cfg.Clock.Now())
	p.mu.Lock()
	defer p.mu.Unlock()
	// It was told of no decision that we have not: our database is as young as what the peer knows of it. When it was told of
	// more, people decide nothing on its messages before it has called, to send again what we lost.
	p.sound = a.Told <= uint64(decisions)
	// Nearly always the two agree, and there is nothing to write. Our numbers only grow meanwhile.
	p.greeted = place{a.Epoch, a.Seq}.before(place{uint64(epoch), uint64(next)}) && int64(a.Decisions) == theirs
	if p.greeted {
		p.began = 0
	}
	return a, nil
}

// unoffered is the first of our numbers that the peer cannot know of us: nothing is offered before the first hello since we
// started, so when the peer knows what was numbered since then, our database is a restored copy, however much more it has
// numbered. next is the number that we would give now.
func (p *peer) unoffered(next int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.began > 0 {
		return min(p.began, next)
	}
	return next
}

// compare compares what the peer holds with what we remember. It finds a restored database on either side before a
// batch is sent (guarantee 8).
func (x *Exchange) compare(ctx context.Context, p *peer, a *messagepb.Acquaintance) error {
	p.mu.Lock()
	agreed := p.greeted
	p.mu.Unlock()
	if agreed {
		return nil
	}
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		var epoch, next, decisions int64
		if err := tx.QueryRow(ctx, `SELECT out_epoch, next_seq, peer_decisions FROM x_peer WHERE peer = $1`, string(p.org)).
			Scan(&epoch, &next, &decisions); err != nil {
			return err
		}
		next = p.unoffered(next)
		if int64(a.Epoch) > epoch || int64(a.Epoch) == epoch && int64(a.Seq) >= next {
			if err := x.newEpoch(ctx, tx, p, int64(a.Epoch)+1, next); err != nil {
				return err
			}
		}
		if int64(a.Decisions) < decisions {
			return x.sendAgain(ctx, tx, p, int64(a.Decisions))
		}
		_, err := tx.Exec(ctx, `UPDATE x_peer SET peer_decisions = $2 WHERE peer = $1`, string(p.org), int64(a.Decisions))
		return err
	})
	if err != nil {
		return fmt.Errorf("couldn't compare what %s holds: %w", p.org, err)
	}
	p.mu.Lock()
	p.greeted, p.began = true, 0
	p.mu.Unlock()
	return nil
}

// newEpoch starts a new epoch: the peer has seen numbers that we have not given yet, so our database is a restored
// copy. What was numbered since we started, from a number on, was never offered, and moves. What was in the outbox before keeps
// its number: the peer has it already and answers with a duplicate, or it was put there since the restore, before another start,
// under a number that the peer knows for another message, and the peer answers with a conflict (settlement.newNumbers), or
// the peer never saw it.
func (x *Exchange) newEpoch(ctx context.Context, tx *sqlstore.Tx, p *peer, epoch, from int64) error {
	x.cfg.Log.WarnContext(ctx, "our database was restored from a copy: new epoch", "self", x.cfg.Self, "peer", p.org, "epoch", epoch)
	_, err := tx.Exec(ctx, `UPDATE x_peer SET out_epoch = $2 WHERE peer = $1 AND out_epoch < $2`, string(p.org), epoch)
	if err != nil {
		return err
	}
	return x.renumber(ctx, tx, p.org, uint64(epoch), uint64(from))
}

// sendAgain offers again what the peer had decided on and lost: it holds fewer decisions than it told us before.
func (x *Exchange) sendAgain(ctx context.Context, tx *sqlstore.Tx, p *peer, decisions int64) error {
	x.cfg.Log.WarnContext(ctx, "the peer's database was restored from a copy: sending again what it lost", "self", x.cfg.Self, "peer", p.org)
	const lost = ` FROM x_out WHERE peer = $1 AND state IN ('applied', 'withdrawn') AND decisions > $2 AND length(envelope) > 0`
	var again, bytes int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT)`+lost, string(p.org), decisions).Scan(&again, &bytes); err != nil {
		return err
	}
	// What it had refused it must refuse again, or nobody there would see it.
	if _, err := tx.Exec(ctx, `UPDATE x_out SET state = 'ready' WHERE peer = $1 AND state IN ('applied', 'withdrawn', 'parked')
		AND decisions > $2 AND length(envelope) > 0`, string(p.org), decisions); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE x_peer SET peer_decisions = $2, out_open = out_open + $3, out_open_bytes = out_open_bytes + $4
		WHERE peer = $1`, string(p.org), decisions, again, bytes); err != nil {
		return err
	}
	tx.OnCommit(p.bell.Ring)
	return x.renumberAgain(ctx, tx, p.org)
}
