package population_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/resident"
)

// TestTowns: every town has an id of its own and a reading, and whoever lives somewhere lives in one of them.
func TestTowns(t *testing.T) {
	for _, of := range []string{"202029", "202053", "131211", "012025", "203211"} {
		file, err := population.Towns(code(t, of), resident.Date{})
		if err != nil {
			t.Fatal(err)
		}
		ids, names := map[string]bool{}, map[string]bool{}
		for i, line := range strings.Split(strings.TrimSpace(string(file)), "\n") {
			cells := strings.Split(line, ",")
			if i == 0 {
				continue
			}
			if ids[cells[1]] || len(cells[1]) != 7 || cells[3] == "" || cells[0] != of {
				t.Errorf("%s: %s", of, line)
			}
			ids[cells[1]], names[cells[2]+strings.TrimSuffix(cells[5], "チョウメ")] = true, true
		}
		for r := range population.People(population.Options{Municipality: code(t, of), Count: 200, Seed: 1}) {
			found := false
			for n := range names {
				found = found || strings.Contains(r.Address.Reveal(), n)
			}
			if !found {
				t.Errorf("%s is in no town", r.Address.Reveal())
			}
		}
	}
	if _, err := population.Towns(code(t, "011002"), resident.Date{}); err == nil {
		t.Error("a designated city has towns beside those of its wards")
	}
}
