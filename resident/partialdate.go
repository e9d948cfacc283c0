package resident

import (
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// PartialDate is a date of birth of which the day, the month and day, or everything
// may be unknown (月日不詳). Such births are in every register and are never
// completed by a guess. The zero value is no date; it is not an unknown one.
type PartialDate struct {
	given      bool
	year       uint16 // 0 unknown
	month, day uint8  // 0 unknown
}

// UnknownDate is a date of which nothing is known (生年月日不詳).
var UnknownDate = PartialDate{given: true}

// WholeDate is d as a PartialDate; the zero Date gives the zero value.
func WholeDate(d Date) PartialDate {
	return PartialDate{d.Valid(), d.year, d.month, d.day}
}

// ParsePartialDate reads what ParseDate reads and, for unknown parts, 1950-03-00,
// 1950-00-00, 0000-00-00, 昭和25年3月日不詳, 昭和25年月日不詳 and 不詳. The error is a
// *plain.Problem for field.
func ParsePartialDate(field, s string) (PartialDate, error) {
	switch s = strings.TrimSpace(s); s {
	case "不詳", "生年月日不詳", "0000-00-00":
		return UnknownDate, nil
	}
	p, why := readDate(s)
	if why != nil {
		return PartialDate{}, &plain.Problem{Field: field, Sentence: *why}
	}
	return p, nil
}

// Valid reports whether p says anything, be it that the date is unknown.
func (p PartialDate) Valid() bool { return p.given }

// Whole gives the day when all its parts are known.
func (p PartialDate) Whole() (Date, bool) {
	if p.year == 0 || p.month == 0 || p.day == 0 {
		return Date{}, false
	}
	return Date{p.year, p.month, p.day}, true
}

// Year, Month and Day give the parts; 0 is unknown.
func (p PartialDate) Year() int         { return int(p.year) }
func (p PartialDate) Month() time.Month { return time.Month(p.month) }
func (p PartialDate) Day() int          { return int(p.day) }

// Earliest is the first day that p can mean; the zero value when not even the year is known.
func (p PartialDate) Earliest() Date {
	if p.year == 0 {
		return Date{}
	}
	return Date{p.year, uint8(orOne(int(p.month))), uint8(orOne(int(p.day)))}
}

// Latest is the last day that p can mean; the zero value when not even the year is known.
func (p PartialDate) Latest() Date {
	if p.year == 0 {
		return Date{}
	}
	last := Date{p.year, p.month, p.day}
	if p.month == 0 {
		last.month = 12
	}
	if p.day == 0 {
		last.day = uint8(daysIn(p.Year(), int(last.month)))
	}
	return last
}

// String is the ISO form with 00 for unknown parts, 1950-03-00, or "" for the zero value.
func (p PartialDate) String() string {
	if !p.given {
		return ""
	}
	return string(appendDate(nil, p.Year(), int(p.month), int(p.day)))
}

// Wareki is the date in the Japanese calendar, as it stands on documents:
// 昭和25年3月1日, 昭和25年3月日不詳, 昭和25年月日不詳, 生年月日不詳. Where unknown parts
// leave two eras possible, it is the later one.
func (p PartialDate) Wareki() string {
	d, whole := p.Whole()
	e := eraOf(p.Latest())
	switch {
	case !p.given:
		return ""
	case p.year == 0:
		return "生年月日不詳"
	case whole:
		return d.Wareki()
	case p.month == 0:
		return e.year(p.Year()) + "月日不詳"
	}
	return fmt.Sprintf("%s%d月日不詳", e.year(p.Year()), p.month)
}

// MarshalText always refuses: a birth date is personal data. Use String.
func (p PartialDate) MarshalText() ([]byte, error) { return nil, errSealed }
