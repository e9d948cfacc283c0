package resident

import (
	"fmt"
	"strconv"
)

// era is one of the Japanese eras (元号) since the Gregorian calendar. The day on
// which an era changes belongs to the new one.
type era struct {
	name   string // 令和
	letter byte   // R, as in JIS X 0301
	digit  int    // 5, as in the birth date of a JPKI certificate
	first  Date   // first day
	one    int    // Gregorian year of 元年
}

// eras, newest first. 明治 began in 1868, but is used from 明治6年 only: until then
// its days were those of the lunar calendar.
var eras = []era{
	{"令和", 'R', 5, MustDate(2019, 5, 1), 2019},
	{"平成", 'H', 4, MustDate(1989, 1, 8), 1989},
	{"昭和", 'S', 3, MustDate(1926, 12, 25), 1926},
	{"大正", 'T', 2, MustDate(1912, 7, 30), 1912},
	{"明治", 'M', 1, MustDate(1873, 1, 1), 1868},
}

func eraOf(d Date) era {
	for _, e := range eras {
		if !d.Before(e.first) {
			return e
		}
	}
	return era{}
}

// last is the last day of the era; the present one has none.
func (e era) last() (Date, bool) {
	for i, f := range eras {
		if f.name == e.name && i > 0 {
			return eras[i-1].first.AddDays(-1), true
		}
	}
	return Date{}, false
}

func (e era) year(gregorian int) string {
	if n := gregorian - e.one + 1; n != 1 {
		return e.name + strconv.Itoa(n) + "年"
	}
	return e.name + "元年"
}

// Wareki is the day in the Japanese calendar, 令和2年6月23日; the first year of an era
// is written 元年. It is "" for the zero value.
func (d Date) Wareki() string {
	if !d.Valid() {
		return ""
	}
	return fmt.Sprintf("%s%d月%d日", eraOf(d).year(d.Year()), d.month, d.day)
}

// JIS is the day in the short form of JIS X 0301, R02.06.23. It is "" for the zero value.
func (d Date) JIS() string {
	if !d.Valid() {
		return ""
	}
	e := eraOf(d)
	return fmt.Sprintf("%c%02d.%02d.%02d", e.letter, d.Year()-e.one+1, d.month, d.day)
}

// EraDigit is the number of the day's era in a JPKI certificate, 1 明治 … 5 令和; 0
// for the zero value (不明).
func (d Date) EraDigit() int {
	if !d.Valid() {
		return 0
	}
	return eraOf(d).digit
}
