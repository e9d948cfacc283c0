package resident

import (
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// ParseDate reads a whole day in any of these forms, with half- or full-width digits:
//
//	2020-06-23   2020年6月23日        Gregorian
//	令和2年6月23日   令和元年5月1日     Japanese calendar
//	R02.06.23   R2.6.23              JIS X 0301
//
// A day that does not exist, or not in the era written, is refused with the day
// that was probably meant. The error is a *plain.Problem for field.
func ParseDate(field, s string) (Date, error) {
	p, why := readDate(s)
	if why == nil && (p.month == 0 || p.day == 0) {
		why = &plain.Sentence{
			JA: "日付は月日まで入力してください(例: 2020-06-23、令和2年6月23日)。",
			EN: "Enter the date with its month and day (e.g. 2020-06-23, 令和2年6月23日).",
		}
	}
	if why != nil {
		return Date{}, &plain.Problem{Field: field, Sentence: *why}
	}
	return Date{p.year, p.month, p.day}, nil
}

var dateForm = plain.Sentence{
	JA: "日付として読めません。2020-06-23、令和2年6月23日、R02.06.23 のいずれかの形で入力してください。",
	EN: "This is not a date. Use one of the forms 2020-06-23, 令和2年6月23日, R02.06.23.",
}

// readDate reads the parts of a date. A month or day of zero is unknown; the
// callers decide whether that is allowed.
func readDate(s string) (PartialDate, *plain.Sentence) {
	s = foldDigits(strings.TrimSpace(s))
	if y, m, d, ok := isoParts(s); ok {
		return gregorianParts(y, m, d)
	}
	for _, e := range eras {
		if rest, ok := strings.CutPrefix(s, e.name); ok {
			return eraParts(e, rest, japaneseParts)
		}
		if s != "" && (s[0] == e.letter || s[0] == e.letter+'a'-'A') {
			return eraParts(e, s[1:], dottedParts)
		}
	}
	if y, m, d, ok := japaneseParts(s); ok {
		return gregorianParts(y, m, d)
	}
	return PartialDate{}, &dateForm
}

func gregorianParts(y, m, d int) (PartialDate, *plain.Sentence) {
	// The unknown parts are taken for ones that exist, so that the known are checked.
	if why := dateFault(y, orOne(m), orOne(d)); why != nil {
		return PartialDate{}, why
	}
	if m == 0 && d != 0 {
		return PartialDate{}, &plain.Sentence{
			JA: "月が不詳なら日も不詳として入力してください。",
			EN: "When the month is unknown, leave the day unknown too.",
		}
	}
	return PartialDate{true, uint16(y), uint8(m), uint8(d)}, nil
}

func orOne(n int) int {
	if n == 0 {
		return 1
	}
	return n
}

func eraParts(e era, rest string, split func(string) (y, m, d int, ok bool)) (PartialDate, *plain.Sentence) {
	y, m, d, ok := split(rest)
	if !ok || y == 0 {
		return PartialDate{}, &dateForm
	}
	p, why := gregorianParts(e.one+y-1, m, d)
	if why != nil {
		return p, why
	}
	// A partly known date may lie in two eras; it belongs to the one written when
	// any of its days does.
	if p.Latest().Before(e.first) {
		was := eraOf(p.Earliest())
		return PartialDate{}, &plain.Sentence{
			JA: fmt.Sprintf("%sは%sから始まります。%sの日付として入力してください。", e.name, e.first.Wareki(), was.year(p.Year())),
			EN: fmt.Sprintf("%s begins on %s. Enter the date in %s.", e.name, e.first, was.year(p.Year())),
		}
	}
	if last, ended := e.last(); ended && p.Earliest().After(last) {
		now := eraOf(p.Earliest())
		return PartialDate{}, &plain.Sentence{
			JA: fmt.Sprintf("%sは%sまでです。%sの日付として入力してください。", e.name, last.Wareki(), now.year(p.Year())),
			EN: fmt.Sprintf("%s ends on %s. Enter the date in %s.", e.name, last, now.year(p.Year())),
		}
	}
	return p, nil
}

// isoParts splits 2020-06-23; 00 stands for an unknown part.
func isoParts(s string) (y, m, d int, ok bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' ||
		!allDigits(s[:4], 4) || !allDigits(s[5:7], 2) || !allDigits(s[8:], 2) {
		return 0, 0, 0, false
	}
	return number(s[:4]), number(s[5:7]), number(s[8:]), true
}

// dottedParts splits 02.06.23.
func dottedParts(s string) (y, m, d int, ok bool) {
	a, s, ok1 := strings.Cut(s, ".")
	b, c, ok2 := strings.Cut(s, ".")
	ok = ok1 && ok2 && shortNumber(a, 2) && shortNumber(b, 2) && shortNumber(c, 2)
	if !ok {
		return 0, 0, 0, false
	}
	return number(a), number(b), number(c), true
}

// japaneseParts splits 2年6月23日, 元年5月1日, 2年6月日不詳 and 2年月日不詳.
func japaneseParts(s string) (y, m, d int, ok bool) {
	year, rest, ok := strings.Cut(s, "年")
	switch {
	case !ok:
		return 0, 0, 0, false
	case year == "元":
		y = 1
	case shortNumber(year, 4):
		y = number(year)
	default:
		return 0, 0, 0, false
	}
	if rest == "月日不詳" {
		return y, 0, 0, true
	}
	month, rest, ok := strings.Cut(rest, "月")
	if !ok || !shortNumber(month, 2) || number(month) == 0 {
		return 0, 0, 0, false
	}
	if rest == "日不詳" {
		return y, number(month), 0, true
	}
	day, ok := strings.CutSuffix(rest, "日")
	if !ok || !shortNumber(day, 2) || number(day) == 0 {
		return 0, 0, 0, false
	}
	return y, number(month), number(day), true
}

func shortNumber(s string, max int) bool {
	return s != "" && len(s) <= max && allDigits(s, len(s))
}

// number is the value of a string of ASCII digits.
func number(s string) (n int) {
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
