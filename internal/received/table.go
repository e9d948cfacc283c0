package received

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// States is the table resident of an organisation, in a transaction. Each organisation's schema makes its own, with
// the columns that are named here and the indexes that it needs.
type States struct{ tx *sqlstore.Tx }

// In is the table in a transaction.
func In(tx *sqlstore.Tx) States { return States{tx} }

// Identification are the columns that Scan reads.
const Identification = `code, name, birth, sex, address, common_name, number, municipality, version, reason, arose, old_code`

const stateColumns = Identification + `, built_on, hash, resides, at`

// Standing is what a rule asks about the state that is held of a resident, without what the person is called.
type Standing struct {
	Version, BuiltOn resident.Version
	Hash             resident.StateHash
	Municipality     resident.MunicipalityCode
	Reason           resident.ChangeReason
}

// StandingOf reads the columns version, built_on, hash, municipality and reason.
func StandingOf(version, builtOn int64, hash []byte, municipality, reason string) (*Standing, error) {
	s := Standing{Version: resident.Version(version), BuiltOn: resident.Version(builtOn)}
	if copy(s.Hash[:], hash) != len(s.Hash) {
		return nil, errors.New("a stored state has no whole hash")
	}
	if err := errors.Join(read(&s.Municipality, municipality, resident.ParseMunicipalityCode),
		read(&s.Reason, reason, resident.ParseChangeReason)); err != nil {
		return nil, fmt.Errorf("a stored state can't be read: %w", err)
	}
	return &s, nil
}

// Standing reads how a resident stands; nil when none is held under the code. A first state that was put in this
// transaction is not seen before a flush.
func (t States) Standing(ctx context.Context, code resident.RecordCode) (*Standing, error) {
	var version, builtOn int64
	var hash []byte
	var municipality, reason string
	err := t.tx.QueryRow(ctx, `SELECT version, built_on, hash, municipality, reason FROM resident WHERE code = $1`, code.Reveal()).
		Scan(&version, &builtOn, &hash, &municipality, &reason)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read how a resident stands: %w", err)
	}
	return StandingOf(version, builtOn, hash, municipality, reason)
}

// Held reads the state that a change builds on. First states are collected into one statement, so one of the same batch
// is looked for a second time, after a flush, when the change builds on something that is not there.
func (t States) Held(ctx context.Context, n message.ResidentChange) (*Standing, error) {
	held, err := t.Standing(ctx, CodeBefore(n))
	if held != nil || err != nil || n.Before == (resident.StateHash{}) {
		return held, err
	}
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	return t.Standing(ctx, CodeBefore(n))
}

// PutFirst adds a resident of whom nothing is held, with the next flush. A second row for a code fails the transaction.
func (t States) PutFirst(i resident.IdentificationInfo) {
	t.tx.Collect("resident", stateColumns, append(identificationArgs(i), int64(0), hashOf(i), !i.Deleted(), t.tx.Now())...)
}

// Put writes the state that follows the one held under the code was.
func (t States) Put(ctx context.Context, was resident.RecordCode, held Standing, i resident.IdentificationInfo) error {
	args := append(identificationArgs(i), int64(held.Version), hashOf(i), !i.Deleted(), t.tx.Now(), was.Reveal())
	n, err := t.tx.Exec(ctx, `UPDATE resident SET code = $1, name = $2, birth = $3, sex = $4, address = $5, common_name = $6, number = $7,
		municipality = $8, version = $9, reason = $10, arose = $11, old_code = $12, built_on = $13, hash = $14, resides = $15, at = $16
		WHERE code = $17`, args...)
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows", n)
	}
	if err != nil {
		return fmt.Errorf("couldn't write a resident's state: %w", err)
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

// Scan reads a row of Identification.
func Scan(r *sqlstore.Rows, i *resident.IdentificationInfo) error {
	var code, name, birth, sex, address, common, number, municipality, reason, arose, old string
	var version int64
	if err := r.Scan(&code, &name, &birth, &sex, &address, &common, &number, &municipality, &version, &reason, &arose, &old); err != nil {
		return err
	}
	i.Version = resident.Version(version)
	return errors.Join(
		read(&i.Code, code, resident.ParseRecordCode), read(&i.Name, name, resident.ParseName),
		read(&i.Birth, birth, resident.ParsePartialDate), read(&i.Sex, sex, resident.ParseSex),
		read(&i.Address, address, resident.ParseAddress), read(&i.CommonName, common, resident.ParseName),
		read(&i.Number, number, resident.ParseIndividualNumber), read(&i.Municipality, municipality, resident.ParseMunicipalityCode),
		read(&i.Change.Reason, reason, resident.ParseChangeReason), read(&i.Change.Arose, arose, resident.ParseDate),
		read(&i.Change.OldCode, old, resident.ParseRecordCode))
}

// read gives a stored text its type again; "" is an absent value.
func read[T any](to *T, text string, parse func(field, s string) (T, error)) (err error) {
	if text != "" {
		*to, err = parse("stored", text)
	}
	return err
}
