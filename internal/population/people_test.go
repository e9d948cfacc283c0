package population_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/resident"
)

func people(t testing.TB, municipality string, count int, seed uint64) []resident.Record {
	t.Helper()
	all := make([]resident.Record, 0, count)
	for rec := range population.People(population.Options{Municipality: code(t, municipality), Count: count, Seed: seed}) {
		all = append(all, rec)
	}
	return all
}

func TestMorePeopleBeginWithTheSame(t *testing.T) {
	all := people(t, "202053", 400, 3)
	for _, n := range []int{0, 1, 2, 7, 133, 399} {
		some := people(t, "202053", n, 3)
		if len(some) != n {
			t.Errorf("%d people, want %d", len(some), n)
		}
		for i, rec := range some {
			if rec != all[i] {
				t.Fatalf("resident %d of %d is not that of 400", i, n)
			}
		}
	}
	for range population.People(population.Options{Municipality: code(t, "202053"), Count: 10}) {
		break // a consumer may stop inside a household
	}
}

// ages in years; by the day, so that unknown days are left out.
func olderBy(older, younger resident.Record) (years int, known bool) {
	a, knownA := older.Birth.Whole()
	b, knownB := younger.Birth.Whole()
	if !knownA || !knownB {
		return 0, false
	}
	return resident.AgeOn(a, b), true
}

func TestHouseholds(t *testing.T) {
	parentOf := map[string][]string{ // who stands a generation above whom
		"子": {"世帯主", "妻", "夫"}, "子の子": {"子", "子の妻", "子の夫"},
		"世帯主": {"父", "母"}, "妻": {"妻の父", "妻の母"},
	}
	seen := map[string]int{}
	for _, c := range []string{"202029", "131211"} {
		households := map[resident.HouseholdID][]resident.Record{}
		const count = 30_000
		for _, rec := range people(t, c, count, 5) {
			households[rec.Household] = append(households[rec.Household], rec)
		}
		sum, names := 0, 0
		for id, members := range households {
			sum += len(members)
			by := map[string][]resident.Record{}
			surnames := map[string]bool{}
			for _, m := range members {
				relation := m.Relation.Reveal()
				by[relation] = append(by[relation], m)
				seen[relation]++
				if m.Address != members[0].Address {
					t.Errorf("household %s has two addresses", id)
				}
				family, _, _ := strings.Cut(m.Name.Reveal(), "　")
				surnames[family] = true
			}
			if len(surnames) > 1 {
				names++
			}
			if len(by["世帯主"]) != 1 || members[0].Relation != resident.Head {
				t.Errorf("household %s has %d heads", id, len(by["世帯主"]))
			}
			if n := len(by["妻"]) + len(by["夫"]) + len(by["妻（未届）"]) + len(by["夫（未届）"]); n > 1 {
				t.Errorf("household %s: the head has %d spouses", id, n)
			}
			for child, parents := range parentOf {
				for _, parent := range parents {
					for _, p := range by[parent] {
						for _, c := range by[child] {
							if years, known := olderBy(p, c); known && years < 16 {
								t.Errorf("household %s: %s is only %d years older than %s", id, parent, years, child)
							}
						}
					}
				}
			}
			children := by["子"]
			for i := 1; i < len(children); i++ {
				a, _ := children[i-1].Birth.Whole()
				b, _ := children[i].Birth.Whole()
				if a != b && b.Before(a.AddDays(280)) {
					t.Errorf("household %s: children born on %s and %s", id, a, b)
				}
			}
		}
		if sum != count {
			t.Errorf("%s: households have %d members, want %d", c, sum, count)
		}
		if size := float64(count) / float64(len(households)); size < 2.0 || size > 2.4 {
			t.Errorf("%s: %.2f persons in a household", c, size)
		}
		if names == 0 || names > len(households)/8 {
			t.Errorf("%s: %d of %d households have several family names", c, names, len(households))
		}
	}
	for _, relation := range []string{"世帯主", "妻", "夫", "妻（未届）", "子", "父", "母", "妻の父", "妻の母", "子の妻", "子の夫", "子の子"} {
		if seen[relation] == 0 {
			t.Errorf("nobody is %s", relation)
		}
	}
}

