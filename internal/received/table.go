package received

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var files embed.FS

// Schema adds to an organisation's table resident what is kept of each row here, and makes the tables beside it.
var Schema = sqlstore.SchemaIn("received", files)

// Shared says which books show what is written here: those with whoever told us, and those with whom we tell of it in our
// turn.
type Shared struct {
	Books  *reconcile.Books
	Onward message.Org // "": nobody
}

// set puts an entry into one book.
func (s Shared) set(tx *sqlstore.Tx, book message.Book, peer message.Org, key string, value message.Hash) {
	if peer != "" {
		s.Books.Set(tx, book, peer, key, value)
	}
}

// both puts an entry into the book with the teller and into the one that we are the source of.
func (s Shared) both(tx *sqlstore.Tx, book message.Book, toldBy message.Org, key string, value message.Hash) {
	s.set(tx, book, toldBy, key, value)
	s.set(tx, book, s.Onward, key, value)
}

// States is the table resident of an organisation, in a transaction. Each organisation's own schema makes it, with the
// columns that are named here and the indexes that it needs.
type States struct {
	tx     *sqlstore.Tx
	shared Shared
}

// In is the table in a transaction.
func In(tx *sqlstore.Tx, shared Shared) States { return States{tx, shared} }

// Identification are the columns that Scan reads.
const Identification = `code, name, birth, sex, address, common_name, number, municipality, version, reason, arose, old_code`

const stateColumns = Identification + `, built_on, hash, resides, at, told_by`

// writtenColumns are those of a row that is in force. What is kept as evidence has no keys: nobody searches it.
const writtenColumns = stateColumns + `, name_key, common_key`

// Standing is what a rule asks about the state that is held of a resident, without what the person is called.
type Standing struct {
	Version, BuiltOn resident.Version
	Hash             resident.StateHash
	Municipality     resident.MunicipalityCode
	Reason           resident.ChangeReason
	ToldBy           message.Org // "" of a row that was there before this was kept, and whose teller is not known
}

// Gone tells whether the record was deleted (消除).
func (s Standing) Gone() bool { return s.Reason.Act() == resident.Deletion }

// ErrDamaged is a row that somebody changed behind the program's back so that it is no state any more.
var ErrDamaged = errors.New("a stored state can't be read")

// StandingOf reads the columns version, built_on, hash, municipality, reason and told_by.
func StandingOf(version, builtOn int64, hash []byte, municipality, reason, toldBy string) (*Standing, error) {
	s := Standing{Version: resident.Version(version), BuiltOn: resident.Version(builtOn), ToldBy: message.Org(toldBy)}
	if copy(s.Hash[:], hash) != len(s.Hash) {
		return nil, fmt.Errorf("%w: it has no whole hash", ErrDamaged)
	}
	if err := errors.Join(read(&s.Municipality, municipality, resident.ParseMunicipalityCode),
		read(&s.Reason, reason, resident.ParseChangeReason)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if !s.Municipality.Valid() || !s.Reason.Valid() || version < 1 {
		return nil, fmt.Errorf("%w: a column is empty", ErrDamaged)
	}
	return &s, nil
}

// Standing reads how a resident stands; nil when none is held under the code. A first state that was put in this
// transaction is not seen before a flush.
func (t States) Standing(ctx context.Context, code resident.RecordCode) (*Standing, error) {
	var version, builtOn int64
	var hash []byte
	var municipality, reason, toldBy string
	err := t.tx.QueryRow(ctx, `SELECT version, built_on, hash, municipality, reason, told_by FROM resident WHERE code = $1`, code.Reveal()).
		Scan(&version, &builtOn, &hash, &municipality, &reason, &toldBy)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read how a resident stands: %w", err)
	}
	return StandingOf(version, builtOn, hash, municipality, reason, toldBy)
}

// Held reads the state that a change builds on. First states are collected into one statement, so one of the same batch
// is looked for a second time, after a flush, when the change builds on something that is not there, or changes its code.
//
// A damaged row of the sender's goes out of force here: it cannot be said whether the change follows it, so that the change
// is a gap until it builds on nothing. One of another organisation stays as it is, and the change is refused.
func (t States) Held(ctx context.Context, d exchange.Delivery, n message.ResidentChange) (*Standing, error) {
	code := CodeBefore(n)
	held, err := t.Standing(ctx, code)
	if errors.Is(err, ErrDamaged) {
		row, err := t.inForce(ctx, code)
		switch {
		case err != nil:
			return nil, err
		case row.toldBy != d.Sender:
			return nil, exchange.Reject("damaged-record",
				"この住民票コードの記録は、プログラムを通さずに書き換えられていて読めません。記録を通知した団体に、いまの状態を送り直すよう頼んでください。",
				"the record with this code was changed behind the program's back and cannot be read: ask the organisation that told of it to send the present state")
		}
		return nil, t.strikeOut(ctx, code, d.Sender, d.ID.String())
	}
	if held != nil || err != nil || n.Before == (resident.StateHash{}) && code == n.After.Code {
		return held, err
	}
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	return t.Standing(ctx, code)
}

// PutFirst adds a resident of whom nothing is held, with the next flush. A second row for a code fails the transaction.
func (t States) PutFirst(i resident.IdentificationInfo, toldBy message.Org) {
	t.tx.Collect("resident", writtenColumns, append(identificationArgs(i), int64(0), hashOf(i), !i.Deleted(), t.tx.Now(), string(toldBy), keyOf(i.Name.Reveal()), match.Key(i.CommonName.Reveal()))...)
	t.enter(toldBy, i)
}

