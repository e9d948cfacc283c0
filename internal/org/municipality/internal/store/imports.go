package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Known is what the register holds under a code, as an import needs it.
type Known struct {
	Present bool
	Former  bool // somebody's code of before
	Free    bool // nobody's: of our own pool, and given to somebody some day
	Hash    resident.StateHash
}

// KnownCodes tells which of some codes the register knows, in one question per table.
func (tx *Tx) KnownCodes(ctx context.Context, codes []resident.RecordCode) (map[resident.RecordCode]Known, error) {
	known := map[resident.RecordCode]Known{}
	if len(codes) == 0 {
		return known, nil
	}
	var list strings.Builder
	args := make([]any, len(codes))
	for i, c := range codes {
		if i > 0 {
			list.WriteByte(',')
		}
		list.WriteString("$" + strconv.Itoa(i+1))
		args[i] = c.Reveal()
	}
	type row struct {
		code    string
		present bool
		hash    []byte
	}
	rows, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.code, &v.present, &v.hash) },
		`SELECT code, present, record_hash FROM resident WHERE code IN (`+list.String()+`)`, args...)
	if err != nil {
		return nil, err
	}
	former, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.code) },
		`SELECT code FROM former_code WHERE code IN (`+list.String()+`)`, args...)
	if err != nil {
		return nil, err
	}
	pool, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.code) },
		`SELECT code FROM code_pool WHERE given_at = 0 AND code IN (`+list.String()+`)`, args...)
	if err != nil {
		return nil, err
	}
	for _, r := range pool {
		code, err := resident.ParseRecordCode("stored", r.code)
		if err != nil {
			return nil, err
		}
		known[code] = Known{Free: true}
	}
	for i, r := range append(rows, former...) {
		code, err := resident.ParseRecordCode("stored", r.code)
		if err != nil {
			return nil, err
		}
		k := Known{Present: r.present, Former: i >= len(rows)}
		copy(k.Hash[:], r.hash)
		known[code] = k
	}
	return known, nil
}

// Run is one run of the import.
type Run struct {
	ID                           int64
	By                           string
	Lines, Added, Same, Rejected int64
}

// BeginRun writes down that a run began.
func (tx *Tx) BeginRun(id int64, by string) {
	tx.Collect("import_run", "id, started_at, by_person, lines, added, same, rejected", id, tx.Now(), by, int64(0), int64(0), int64(0), int64(0))
}

// NoteRun writes down how far a run has come.
func (tx *Tx) NoteRun(ctx context.Context, r Run) error {
	_, err := tx.Exec(ctx, `UPDATE import_run SET lines = $2, added = $3, same = $4, rejected = $5 WHERE id = $1`, r.ID, r.Lines, r.Added, r.Same, r.Rejected)
	return err
}

// Imported is how many residents all runs together have added.
func (tx *Tx) Imported(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(added), 0) AS BIGINT) FROM import_run`).Scan(&n)
	return n, err
}
