package drill

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Table is the book of drills, which every organisation holds with all of its peers. Both ends enter the losses of their
// own drills, and no message tells the other: what is a missing entry in the drill of the source is one too many in that
// of the copy, and both must be named.
func Table(self message.Org) reconcile.Table {
	return reconcile.Table{
		Book: message.Drills,
		// One of the two must compare, and it matters to nobody which.
		Source: func(peer message.Org) bool { return self < peer },
		Copy:   func(peer message.Org) bool { return self > peer },
		Scan: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
			rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, row *reconcile.Row) error {
				if err := r.Scan(&row.Key); err != nil {
					return err
				}
				row.Value = message.EntryValue(message.Drills, row.Key)
				return nil
			}, `SELECT id FROM alarm_drill WHERE peer = $1 AND id > $2 AND loss_left ORDER BY id LIMIT $3`, string(peer), cursor, int64(limit))
			if err != nil || len(rows) < limit {
				return rows, "", err
			}
			return rows, rows[len(rows)-1].Key, nil
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, keys []string) (map[string]message.Hash, error) {
			held := map[string]message.Hash{}
			if len(keys) == 0 {
				return held, nil
			}
			args, marks := []any{string(peer)}, make([]string, len(keys))
			for i, k := range keys {
				args = append(args, k)
				marks[i] = fmt.Sprintf("$%d", i+2)
			}
			found, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, id *string) error { return r.Scan(id) },
				`SELECT id FROM alarm_drill WHERE peer = $1 AND loss_left AND id IN (`+strings.Join(marks, ", ")+`)`, args...)
			for _, id := range found {
				held[id] = message.EntryValue(message.Drills, id)
			}
			return held, err
		},
		Show: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (plain.Sentence, error) {
			var n int64
			err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM alarm_drill WHERE peer = $1 AND id = $2 AND loss_left`, string(peer), key).Scan(&n)
			if n == 0 {
				return plain.Sentence{JA: "訓練の記録はありません。", EN: "No entry of a drill."}, err
			}
			return plain.Sentence{JA: "訓練「" + key + "」の記録です。訓練が終われば消えます。", EN: "The entry of the drill " + key + ". It goes when the drill is over."}, err
		},
		Snapshot: func(context.Context, *sqlstore.Tx, message.Org, string) (message.Payload, error) {
			return nil, plain.Bad("act", "訓練の件は、再送で直すものではありません。訓練が終われば閉じます。",
				"the case of a drill is not mended by sending anything: it closes when the drill is over")
		},
		Take: func(context.Context, *sqlstore.Tx, exchange.Delivery, message.Snapshot, message.Payload) ([]message.Out, error) {
			return nil, exchange.Reject("drill", "訓練の記録は、電文では変わりません。送信側で取り下げてください。",
				"the entry of a drill is not changed by a message: withdraw it at the sender")
		},
	}
}
