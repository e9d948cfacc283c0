package exchangebench

import (
	"context"
	"errors"

	"github.com/akashi-id/akashi/internal/bench/work"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// book is the residents' book as the rows of a table say it: on the side of the source those of "business", of the copy
// those of "effect". It is what makes the digests, the comparisons and the self-audit run while it is measured.
func book(table string, source bool) reconcile.Table {
	us := func(message.Org) bool { return true }
	t := reconcile.Table{Book: message.Residents,
		Scan: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, cursor string, limit int) (rows []reconcile.Row, next string, err error) {
			return scan(ctx, tx, table, cursor, limit)
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
			found := map[string]message.Hash{}
			for _, key := range keys {
				rows, _, err := rowsFrom(ctx, tx, table, numberOf(key), 1)
				if err != nil {
					return nil, err
				}
				if len(rows) == 1 && rows[0].Key == key {
					found[key] = rows[0].Value
				}
			}
			return found, nil
		},
		Show: func(context.Context, *sqlstore.Tx, message.Org, string) (plain.Sentence, error) {
			return plain.Sentence{JA: "測定用の行", EN: "a row of a measurement"}, nil
		},
	}
	if source {
		t.Source = us
		t.Snapshot = func(context.Context, *sqlstore.Tx, message.Org, string) (message.Payload, error) {
			return nil, errors.New("a measurement loses nothing that would have to be sent again")
		}
	} else {
		t.Copy = us
		t.Take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.Snapshot, message.Payload) ([]message.Out, error) {
			return nil, errors.New("a measurement loses nothing that would have to be taken again")
		}
	}
	return t
}

// numberOf is the n of whom a 住民票コード belongs to: its digits without the last, which checks the others.
func numberOf(code string) int64 {
	n := int64(0)
	for _, d := range code[:max(len(code)-1, 0)] {
		n = 10*n + int64(d-'0')
	}
	return n
}

func scan(ctx context.Context, tx *sqlstore.Tx, table, cursor string, limit int) (rows []reconcile.Row, next string, err error) {
	rows, more, err := rowsFrom(ctx, tx, table, numberOf(cursor)+1, limit)
	if more {
		next = rows[len(rows)-1].Key
	}
	return rows, next, err
}

// rowsFrom reads rows in the order of their numbers, which is that of the codes.
func rowsFrom(ctx context.Context, tx *sqlstore.Tx, table string, from int64, limit int) (rows []reconcile.Row, more bool, err error) {
	rows, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *reconcile.Row) error {
		var n int64
		var name string
		if err := r.Scan(&n, &name); err != nil {
			return err
		}
		c, err := work.Change(uint64(n), work.Kind(name))
		if err != nil {
			return err
		}
		*v = reconcile.Row{Key: resident.RecordCodeOf(uint64(n)).Reveal(), Value: message.Hash(c.After.StateHash())}
		return nil
	}, `SELECT n, name FROM `+table+` WHERE n >= $1 ORDER BY n LIMIT $2`, from, int64(limit))
	return rows, len(rows) == limit, err
}
