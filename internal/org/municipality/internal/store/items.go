package store

import "github.com/akashi-id/akashi/resident"

// itemColumns are those of the items that the first versions did not keep, in the order of itemTexts.
const itemColumns = `furigana, former_name, domicile, domicile_head, domicile_state, address_since, notified, earlier_address, voter,
	health_since, health_until, elderly_since, elderly_until, care_since, care_until,
	pension_since, pension_until, pension_kind, pension_kind_since, pension_number, allowance_since, allowance_until,
	stay_category, stay_status, stay_period, stay_until, stay_card, foreign_since`

// itemTexts are the items as they are stored.
type itemTexts struct {
	furigana, formerName, domicile, head, domicileState, since, notified, earlier       string
	voter                                                                               bool
	healthSince, healthUntil, elderlySince, elderlyUntil, careSince, careUntil          string
	pensionSince, pensionUntil, pensionKind, kindSince, pensionNumber, allowance, ended string
	category, status, period, until, card, foreignSince                                 string
}

// fields are where a row is read into.
func (t *itemTexts) fields() []any {
	return []any{&t.furigana, &t.formerName, &t.domicile, &t.head, &t.domicileState, &t.since, &t.notified, &t.earlier, &t.voter,
		&t.healthSince, &t.healthUntil, &t.elderlySince, &t.elderlyUntil, &t.careSince, &t.careUntil,
		&t.pensionSince, &t.pensionUntil, &t.pensionKind, &t.kindSince, &t.pensionNumber, &t.allowance, &t.ended,
		&t.category, &t.status, &t.period, &t.until, &t.card, &t.foreignSince}
}

// itemValues are the items as a row is written.
func itemValues(r resident.Record) []any {
	f, res, stay, q := r.FamilyRegister, r.Residence, r.Stay, r.Qualified
	return []any{r.Furigana.Reveal(), r.FormerName.Reveal(), f.Domicile.Reveal(), f.Head.Reveal(), f.State.Code(),
		res.Since.String(), res.Notified.String(), res.Earlier.Reveal(), q.Voter,
		q.Health.Since.String(), q.Health.Until.String(), q.Elderly.Since.String(), q.Elderly.Until.String(), q.Care.Since.String(), q.Care.Until.String(),
		q.Pension.Since.String(), q.Pension.Until.String(), q.Pension.Kind.Code(), q.Pension.KindSince.String(), q.Pension.Number.Reveal(),
		q.Allowance.Since.String(), q.Allowance.Until.String(),
		stay.Category.Code(), stay.Status.Reveal(), stay.Period.Text(), stay.Until.String(), stay.Card.Reveal(), stay.Since.String()}
}

// into reads the texts into a record.
func (t itemTexts) into(r *resident.Record, p *parser) {
	term := func(since, until string) resident.Term {
		return resident.Term{Since: read(p, since, resident.ParseDate), Until: read(p, until, resident.ParseDate)}
	}
	r.Furigana, r.FormerName = read(p, t.furigana, resident.ParseKana), read(p, t.formerName, resident.ParseFormerName)
	r.FamilyRegister = resident.FamilyRegister{State: read(p, t.domicileState, resident.ParseDomicileState),
		Domicile: read(p, t.domicile, resident.ParseAddress), Head: read(p, t.head, resident.ParseName)}
	r.Residence = resident.Residence{Since: read(p, t.since, resident.ParseDate), Notified: read(p, t.notified, resident.ParseDate),
		Earlier: read(p, t.earlier, resident.ParseAddress)}
	r.Qualified = resident.Qualifications{Voter: t.voter, Health: term(t.healthSince, t.healthUntil), Elderly: term(t.elderlySince, t.elderlyUntil),
		Care: term(t.careSince, t.careUntil),
		Pension: resident.Pension{Term: term(t.pensionSince, t.pensionUntil), Kind: read(p, t.pensionKind, resident.ParsePensionKind),
			KindSince: read(p, t.kindSince, resident.ParseDate), Number: read(p, t.pensionNumber, resident.ParsePensionNumber)},
		Allowance: resident.Allowance{Since: read(p, t.allowance, resident.ParseMonth), Until: read(p, t.ended, resident.ParseMonth)}}
	r.Stay = resident.Stay{Category: read(p, t.category, resident.ParseStayCategory), Status: read(p, t.status, resident.ParseStayStatus),
		Period: read(p, t.period, resident.ParseStayPeriod), Until: read(p, t.until, resident.ParseDate),
		Card: read(p, t.card, resident.ParseStayCard), Since: read(p, t.foreignSince, resident.ParseDate)}
}
