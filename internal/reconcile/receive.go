package reconcile

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Routes are the rules for the kinds that belong to the books.
func (b *Books) Routes() []exchange.Route {
	same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	return []exchange.Route{exchange.On(same, b.onCase), exchange.On(same, b.onSnapshot), exchange.On(same, b.OnSnapshotRequest)}
}

var (
	errNoBook = exchange.Reject("no-such-book", "この団体は、送信元とこの帳簿を持っていません。双方の設定を確かめてください。",
		"this organisation does not hold the book with the sender: check both configurations")
	errNotYours = exchange.Reject("not-yours", "この件または帳簿について、送信元にこの電文を送る権限がありません。",
		"the sender may not send this about the case or the book")
)

// onCase keeps what the other end says about a case.
func (b *Books) onCase(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ReconcileCase) ([]message.Out, error) {
	p := b.pairs[pairName{n.Book, d.Sender}]
	if p == nil {
		return nil, errNoBook
	}
	owner := b.cfg.Self
	if p.side == copied {
		owner = d.Sender
	}
	if openedBy(n.Case) != owner {
		return nil, errNotYours
	}
	known, err := b.cases(ctx, tx, `id = $1`, n.Case)
	if err != nil {
		return nil, err
	}
	switch {
	case len(known) > 0 && (known[0].pair != p.id || known[0].Key != n.Key):
		return nil, errNotYours
	case len(known) == 0 && p.side == source:
		return nil, exchange.Reject("no-such-case", "この件は、この団体にありません。件の番号を確かめてください。",
			"this organisation has no such case: check its number")
	case len(known) == 0:
		// What comes after the opening may overtake it.
		o := Case{ID: n.Case, Key: n.Key, State: caseOpen, What: differs, Opened: d.CreatedAt, Source: n.Source, Copy: n.Copy,
			Book: p.book, Self: b.cfg.Self, Peer: p.peer, pair: p.id}
		if n.Act == "explained" {
			o.State = caseExplained
		}
		if err := b.putCase(ctx, tx, p, o); err != nil {
			return nil, err
		}
		known = []Case{o}
	}
	if n.Act == "closed" {
		how := byPeople
		if n.By == "system" {
			how = byItself
		}
		if err := b.closeCase(ctx, tx, known[0], how); err != nil {
			return nil, err
		}
		if err := b.closeMended(ctx, tx, p, n.Key, n.By, n.Case); err != nil {
			return nil, err
		}
	}
	return nil, b.note(ctx, tx, n.Case, Note{Author: d.Sender, Act: n.Act, Text: n.Text, By: n.By, Second: n.Second})
}

// onSnapshot makes our copy of a key what its source says.
func (b *Books) onSnapshot(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.Snapshot) ([]message.Out, error) {
	p := b.pairs[pairName{n.Book, d.Sender}]
	switch {
	case p == nil:
		return nil, errNoBook
	case p.side != copied:
		return nil, errNotYours
	}
	state, err := n.State()
	if err != nil {
		return nil, err
	}
	outs, err := p.table.Take(ctx, tx, d, n, state)
	if err != nil {
		return nil, err
	}
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	holds, err := p.valueOf(ctx, tx, n.Key)
	if err != nil {
		return nil, err
	}
	if holds != saidBy(n) {
		return nil, fmt.Errorf("the book %s does not hold what the snapshot %s says", n.Book, d.ID)
	}
	b.ringSource(tx, p)
	return outs, nil
}

// OnSnapshotRequest answers a copy that wants the present state under a key.
func (b *Books) OnSnapshotRequest(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.SnapshotRequest) ([]message.Out, error) {
	p := b.pairs[pairName{n.Book, d.Sender}]
	switch {
	case p == nil:
		return nil, errNoBook
	case p.side != source:
		return nil, errNotYours
	}
	open, err := b.cases(ctx, tx, `pair = $1 AND skey = $2 AND state <> 'closed' ORDER BY opened_at DESC LIMIT 1`, p.id, n.Key)
	if err != nil {
		return nil, err
	}
	of := ""
	if len(open) > 0 {
		of = open[0].ID
	}
	s, err := b.snapshot(ctx, tx, p, n.Key, of)
	if err != nil {
		return nil, err
	}
	return []message.Out{{To: d.Sender, Body: s}}, nil
}
