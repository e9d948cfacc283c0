package population

import (
	"fmt"
	"slices"
	"sync"

	"github.com/akashi-id/akashi/resident"
)

// The days from which items are in a register, from memory.
var (
	formerNamesFrom = resident.MustDate(2019, 11, 5)
	careFrom        = resident.MustDate(2000, 4, 1) // 介護保険
	elderlyFrom     = resident.MustDate(2008, 4, 1) // 後期高齢者医療
)

// itemStream keeps the dice of the items apart from those of the people: the people of a seed are the same ones that were
// made before they had items.
const itemStream = 0x6974_656d_7301

// circumstances are what a household has in common beside its people.
type circumstances struct {
	domicile resident.Address // 本籍 of the head's family register
	inLaws   resident.Address // 本籍 of who has another
	earlier  resident.Address // where it came from
	settled  int              // days since it came to this address, if that was after it came to the municipality
	late     int              // days after which it notified the move in (法22条: within 14)
	health   bool             // insured with 国民健康保険
	special  bool             // 特別永住者
	work     *living          // why a foreign household is here
	heads    map[string]resident.Name
}

// circumstances draws them.
func (g *generator) circumstances(h *household, d dice) circumstances {
	c := circumstances{domicile: g.domicile(d), inLaws: g.domicile(d), settled: -1, heads: map[string]resident.Name{},
		health: d.permille(210), special: h.abroad.nation != nil && h.abroad.commonName && d.permille(500), work: livings().draw(d)}
	if h.members[0].age > years(60) {
		c.health = d.permille(700)
	}
	if d.permille(450) {
		c.settled = d.below(h.stay + 1)
	}
	c.late = d.below(15)
	c.earlier = must(resident.ParseAddress("earlier address", g.elsewhere(d).FullName()+"本町"+wide(d.between(1, 9))+"丁目"+wide(d.between(1, 30))+"番"+wide(d.between(1, 20))+"号"))
	return c
}

// domicile is a 本籍: mostly in the municipality, on a lot of a town.
func (g *generator) domicile(d dice) resident.Address {
	base := g.place.address
	town := g.place.towns.draw(d)
	name := town.name
	if d.permille(350) {
		base, name = g.elsewhere(d).FullName(), "本町"
		town.chome = 0
	}
	if town.blocks && town.chome > 0 {
		name += wide(d.between(1, town.chome)) + "丁目"
	}
	return must(resident.ParseAddress("domicile", base+name+wide(d.between(1, 4800))+"番地"))
}

// elsewhere draws another municipality.
func (g *generator) elsewhere(d dice) resident.Municipality {
	return g.others[d.below(len(g.others))]
}

// items fills the items of the ith member's record, of whom the main items are there already.
func (g *generator) items(r *resident.Record, h *household, c *circumstances, i int, d dice) {
	m := h.members[i]
	born := g.asOf.AddDays(-m.age)
	if r.Foreign() {
		r.Stay = g.stayOf(r, h, c, m, d)
	} else {
		r.Furigana = r.Kana
		r.FamilyRegister = g.register(r, h, c, m, d)
		if m.relation == "妻" && m.age < years(70) && !g.asOf.Before(formerNamesFrom) && d.permille(35) {
			r.FormerName = must(resident.ParseFormerName("former name", g.familyName(d).text))
		}
		r.Qualified.Voter = m.age >= years(18)+1 && g.asOf.AddDays(-90).After(r.BecameResident)
	}
	g.residence(r, h, c, m, born, d)
	g.qualify(r, h, c, m, born, d)
}

// residence says how somebody came to the municipality and to the address.
func (g *generator) residence(r *resident.Record, h *household, c *circumstances, m member, born resident.Date, d dice) {
	r.Residence.Since = r.BecameResident
	if at := g.asOf.AddDays(-c.settled); c.settled >= 0 && at.After(r.BecameResident) {
		r.Residence.Since = at
	}
	if !r.BecameResident.After(born) {
		return // here since the birth
	}
	if r.Residence.Notified = r.BecameResident.AddDays(c.late); r.Residence.Notified.After(g.asOf) {
		r.Residence.Notified = g.asOf
	}
	r.Residence.Earlier = c.earlier
	if r.Foreign() && d.permille(600) {
		r.Residence.Earlier = must(resident.ParseAddress("earlier address", r.Nationality.Reveal()))
	}
}

// register is the family register of somebody: that of the head and the head's spouse and children, that of the head's parents,
// or one's own.
func (g *generator) register(r *resident.Record, h *household, c *circumstances, m member, d dice) resident.FamilyRegister {
	if m.age > years(60) && d.permille(1) { // war, disaster: a register that nobody found again
		return resident.FamilyRegister{State: resident.DomicileUnknown}
	}
	family := "head"
	switch m.relation {
	case "父", "母", "妻の父", "妻の母":
		family = "parents"
	case "妻（未届）", "夫（未届）":
		family = "own"
	case "子", "子の妻", "子の夫", "子の子":
		if h.members[0].age > years(45) && slices.ContainsFunc(h.members, func(m member) bool { return m.relation == "子の子" }) {
			family = "child" // who founded a family
		}
	}
	domicile := c.domicile
	if m.own || family == "own" {
		domicile = c.inLaws
	}
	head, known := c.heads[family]
	if !known {
		head = r.Name
		// Alone and young is mostly still in the parents' register; a mother keeps that of her husband.
		if m.relation == "母" || m.relation == "妻の母" || family == "own" && d.permille(600) || len(h.members) == 1 && m.age < years(60) && d.permille(650) {
			name := h.family
			if m.own || family == "own" {
				name = h.inLaws
			}
			head = must(resident.ParseName("head", name.text+"　"+elder(d, g.asOf.AddDays(-m.age).Year()).text))
		}
		c.heads[family] = head
	}
	return resident.FamilyRegister{State: resident.DomicileKnown, Domicile: domicile, Head: head}
}

