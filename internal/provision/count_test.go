package provision_test

import (
	"maps"
	"testing"

	"github.com/akashi-id/akashi/internal/provision"
	"github.com/akashi-id/akashi/resident"
)

// TestSmallNumbersAreNotPublished: what is published of a table is the same whatever the small numbers in it are. So nobody learns more of one
// than that it is from 1 to 9, not even who knows how the table is made, nor who knows another of them.
func TestSmallNumbersAreNotPublished(t *testing.T) {
	places := []string{"202029", "202037", "202053"}
	table := func(ns ...int64) (s provision.Statistics) {
		for i, n := range ns {
			s.Rows = append(s.Rows, provision.Counted{Use: 1, Municipality: places[i], N: n})
		}
		return s
	}
	publish := func(s provision.Statistics) provision.Published {
		t.Helper()
		all := s.Publish(func(m string) string { return m })
		if len(all) != 1 {
			t.Fatalf("%d uses", len(all))
		}
		return all[0]
	}
	for _, c := range []struct {
		shown       []int64 // 0: one from 1 to 9
		least, most int64
	}{
		{[]int64{100, 0, 50}, 151, 159}, {[]int64{0}, 1, 9}, {[]int64{10, 11}, 21, 21}, {[]int64{0, 0, 70}, 72, 88}, {[]int64{0, 0}, 2, 18}, {[]int64{0, 0, 0}, 3, 27},
	} {
		for small := range int64(9 * 9 * 9) {
			digits := []int64{small%9 + 1, small/9%9 + 1, small/81 + 1}
			ns, areas, total := make([]int64, len(c.shown)), map[string]int64{}, int64(0)
			for i, n := range c.shown {
				areas[places[i]], ns[i] = n, n
				if n == 0 {
					areas[places[i]], ns[i] = -1, digits[i]
				}
				total += ns[i]
			}
			got := publish(table(ns...))
			if got.Least != c.least || got.Most != c.most || !maps.Equal(got.Areas, areas) {
				t.Fatalf("%v: %+v, want %d to %d", ns, got, c.least, c.most)
			}
			if total < got.Least || total > got.Most {
				t.Fatalf("%v: the total is not from %d to %d", ns, got.Least, got.Most)
			}
		}
	}
}

func TestBusinessYearsBeginInApril(t *testing.T) {
	for day, want := range map[string]string{"2026-03-31": "2025-04-01 2026-03-31", "2026-04-01": "2026-04-01 2027-03-31", "2028-02-29": "2027-04-01 2028-03-31"} {
		d, err := resident.ParseDate("day", day)
		if err != nil {
			t.Fatal(err)
		}
		from, to := provision.FiscalYear(d)
		if got := from.String() + " " + to.String(); got != want {
			t.Errorf("%s is in %s, want %s", day, got, want)
		}
	}
}
