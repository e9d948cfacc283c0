package inspection

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed rig/*.sql
var rigFiles embed.FS

// Queues are what takes items one after another here.
func Queues() []queue.Queue {
	return []queue.Queue{{
		Name:  "inspection/round",
		Shape: queue.Scan,
		Items: plain.Sentence{JA: "点検する電子証明書、失効リスト、外に見える回答", EN: "certificates, lists and answers that are inspected"},
		Aside: plain.Sentence{JA: "点検の画面の「点検できないもの」", EN: "the page of the inspection, under set aside"},
		Loops: []string{"internal/inspection:Inspection.Tasks", "internal/inspection:round.step", "internal/inspection:knownOf", "internal/inspection:round.set",
			"internal/inspection:round.readProgress"},
		Bad: []queue.Poison{queue.Undecodable, queue.Foreign, queue.Panic, queue.Truncated},
		Never: map[queue.Poison]string{
			queue.Hang: "a judge reckons over bytes of a bounded length, or asks over a connection that ends at its deadline",
		},
		Settles: 2 * time.Second,
		Open:    openRig,
	}}
}

// openRig is a way over a table whose rows can be made bad. A row is right when its value is the hash of its key.
func openRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	sub, err := fs.Sub(rigFiles, "rig")
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.Open(ctx, g.Store("inspection"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, auditlog.Schema, Schema, sqlstore.Schema{Name: "rig", FS: sub})
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	n := New(Config{Self: "rig", Store: store, Clock: g.Clock, Log: g.Log}, Way{
		Name: "rows", Title: plain.Sentence{JA: "行", EN: "rows"}, Item: plain.Sentence{JA: "行", EN: "row"}, Alarm: alarm.CertificateWrong,
		Page: 100, Round: 300 * time.Millisecond,
		Read: func(ctx context.Context, tx *sqlstore.Tx, place string, limit int) ([]Item, string, error) {
			rows, err := rigRows(ctx, tx, `WHERE k > $1 ORDER BY k LIMIT $2`, place, int64(limit))
			next := ""
			if len(rows) == limit {
				next = rows[limit-1].key
			}
			return rigItems(rows, seen), next, err
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, key string) (Item, bool, error) {
			rows, err := rigRows(ctx, tx, `WHERE k = $1`, key)
			if err != nil || len(rows) == 0 {
				return Item{}, false, err
			}
			return rigItems(rows, seen)[0], true, nil
		},
	})
	put := func(ctx context.Context, key, value, how string) error {
		return store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			tx.Collect("rig_row", "k, v, how", key, []byte(value), how)
			return nil
		})
	}
	goods := 0
	return &queue.Rig{Tasks: n.Tasks(), Close: store.Close,
		Plant: func(ctx context.Context, p queue.Poison, count int) error {
			for i := range count {
				key := fmt.Sprintf("0-%04d", i) // before the good ones
				value := map[queue.Poison]string{queue.Undecodable: "\xff\x00", queue.Foreign: right("another"), queue.Truncated: right(key)[:9], queue.Panic: right(key)}[p]
				if err := put(ctx, key, value, string(p)); err != nil {
					return err
				}
			}
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			goods++
			key := fmt.Sprintf("1-%d-%d", g.Clock.Now().UnixMicro(), goods)
			err := put(ctx, key, right(key), "")
			return func(context.Context) (bool, error) { return seen[key], nil }, err
		},
		Aside: func(ctx context.Context) (a queue.Aside, err error) {
			all, err := n.Standings(ctx)
			if err != nil {
				return a, err
			}
			err = store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				open, err := Open(ctx, tx, maxOpen)
				for _, f := range open {
					a.Shown++
					a.Reasons = append(a.Reasons, f.Says)
				}
				return err
			})
			a.Counted = all[0].Open
			return a, err
		}}, nil
}

type rigRow struct {
	key, how string
	value    []byte
}

func rigRows(ctx context.Context, tx *sqlstore.Tx, where string, args ...any) ([]rigRow, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *rigRow) error { return r.Scan(&v.key, &v.value, &v.how) }, `SELECT k, v, how FROM rig_row `+where, args...)
}

func right(key string) string {
	sum := sha256.Sum256([]byte(key))
	return string(sum[:])
}

// rigItems judge their rows and note which were found right.
func rigItems(rows []rigRow, seen map[string]bool) (items []Item) {
	for _, v := range rows {
		items = append(items, Item{Key: v.key, Print: func() []byte { return v.value }, Judge: func(context.Context) ([]Fault, error) {
			switch {
			case v.how == string(queue.Panic):
				panic("planted by the conformance kit")
			case len(v.value) != sha256.Size:
				return nil, errors.New("the row cannot be read")
			case string(v.value) != right(v.key):
				return []Fault{{Rule: "foreign", Sentence: plain.Sentence{JA: "行の値が、その行のものではありません。", EN: "The value of the row is not its own."}}}, nil
			}
			seen[v.key] = true
			return nil, nil
		}})
	}
	return items
}