// Put writes the state that follows the one held under the code was.
func (t States) Put(ctx context.Context, was resident.RecordCode, held Standing, i resident.IdentificationInfo, toldBy message.Org) error {
	args := append(identificationArgs(i), int64(held.Version), hashOf(i), !i.Deleted(), t.tx.Now(), string(toldBy), was.Reveal(), keyOf(i.Name.Reveal()), match.Key(i.CommonName.Reveal()))
	n, err := t.tx.Exec(ctx, `UPDATE resident SET code = $1, name = $2, birth = $3, sex = $4, address = $5, common_name = $6, number = $7,
		municipality = $8, version = $9, reason = $10, arose = $11, old_code = $12, built_on = $13, hash = $14, resides = $15, at = $16, told_by = $17,
		name_key = $19, common_key = $20 WHERE code = $18`, args...)
	if was != i.Code {
		t.shared.both(t.tx, message.Residents, toldBy, was.Reveal(), message.Hash{})
	}
	if held.ToldBy != toldBy {
		// Who told before has no entry left, as the record was deleted: but for one that somebody put into force by hand.
		t.shared.set(t.tx, message.Residents, held.ToldBy, was.Reveal(), message.Hash{})
	}
	t.enter(toldBy, i)
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows", n)
	}
	if err != nil {
		return fmt.Errorf("couldn't write a resident's state: %w", err)
	}
	return nil
}

// enter shows a state in the books: a record in force has an entry, a deleted one has none.
func (t States) enter(toldBy message.Org, i resident.IdentificationInfo) {
	t.shared.both(t.tx, message.Residents, toldBy, i.Code.Reveal(), valueOf(i))
}

func valueOf(i resident.IdentificationInfo) message.Hash {
	if i.Deleted() {
		return message.Hash{}
	}
	return message.Hash(i.StateHash())
}

// Adopt writes down who told us of the rows that were here before that was kept. whose gives "" when it cannot tell; such
// a row gets its teller with its next change.
func (t States) Adopt(ctx context.Context, whose func(resident.MunicipalityCode) message.Org) error {
	found, err := sqlstore.List(ctx, t.tx, func(r *sqlstore.Rows, m *string) error { return r.Scan(m) },
		`SELECT DISTINCT municipality FROM resident WHERE told_by = '' AND resides`)
	if err != nil {
		return fmt.Errorf("couldn't look for records without a teller: %w", err)
	}
	for _, m := range found {
		code, err := resident.ParseMunicipalityCode("stored", m)
		if err != nil {
			continue // a damaged row: nobody's, which the book's comparison shows
		}
		if o := whose(code); o != "" {
			if _, err := t.tx.Exec(ctx, `UPDATE resident SET told_by = $1 WHERE municipality = $2 AND told_by = ''`, string(o), m); err != nil {
				return fmt.Errorf("couldn't write down who told us of a record: %w", err)
			}
		}
	}
	return nil
}

// State reads the whole state held under a code; false when there is none.
func (t States) State(ctx context.Context, code resident.RecordCode) (resident.IdentificationInfo, bool, error) {
	all, err := sqlstore.List(ctx, t.tx, Scan, `SELECT `+Identification+` FROM resident WHERE code = $1`, code.Reveal())
	if err != nil || len(all) == 0 {
		return resident.IdentificationInfo{}, false, err
	}
	return all[0], true, nil
}

func identificationArgs(i resident.IdentificationInfo) []any {
	sex := ""
	if i.Sex.Valid() {
		sex = string('0' + rune(i.Sex))
	}
	return []any{i.Code.Reveal(), i.Name.Reveal(), i.Birth.String(), sex, i.Address.Reveal(), i.CommonName.Reveal(), i.Number.Reveal(),
		i.Municipality.String(), int64(i.Version), i.Change.Reason.Code(), i.Change.Arose.String(), i.Change.OldCode.Reveal()}
}

func hashOf(i resident.IdentificationInfo) []byte {
	h := i.StateHash()
	return h[:]
}

// row is the columns of Identification as they are stored.
type row struct {
	code, name, birth, sex, address, common, number, municipality string
	version                                                       int64
	reason, arose, old                                            string
}

func (v *row) columns() []any {
	return []any{&v.code, &v.name, &v.birth, &v.sex, &v.address, &v.common, &v.number, &v.municipality, &v.version, &v.reason, &v.arose, &v.old}
}

func (v *row) identification() (i resident.IdentificationInfo, err error) {
	i.Version = resident.Version(v.version)
	return i, errors.Join(
		read(&i.Code, v.code, resident.ParseRecordCode), read(&i.Name, v.name, resident.ParseName),
		read(&i.Birth, v.birth, resident.ParsePartialDate), read(&i.Sex, v.sex, resident.ParseSex),
		read(&i.Address, v.address, resident.ParseAddress), read(&i.CommonName, v.common, resident.ParseName),
		read(&i.Number, v.number, resident.ParseIndividualNumber), read(&i.Municipality, v.municipality, resident.ParseMunicipalityCode),
		read(&i.Change.Reason, v.reason, resident.ParseChangeReason), read(&i.Change.Arose, v.arose, resident.ParseDate),
		read(&i.Change.OldCode, v.old, resident.ParseRecordCode))
}

// Scan reads a row of Identification.
func Scan(r *sqlstore.Rows, i *resident.IdentificationInfo) error {
	var v row
	if err := r.Scan(v.columns()...); err != nil {
		return err
	}
	var err error
	*i, err = v.identification()
	return err
}

// read gives a stored text its type again; "" is an absent value.
func read[T any](to *T, text string, parse func(field, s string) (T, error)) (err error) {
	if text != "" {
		*to, err = parse("stored", text)
	}
	return err
}
