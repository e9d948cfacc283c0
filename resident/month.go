package resident

import (
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Month is a month of a year (年月), in which a child allowance begins or ends. The zero value is none.
type Month struct {
	year  uint16
	month uint8
}

// MonthOf is the month of a day; the zero value for the zero day.
func MonthOf(d Date) Month { return Month{d.year, d.month} }

// ParseMonth reads 2024-06, 2024年6月, 令和6年6月 and R06.06. The error is a *plain.Problem for field.
func ParseMonth(field, s string) (Month, error) {
	s = foldDigits(strings.TrimSpace(s))
	for _, first := range []string{s + "-01", s + "1日", s + ".01"} {
		if p, why := readDate(first); why == nil && p.month != 0 && p.day == 1 {
			return Month{p.year, p.month}, nil
		}
	}
	return Month{}, plain.Bad(field,
		"年月として読めません。2024-06、令和6年6月、R06.06 のいずれかの形で入力してください。",
		"This is not a month. Use one of the forms 2024-06, 令和6年6月, R06.06.")
}

// Valid reports whether m is a month at all.
func (m Month) Valid() bool { return m != Month{} }

// Before reports whether m is an earlier month than n.
func (m Month) Before(n Month) bool {
	return m.year < n.year || m.year == n.year && m.month < n.month
}

// String is the month as in ISO 8601, 2024-06, or "" for the zero value.
func (m Month) String() string {
	if !m.Valid() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", m.year, m.month)
}

// Wareki is the month in the Japanese calendar, 令和6年6月, in the era of its last day; "" for the zero value.
func (m Month) Wareki() string {
	if !m.Valid() {
		return ""
	}
	last := Date{m.year, m.month, uint8(daysIn(int(m.year), int(m.month)))}
	return fmt.Sprintf("%s%d月", eraOf(last).year(last.Year()), m.month)
}
