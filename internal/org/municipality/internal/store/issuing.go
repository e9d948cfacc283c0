package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Printable is what documents are made of, of one person, and what the issuing server was told of it last.
type Printable struct {
	Person Person
	Code   string // as the row has it, whatever else of it can be read
	Record message.IssuingRecord
	Err    error // it cannot be read; Record is then empty

	Told PrintedAs
}

// PrintedAs is what the issuing server was told last; version 0: nothing yet.
type PrintedAs struct {
	Code    resident.RecordCode
	Version resident.Version
	Deleted bool
	Hash    message.Hash
}

// As is the record under a version.
func (p Printable) As(v resident.Version) message.IssuingRecord {
	r := p.Record
	r.Version = v
	return r
}

// New tells whether something of it is not told yet. Whoever was deleted before anything was told is nothing to tell.
func (p Printable) New() bool {
	if p.Told.Version == 0 {
		return !p.Record.Deleted()
	}
	return p.Told.Code != p.Record.Code || p.As(p.Told.Version).StateHash() != p.Told.Hash
}

// Version is that of the record as it is now: the version told, or the next one when something of it is not told yet.
func (p Printable) Version() resident.Version {
	if p.New() {
		return p.Told.Version + 1
	}
	return p.Told.Version
}

const printableSelect = `SELECT r.person, r.code, t.code, t.version, t.deleted, t.hash, pl.day, s.card, s.text, s.imprint, s.registered_at, `

const printableFrom = ` FROM resident r JOIN record_version v ON v.person = r.person AND v.version = r.version
	LEFT JOIN household_place p ON p.person = r.person AND p.seq = r.placed
	LEFT JOIN planned_move_out pl ON pl.person = r.person
	LEFT JOIN seal s ON s.person = r.person AND s.state = 'registered'
	LEFT JOIN issuing_told t ON t.person = r.person `

// printableRow reads what stands before the columns of a present state.
type printableRow struct {
	rows     *sqlstore.Rows
	person   int64
	code     string
	toldCode sql.NullString
	told     sql.NullInt64
	deleted  sql.NullBool
	hash     []byte
	leaves   sql.NullString
	card     sql.NullInt64
	text     sql.NullString
	imprint  []byte
	at       sql.NullInt64
}

func (r *printableRow) Scan(dest ...any) error {
	return r.rows.Scan(append([]any{&r.person, &r.code, &r.toldCode, &r.told, &r.deleted, &r.hash, &r.leaves, &r.card, &r.text, &r.imprint, &r.at}, dest...)...)
}

func scanPrintable(rows *sqlstore.Rows, p *Printable) error {
	row := printableRow{rows: rows}
	var v Version
	p.Err = scanPresent(&row, &v)
	if row.code == "" && p.Err != nil {
		return p.Err
	}
	p.Person, p.Code = Person(row.person), row.code
	var texts parser
	if row.told.Valid {
		p.Told = PrintedAs{Code: read(&texts, row.toldCode.String, resident.ParseRecordCode), Version: resident.Version(row.told.Int64), Deleted: row.deleted.Bool}
		if copy(p.Told.Hash[:], row.hash) != len(p.Told.Hash) {
			texts.err = errors.Join(texts.err, errors.New("the hash of what was told is not whole"))
		}
	}
	leaves := read(&texts, row.leaves.String, resident.ParseDate)
	if p.Err = errors.Join(p.Err, texts.err); p.Err != nil {
		return nil // it keeps nobody else from being read
	}
	p.Record = message.IssuingRecord{Code: v.Record.Code, Register: v.Number, Reason: v.Change.Reason, Arose: v.Change.Arose}
	if v.Present() {
		p.Record.Record, p.Record.Leaves = message.Printed(v.Record), leaves
		if row.card.Valid {
			p.Record.Seal = message.RegisteredSeal{Card: row.card.Int64, Text: row.text.String, Imprint: row.imprint,
				Registered: sqlstore.FromMicrosOrNone(row.at.Int64).UTC().Truncate(time.Second)}
		}
	}
	return nil
}

