package sqlstore

import (
	"context"
	"errors"
	"fmt"
)

// Keeper writes in one go what a transaction kept for it. A mechanism whose rows depend on what is there already (a
// digest, a running total) can so do with a few statements what would else take some for each change.
type Keeper interface {
	// WriteKept gets all that was kept for it since the last call, in order. It may run statements and Collect rows.
	WriteKept(ctx context.Context, tx *Tx, kept []any) error
}

// keptWork is what was kept for one Keeper.
type keptWork struct {
	keeper Keeper
	work   []any
}

// Keep holds w until Flush, at the latest until the commit, and then gives it to k with all else that was kept for it.
// What an Attempt kept goes when the Attempt fails. An error of k fails the transaction.
func (tx *Tx) Keep(k Keeper, w any) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.over || tx.readOnly {
		tx.fail(errors.New("work was kept in a view or after the end of the transaction"))
		return
	}
	tx.writes++
	for i := range tx.kept {
		if tx.kept[i].keeper == k {
			tx.kept[i].work = append(tx.kept[i].work, w)
			return
		}
	}
	tx.kept = append(tx.kept, keptWork{k, []any{w}})
}

// flushKept calls the keepers, until none of them has made new work for another. Its caller has the lock; the keepers
// use the transaction as everybody does.
func (tx *Tx) flushKept(ctx context.Context) error {
	for len(tx.kept) > 0 {
		kept := tx.kept
		tx.kept = nil // not reused: an Attempt may hold the old one
		for _, k := range kept {
			if err := tx.unlocked(func() error { return k.keeper.WriteKept(ctx, tx, k.work) }); err != nil {
				return tx.fail(fmt.Errorf("couldn't write what was kept: %w", err))
			}
			if tx.over {
				return errOver
			}
		}
	}
	return nil
}

func (tx *Tx) unlocked(fn func() error) error {
	tx.mu.Unlock()
	defer tx.mu.Lock()
	return fn()
}

func savedKept(kept []keptWork) []keptWork {
	if len(kept) == 0 {
		return nil
	}
	return append([]keptWork(nil), kept...)
}

// InsertRows writes rows now, in as few statements as the engine takes well. args holds the values row by row; after is
// what follows the values, such as "ON CONFLICT (k) DO UPDATE SET …". No two rows may have the same key: PostgreSQL
// would not update one row twice.
func (tx *Tx) InsertRows(ctx context.Context, table, columns string, width int, args []any, after string) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.readOnly {
		return tx.fail(errors.New("a view cannot write"))
	}
	if err := tx.ready(ctx); err != nil {
		return err
	}
	if len(args)%width != 0 {
		return tx.fail(fmt.Errorf("rows for %s(%s): %d values in rows of %d", table, columns, len(args), width))
	}
	args, err := portable(args)
	if err != nil {
		return tx.fail(fmt.Errorf("rows for %s: %w", table, err))
	}
	tx.writes += len(args) / width
	return tx.insertRows(ctx, rowGroup{table: table, columns: columns, width: width, args: args}, after)
}

func (tx *Tx) insertRows(ctx context.Context, g rowGroup, after string) error {
	for rest := g.args; len(rest) > 0; {
		rows := chunk(len(rest)/g.width, g.width, tx.conn.maxParameters())
		n := rows * g.width
		text := tx.conn.insert(g, rows)
		if after != "" {
			text += " " + after
		}
		if _, err := tx.conn.exec(ctx, text, rest[:n]); err != nil {
			return tx.fail(fmt.Errorf("insert into %s: %w", g.table, err))
		}
		rest = rest[n:]
	}
	return nil
}
