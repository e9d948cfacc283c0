package sqlstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
)

// Queues are what takes items one after another here.
func Queues() []queue.Queue {
	return []queue.Queue{
		{
			Name:  "sqlstore/writer",
			Shape: queue.Request,
			Items: plain.Sentence{JA: "データベースに書く処理", EN: "transactions that write"},
			Aside: plain.Sentence{JA: "書こうとした処理に誤りとして返す", EN: "an error to whoever wanted to write"},
			Loops: []string{"internal/sqlstore:Store.updateLite", "internal/sqlstore:Store.lead", "internal/sqlstore:Store.updatePostgres",
				"internal/sqlstore:Tx.call", "internal/sqlstore:Store.runner", "internal/sqlstore:Store.dismiss"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Panic, queue.Hang},
			Never: map[queue.Poison]string{queue.Truncated: "a transaction is no row"},
			Open:  openWriterRig,
		},
		{
			Name:  "sqlstore/migrations",
			Shape: queue.Start,
			Items: plain.Sentence{JA: "表を作る移行", EN: "migrations that make the tables"},
			Aside: plain.Sentence{JA: "起動を断る文", EN: "the sentence that refuses the start"},
			Loops: []string{"internal/sqlstore:Store.migrate", "internal/sqlstore:Store.applyNext", "internal/sqlstore:Store.migrations"},
			Never: map[queue.Poison]string{
				queue.Undecodable: "a migration is a part of the program; one that does not fit the database refuses the start on purpose, because everything behind stands on the tables",
				queue.Foreign:     "a database of another program, or of a newer one, must not be opened at all",
				queue.Truncated:   "an applied migration that was changed must not be passed over: the database is then another one than the program thinks",
				queue.Panic:       "nobody's code runs in it", queue.Hang: "nobody's code runs in it",
			},
			Open: openMigrationsRig,
		},
	}
}

//go:embed rig/*.sql
var rigFiles embed.FS

func rigSchema() Schema {
	sub, err := fs.Sub(rigFiles, "rig")
	if err != nil {
		panic(err) // the name is a constant
	}
	return Schema{Name: "rig", FS: sub}
}

func openWriterRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	s, err := Open(ctx, g.Store("writer"), Options{Clock: g.Clock, Log: g.Log, Stay: g.Deadline}, rigSchema())
	if err != nil {
		return nil, err
	}
	bad := map[queue.Poison]func(context.Context, *Tx) error{
		queue.Undecodable: func(_ context.Context, tx *Tx) error { tx.Collect("rig", "name", "\xff\x00"); return nil },
		queue.Foreign: func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO rig_of(name, of) VALUES ('a', 'nobody')`)
			return err
		},
		queue.Panic: func(context.Context, *Tx) error { panic("planted by the conformance kit") },
		queue.Hang:  func(context.Context, *Tx) error { g.Hang(); return nil },
	}
	var planted sync.WaitGroup
	var taken atomic.Int64 // bad ones that were committed
	return &queue.Rig{
		// They stand in the queue before whoever comes next, and those that can share its transaction.
		Plant: func(ctx context.Context, p queue.Poison, n int) error {
			var standing sync.WaitGroup
			for range n {
				standing.Add(1)
				planted.Go(func() {
					defer func() { recover() }() // as whoever called would have to
					standing.Done()
					if s.Update(ctx, bad[p]) == nil {
						taken.Add(1)
					}
				})
			}
			standing.Wait()
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			var name string
			err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
				name = fmt.Sprint("good ", tx.Serial())
				_, err := tx.Exec(ctx, `INSERT INTO rig(name) VALUES ($1)`, name)
				return err
			})
			return func(ctx context.Context) (there bool, err error) {
				err = s.View(ctx, func(ctx context.Context, tx *Tx) error {
					var n int64
					err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM rig WHERE name = $1`, name).Scan(&n)
					there = n == 1
					return err
				})
				return there, err
			}, err
		},
		Close: func() error {
			planted.Wait()
			if n := taken.Load(); n > 0 {
				return errors.Join(fmt.Errorf("%d transactions that cannot be were committed", n), s.Close())
			}
			return s.Close()
		},
	}, nil
}

func openMigrationsRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	s, err := Open(ctx, g.Store("migrations"), Options{Clock: g.Clock, Log: g.Log}, rigSchema())
	if err != nil {
		return nil, err
	}
	return &queue.Rig{Close: s.Close,
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			return func(ctx context.Context) (bool, error) { return true, nil }, nil
		},
		Aside: func(context.Context) (queue.Aside, error) { return queue.Aside{}, nil },
	}, nil
}
