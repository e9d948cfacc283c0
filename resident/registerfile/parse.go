package registerfile

import (
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// parse reads the fields of a line, all of them even when one is bad.
func (r *Reader) parse(line string) (rec resident.Record, ps plain.Problems) {
	var ok bool
	r.fields, ok = split(r.fields[:0], line)
	if !ok {
		return resident.Record{}, r.refuse("",
			"引用符(\")が正しく閉じていません。引用符を直してください。",
			"A quotation mark (\") is not closed properly. Correct it.")
	}
	if len(r.fields) != len(r.order) {
		return resident.Record{}, r.refuse("",
			fmt.Sprintf("項目が%d個ありますが、見出しは%d個です。区切りのコンマを確かめてください。", len(r.fields), len(r.order)),
			fmt.Sprintf("There are %d fields, and %d in the header. Check the commas.", len(r.fields), len(r.order)))
	}
	for i, s := range r.fields {
		c := r.order[i]
		if s == "" && ids[c].optional {
			continue
		}
		if err := r.set(&rec, c, r.names[i], s); err != nil {
			found, _ := plain.AsProblems(err)
			for _, p := range found {
				p.Line = r.line
			}
			ps = append(ps, found...)
		}
	}
	if len(ps) == 0 {
		ps = r.checkDays(rec)
	}
	if len(ps) == 0 {
		ps = r.checkItems(&rec)
	}
	if len(ps) > 0 {
		return resident.Record{}, ps
	}
	return rec, nil
}

// set reads one field into the record. The error is a *plain.Problem.
func (r *Reader) set(rec *resident.Record, c column, field, s string) (err error) {
	switch c {
	case recordCode:
		rec.Code, err = resident.ParseRecordCode(field, s)
	case name:
		rec.Name, err = resident.ParseName(field, s)
	case kana:
		rec.Kana, err = resident.ParseKana(field, s)
	case birth:
		rec.Birth, err = resident.ParsePartialDate(field, s)
	case sex:
		rec.Sex, err = resident.ParseSex(field, s)
	case address:
		rec.Address, err = resident.ParseAddress(field, s)
	case municipality:
		rec.Municipality, err = r.body(field, s)
	case household:
		rec.Household, err = resident.ParseHouseholdID(field, s)
	case relation:
		rec.Relation, err = resident.ParseRelation(field, s)
	case commonName:
		rec.CommonName, err = resident.ParseName(field, s)
	case nationality:
		rec.Nationality, err = resident.ParseNationality(field, s)
	case becameResident:
		rec.BecameResident, err = resident.ParseDate(field, s)
	case number:
		rec.Number, err = resident.ParseIndividualNumber(field, s)
	default:
		err = setItem(rec, c, field, s)
	}
	return err
}

// body reads a municipality in whose register somebody can be on the day of the file.
func (r *Reader) body(field, s string) (resident.MunicipalityCode, error) {
	b, known := r.bodies[s]
	if !known {
		b.code, b.err = lookup(field, s, r.asOf)
		if len(r.bodies) < 4000 && len(s) <= len("０")*6 { // a hostile file must not fill memory
			r.bodies[strings.Clone(s)] = b
		}
	}
	if p, bad := b.err.(*plain.Problem); bad {
		again := *p // each line gets its own, to write its number into
		return b.code, &again
	}
	return b.code, b.err
}

func lookup(field, s string, asOf resident.Date) (resident.MunicipalityCode, error) {
	code, err := resident.ParseMunicipalityCode(field, s)
	if err != nil {
		return resident.MunicipalityCode{}, err
	}
	m, err := resident.Lookup(field, code, asOf)
	if err != nil {
		return resident.MunicipalityCode{}, err
	}
	if m.NoAdministration {
		return resident.MunicipalityCode{}, plain.Bad(field,
			m.FullName()+"では住民基本台帳の事務が行われていません。市区町村コードを確かめてください。",
			m.Romaji()+" keeps no resident register. Check the municipality code.")
	}
	return code, nil
}

// checkDays compares the dates of a record with each other and with the day of the file.
func (r *Reader) checkDays(rec resident.Record) plain.Problems {
	switch {
	case rec.Birth.Earliest().After(r.asOf):
		return r.refuse(r.nameOf(birth),
			"生年月日が"+r.asOf.Wareki()+"より後です。日付を確かめてください。",
			"The date of birth is after "+r.asOf.String()+". Check the date.")
	case rec.BecameResident.After(r.asOf):
		return r.refuse(r.nameOf(becameResident),
			"住民となった年月日が"+r.asOf.Wareki()+"より後です。日付を確かめてください。",
			"The day of becoming a resident is after "+r.asOf.String()+". Check the date.")
	case rec.BecameResident.Before(rec.Birth.Earliest()):
		return r.refuse(r.nameOf(becameResident),
			"住民となった年月日が生年月日より前です。どちらかの日付を直してください。",
			"The day of becoming a resident is before the birth. Correct one of the dates.")
	}
	return nil
}

func (r *Reader) nameOf(c column) string {
	for i, o := range r.order {
		if o == c {
			return r.names[i]
		}
	}
	return ids[c].JA
}
