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
	tx.kept = keep(tx.kept, k, w)
}

// KeepLast holds w until all else of the transaction is done, and then gives it to k with all else that was kept so: for what is
// told of the state that the transaction leaves behind, whatever its steps were. It is written once, before the commit. What an Attempt
// kept goes when the Attempt fails. An error of k fails the transaction, with everything in it.
func (tx *Tx) KeepLast(k Keeper, w any) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.over || tx.readOnly {
		tx.fail(errors.New("work was kept in a view or after the end of the transaction"))
		return
	}
	tx.writes++
	tx.last = keep(tx.last, k, w)
}

// finish writes everything that is still held back. What was kept for the end may collect and keep in its turn. Rows that nothing more
// depends on are left to the commit where the engine takes them with it.
func (tx *Tx) finish(ctx context.Context) error {
	for {
		tx.mu.Lock()
		only := len(tx.kept) == 0 && len(tx.last) == 0
		tx.mu.Unlock()
		if only && tx.conn.insertsAtCommit() {
			return nil
		}
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		tx.mu.Lock()
		last := tx.last
		tx.last = nil
		tx.mu.Unlock()
		if len(last) == 0 {
			return nil
		}
		for _, k := range last {
			if err := k.keeper.WriteKept(ctx, tx, k.work); err != nil {
				return fmt.Errorf("couldn't write what was kept for the end: %w", err)
			}
		}
	}
}

// keep adds w to what is kept for k.
func keep(kept []keptWork, k Keeper, w any) []keptWork {
	for i := range kept {
		if kept[i].keeper == k {
			kept[i].work = append(kept[i].work, w)
			return kept
		}
	}
	return append(kept, keptWork{k, []any{w}})
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
	return tx.insert(ctx, tx.insertsAfter(nil, rowGroup{table: table, columns: columns, width: width, args: args}, after))
}

// statement inserts rows into one table.
type statement struct {
	table, text string
	args        []any
}

// inserts are the statements that write groups, in their order.
func (tx *Tx) inserts(groups ...rowGroup) (all []statement) {
	for _, g := range groups {
		all = tx.insertsAfter(all, g, "")
	}
	return all
}

func (tx *Tx) insertsAfter(all []statement, g rowGroup, after string) []statement {
	for rest := g.args; len(rest) > 0; {
		rows := chunk(len(rest)/g.width, g.width, tx.conn.maxParameters())
		n := rows * g.width
		text := tx.conn.insert(g, rows)
		if after != "" {
			text += " " + after
		}
		all, rest = append(all, statement{g.table, text, rest[:n]}), rest[n:]
	}
	return all
}

func (tx *Tx) insert(ctx context.Context, all []statement) error {
	if err := tx.conn.insertAll(ctx, all); err != nil {
		return tx.fail(err)
	}
	return nil
}
