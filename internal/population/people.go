package population

import (
	"fmt"

	"github.com/akashi-id/akashi/resident"
)

// generator makes the residents of one municipality from checked options.
type generator struct {
	municipality resident.MunicipalityCode
	place        place
	others       []resident.Municipality // from which somebody can come
	codes        pool
	seed         uint64
	count        int
	asOf         resident.Date
}

// people yields the residents, household by household, the head first. A household that would exceed the count loses
// its last members, so that the same seed with a larger count begins with the same residents.
func (g *generator) people(yield func(resident.Record) bool) {
	d := newDice(g.seed, g.codes.first) // a stream of its own for every municipality
	more := newDice(g.seed^itemStream, g.codes.first)
	var h household
	for n, number := 0, 1; n < g.count; number++ {
		g.settle(&h, d, number)
		c := g.circumstances(&h, more)
		for i := range h.members {
			if n == g.count {
				return
			}
			r := g.resident(&h, i, d, n)
			g.items(&r, &h, &c, i, more)
			if !yield(r) {
				return
			}
			n++
		}
	}
}

// household is what its members have in common.
type household struct {
	id      resident.HouseholdID
	address resident.Address
	members []member
	given   []string // the given names so far: no two alike in a household
	family  written
	inLaws  written // family name of members who do not have the head's
	stay    int     // days since it moved in
	abroad  abroad
}

// abroad is what a household has from abroad; the zero value is nothing.
type abroad struct {
	nation     *nation
	spouse     bool   // only the spouse is of that nationality
	commonName bool   // they use a 通称
	family     string // in Latin letters
}

// settle draws the next household. It reuses the memory of the one before.
func (g *generator) settle(h *household, d dice, number int) {
	*h = household{
		id:      must(resident.ParseHouseholdID("household", fmt.Sprintf("H-%07d", number))),
		address: g.place.draw(d),
		members: h.members[:0], given: h.given[:0],
		family: g.familyName(d),
	}
	permille := g.place.abroad
	if g.asOf.Before(firstForeigners) {
		permille = 0
	}
	// Households from abroad are smaller than others: for a share of the people it takes a larger one of the households.
	if d.permille(permille * 13 / 10) {
		s := shapesAbroad().draw(d)
		h.members = compose(h.members, d, s.kind, s.drawAge(d))
		h.abroad = fromAbroad(d, false)
	} else {
		s := shapes().draw(d)
		h.members = compose(h.members, d, s.kind, s.drawAge(d))
		if len(h.members) > 1 && h.members[1].spouse && h.members[1].age < years(65) && d.permille(permille*3/10) {
			h.abroad = fromAbroad(d, true)
		}
	}
	h.inLaws = g.familyName(d)
	h.stay = g.stay(d, h)
}

// stay is for how many days a household has been in the municipality: some since their birth, many for a short time.
func (g *generator) stay(d dice, h *household) int {
	age := h.members[0].age
	if h.abroad.nation != nil && !h.abroad.spouse && !h.abroad.commonName {
		return min(age, d.below(years(12))) // a common name is for those who have been here longer
	}
	if d.permille(300) {
		return age
	}
	part := d.below(1000)
	return age * part / 1000 * part / 1000
}

func (g *generator) familyName(d dice) written {
	if g.place.names != nil && d.permille(300) {
		return g.place.names.draw(d)
	}
	return surnames()[""].draw(d)
}

// resident makes the record of the ith member of a household, the nth resident of all.
func (g *generator) resident(h *household, i int, d dice, n int) resident.Record {
	m := h.members[i]
	born := g.asOf.AddDays(-m.age)
	r := resident.Record{
		Code:         g.codes.code(g.seed, n),
		Municipality: g.municipality,
		Household:    h.id,
		Relation:     relations()[m.relation],
	}
	r.Sex, r.Address, r.Birth = m.sex, h.address, resident.WholeDate(born)

	stay := min(h.stay, m.age)
	if m.spouse && d.permille(400) { // came later, by marriage, but before the children
		later := stay * d.below(1000) / 1000
		if i+1 < len(h.members) {
			later = max(later, min(stay, h.members[i+1].age))
		}
		stay = later
	}
	if m.age > years(90) && d.permille(40) {
		r.Birth = partlyUnknown(d, born)
		stay = min(stay, m.age-years(2)) // nobody became a resident before all the days that the birth may mean
	}
	r.BecameResident = g.asOf.AddDays(-stay)

	if h.abroad.nation != nil && (!h.abroad.spouse || m.spouse) {
		h.nameForeigner(&r, d, m, born.Year())
		if r.BecameResident.Before(firstForeigners) {
			r.BecameResident = firstForeigners
		}
	} else {
		h.nameJapanese(&r, d, m, born.Year())
	}
	return r
}

// partlyUnknown takes the day, the month, or everything from a date of birth, as registers restored from memory have it.
func partlyUnknown(d dice, born resident.Date) resident.PartialDate {
	s := born.String()
	switch at := d.below(100); {
	case at < 45:
		s = s[:8] + "00"
	case at < 92:
		s = s[:5] + "00-00"
	default:
		s = "0000-00-00"
	}
	return must(resident.ParsePartialDate("birth", s))
}