func TestAges(t *testing.T) {
	want := []int{32, 38, 42, 44, 50, 53, 51, 55, 61, 71, 78, 69, 61, 59, 66, 65, 50, 33, 16, 5, 1} // permille, as in the package doc
	got := make([]int, len(want))
	const count = 100_000
	women := 0
	for _, rec := range people(t, "202029", count, 11) {
		born := rec.Birth.Earliest()
		if born.Valid() {
			got[min(resident.AgeOn(born, population.DefaultAsOf)/5, len(got)-1)]++
		}
		if rec.Sex == resident.Female {
			women++
		}
	}
	for i, n := range got {
		if permille := 1000 * n / count; permille < want[i]-5 || permille > want[i]+5 {
			t.Errorf("%d permille are %d–%d years old, want %d", permille, 5*i, 5*i+4, want[i])
		}
	}
	if women < count*49/100 || women > count*54/100 {
		t.Errorf("%d of %d are women", women, count)
	}
}

func TestWhatIsRareOccurs(t *testing.T) {
	const count = 40_000
	variants := map[string]int{"髙": 0, "﨑": 0, "𠮷": 0, "葛\U000E0102": 0, "辻\U000E0103": 0}
	var leap, dayUnknown, monthUnknown, allUnknown, young int
	for _, rec := range people(t, "202029", count, 1) {
		for v := range variants {
			if strings.Contains(rec.Name.Reveal(), v) {
				variants[v]++
			}
		}
		b := rec.Birth
		switch _, whole := b.Whole(); {
		case whole:
			if b.Month() == 2 && b.Day() == 29 {
				leap++
			}
		case b.Year() == 0:
			allUnknown++
		case b.Month() == 0:
			monthUnknown++
		default:
			dayUnknown++
		}
		if _, whole := b.Whole(); !whole && b.Year() > 1936 {
			young++
		}
	}
	for v, n := range variants {
		if n == 0 || n > count/25 {
			t.Errorf("%d of %d have a name with %q", n, count, v)
		}
	}
	if leap < 12 || leap > 50 {
		t.Errorf("%d of %d were born on 29 February", leap, count)
	}
	if dayUnknown == 0 || monthUnknown == 0 || allUnknown == 0 || dayUnknown+monthUnknown+allUnknown > count/200 {
		t.Errorf("births of unknown day %d, month %d, wholly %d", dayUnknown, monthUnknown, allUnknown)
	}
	if young > 0 {
		t.Errorf("%d births of the last ninety years are partly unknown", young)
	}
}

func TestForeignResidents(t *testing.T) {
	entered := resident.MustDate(2012, 7, 9)
	for c, want := range map[string]struct{ least, most int }{"202029": {20, 30}, "131211": {47, 63}} {
		const count = 60_000
		foreign, common := 0, 0
		for _, rec := range people(t, c, count, 2) {
			latin := strings.Trim(rec.Name.Reveal(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ -") == ""
			if rec.Nationality.Valid() != latin || rec.Kana.Valid() == latin {
				t.Fatal("Latin letters without a nationality, or the other way round, or with a reading")
			}
			if !rec.Nationality.Valid() {
				if rec.CommonName.Valid() {
					t.Fatal("a Japanese national has a common name")
				}
				continue
			}
			foreign++
			if rec.CommonName.Valid() {
				common++
			}
			if rec.BecameResident.Before(entered) {
				t.Errorf("a foreign national is a resident since %s", rec.BecameResident)
			}
		}
		if permille := 1000 * foreign / count; permille < want.least || permille > want.most {
			t.Errorf("%s: %d permille are foreign, want %d to %d", c, permille, want.least, want.most)
		}
		if common == 0 || common > foreign/3 {
			t.Errorf("%s: %d of %d foreign residents have a common name", c, common, foreign)
		}
	}
	before := population.Options{Municipality: code(t, "131211"), Count: 5000, AsOf: entered.AddDays(-1)}
	for rec := range population.People(before) {
		if rec.Nationality.Valid() {
			t.Fatal("a foreign national in the register before 2012-07-09")
		}
	}
}
