package provision_test

import (
	"maps"
	"testing"

	"github.com/akashi-id/akashi/internal/provision"
	"github.com/akashi-id/akashi/resident"
)

// TestSmallNumbersAreNotPublished: nor what they would follow from.
func TestSmallNumbersAreNotPublished(t *testing.T) {
	s := provision.Statistics{Rows: []provision.Counted{
		{Use: 1, Municipality: "202029", N: 100}, {Use: 1, Municipality: "202053", N: 9}, {Use: 1, Municipality: "202037", N: 50},
		{Use: 2, Municipality: "202029", N: 3}, {Use: 3, Municipality: "202029", N: 10}, {Use: 3, Municipality: "202053", N: 11},
		{Use: 4, Municipality: "202029", N: 5}, {Use: 4, Municipality: "202053", N: 6}, {Use: 4, Municipality: "202037", N: 70},
	}}
	for i, want := range []struct {
		total int64
		areas map[string]int64
	}{
		{159, map[string]int64{"202029": 100, "202053": -1, "202037": -1}}, // the 9 would follow from the other two and the total
		{-1, map[string]int64{"202029": -1}},
		{21, map[string]int64{"202029": 10, "202053": 11}},
		{81, map[string]int64{"202029": -1, "202053": -1, "202037": 70}},
	} {
		got := s.Publish(func(m string) string { return m })[i]
		if got.Total != want.total || !maps.Equal(got.Areas, want.areas) {
			t.Errorf("use %d: %+v, want %+v", got.Use, got, want)
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
