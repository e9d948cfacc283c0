package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const versionColumns = `person, version, code, name, kana, birth, sex, address, common_name, nationality, municipality,
	household, relation, became_resident, number, reason, arose, old_code, basis, place, kills, entered_at, entered_by, trace,
	before_hash, hash, event, corrects, record_hash, ` + itemColumns

// prefixed names the columns of versionColumns in a join.
var prefixed = "v." + strings.Join(strings.Fields(strings.ReplaceAll(versionColumns, ",", " ")), ", v.")

// Put adds a version, and gives what it tells the prefecture; the books show the same. The first version of a person
// brings the person into the register; a later one moves the register on to it. The rows of several first versions become
// one statement.
func (tx *Tx) Put(ctx context.Context, v Version, first bool) ([]message.Booked, error) {
	codes := []resident.RecordCode{v.Record.Code}
	if !first && !v.Kills.Nothing() {
		former, err := tx.Codes(ctx, v.Person)
		if err != nil {
			return nil, err
		}
		for _, c := range former {
			if c != v.Record.Code {
				codes = append(codes, c)
			}
		}
	}
	if err := tx.put(ctx, v, first); err != nil {
		return nil, err
	}
	tx.touch(v.Person, v.Trace)
	told := v.Told(codes)
	for _, t := range told {
		tx.books.Apply(tx.Tx, tx.books.Prefecture, t)
	}
	return told, nil
}

func (tx *Tx) put(ctx context.Context, v Version, first bool) error {
	r, c := v.Record, v.Change
	before := []byte{}
	if v.Before != (resident.StateHash{}) {
		before = v.Before[:]
	}
	hash, record := v.Hash(), r.StateHash()
	tx.Collect("record_version", versionColumns, append([]any{
		int64(v.Person), int64(v.Number), r.Code.Reveal(), r.Name.Reveal(), r.Kana.Reveal(), r.Birth.String(), int64(r.Sex), r.Address.Reveal(),
		r.CommonName.Reveal(), r.Nationality.Reveal(), r.Municipality.String(), string(r.Household), r.Relation.Reveal(),
		r.BecameResident.String(), r.Number.Reveal(), c.Reason.Code(), c.Arose.String(), c.OldCode.Reveal(), v.Basis, v.Place.Reveal(),
		effectBits(v.Kills), v.EnteredAt, v.EnteredBy, v.Trace, before, hash[:], v.Event, int64(v.Corrects), record[:]},
		itemValues(r)...)...)
	name, kana := nameKey(r.Name.Reveal()), searchKey(reading(r).Reveal())
	if first {
		tx.Collect("resident", "person, code, version, present, name_key, kana_key, birth, household, record_hash",
			int64(v.Person), r.Code.Reveal(), int64(v.Number), v.Present(), name, kana, r.Birth.String(), string(r.Household), record[:])
		return nil
	}
	n, err := tx.Exec(ctx, `UPDATE resident SET code = $2, version = $3, present = $4, name_key = $5, kana_key = $6, birth = $7,
		household = $8, record_hash = $9, placed = 0 WHERE person = $1 AND version < $3`,
		int64(v.Person), r.Code.Reveal(), int64(v.Number), v.Present(), name, kana, r.Birth.String(), string(r.Household), record[:])
	if err != nil {
		return fmt.Errorf("couldn't move the register on: %w", err)
	}
	if n != 1 {
		return fmt.Errorf("version %d does not follow on what the register holds", v.Number)
	}
	if old := c.OldCode; old.Valid() {
		_, err = tx.Exec(ctx, `INSERT INTO former_code(code, person) VALUES ($1, $2)`, old.Reveal(), int64(v.Person))
	}
	return err
}

// reading is what a person is found by: the furigana of the family register, or where there is none the office's own reading.
func reading(r resident.Record) resident.Kana {
	if r.Furigana.Valid() {
		return r.Furigana
	}
	return r.Kana
}

// Current is the state of a person now; false when the register has no such person.
func (tx *Tx) Current(ctx context.Context, p Person) (Version, bool, error) {
	return one(tx.QueryRow(ctx, presentStates+`WHERE r.person = $1`, int64(p)), scanPresent)
}

// CurrentOf is the state of whoever has a code, or else of whoever had it last.
func (tx *Tx) CurrentOf(ctx context.Context, code resident.RecordCode) (v Version, found bool, err error) {
	v, found, err = one(tx.QueryRow(ctx, presentStates+`WHERE r.code = $1`, code.Reveal()), scanPresent)
	if found || err != nil {
		return v, found, err
	}
	return one(tx.QueryRow(ctx, presentStates+`WHERE r.person = (SELECT person FROM former_code WHERE code = $1)`, code.Reveal()), scanPresent)
}

// Versions are all states of a person, the newest first.
func (tx *Tx) Versions(ctx context.Context, p Person) ([]Version, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *Version) error { return scanVersion(r, v) },
		`SELECT `+versionColumns+` FROM record_version WHERE person = $1 ORDER BY version DESC`, int64(p))
}

// LastOfCode is a person's newest state under a code; the person may have another code by now.
func (tx *Tx) LastOfCode(ctx context.Context, p Person, code resident.RecordCode) (Version, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+versionColumns+` FROM record_version WHERE person = $1 AND code = $2
		ORDER BY version DESC LIMIT 1`, int64(p), code.Reveal()), scanVersion)
}

// Household are the people of a household who are present, the oldest first.
func (tx *Tx) Household(ctx context.Context, id resident.HouseholdID) ([]Version, error) {
	if err := tx.Flush(ctx); err != nil { // who has just come into it must be seen
		return nil, err
	}
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *Version) error { return scanPresent(r, v) }, presentStates+
		`WHERE r.household = $1 AND r.present = TRUE ORDER BY r.birth, r.person`, string(id))
}

