package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Counted is how many provisions there were under a use, about residents of a municipality.
type Counted struct {
	Use          uint64
	Municipality string // code; a word of a damaged row is kept as it is
	N            int64
}

// Searched is how many searches there were for a purpose, and how many records they showed.
type Searched struct {
	Purpose  look.Purpose
	N, Shown int64
}

// Statistics are the provisions and the searches of a period, both days included.
type Statistics struct {
	From, To resident.Date
	Uses     map[uint64]Use
	Rows     []Counted
	Searches []Searched
}

// FiscalYear is the business year (年度) of a day: from April to March.
func FiscalYear(day resident.Date) (from, to resident.Date) {
	year := day.Year()
	if day.Month() < time.April {
		year--
	}
	return resident.MustDate(year, time.April, 1), resident.MustDate(year+1, time.March, 31)
}

// Count counts a period (法30条の11⑥).
func Count(ctx context.Context, tx *sqlstore.Tx, from, to resident.Date) (s Statistics, err error) {
	s = Statistics{From: from, To: to, Uses: map[uint64]Use{}}
	if s.Rows, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, c *Counted) error { return r.Scan(&c.Use, &c.Municipality, &c.N) },
		`SELECT use_number, municipality, COUNT(*) FROM provision WHERE day >= $1 AND day <= $2 GROUP BY use_number, municipality ORDER BY use_number, municipality`,
		from.String(), to.String()); err != nil {
		return s, fmt.Errorf("couldn't count what was given: %w", err)
	}
	if s.Searches, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, c *Searched) error { return r.Scan(&c.Purpose, &c.N, &c.Shown) },
		`SELECT purpose, COUNT(*), SUM(shown) FROM inquiry WHERE at >= $1 AND at < $2 GROUP BY purpose ORDER BY purpose`, from.Start(), to.AddDays(1).Start()); err != nil {
		return s, fmt.Errorf("couldn't count the searches: %w", err)
	}
	uses, err := Uses(ctx, tx)
	for _, u := range uses {
		s.Uses[u.Number] = u
	}
	return s, err
}

// Total is how many provisions there were.
func (s Statistics) Total() (n int64) {
	for _, c := range s.Rows {
		n += c.N
	}
	return n
}

// ByPrefecture adds up, of one use or, with 0, of all.
func (s Statistics) ByPrefecture(number uint64) map[resident.PrefectureCode]int64 {
	sums := map[resident.PrefectureCode]int64{}
	for _, c := range s.Rows {
		if code, err := resident.ParseMunicipalityCode("municipality", c.Municipality); err == nil && (number == 0 || number == c.Use) {
			sums[code.Prefecture()] += c.N
		}
	}
	return sums
}

// least is the smallest number that is published as it is. Fewer could be told apart by those who know one of them.
const least = 10

// Published is one use of a published table. A number that is −1 is not published; the total lies from Least to Most.
type Published struct {
	Use         uint64
	Least, Most int64
	Areas       map[string]int64
}

// hidden stands for a number that is not published.
const hidden int64 = -1

// Publish makes the table that anybody may see: of each use the parts by area, and the total. A number from 1 to 9 is not published, and the
// total then as far only as it follows from the rest: between 1 and 9 more for each part that is not. So whatever stands in the table is
// made from numbers that are published, and nobody can work out one that is not (docs/decisions/0047).
func (s Statistics) Publish(area func(municipality string) string) (all []Published) {
	byUse := map[uint64]map[string]int64{}
	for _, c := range s.Rows {
		if byUse[c.Use] == nil {
			byUse[c.Use] = map[string]int64{}
		}
		byUse[c.Use][area(c.Municipality)] += c.N
	}
	for number, areas := range byUse {
		p := Published{Use: number, Areas: map[string]int64{}}
		for name, n := range areas {
			if n < least {
				p.Areas[name] = hidden
				p.Least, p.Most = p.Least+1, p.Most+least-1
				continue
			}
			p.Areas[name] = n
			p.Least, p.Most = p.Least+n, p.Most+n
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Published) int { return int(a.Use) - int(b.Use) })
	return all
}
