package population_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/resident"
)

// TestItemsAreWholeAndInOrder: everybody has the items that the law asks for, and none that contradict each other, on the days
// on which registers began to have them too.
func TestItemsAreWholeAndInOrder(t *testing.T) {
	for _, day := range []resident.Date{resident.MustDate(2002, 8, 5), resident.MustDate(2008, 4, 1), resident.MustDate(2012, 7, 9), resident.MustDate(2024, 2, 29), population.DefaultAsOf} {
		for _, c := range []string{"202029", "131211", "203211"} {
			for rec := range population.People(population.Options{Municipality: code(t, c), Count: 4000, Seed: 9, AsOf: day}) {
				if ps := append(rec.Contradictions(day), rec.Missing()...); len(ps) > 0 {
					t.Fatalf("%s on %s: %v", c, day, ps)
				}
			}
		}
	}
}

// TestItemsOccur: each item and each of the usual categories of a stay is there, and none is everybody's.
func TestItemsOccur(t *testing.T) {
	const count = 40_000
	got := map[string]int{}
	note := func(what string, there bool) {
		if there {
			got[what]++
		}
	}
	for _, rec := range people(t, "131211", count, 4) {
		q, s := rec.Qualified, rec.Stay
		note("furigana", rec.Furigana.Valid())
		note("former name", rec.FormerName.Valid())
		note("domicile", rec.FamilyRegister.Domicile.Valid())
		note("domicile elsewhere", rec.FamilyRegister.Domicile.Valid() && !strings.HasPrefix(rec.FamilyRegister.Domicile.Reveal(), "東京都足立区"))
		note("another head", rec.FamilyRegister.Head.Valid() && rec.FamilyRegister.Head != rec.Name)
		note("domicile not known", rec.FamilyRegister.State == resident.DomicileUnknown)
		note("moved within", rec.Residence.Since.After(rec.BecameResident))
		note("earlier address", rec.Residence.Earlier.Valid() && rec.Residence.Notified.Valid())
		note("voter", q.Voter)
		note("health", q.Health.Given())
		note("elderly", q.Elderly.Given())
		note("care", q.Care.Given())
		note("pension", q.Pension.Number.Valid())
		note("allowance", q.Allowance.Given())
		note("stay", s.Card.Valid() && s.Until.Valid())
		note("permanent", s.Period == resident.Unlimited)
		note("special permanent", s.Category == resident.SpecialPermanent)
		note("after birth", s.Category == resident.TransitBirth)
	}
	for what, permille := range map[string][2]int{"furigana": {920, 960}, "former name": {1, 20}, "domicile": {920, 960}, "domicile elsewhere": {200, 500}, "another head": {250, 800},
		"domicile not known": {0, 2}, "moved within": {100, 600}, "earlier address": {300, 900}, "voter": {600, 900}, "health": {100, 400}, "elderly": {100, 250},
		"care": {200, 400}, "pension": {20, 200}, "allowance": {20, 150}, "stay": {15, 70}, "permanent": {1, 30}, "special permanent": {1, 20}, "after birth": {0, 2}} {
		if n := got[what]; n == 0 || 1000*n/count < permille[0] || 1000*n/count > permille[1] {
			t.Errorf("%d of %d: %s", n, count, what)
		}
	}
}

// TestOneFamilyRegister: a couple and their children have one, whose head is one of them.
func TestOneFamilyRegister(t *testing.T) {
	heads := map[resident.HouseholdID]resident.Record{}
	for _, rec := range people(t, "202029", 20_000, 6) {
		if rec.Relation == resident.Head {
			heads[rec.Household] = rec
		}
		head := heads[rec.Household]
		if rel := rec.Relation.Reveal(); (rel == "妻" || rel == "夫") && !rec.Foreign() && !head.Foreign() &&
			rec.FamilyRegister.State == resident.DomicileKnown && head.FamilyRegister.State == resident.DomicileKnown && rec.FamilyRegister != head.FamilyRegister {
			t.Fatalf("household %s: a couple with two family registers", rec.Household)
		}
	}
}