// elder is the given name of a man a generation before a year.
func elder(d dice, year int) written {
	generations := givenNames()[resident.Male.String()]
	g := generations[0]
	for _, later := range generations[1:] {
		if later.from <= year-30 {
			g = later
		}
	}
	return g.names.draw(d)
}

// qualify draws the qualifications of somebody.
func (g *generator) qualify(r *resident.Record, h *household, c *circumstances, m member, born resident.Date, d dice) {
	q := &r.Qualified
	from := func(days ...resident.Date) resident.Date {
		day := r.BecameResident
		for _, other := range days {
			if other.After(day) {
				day = other
			}
		}
		return day
	}
	if day := from(resident.Attains(born, 65), careFrom); !day.After(g.asOf) {
		q.Care.Since = day
	}
	if day := from(resident.Attains(born, 75).AddDays(1), elderlyFrom); !day.After(g.asOf) {
		q.Elderly.Since = day
	} else if c.health {
		q.Health.Since = from(born)
	}
	chance, number := d.permille(700), fmt.Sprintf("%010d", d.below(10_000_000_000))
	if day := from(resident.Attains(born, 20)); c.health && chance && !day.After(g.asOf) && m.age < years(60) {
		q.Pension = resident.Pension{Term: resident.Term{Since: day}, Kind: resident.PensionFirst, Number: must(resident.ParsePensionNumber("pension number", number))}
	}
	if m.relation != "世帯主" {
		return
	}
	for _, child := range h.members {
		if child.relation == "子" && child.age < years(15) {
			q.Allowance.Since = resident.MonthOf(from(g.asOf.AddDays(-child.age)))
			return
		}
	}
}

// living is why somebody from abroad is here: the status of residence, and for how long it is given.
type living struct {
	status  resident.StayStatus
	periods []resident.StayPeriod
	days    []int // of each period
}

// livings are the statuses of those who came to work or to learn, with their weights from memory.
var livings = sync.OnceValue(func() *bag[*living] {
	all := &bag[*living]{}
	for _, l := range []struct {
		status  string
		periods []string
		days    []int
		weight  int
	}{
		{"技術・人文知識・国際業務", []string{"1年", "3年", "5年"}, []int{365, 3 * 365, 5 * 365}, 24},
		{"留学", []string{"1年3月", "2年", "4年3月"}, []int{455, 2 * 365, 4*365 + 90}, 20},
		{"技能実習２号ロ", []string{"1年", "2年"}, []int{365, 2 * 365}, 20},
		{"特定技能１号", []string{"6月", "1年"}, []int{180, 365}, 14},
		{"定住者", []string{"1年", "3年", "5年"}, []int{365, 3 * 365, 5 * 365}, 14},
		{"介護", []string{"3年", "5年"}, []int{3 * 365, 5 * 365}, 4},
		{"特定活動", []string{"6月", "1年"}, []int{180, 365}, 4},
	} {
		w := &living{status: must(resident.ParseStayStatus("status", l.status)), days: l.days}
		for _, p := range l.periods {
			w.periods = append(w.periods, must(resident.ParseStayPeriod("period", p)))
		}
		all.add(w, l.weight)
	}
	return all
})

const letters = "ABCDEFGHJKLMNPRSTUVWXYZ"

// stayOf is what the register says of the stay of somebody from abroad.
func (g *generator) stayOf(r *resident.Record, h *household, c *circumstances, m member, d dice) resident.Stay {
	s := resident.Stay{Category: resident.MidToLongTerm, Since: r.BecameResident}
	letter := func() string { return letters[d.below(len(letters)):][:1] }
	card := must(resident.ParseStayCard("card", letter()+letter()+fmt.Sprintf("%08d", d.below(100_000_000))+letter()+letter()))
	at, last := d.below(1000), d.below(1000)
	switch {
	case c.special:
		s.Category, s.Card = resident.SpecialPermanent, card
		return s
	case m.age < 30: // 入管法22条の2: a child may stay for 60 days after its birth without a status, and asks for one within 30
		s.Category = resident.TransitBirth
		return s
	}
	s.Card = card
	w := c.work
	switch {
	case h.abroad.spouse:
		w = spouseOfJapanese()
		if at < 400 {
			w = permanentResident()
		}
	case h.abroad.commonName && at < 800:
		w = permanentResident()
	case m.relation != "世帯主":
		w = dependant()
	}
	n := d.below(len(w.periods))
	s.Status, s.Period = w.status, w.periods[n]
	if s.Period != resident.Unlimited {
		s.Until = g.asOf.AddDays(w.days[n] * (last + 1) / 1000)
	}
	return s
}

func oneLiving(status, period string, days int) func() *living {
	return sync.OnceValue(func() *living {
		return &living{status: must(resident.ParseStayStatus("status", status)), periods: []resident.StayPeriod{must(resident.ParseStayPeriod("period", period))}, days: []int{days}}
	})
}

var (
	permanentResident = oneLiving("永住者", "無期限", 0)
	spouseOfJapanese  = oneLiving("日本人の配偶者等", "3年", 3*365)
	dependant         = oneLiving("家族滞在", "3年", 3*365)
)
