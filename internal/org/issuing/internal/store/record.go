package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Held is a person as the copy holds them.
type Held struct {
	Key     string // as the row has it, whatever else of it can be read
	Record  message.IssuingRecord
	BuiltOn resident.Version
	Hash    message.Hash
	ToldAt  time.Time // when the municipality wrote it
	At      time.Time // when it was applied
	Damaged bool      // the row does not say what was written into it
}

// Value is what the book has under the code: a deleted record has left it.
func (h Held) Value() message.Hash {
	if h.Record.Deleted() {
		return message.Hash{}
	}
	return h.Hash
}

// Entry is what the row says in the book: nothing that agrees with anything when it cannot be read.
func (h Held) Entry() reconcile.Row {
	if h.Damaged {
		return reconcile.Row{Key: h.Key}
	}
	return reconcile.Row{Key: h.Key, Value: h.Hash}
}

const heldColumns = `code, version, built_on, deleted, household, body, hash, told_at, at`

func scanHeld(r *sqlstore.Rows, h *Held) error {
	var version, builtOn, told, at int64
	var deleted bool
	var household string
	var body, hash []byte
	if err := r.Scan(&h.Key, &version, &builtOn, &deleted, &household, &body, &hash, &told, &at); err != nil {
		if h.Key == "" {
			return err
		}
		h.Damaged = true
		return nil // it must not keep the rows behind it from being read
	}
	h.BuiltOn, h.ToldAt, h.At = resident.Version(builtOn), sqlstore.FromMicros(told), sqlstore.FromMicros(at)
	p, err := message.Decode(message.KindIssuingRecord, body)
	n, ok := p.(message.IssuingRecord)
	if err != nil || !ok || copy(h.Hash[:], hash) != len(h.Hash) {
		h.Damaged = true
		return nil
	}
	h.Record = n
	h.Damaged = n.StateHash() != h.Hash || n.Code.Reveal() != h.Key || int64(n.Version) != version || n.Deleted() != deleted ||
		string(n.Record.Household) != household
	return nil
}

// Records is the book: the records of residents.
var Records = booktable.Table[Held]{Of: "records that documents are made of", Key: "code", Where: "deleted = FALSE", Read: scanHeld,
	Select: `SELECT ` + heldColumns + ` FROM record`}

// Held is whoever has a code; false: nobody of whom we were told.
func (tx *Tx) Held(ctx context.Context, code resident.RecordCode) (Held, bool, error) {
	return Records.Find(ctx, tx.Tx, code.Reveal())
}

// Household are the people of a household, the oldest first.
func (tx *Tx) Household(ctx context.Context, id resident.HouseholdID) ([]Held, error) {
	return sqlstore.List(ctx, tx.Tx, scanHeld, `SELECT `+heldColumns+` FROM record WHERE household = $1 AND household <> '' ORDER BY code LIMIT $2`, string(id), int64(message.MaxIssuingPersons+1))
}

// Put makes a person what a message says. was is the code under which they are held; builtOn up to which version messages that come late
// are settled.
func (tx *Tx) Put(ctx context.Context, was resident.RecordCode, n message.IssuingRecord, builtOn resident.Version, toldAt time.Time) error {
	if was.Valid() && was != n.Code {
		if _, err := tx.Exec(ctx, `DELETE FROM record WHERE code = $1`, was.Reveal()); err != nil {
			return fmt.Errorf("couldn't take the code before out of the copy: %w", err)
		}
		tx.books.Set(tx.Tx, message.IssuingRecords, tx.books.Municipality, was.Reveal(), message.Hash{})
	}
	on := n
	on.Before, on.OldCode = message.Hash{}, resident.RecordCode{} // how it came is no part of what it says
	body, err := message.Encode(on)
	if err != nil {
		return err
	}
	hash := n.StateHash()
	_, err = tx.Exec(ctx, `INSERT INTO record(`+heldColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT(code) DO UPDATE SET version = excluded.version, built_on = excluded.built_on, deleted = excluded.deleted, household = excluded.household,
		body = excluded.body, hash = excluded.hash, told_at = excluded.told_at, at = excluded.at`,
		n.Code.Reveal(), int64(n.Version), int64(builtOn), n.Deleted(), string(n.Record.Household), body, hash[:], toldAt, tx.Now())
	if err != nil {
		return fmt.Errorf("couldn't write a person into the copy: %w", err)
	}
	value := message.Hash(hash)
	if n.Deleted() {
		value = message.Hash{}
	}
	tx.books.Set(tx.Tx, message.IssuingRecords, tx.books.Municipality, n.Code.Reveal(), value)
	return nil
}

// Strike takes a person out of the copy and keeps what stood there, of a case.
func (tx *Tx) Strike(ctx context.Context, h Held, of string) error {
	if err := tx.KeepHeld(h, of); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM record WHERE code = $1`, h.Key); err != nil {
		return fmt.Errorf("couldn't take a person out of the copy: %w", err)
	}
	tx.books.Set(tx.Tx, message.IssuingRecords, tx.books.Municipality, h.Key, message.Hash{})
	return nil
}

// KeepHeld keeps what stands in a row before it is replaced, as far as it can be told.
func (tx *Tx) KeepHeld(h Held, of string) error {
	if !h.Record.Code.Valid() {
		return nil
	}
	return booktable.Keep(tx.Tx, message.IssuingRecords, h.Key, of, h.Record)
}

// SetEntry shows in the book what is held under a key already.
func (tx *Tx) SetEntry(key string, value message.Hash) {
	tx.books.Set(tx.Tx, message.IssuingRecords, tx.books.Municipality, key, value)
}

// Show says what is held under a key, and names nobody.
func (tx *Tx) Show(ctx context.Context, key string) (plain.Sentence, error) {
	h, found, err := Records.Find(ctx, tx.Tx, key)
	switch {
	case err != nil || !found:
		return plain.Sentence{JA: "何も保有していません。", EN: "Nothing is held."}, err
	case h.Damaged:
		return plain.Sentence{JA: "行がありますが、プログラムを通さずに書き換えられていて読めません。", EN: "There is a row that was changed behind the program's back and cannot be read."}, nil
	}
	return message.DescribeIssuing(h.Record), nil
}

// Counts are figures of the copy.
type Counts struct {
	Residents, Deleted, Households int64
	Told                           time.Time // when the municipality wrote what was applied last; zero: nothing was
	Applied                        time.Time // when that was applied
}

// Count counts the copy.
func (tx *Tx) Count(ctx context.Context) (c Counts, err error) {
	var told, at int64
	err = tx.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN deleted THEN 0 ELSE 1 END), 0), COALESCE(SUM(CASE WHEN deleted THEN 1 ELSE 0 END), 0),
		COUNT(DISTINCT CASE WHEN household <> '' THEN household END), COALESCE(MAX(told_at), 0), COALESCE(MAX(at), 0) FROM record`).
		Scan(&c.Residents, &c.Deleted, &c.Households, &told, &at)
	if err != nil {
		return c, fmt.Errorf("couldn't count the copy: %w", err)
	}
	if told != 0 {
		c.Told, c.Applied = sqlstore.FromMicros(told), sqlstore.FromMicros(at)
	}
	return c, nil
}
