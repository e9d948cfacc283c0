package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// rowGroup is what was collected for one table and list of columns.
type rowGroup struct {
	table, columns string
	width          int
	args           []any
}

// Collect keeps a row to be inserted with others of the same table and columns ("a, b, c") in one multi-row INSERT,
// at the latest before the commit. Rows of one table and list of columns keep their order; groups are written in the
// order of their first row. A statement of the same transaction does not see them before Flush. What is wrong with a row
// is told by Flush or Update.
func (tx *Tx) Collect(table, columns string, args ...any) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.over || tx.readOnly {
		tx.fail(errors.New("a row was collected in a view or after the end of the transaction"))
		return
	}
	args, err := portable(args)
	if err != nil {
		tx.fail(fmt.Errorf("row for %s: %w", table, err))
		return
	}
	tx.writes++
	for i := range tx.pending {
		g := &tx.pending[i]
		if g.table == table && g.columns == columns {
			if len(args) != g.width {
				tx.fail(fmt.Errorf("row for %s(%s): %d values", table, columns, len(args)))
				return
			}
			g.args = append(g.args, args...)
			return
		}
	}
	width := 1 + strings.Count(columns, ",")
	if len(args) != width {
		tx.fail(fmt.Errorf("row for %s(%s): %d values", table, columns, len(args)))
		return
	}
	// Most transactions have one row for a table, so that room for more is made when they come.
	tx.pending = append(tx.pending, rowGroup{table: table, columns: columns, width: width, args: slices.Clone(args)})
}

// Flush writes the collected rows and what was kept now, for a statement that must see them.
func (tx *Tx) Flush(ctx context.Context) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if len(tx.pending) == 0 && len(tx.kept) == 0 {
		return nil
	}
	if err := tx.ready(ctx); err != nil {
		return err
	}
	// What the keepers read must be there, so the rows go first; and they may collect rows themselves.
	for len(tx.pending) > 0 || len(tx.kept) > 0 {
		pending := tx.pending
		tx.pending = nil // not reused: an Attempt may hold the old one
		if err := tx.insert(ctx, tx.inserts(pending...)); err != nil {
			return err
		}
		if err := tx.flushKept(ctx); err != nil {
			return err
		}
	}
	return nil
}

// chunk is the number of rows of the next statement: the largest power of two that is there and within the engine's
// limit. Powers of two keep the number of different statements small, so that each is compiled once per connection.
func chunk(rows, width, maxParameters int) int {
	n := 1
	for 2*n <= rows && 2*n*width <= maxParameters {
		n *= 2
	}
	return n
}

func savedGroups(groups []rowGroup) []rowGroup {
	if len(groups) == 0 {
		return nil
	}
	return append([]rowGroup(nil), groups...)
}

// marksText writes n placeholders, numbered ($3) from first or bare (?).
func marksText(first, n int, numbered bool) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if numbered {
			fmt.Fprintf(&b, "$%d", first+i)
		} else {
			b.WriteByte('?')
		}
	}
	return b.String()
}

// insertText writes INSERT INTO table(columns) VALUES (…),(…) with numbered ($1) or bare (?) placeholders.
func insertText(g rowGroup, rows int, numbered bool) string {
	var b strings.Builder
	b.Grow(len(g.table) + len(g.columns) + 24 + rows*g.width*6)
	fmt.Fprintf(&b, "INSERT INTO %s(%s) VALUES ", g.table, g.columns)
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for j := range g.width {
			if j > 0 {
				b.WriteByte(',')
			}
			if numbered {
				fmt.Fprintf(&b, "$%d", i*g.width+j+1)
			} else {
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}
