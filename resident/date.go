package resident

import (
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// JST is Japan standard time, nine hours ahead of UTC all year: a Date becomes an
// instant in it. A fixed zone needs no time-zone files on the machine.
var JST = time.FixedZone("JST", 9*60*60)

// Date is a day of the Gregorian calendar, without a time or a zone, from
// 1873-01-01 (明治6年, when Japan adopted that calendar) to 9999-12-31. Dates
// compare with == and Compare. The zero value is no date.
type Date struct {
	year       uint16
	month, day uint8
}

// NewDate gives the day, or an error when there is none or it lies outside 1873 … 9999.
func NewDate(year int, month time.Month, day int) (Date, error) {
	if why := dateFault(year, int(month), day); why != nil {
		return Date{}, &plain.Problem{Sentence: *why}
	}
	return Date{uint16(year), uint8(month), uint8(day)}, nil
}

// MustDate is NewDate for constants; it panics when there is no such day.
func MustDate(year int, month time.Month, day int) Date {
	d, err := NewDate(year, month, day)
	if err != nil {
		panic(err)
	}
	return d
}

// DateOf is the day in Japan at the instant t; the zero value outside 1873 … 9999.
func DateOf(t time.Time) Date {
	d, err := NewDate(t.In(JST).Date())
	if err != nil {
		return Date{}
	}
	return d
}

// dateFault says what is wrong with a day, or nil.
func dateFault(year, month, day int) *plain.Sentence {
	switch {
	case year < 1873:
		return &plain.Sentence{
			JA: fmt.Sprintf("%d年は扱えません。明治5年以前は太陰暦のため、西暦1873年(明治6年)1月1日以後の日を入力してください。", year),
			EN: fmt.Sprintf("The year %d cannot be used: Japan kept a lunar calendar until 1872. Enter a day from 1873-01-01 on.", year),
		}
	case year > 9999:
		return &plain.Sentence{
			JA: "年は4けたまでです。",
			EN: "A year has at most four digits.",
		}
	case month < 1 || month > 12:
		return &plain.Sentence{
			JA: fmt.Sprintf("%d月はありません。月は1から12までです。", month),
			EN: fmt.Sprintf("There is no month %d. A month is 1 to 12.", month),
		}
	case day < 1 || day > daysIn(year, month):
		return &plain.Sentence{
			JA: fmt.Sprintf("%d年%d月%d日という日はありません。この月は%d日までです。", year, month, day, daysIn(year, month)),
			EN: fmt.Sprintf("There is no day %04d-%02d-%02d. That month ends on day %d.", year, month, day, daysIn(year, month)),
		}
	}
	return nil
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Valid reports whether d is a day at all.
func (d Date) Valid() bool { return d != Date{} }

// Year, Month and Day give the parts; the zero value gives 0.
func (d Date) Year() int         { return int(d.year) }
func (d Date) Month() time.Month { return time.Month(d.month) }
func (d Date) Day() int          { return int(d.day) }

// Start is 0:00 of the day in Japan.
func (d Date) Start() time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, JST)
}

// AddDays is the day n days later, or earlier when n is negative. Leaving 1873 …
// 9999 gives the zero value.
func (d Date) AddDays(n int) Date {
	y, m, day := time.Date(d.Year(), d.Month(), d.Day()+n, 0, 0, 0, 0, time.UTC).Date()
	next, err := NewDate(y, m, day)
	if err != nil {
		return Date{}
	}
	return next
}

// Compare is −1, 0 or +1 as d lies before, on or after e. The zero value comes first.
func (d Date) Compare(e Date) int {
	a, b := d.ordinal(), e.ordinal()
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.ordinal() < e.ordinal() }

// After reports whether d is a later day than e.
func (d Date) After(e Date) bool { return d.ordinal() > e.ordinal() }

func (d Date) ordinal() int { return int(d.year)<<9 | int(d.month)<<5 | int(d.day) }

// String is the day as in ISO 8601, 2020-06-23, or "" for the zero value.
func (d Date) String() string {
	if !d.Valid() {
		return ""
	}
	return string(appendDate(nil, d.Year(), int(d.month), int(d.day)))
}

func appendDate(b []byte, y, m, d int) []byte {
	return append(b,
		byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10))
}

// MarshalText is the ISO form; the zero value is refused.
func (d Date) MarshalText() ([]byte, error) {
	if !d.Valid() {
		return nil, errors.New("resident: empty date")
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what ParseDate reads.
func (d *Date) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDate("date", string(b))
	return err
}
