package registerfile

import (
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// setItem reads one field of the items into the record. The error is a *plain.Problem.
func setItem(rec *resident.Record, c column, field, s string) (err error) {
	f, res, stay, q := &rec.FamilyRegister, &rec.Residence, &rec.Stay, &rec.Qualified
	day := func(to *resident.Date) { *to, err = resident.ParseDate(field, s) }
	switch c {
	case furigana:
		rec.Furigana, err = resident.ParseKana(field, s)
	case formerName:
		rec.FormerName, err = resident.ParseFormerName(field, s)
	case domicile:
		f.Domicile, err = resident.ParseAddress(field, s)
	case domicileHead:
		f.Head, err = resident.ParseName(field, s)
	case domicileState:
		f.State, err = resident.ParseDomicileState(field, s)
	case addressSince:
		day(&res.Since)
	case notified:
		day(&res.Notified)
	case earlierAddress:
		res.Earlier, err = resident.ParseAddress(field, s)
	case voter:
		q.Voter, err = resident.ParseFlag(field, s)
	case healthSince:
		day(&q.Health.Since)
	case healthUntil:
		day(&q.Health.Until)
	case elderlySince:
		day(&q.Elderly.Since)
	case elderlyUntil:
		day(&q.Elderly.Until)
	case careSince:
		day(&q.Care.Since)
	case careUntil:
		day(&q.Care.Until)
	case pensionSince:
		day(&q.Pension.Since)
	case pensionUntil:
		day(&q.Pension.Until)
	case pensionKind:
		q.Pension.Kind, err = resident.ParsePensionKind(field, s)
	case pensionKindSince:
		day(&q.Pension.KindSince)
	case pensionNumber:
		q.Pension.Number, err = resident.ParsePensionNumber(field, s)
	case allowanceSince:
		q.Allowance.Since, err = resident.ParseMonth(field, s)
	case allowanceUntil:
		q.Allowance.Until, err = resident.ParseMonth(field, s)
	case stayCategory:
		stay.Category, err = resident.ParseStayCategory(field, s)
	case stayStatus:
		stay.Status, err = resident.ParseStayStatus(field, s)
	case stayPeriod:
		stay.Period, err = resident.ParseStayPeriod(field, s)
	case stayUntil:
		day(&stay.Until)
	case stayCard:
		stay.Card, err = resident.ParseStayCard(field, s)
	case foreignSince:
		day(&stay.Since)
	}
	return err
}

// checkItems judges the items of a line by each other and, in a file that has the columns for it, whether one is missing.
func (r *Reader) checkItems(rec *resident.Record) plain.Problems {
	// Whoever was registered before a register had items says none of them, and is taken as before (a 通称 without a nationality).
	if rec.Items() == (resident.Items{}) {
		return nil
	}
	rec.FamilyRegister = rec.FamilyRegister.Stated()
	ps := rec.Contradictions(r.asOf)
	if r.has(domicile, stayCategory) {
		ps = append(ps, rec.Missing()...)
	}
	for _, p := range ps { // named as the header names them
		if c, known := columnOf(p.Field); known {
			p.Field = r.nameOf(c)
		}
		p.Line = r.line
	}
	return ps
}

// has tells whether the file has all these columns.
func (r *Reader) has(all ...column) bool {
	for _, c := range all {
		found := false
		for _, o := range r.order {
			found = found || o == c
		}
		if !found {
			return false
		}
	}
	return true
}