// Printable reads what documents are made of, of some people; whether they are protected is not in it. What was collected is seen.
func (tx *Tx) Printable(ctx context.Context, people []Person) (all []Printable, err error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	err = sqlstore.InParts(tx.Tx, 1, people, func(marks string, part []any) error {
		for i := range part {
			part[i] = int64(part[i].(Person))
		}
		some, err := sqlstore.List(ctx, tx.Tx, scanPrintable, printableSelect+present+printableFrom+`WHERE r.person IN (`+marks+`) ORDER BY r.person`, part...)
		all = append(all, some...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't read what documents are made of: %w", err)
	}
	return all, nil
}

// PrintableByCode are residents by their codes, from after one on: those of whom something was told, or all.
func (tx *Tx) PrintableByCode(ctx context.Context, after string, limit int, all bool) ([]Printable, error) {
	told := ` AND t.person IS NOT NULL`
	if all {
		told = ``
	}
	return sqlstore.List(ctx, tx.Tx, scanPrintable, printableSelect+present+printableFrom+`WHERE r.present = TRUE AND r.code > $1`+told+` ORDER BY r.code LIMIT $2`, after, int64(limit))
}

// PrintableOf are residents by some codes.
func (tx *Tx) PrintableOf(ctx context.Context, codes []string) (all []Printable, err error) {
	err = sqlstore.InParts(tx.Tx, 1, codes, func(marks string, part []any) error {
		some, err := sqlstore.List(ctx, tx.Tx, scanPrintable, printableSelect+present+printableFrom+`WHERE r.code IN (`+marks+`)`, part...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// NotePrinted writes down what the issuing server is told of people.
func (tx *Tx) NotePrinted(ctx context.Context, told map[Person]message.IssuingRecord, order []Person) error {
	args := make([]any, 0, 6*len(order))
	for _, who := range order {
		r := told[who]
		h := r.StateHash()
		args = append(args, int64(who), r.Code.Reveal(), int64(r.Version), r.Deleted(), h[:], tx.Now())
	}
	return tx.InsertRows(ctx, "issuing_told", "person, code, version, deleted, hash, at", 6, args,
		`ON CONFLICT(person) DO UPDATE SET code = excluded.code, version = excluded.version, deleted = excluded.deleted, hash = excluded.hash, at = excluded.at`)
}

// IssuingFill is how far the first filling of the issuing server is.
type IssuingFill struct {
	After Person
	Sent  int64
	Done  bool
}

// IssuingFill reads it; false when it has not begun.
func (tx *Tx) IssuingFill(ctx context.Context, peer message.Org) (f IssuingFill, begun bool, err error) {
	var after int64
	err = tx.QueryRow(ctx, `SELECT after_person, sent, done FROM issuing_fill WHERE peer = $1`, string(peer)).Scan(&after, &f.Sent, &f.Done)
	if errors.Is(err, sql.ErrNoRows) {
		return f, false, nil
	}
	f.After = Person(after)
	return f, err == nil, err
}

// SetIssuingFill writes it.
func (tx *Tx) SetIssuingFill(ctx context.Context, peer message.Org, f IssuingFill) error {
	_, err := tx.Exec(ctx, `INSERT INTO issuing_fill(peer, after_person, sent, done) VALUES ($1, $2, $3, $4)
		ON CONFLICT(peer) DO UPDATE SET after_person = excluded.after_person, sent = excluded.sent, done = excluded.done`, string(peer), int64(f.After), f.Sent, f.Done)
	return err
}

// ResidentsAfter are the numbers of residents, from after one on.
func (tx *Tx) ResidentsAfter(ctx context.Context, after Person, limit int) ([]Person, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, p *Person) error { return r.Scan(p) },
		`SELECT person FROM resident WHERE present = TRUE AND person > $1 ORDER BY person LIMIT $2`, int64(after), int64(limit))
}
