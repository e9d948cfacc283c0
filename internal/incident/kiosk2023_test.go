package incident

import (
	"os"
	"testing"
)

// TestKiosks2023, with that of 2024: as it was, so many papers went to others as the reports say. On this system none does, and with the same fault in it none does either.
func TestKiosks2023(t *testing.T) {
	for _, c := range []struct {
		incident Incident
		want     map[string]int
	}{
		{kioskTimeout2023, map[string]int{"asked_as_it_was": 11, "to_another_as_it_was": 10, "people_shown_as_it_was": 18, "handed_over_akashi": 11, "stopped_akashi": 0, "to_another_with_the_fault_akashi": 0}},
		{kioskRace2023, map[string]int{"asked_as_it_was": 5, "to_another_as_it_was": 2, "people_shown_as_it_was": 4, "handed_over_akashi": 5, "stopped_akashi": 0, "stopped_with_the_fault_akashi": 2, "to_another_with_the_fault_akashi": 0}},
		{kioskSecond2023, map[string]int{"to_another_as_it_was": 1, "handed_over_akashi": 2, "stopped_with_the_fault_akashi": 1}},
		{pagesMixed2023, map[string]int{"to_another_as_it_was": 1, "handed_over_akashi": 2, "stopped_with_the_fault_akashi": 1}},
		{multiServer2024, map[string]int{"to_another_as_it_was": 1, "people_shown_as_it_was": 1, "handed_over_akashi": 2, "stopped_with_the_fault_akashi": 1, "to_another_with_the_fault_akashi": 0}},
		{sealCancelled2023, map[string]int{"wrongly_certified_as_it_was": 3, "refused_akashi": 3}},
	} {
		t.Run(c.incident.Name, func(t *testing.T) {
			t.Parallel()
			r, err := c.incident.Run(t.Context(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.AsItWas.Holds || !r.Akashi.Holds {
				t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
			}
			counted(t, r, c.want)
			if os.Getenv("AKASHI_FULL") == "" && c.incident.Name != kioskSecond2023.Name && c.incident.Name != pagesMixed2023.Name {
				return // the long run plays each without its trigger
			}
			without, err := c.incident.Run(t.Context(), Options{NoTrigger: true})
			if err != nil {
				t.Fatal(err)
			}
			if !without.AsItWas.Holds || !without.Akashi.Holds {
				t.Errorf("without its trigger: %+v\nakashi: %+v", without.AsItWas, without.Akashi)
			}
		})
	}
}
