package resident_test

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/resident"
	"pgregory.net/rapid"
)

func TestParseDate(t *testing.T) {
	for s, want := range map[string]string{
		"2020-06-23": "2020-06-23", "2020年6月23日": "2020-06-23", "２０２０年６月２３日": "2020-06-23",
		"令和2年6月23日": "2020-06-23", "R02.06.23": "2020-06-23", "r2.6.23": "2020-06-23",
		"令和元年5月1日": "2019-05-01", "令和1年5月1日": "2019-05-01", "平成31年4月30日": "2019-04-30",
		"昭和64年1月7日": "1989-01-07", "平成元年1月8日": "1989-01-08", "大正15年12月24日": "1926-12-24",
		"昭和元年12月25日": "1926-12-25", "明治45年7月29日": "1912-07-29", "大正元年7月30日": "1912-07-30",
		"明治6年1月1日": "1873-01-01", "2024-02-29": "2024-02-29", "2000-02-29": "2000-02-29", " 2020-06-23 ": "2020-06-23",
	} {
		if d, err := resident.ParseDate("date", s); err != nil || d.String() != want {
			t.Errorf("%s: %v %v, want %s", s, d, err, want)
		}
	}
}

func TestParseDateRefuses(t *testing.T) {
	for s, says := range map[string]string{
		"":              "not a date",
		"2023-02-29":    "ends on day 28",
		"令和5年2月29日":     "ends on day 28",
		"R05.02.29":     "ends on day 28",
		"1900-02-29":    "ends on day 28",
		"2023-13-01":    "no month 13",
		"2023-04-31":    "ends on day 30",
		"1872-12-31":    "lunar",
		"明治5年12月31日":    "lunar",
		"令和元年4月30日":     "令和 begins on 2019-05-01. Enter the date in 平成31年",
		"平成31年5月1日":     "平成 ends on 2019-04-30. Enter the date in 令和元年",
		"昭和64年1月8日":     "Enter the date in 平成元年",
		"大正15年12月25日":   "Enter the date in 昭和元年",
		"明治45年7月30日":    "Enter the date in 大正元年",
		"令和0年1月1日":      "not a date",
		"2023-2-3":      "not a date",
		"20230203":      "not a date",
		"1950-03-00":    "month and day",
		"昭和25年月日不詳":     "month and day",
		"R99999.01.01":  "not a date",
		"令和9999年1月1日":   "four digits",
		"2020年６月２３日です":  "not a date",
		"2020-06-23T00": "not a date",
	} {
		d, err := resident.ParseDate("date", s)
		wantProblem(t, err, "date", says)
		if d.Valid() {
			t.Errorf("%s gave a date", s)
		}
	}
}

func TestEraOfBoundaryDays(t *testing.T) {
	for s, want := range map[string]string{
		"1912-07-29": "明治45年7月29日", "1912-07-30": "大正元年7月30日",
		"1926-12-24": "大正15年12月24日", "1926-12-25": "昭和元年12月25日",
		"1989-01-07": "昭和64年1月7日", "1989-01-08": "平成元年1月8日",
		"2019-04-30": "平成31年4月30日", "2019-05-01": "令和元年5月1日",
	} {
		if got := must(resident.ParseDate("", s)).Wareki(); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
	if got := resident.MustDate(2020, 6, 23); got.JIS() != "R02.06.23" || got.EraDigit() != 5 {
		t.Error(got.JIS(), got.EraDigit())
	}
}

func dates(t *rapid.T, label string) resident.Date {
	first := resident.MustDate(1873, 1, 1)
	return first.AddDays(rapid.IntRange(0, 60_000).Draw(t, label)) // to 2037
}

func TestDateRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dates(t, "days")
		for _, s := range []string{d.String(), d.Wareki(), d.JIS()} {
			if again, err := resident.ParseDate("", s); err != nil || again != d {
				t.Fatalf("%s: %v %v", s, again, err)
			}
		}
		if resident.DateOf(d.Start()) != d || resident.DateOf(d.Start().Add(-time.Nanosecond)) != d.AddDays(-1) {
			t.Fatalf("%s does not begin at 0:00 in Japan", d)
		}
		e := dates(t, "other")
		if want := d.Start().Compare(e.Start()); d.Compare(e) != want || d.Before(e) != (want < 0) || d.After(e) != (want > 0) {
			t.Fatalf("%s and %s are ordered wrongly", d, e)
		}
	})
}