// Holder is who has a code, or had it.
type Holder struct {
	Person  Person
	Present bool
	Former  bool // the person has another code now
}

// ByCode finds who has a code or had it; false when the register knows nobody.
func (tx *Tx) ByCode(ctx context.Context, code resident.RecordCode) (Holder, bool, error) {
	h := Holder{}
	err := tx.QueryRow(ctx, `SELECT person, present FROM resident WHERE code = $1`, code.Reveal()).Scan(&h.Person, &h.Present)
	if errors.Is(err, sql.ErrNoRows) {
		h.Former = true
		err = tx.QueryRow(ctx, `SELECT r.person, r.present FROM former_code f JOIN resident r ON r.person = f.person WHERE f.code = $1`,
			code.Reveal()).Scan(&h.Person, &h.Present)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return Holder{}, false, nil
	}
	return h, err == nil, err
}

// Codes are all codes that a person has had here, the present one among them.
func (tx *Tx) Codes(ctx context.Context, p Person) ([]resident.RecordCode, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *resident.RecordCode) error {
		var s string
		if err := r.Scan(&s); err != nil {
			return err
		}
		var err error
		*c, err = resident.ParseRecordCode("code", s)
		return err
	}, `SELECT DISTINCT code FROM record_version WHERE person = $1 ORDER BY code`, int64(p))
}

type scanner interface{ Scan(dest ...any) error }

func one(row scanner, scan func(scanner, *Version) error) (v Version, found bool, err error) {
	err = scan(row, &v)
	if errors.Is(err, sql.ErrNoRows) {
		return Version{}, false, nil
	}
	return v, err == nil, err
}

// scanVersion reads a row of versionColumns. What was entered was checked then, so a text that cannot be read now is a
// row that was changed behind the program's back.
func scanVersion(row scanner, v *Version) error {
	var code, name, kana, birth, address, common, nationality, municipality, household, relation, became, number string
	var reason, arose, old, place string
	var version, sex, kills, corrects int64
	var before, hash, whole []byte
	var items itemTexts
	if err := row.Scan(append([]any{&v.Person, &version, &code, &name, &kana, &birth, &sex, &address, &common, &nationality, &municipality,
		&household, &relation, &became, &number, &reason, &arose, &old, &v.Basis, &place, &kills, sqlstore.Time(&v.EnteredAt),
		&v.EnteredBy, &v.Trace, &before, &hash, &v.Event, &corrects, &whole},
		items.fields()...)...); err != nil {
		return err
	}
	var p parser
	v.Number, v.Corrects, v.Kills = resident.Version(version), resident.Version(corrects), effectOf(kills)
	copy(v.Before[:], before)
	v.Record = resident.Record{
		Code: read(&p, code, resident.ParseRecordCode),
		BasicFour: resident.BasicFour{
			Name: read(&p, name, resident.ParseName), Birth: read(&p, birth, resident.ParsePartialDate),
			Sex: resident.Sex(sex), Address: read(&p, address, resident.ParseAddress),
		},
		Kana: read(&p, kana, resident.ParseKana), CommonName: read(&p, common, resident.ParseName),
		Nationality: read(&p, nationality, resident.ParseNationality), Municipality: read(&p, municipality, resident.ParseMunicipalityCode),
		Household: resident.HouseholdID(household), Relation: read(&p, relation, resident.ParseRelation),
		BecameResident: read(&p, became, resident.ParseDate), Number: read(&p, number, resident.ParseIndividualNumber),
	}
	items.into(&v.Record, &p)
	v.Change = resident.ChangeInfo{Reason: read(&p, reason, resident.ParseChangeReason), Arose: read(&p, arose, resident.ParseDate),
		OldCode: read(&p, old, resident.ParseRecordCode)}
	v.Place = read(&p, place, resident.ParseAddress)
	if p.err != nil {
		return fmt.Errorf("version %d of person %d cannot be read: %w", version, v.Person, p.err)
	}
	if got := v.Hash(); string(got[:]) != string(hash) {
		return fmt.Errorf("version %d of person %d does not have the hash that it was entered with", version, v.Person)
	}
	// The items that never leave the municipality have no copy elsewhere that would show that they were changed.
	if got := v.Record.StateHash(); len(whole) > 0 && string(got[:]) != string(whole) {
		return fmt.Errorf("version %d of person %d does not have the record hash that it was entered with", version, v.Person)
	}
	return nil
}

type parser struct{ err error }

// read reads a stored text with a Parse function of the vocabulary; the empty text is the zero value.
func read[T any](p *parser, s string, parse func(field, s string) (T, error)) (v T) {
	if s == "" || p.err != nil {
		return v
	}
	v, p.err = parse("stored", s)
	return v
}

// FormerCodes are the codes that persons have had here and have no more.
func (tx *Tx) FormerCodes(ctx context.Context, people []Person) (map[Person][]resident.RecordCode, error) {
	former := map[Person][]resident.RecordCode{}
	err := sqlstore.InParts(tx.Tx, 1, people, func(marks string, part []any) error {
		for i := range part {
			part[i] = int64(part[i].(Person))
		}
		rows, err := tx.Query(ctx, `SELECT person, code FROM former_code WHERE person IN (`+marks+`)`, part...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var person int64
			var text string
			if err := rows.Scan(&person, &text); err != nil {
				return err
			}
			code, err := resident.ParseRecordCode("code", text)
			if err != nil {
				return err
			}
			former[Person(person)] = append(former[Person(person)], code)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't read the codes that people had: %w", err)
	}
	return former, nil
}
