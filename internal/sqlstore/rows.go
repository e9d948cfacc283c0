package sqlstore

import (
	"context"
	"database/sql"
)

// Rows is the answer to Tx.Query, read from the first row to the last.
type Rows struct {
	rows *sql.Rows
	tx   *Tx
	err  error
	// ended: read to the end, or closed by its reader
	ended bool
}

// Next moves to the next row. It returns false at the end and after an error, and closes the rows then.
func (r *Rows) Next() bool {
	r.tx.mu.Lock()
	defer r.tx.mu.Unlock()
	r.tx.uses++
	if !r.tx.over && r.rows.Next() {
		return true
	}
	r.close()
	return false
}

// Scan copies the columns of the row into dest, as in database/sql; see Time for instants.
func (r *Rows) Scan(dest ...any) error { return r.rows.Scan(dest...) }

// Err is the error that ended Next, if it was one.
func (r *Rows) Err() error { return r.err }

// Close ends the reading early. It may be called twice.
func (r *Rows) Close() error {
	r.tx.mu.Lock()
	defer r.tx.mu.Unlock()
	return r.close()
}

func (r *Rows) close() error {
	if r.tx.open != r {
		if r.err == nil && r.tx.over && !r.ended {
			r.err = errOver // it was closed for its reader, who had not come to the end
		}
		return r.err
	}
	r.tx.open, r.ended = nil, !r.tx.over
	err := r.rows.Err()
	if e := r.rows.Close(); err == nil {
		err = e
	}
	if err != nil {
		r.err = r.tx.fail(err)
	}
	return r.err
}

// Row is the answer to Tx.QueryRow.
type Row struct {
	rows *Rows
	err  error
}

// Scan copies the columns into dest, or returns sql.ErrNoRows.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

// List runs a query and reads all of its rows with scan; the transaction is then free for the next statement. It is for
// answers with a limit in them.
func List[T any](ctx context.Context, tx *Tx, scan func(*Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
