// Package booktable is what the organisations' books have in common (帳簿のもとになる表): a table of which each row is one
// entry, read as the self-audit, a comparison and a case ask for it, and the evidence of what a snapshot took out.
//
// A row that somebody wrote by hand so that it cannot be read is listed under its key with no value. It agrees with nothing
// that was ever told, so that the self-audit names it, and it keeps no other row from being read.
package booktable

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Row is a row of a table.
type Row interface {
	// Entry is under the key as it is stored; its value is zero when the row cannot be read.
	Entry() reconcile.Row
}

// Table says how a book is read from the table that it is about.
type Table[R Row] struct {
	Of     string // what the rows are, for an error: "notices"
	Select string // all before WHERE
	Key    string // the column of the key, as Select names it
	Where  string // which rows the book has; "": all
	Peer   string // the column that names with whom the book of a row is; "": one peer alone tells of all, or is told of all

	// Read reads a row. It fails for no row that is there: the others come behind it.
	Read func(r *sqlstore.Rows, row *R) error

	with message.Org
}

// With is the rows of one peer, where several have rows in the table.
func (t Table[R]) With(peer message.Org) Table[R] {
	t.with = peer
	return t
}

// Find reads the row of a key, whether the book has it or not.
func (t Table[R]) Find(ctx context.Context, tx *sqlstore.Tx, key string) (row R, found bool, err error) {
	of, args := t.of(key)
	rows, err := sqlstore.List(ctx, tx, t.Read, t.Select+` WHERE `+t.Key+` = $1`+of, args...)
	if err != nil {
		return row, false, fmt.Errorf("couldn't read one of the %s: %w", t.Of, err)
	}
	if len(rows) == 0 {
		return row, false, nil
	}
	return rows[0], true, nil
}

// Scan is reconcile.Table.Scan.
func (t Table[R]) Scan(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cursor string, limit int) (entries []reconcile.Row, next string, err error) {
	of, args := t.With(peer).of(cursor, int64(limit))
	rows, err := sqlstore.List(ctx, tx, t.Read, t.Select+` WHERE `+t.Key+` > $1`+of+t.and()+` ORDER BY `+t.Key+` LIMIT $2`, args...)
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read a page of the %s: %w", t.Of, err)
	}
	for _, r := range rows {
		entries = append(entries, r.Entry())
	}
	if len(rows) == limit {
		next = entries[limit-1].Key
	}
	return entries, next, nil
}

// Look is reconcile.Table.Look.
func (t Table[R]) Look(ctx context.Context, tx *sqlstore.Tx, peer message.Org, keys []string) (map[string]message.Hash, error) {
	held := map[string]message.Hash{}
	of, args := t.With(peer).of()
	err := sqlstore.InParts(tx, 1+len(args), keys, func(marks string, part []any) error {
		// What stands under the marks comes behind the rest: SQLite counts them without numbers.
		rows, err := sqlstore.List(ctx, tx, t.Read, t.Select+` WHERE TRUE`+of+t.and()+` AND `+t.Key+` IN (`+marks+`)`, append(args[:len(args):len(args)], part...)...)
		for _, r := range rows {
			e := r.Entry()
			held[e.Key] = e.Value
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look up some of the %s: %w", t.Of, err)
	}
	return held, nil
}

// of asks for the rows of the peer, as far as there are others; args are those of the statement so far.
func (t Table[R]) of(args ...any) (condition string, all []any) {
	if t.Peer == "" || t.with == "" {
		return "", args
	}
	return fmt.Sprintf(` AND %s = $%d`, t.Peer, len(args)+1), append(args, string(t.with))
}

func (t Table[R]) and() string {
	if t.Where == "" {
		return ""
	}
	return ` AND ` + t.Where
}
