package incident

import (
	"reflect"
	"strings"
	"testing"
)

// TestOneNumberTwoMen2016: as it was each namesake gets the code, and so the number, of the man of Sakaide. Here the counter is refused with what
// differs, the man gets a code of his own, and who really moves takes the code along.
func TestOneNumberTwoMen2016(t *testing.T) {
	r, err := oneNumber2016.Run(t.Context(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	people := 2*asFound2016.namesakes + asFound2016.movers
	counted(t, r, map[string]int{
		"namesakes_as_it_was": 2 * asFound2016.namesakes, "people_as_it_was": people, "people_akashi": people, "people_with_a_number_as_it_was": people, "people_with_a_number_akashi": people,
		"people_who_share_a_code_as_it_was": 2 * asFound2016.namesakes, "people_who_share_a_code_akashi": 0,
		"people_who_share_a_number_as_it_was": 2 * asFound2016.namesakes, "people_who_share_a_number_akashi": 0,
		"people_with_anothers_address_as_it_was": asFound2016.namesakes, "people_with_anothers_address_akashi": 0,
		"hits_taken_for_the_person_as_it_was": asFound2016.namesakes, "hits_taken_for_the_person_akashi": asFound2016.namesakes,
		"refused_at_the_counter_as_it_was": 0, "refused_at_the_counter_akashi": asFound2016.namesakes,
		"moved_with_the_code_as_it_was": asFound2016.movers, "moved_with_the_code_akashi": asFound2016.movers, "days_to_discovery_as_it_was": 2126,
	})
	last := r.Timeline[len(r.Timeline)-1]
	if len(r.Timeline) != 3 || last.AsItWas.SameNumber != 2*asFound2016.namesakes || !strings.Contains(last.AsItWas.Sees["sakaide"], "長野市") ||
		!strings.Contains(last.Akashi.Sees["nagano"], "氏名が違います") {
		t.Errorf("the timeline ends with %+v", last)
	}
}

// TestOneNumberWithoutItsTrigger: when the clerk does not take the hit for the person, both hold on the same input.
func TestOneNumberWithoutItsTrigger(t *testing.T) {
	r, err := oneNumber2016.Run(t.Context(), Options{Seed: 1, NoTrigger: true})
	if err != nil {
		t.Fatal(err)
	}
	if !r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	counted(t, r, map[string]int{"hits_taken_for_the_person_akashi": 0, "refused_at_the_counter_akashi": 0})
}

// TestOneNumberFollowsTheSeed: the input is drawn and not written down, and one seed gives one input.
func TestOneNumberFollowsTheSeed(t *testing.T) {
	a, b, again := newNumbersPlan(1, true, asFound2016), newNumbersPlan(2, true, asFound2016), newNumbersPlan(1, true, asFound2016)
	if reflect.DeepEqual(a.namesakes, b.namesakes) || !reflect.DeepEqual(a.namesakes, again.namesakes) || !reflect.DeepEqual(a.movers, again.movers) {
		t.Error("the plan does not follow its seed")
	}
	for i, pair := range a.namesakes {
		if pair.holder.Birth != pair.comer.Birth || (i%2 == 0) == (pair.holder.Name == pair.comer.Name) {
			t.Errorf("pair %d is none of namesakes", i)
		}
	}
}
