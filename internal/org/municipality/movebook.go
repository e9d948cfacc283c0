package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// moveBooks are what municipalities told each other of moves. Between two, each is the source of what it told: of one book the one with the
// lower code, of the other the other.
func (o *Municipality) moveBooks() []reconcile.Table {
	neighbour := func(higher bool) func(message.Org) bool {
		return func(peer message.Org) bool {
			return peer.Role() == message.Municipality && (peer.Code() > o.code.String()) == higher
		}
	}
	table := func(book message.Book, up bool) reconcile.Table {
		byUs := func(peer message.Org) bool { return neighbour(up)(peer) }
		return reconcile.Table{
			Book: book, Source: neighbour(up), Copy: neighbour(!up),
			Scan: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
				return store.MovesTold(byUs(peer)).Scan(ctx, tx, peer, cursor, limit)
			},
			Look: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, keys []string) (map[string]message.Hash, error) {
				return store.MovesTold(byUs(peer)).Look(ctx, tx, peer, keys)
			},
			Show: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (plain.Sentence, error) {
				return o.in(tx).ShowTold(ctx, peer, byUs(peer), key)
			},
			Snapshot: o.stepTold,
			Take:     o.takeStep,
		}
	}
	return []reconcile.Table{table(message.Moves, true), table(message.MovesBack, false)}
}

// stepTold is what was told of a move, as it would be told today; nil when nothing was.
func (o *Municipality) stepTold(ctx context.Context, raw *sqlstore.Tx, peer message.Org, key string) (message.Payload, error) {
	tx := o.in(raw)
	t, found, err := store.MovesTold(true).With(peer).Find(ctx, raw, key)
	if err != nil || !found {
		return nil, err
	}
	switch p := t.Payload().(type) {
	case message.MoveIn:
		m, found, err := tx.MoveHereOf(ctx, t.Move)
		if p.Move == "" { // told before the name of the move was known
			var open []store.MoveHere
			open, err = tx.MovesHereFirst(ctx, p.Code, p.Version)
			if found = len(open) > 0; found {
				m = open[0]
			}
		}
		if err != nil || !found {
			return nil, err
		}
		p.From, p.To = m.From, o.code
		return p, nil
	case message.MoveOut:
		m, found, err := tx.MoveAwayOf(ctx, p.Move)
		if err != nil || !found {
			return nil, err
		}
		p.From, p.To, p.Family = o.code, m.To, m.Family
		if p.Step != message.MovePlanned && p.Step != message.MoveLeft {
			return p, nil
		}
		versions, err := tx.Versions(ctx, m.Person)
		if err != nil {
			return nil, err
		}
		for _, v := range versions {
			if v.Number == p.Version {
				p.Person, p.Items = moving(v.Record, v.Place), append(itemsTold(v.Record), ended(v)...)
				return p, nil
			}
		}
	}
	return nil, nil
}

// takeStep follows what a snapshot says that we were told: as if it had just come, or, when it never was, by taking it out.
func (o *Municipality) takeStep(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	tx := o.in(raw)
	switch p := p.(type) {
	case message.MoveOut:
		return o.onMoveOut(ctx, tx, d, p)
	case message.MoveIn:
		return o.onMoveIn(ctx, tx, d, p)
	case nil:
		auditlog.Write(raw, auditlog.Entry{Actor: string(d.Sender), Act: "snapshot", Case: d.ID.String(), Detail: string(n.Book) + ": " + n.Key + " was never told"})
		return nil, tx.Untell(ctx, d.Sender, n.Book, n.Key)
	}
	return nil, exchange.Reject("wrong-snapshot", "帳簿と内容の種類が合いません。", "what the snapshot carries does not belong into the book")
}
