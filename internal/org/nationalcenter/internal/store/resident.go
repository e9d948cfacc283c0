package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Standing is what a rule asks about the state that is held of a resident, without what the person is called.
type Standing struct {
	Version, BuiltOn resident.Version
	Hash             resident.StateHash
	Municipality     resident.MunicipalityCode
	Reason           resident.ChangeReason
}

// Standing reads how a resident stands, nil when none is held under the code, and the code's claim, in one question: it is
// asked for every change. A first state that was put in this transaction is not seen before Flush.
func (tx *Tx) Standing(ctx context.Context, code resident.RecordCode) (*Standing, Claim, error) {
	var version, builtOn sql.NullInt64
	var hash []byte
	var municipality, reason, allotted, successor sql.NullString
	err := tx.QueryRow(ctx, `SELECT r.version, r.built_on, r.hash, r.municipality, r.reason, c.allotted_to, c.successor
		FROM (SELECT CAST($1 AS TEXT) AS code) AS q LEFT JOIN resident AS r ON r.code = q.code LEFT JOIN code AS c ON c.code = q.code`, code.Reveal()).
		Scan(&version, &builtOn, &hash, &municipality, &reason, &allotted, &successor)
	if err != nil {
		return nil, Claim{}, fmt.Errorf("couldn't read how a resident stands: %w", err)
	}
	claim := Claim{AllottedTo: message.Org(allotted.String)}
	if err := read(&claim.Successor, successor.String, resident.ParseRecordCode); err != nil {
		return nil, Claim{}, fmt.Errorf("a stored claim can't be read: %w", err)
	}
	if !version.Valid {
		return nil, claim, nil
	}
	s := Standing{Version: resident.Version(version.Int64), BuiltOn: resident.Version(builtOn.Int64)}
	if copy(s.Hash[:], hash) != len(s.Hash) {
		return nil, claim, errors.New("a stored state has no whole hash")
	}
	if err := errors.Join(read(&s.Municipality, municipality.String, resident.ParseMunicipalityCode),
		read(&s.Reason, reason.String, resident.ParseChangeReason)); err != nil {
		return nil, claim, fmt.Errorf("a stored state can't be read: %w", err)
	}
	return &s, claim, nil
}

const (
	identification = `code, name, birth, sex, address, common_name, number, municipality, version, reason, arose, old_code`
	stateColumns   = identification + `, built_on, hash, resides, at`
)

// PutFirst adds a resident of whom nothing is held, with the next flush. A second row for a code fails the transaction.
func (tx *Tx) PutFirst(i resident.IdentificationInfo) {
	tx.Collect("resident", stateColumns, append(identificationArgs(i), int64(0), hashOf(i), !i.Deleted(), tx.Now())...)
}

// Put writes the state that follows the one held under the code was.
func (tx *Tx) Put(ctx context.Context, was resident.RecordCode, i resident.IdentificationInfo, builtOn resident.Version) error {
	args := append(identificationArgs(i), int64(builtOn), hashOf(i), !i.Deleted(), tx.Now(), was.Reveal())
	n, err := tx.Exec(ctx, `UPDATE resident SET code = $1, name = $2, birth = $3, sex = $4, address = $5, common_name = $6, number = $7,
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

// State reads the whole state held under a code; false when there is none.
func (tx *Tx) State(ctx context.Context, code resident.RecordCode) (resident.IdentificationInfo, bool, error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanIdentification, `SELECT `+identification+` FROM resident WHERE code = $1`, code.Reveal())
	if err != nil || len(all) == 0 {
		return resident.IdentificationInfo{}, false, err
	}
	return all[0], true, nil
}

// BornOn lists residents by their date of birth.
func (tx *Tx) BornOn(ctx context.Context, birth resident.PartialDate, limit int) ([]resident.IdentificationInfo, error) {
	return sqlstore.List(ctx, tx.Tx, scanIdentification,
		`SELECT `+identification+` FROM resident WHERE birth = $1 ORDER BY name, code LIMIT $2`, birth.String(), limit)
}

// Named lists residents by their name, byte for byte.
func (tx *Tx) Named(ctx context.Context, name resident.Name, limit int) ([]resident.IdentificationInfo, error) {
	return sqlstore.List(ctx, tx.Tx, scanIdentification,
		`SELECT `+identification+` FROM resident WHERE name = $1 ORDER BY birth, code LIMIT $2`, name.Reveal(), limit)
}

func scanIdentification(r *sqlstore.Rows, i *resident.IdentificationInfo) error {
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