func TestPartialDate(t *testing.T) {
	for _, c := range []struct{ in, iso, wareki, first, last string }{
		{"昭和25年3月日不詳", "1950-03-00", "昭和25年3月日不詳", "1950-03-01", "1950-03-31"},
		{"1950-00-00", "1950-00-00", "昭和25年月日不詳", "1950-01-01", "1950-12-31"},
		{"昭和元年月日不詳", "1926-00-00", "昭和元年月日不詳", "1926-01-01", "1926-12-31"},
		{"1948-02-00", "1948-02-00", "昭和23年2月日不詳", "1948-02-01", "1948-02-29"},
		{"不詳", "0000-00-00", "生年月日不詳", "", ""},
		{"1950-03-04", "1950-03-04", "昭和25年3月4日", "1950-03-04", "1950-03-04"},
	} {
		p, err := resident.ParsePartialDate("birth", c.in)
		if err != nil || p.String() != c.iso || p.Wareki() != c.wareki || p.Earliest().String() != c.first || p.Latest().String() != c.last {
			t.Errorf("%s: %s %s %s %s %v", c.in, p, p.Wareki(), p.Earliest(), p.Latest(), err)
		}
		again, err := resident.ParsePartialDate("birth", p.String())
		if err != nil || again != p || !p.Valid() {
			t.Errorf("%s does not round-trip: %v", p, err)
		}
	}
	for s, says := range map[string]string{"1950-00-04": "leave the day unknown", "": "not a date", "令和元年4月日不詳": "begins on", "昭和25年月4日": "not a date"} {
		_, err := resident.ParsePartialDate("birth", s)
		wantProblem(t, err, "birth", says)
	}
	if (resident.PartialDate{}).Valid() || !resident.UnknownDate.Valid() {
		t.Error("no date and an unknown date are confused")
	}
}

func TestLegalAge(t *testing.T) {
	for _, c := range []struct {
		birth    string
		age      int
		attained string
	}{
		{"2000-04-01", 18, "2018-03-31"}, {"2000-04-02", 18, "2018-04-01"}, {"2000-01-01", 18, "2017-12-31"},
		{"2004-02-29", 18, "2022-02-28"}, {"2004-02-29", 20, "2024-02-28"},
		{"2004-03-01", 18, "2022-02-28"}, {"2004-03-01", 20, "2024-02-29"},
	} {
		birth := must(resident.ParseDate("", c.birth))
		day := resident.Attains(birth, c.age)
		if day.String() != c.attained {
			t.Errorf("born %s, %d: %s, want %s", birth, c.age, day, c.attained)
		}
		if resident.AgeOn(birth, day) != c.age-1 || resident.AgeOn(birth, day.AddDays(1)) != c.age ||
			resident.AgeAtEndOf(birth, day) != c.age || resident.AgeAtEndOf(birth, day.AddDays(-1)) != c.age-1 {
			t.Errorf("born %s: wrong age around %s", birth, day)
		}
	}
}

func TestAgeNeverJumps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth, on := dates(t, "birth"), dates(t, "on")
		if got, want := resident.AgeOn(birth, on.AddDays(1)), resident.AgeAtEndOf(birth, on); got != want {
			t.Fatalf("born %s: %d at the end of %s, %d the day after", birth, want, on, got)
		}
		if step := resident.AgeAtEndOf(birth, on) - resident.AgeOn(birth, on); step != 0 && step != 1 {
			t.Fatalf("born %s: %d years on %s", birth, step, on)
		}
	})
}

func TestBirthdayAfter(t *testing.T) {
	for _, c := range []struct {
		birth, issue string
		n            int
		want         string
	}{
		{"1980-02-17", "2025-10-27", 5, "2030-02-17"}, // a published test card
		{"1980-10-27", "2025-10-27", 5, "2030-10-27"},
		{"1980-10-28", "2025-10-27", 1, "2025-10-28"},
		{"1980-02-29", "2025-10-27", 5, "2030-02-28"},
		{"1980-02-29", "2023-10-27", 1, "2024-02-28"},
		{"1980-02-29", "2024-02-28", 1, "2025-02-28"},
	} {
		got := resident.BirthdayAfter(must(resident.ParseDate("", c.birth)), must(resident.ParseDate("", c.issue)), c.n)
		if got.String() != c.want {
			t.Errorf("born %s, issued %s, %d: %s, want %s", c.birth, c.issue, c.n, got, c.want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2020-06-23", "令和元年5月1日", "R02.06.23", "昭和25年月日不詳", "明治45年7月30日", "R..", "令和年月日"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := resident.ParsePartialDate("d", s)
		if (err == nil) != p.Valid() {
			t.Fatal(err)
		}
		if again, err2 := resident.ParsePartialDate("d", p.String()); err == nil && (err2 != nil || again != p) {
			t.Fatalf("%q → %s → %v", s, p, err2)
		}
		if d, err := resident.ParseDate("d", s); (err == nil) != d.Valid() {
			t.Fatal(err)
		}
	})
}
