package population

import (
	"testing"

	"github.com/akashi-id/akashi/resident"
)

// TestListsAreAcceptable: what is generated is never refused, because every part of it is of official characters.
func TestListsAreAcceptable(t *testing.T) {
	name := func(w written) {
		t.Helper()
		if _, err := resident.ParseName(w.text, w.text); err != nil {
			t.Error(err)
		}
		if _, err := resident.ParseKana(w.text, w.kana); err != nil {
			t.Error(err)
		}
	}
	unique := func(list string, seen map[any]bool, thing any) {
		t.Helper()
		if seen[thing] {
			t.Errorf("%s: %v stands there twice", list, thing)
		}
		seen[thing] = true
	}
	for region, list := range surnames() {
		seen := map[any]bool{}
		for _, w := range list.things {
			name(w)
			unique("surnames "+region, seen, w)
		}
	}
	for sex, generations := range givenNames() {
		for i, g := range generations {
			if len(g.names.things) < 20 {
				t.Errorf("%s %d: %d names are too few for a household", sex, g.from, len(g.names.things))
			}
			if i > 0 && generations[i-1].from >= g.from {
				t.Errorf("%s %d is not in order", sex, g.from)
			}
			seen := map[any]bool{}
			for _, w := range g.names.things {
				name(w)
				unique(sex, seen, w)
			}
		}
	}
	for code, list := range towns() {
		if code != "" && code != "町村" {
			if _, err := resident.Lookup("towns.txt", must(resident.ParseMunicipalityCode("towns.txt", code)), DefaultAsOf); err != nil {
				t.Error(err)
			}
		}
		seen := map[any]bool{}
		for _, town := range list.things {
			if _, err := resident.ParseAddress(town.name, town.name); err != nil {
				t.Error(err)
			}
			unique("towns "+code, seen, town.name)
		}
	}
	for _, n := range nationsAbroad().things {
		for _, family := range n.families {
			name(written{family, "ア"})
		}
		for _, w := range append(n.men, n.women...) {
			name(w)
		}
	}
	for _, b := range buildings {
		if _, err := resident.ParseAddress(b, b); err != nil {
			t.Error(err)
		}
	}
}

func TestBagDrawsByWeight(t *testing.T) {
	var b bag[string]
	b.add("never", 0)
	b.add("once", 1)
	b.add("thrice", 3)
	d, drawn := newDice(1, 1), map[string]int{}
	for range 4000 {
		drawn[b.draw(d)]++
	}
	if drawn["never"] > 0 || drawn["once"] < 900 || drawn["once"] > 1100 {
		t.Errorf("drawn %v, want none, about 1000 and about 3000", drawn)
	}
}
