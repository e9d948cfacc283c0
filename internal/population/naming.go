package population

import (
	"slices"

	"github.com/akashi-id/akashi/resident"
)

func (h *household) nameJapanese(r *resident.Record, d dice, m member, year int) {
	family := h.family
	if m.own {
		family = h.inLaws
	}
	given := h.givenName(d, m.sex, year)
	r.Name = must(resident.ParseName("name", family.text+"　"+given.text))
	r.Kana = must(resident.ParseKana("kana", family.kana+"　"+given.kana))
}

// givenName draws a name of somebody's sex and year of birth that nobody in the household has yet. The lists are much
// longer than any household.
func (h *household) givenName(d dice, sex resident.Sex, year int) written {
	generations := givenNames()[sex.String()]
	g := generations[0]
	for _, later := range generations[1:] {
		if later.from <= year {
			g = later
		}
	}
	name := g.names.draw(d)
	for slices.Contains(h.given, name.text) {
		name = g.names.draw(d)
	}
	h.given = append(h.given, name.text)
	return name
}

func fromAbroad(d dice, spouse bool) abroad {
	n := nationsAbroad().draw(d)
	return abroad{nation: n, spouse: spouse, commonName: d.permille(n.commonNames), family: n.family(d)}
}

func (n *nation) family(d dice) string { return n.families[d.below(len(n.families))] }

// nameForeigner gives somebody a nationality, a name in Latin letters with the family name first, as on the residence
// card, and perhaps a 通称. There is no reading: the reading of the law (氏名の振り仮名, 2025) comes from the family
// register, in which only Japanese nationals are.
func (h *household) nameForeigner(r *resident.Record, d dice, m member, year int) {
	n := h.abroad.nation
	family := h.abroad.family
	if m.spouse { // keeps the name of their own family, where the children have that of the head
		family = n.family(d)
	}
	list := n.men
	if m.sex == resident.Female {
		list = n.women
	}
	given := list[d.below(len(list))]
	for range 5 { // the lists are short: two of a name may remain
		if !slices.Contains(h.given, given.text) {
			break
		}
		given = list[d.below(len(list))]
	}
	h.given = append(h.given, given.text)
	r.Nationality = n.name
	r.Name = must(resident.ParseName("name", family+" "+given.text))
	if !h.abroad.commonName {
		return
	}
	common, called := h.inLaws.text, given.kana
	if h.abroad.spouse {
		common = h.family.text
	}
	if d.permille(500) {
		called = h.givenName(d, m.sex, year).text
	}
	r.CommonName = must(resident.ParseName("common name", common+"　"+called))
}
