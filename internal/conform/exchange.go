package conform

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

func (p *pair) rig(plant func(context.Context, queue.Poison, int) error, aside func(context.Context) (queue.Aside, error)) *queue.Rig {
	return &queue.Rig{Tasks: p.tasks(), Plant: plant, Good: p.good, Aside: aside, Close: p.close}
}

// openOutbox is the sender's rows, of which some cannot be sent.
func openOutbox(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	p := &pair{peers: []message.Org{pref, center}}
	hanging := &hangingLink{hang: g.Hang}
	p.link = func(_ message.Org, l exchange.Link) exchange.Link {
		hanging.Link = l
		return hanging
	}
	p.limits.SendDeadline = g.Deadline
	if _, err := openPair(ctx, g, p); err != nil {
		return nil, err
	}
	return p.rig(func(ctx context.Context, poison queue.Poison, n int) error {
		ids, err := p.send(ctx, each(n, func(i int) message.Out { return change(i, fine) })...)
		if err != nil {
			return err
		}
		const row = ` WHERE peer = $1 AND state = 'ready'`
		switch poison {
		case queue.Undecodable:
			return p.byHand(ctx, city, `UPDATE x_out SET envelope = $2`+row, string(pref), []byte{0xff, 0xff, 0xff})
		case queue.Truncated:
			return p.byHand(ctx, city, `UPDATE x_out SET envelope = substr(envelope, 1, 40)`+row, string(pref))
		case queue.Foreign: // the envelope of another stream's message, copied into the row
			return p.reseal(ctx, ids, func(_ int, e *message.Envelope) { e.Receiver = center })
		}
		return errPoison
	}, p.parkedAt(true, city)), nil
}

// hangingLink is a line on which one peer takes what it is given and never answers.
type hangingLink struct {
	exchange.Link
	hang  func()
	hangs message.Org
}

func (l *hangingLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	if to == l.hangs {
		<-ctx.Done() // as a connection does: its deadline ends it
		return nil, ctx.Err()
	}
	return l.Link.Deliver(ctx, to, b)
}

// openInbox is the receiver's rules, of which some fail over what comes.
func openInbox(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	p, err := openPair(ctx, g, new(pair))
	if err != nil {
		return nil, err
	}
	return p.rig(func(ctx context.Context, poison queue.Poison, n int) error {
		switch poison {
		case queue.Panic:
			_, err := p.send(ctx, each(n, func(i int) message.Out { return change(i, panics) })...)
			return err
		case queue.Hang: // of another kind than the good ones
			_, err := p.send(ctx, each(n, func(i int) message.Out { return kill(i, hangs) })...)
			return err
		case queue.Truncated:
			return p.truncateDecided(ctx, n)
		}
		ids, err := p.send(ctx, each(n, func(i int) message.Out { return change(i, fine) })...)
		if err != nil {
			return err
		}
		return p.reseal(ctx, ids, func(i int, e *message.Envelope) {
			if poison == queue.Undecodable {
				e.Body = []byte{0xff, 0xff, byte(i)}
			} else { // the header names another person's key than the payload
				e.Keys = []string{"somebody-else/" + e.Keys[0]}
			}
		})
	}, p.parkedAt(true, city)), nil
}

// truncateDecided has messages decided on once, put off, and cuts what the receiver kept of them. Then their turn comes
// again, together with what comes behind them.
func (p *pair) truncateDecided(ctx context.Context, n int) error {
	if _, err := p.send(ctx, each(n, func(i int) message.Out { return change(i, breaks) })...); err != nil {
		return err
	}
	if err := p.ground.Drive(ctx, 0); err != nil {
		return err
	}
	if err := p.byHand(ctx, pref, `UPDATE x_in SET envelope = substr(envelope, 1, 40) WHERE outcome = 'deferred'`); err != nil {
		return err
	}
	var next int64
	err := p.stores[city].View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT MAX(not_before) FROM x_out WHERE state = 'deferred'`).Scan(&next)
	})
	if err == nil {
		p.set(sqlstore.FromMicros(next))
	}
	return err
}

func (p *pair) set(t time.Time) { p.ground.Clock.(interface{ Set(time.Time) }).Set(t) }
