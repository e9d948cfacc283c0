package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Payload reads what a message carries, ours or a peer's, while its bytes are kept. Whether a person may look at it, and
// that they did, is the caller's business.
func (x *Exchange) Payload(ctx context.Context, tx *sqlstore.Tx, id message.ID) (message.Payload, error) {
	dir, peer := x.side(id)
	query, args := `SELECT envelope FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3`, []any{peer, int64(id.Epoch), int64(id.Seq)}
	if dir == "in" {
		query, args = `SELECT envelope FROM x_in WHERE peer = $1 AND epoch = $2 AND seq = $3 AND node = $4`, append(args, id.Node)
	}
	var raw []byte
	err := tx.QueryRow(ctx, query, args...).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(raw) == 0 {
		return nil, plain.Bad("message",
			"この電文の内容は、もう保管していません。住民の記録を見てください。",
			"the content of this message is no longer kept: look at the resident's record")
	}
	if err != nil {
		return nil, err
	}
	e, err := message.OpenEnvelope(raw)
	var p message.Payload
	if err == nil {
		p, err = message.Decode(e.Kind, e.Body)
	}
	if err != nil {
		return nil, plain.Bad("message",
			"この電文の内容は、読み取れません。送信側に問い合わせてください。",
			"the content of this message cannot be read: ask the sender")
	}
	return p, nil
}

// WaitsForPerson tells whether a message has stopped, so that people must find out why: it is parked, or held behind one that is.
func (x *Exchange) WaitsForPerson(ctx context.Context, tx *sqlstore.Tx, id message.ID) (bool, error) {
	dir, peer := x.side(id)
	query, args := outItem+`peer = $1 AND epoch = $2 AND seq = $3`, []any{peer, int64(id.Epoch), int64(id.Seq)}
	if dir == "in" {
		query, args = inItem+`peer = $1 AND epoch = $2 AND seq = $3 AND node = $4`, append(args, id.Node)
	}
	items, err := x.items(ctx, tx, query, args...)
	return len(items) > 0 && items[0].Stopped(), err
}

// LastOf finds the last message to a peer with an order key, and of the given kinds when there are any. A withdrawal is
// of the kind that it withdrew: Item.State tells what became of it. found is false when there is none.
func (x *Exchange) LastOf(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string, kinds ...message.Kind) (last Item, found bool, err error) {
	for _, which := range []string{selectLastOf, selectLastOfMore} {
		at, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *lastRow) error { return r.Scan(&v.epoch, &v.seq, &v.kind, &v.raw) },
			which, string(peer), key)
		if err != nil {
			return Item{}, false, fmt.Errorf("couldn't find the last message to %s: %w", peer, err)
		}
		for _, v := range at {
			here := place{uint64(v.epoch), uint64(v.seq)}
			if found && !(place{last.Epoch, last.Seq}).before(here) {
				break
			}
			if len(kinds) > 0 && !slices.Contains(kinds, v.of()) {
				continue
			}
			items, err := x.items(ctx, tx, outItem+`peer = $1 AND epoch = $2 AND seq = $3`, string(peer), v.epoch, v.seq)
			if err != nil || len(items) == 0 {
				return Item{}, false, err
			}
			last, found = items[0], true
			break
		}
	}
	return last, found, nil
}

// How far LastOf looks back for a message of a kind.
const (
	selectLastOf = `SELECT epoch, seq, kind, envelope FROM x_out WHERE key1 = $2 AND peer = $1 ORDER BY epoch DESC, seq DESC LIMIT 100`
	// CROSS JOIN makes SQLite begin with the small table.
	selectLastOfMore = `SELECT o.epoch, o.seq, o.kind, o.envelope FROM x_out_more m CROSS JOIN x_out o WHERE m.peer = $1 AND m.skey = $2
		AND o.peer = m.peer AND o.epoch = m.epoch AND o.seq = m.seq ORDER BY m.epoch DESC, m.seq DESC LIMIT 100`
)

type lastRow struct {
	epoch, seq int64
	kind       message.Kind
	raw        []byte
}

// of is the kind of the message, or of the one in whose place a withdrawal stands.
func (v lastRow) of() message.Kind {
	if v.kind != message.KindExchangeWithdrawal {
		return v.kind
	}
	if e, err := message.OpenEnvelope(v.raw); err == nil {
		if p, err := message.Decode(e.Kind, e.Body); err == nil {
			if w, ok := p.(message.ExchangeWithdrawal); ok {
				return w.Of
			}
		}
	}
	return v.kind
}
