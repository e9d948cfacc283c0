package cert

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// JST is Japan Standard Time, the time of the law. It is fixed, so that no time zone database is needed.
var JST = time.FixedZone("JST", 9*60*60)

// Birthday is the day on which a holder grows older, as far as the registry knows it: a month and a day, 0 where
// unknown.
type Birthday struct {
	Month time.Month
	Day   int
}

// in gives the birthday in a year. The birthday of someone born on 29 February is deemed to be 28 February, in every
// year (the rule of other statutes on expiry; for these certificates it is not confirmed). An unknown month or day
// counts as the first one, so that doubt makes the life of a certificate shorter, never longer.
func (b Birthday) in(year int) time.Time {
	m, d := b.Month, b.Day
	if m == 0 {
		m, d = time.January, 1
	}
	if d == 0 {
		d = 1
	}
	if m == time.February && d == 29 {
		d = 28
	}
	return time.Date(year, m, d, 0, 0, 0, 0, JST)
}

func (b Birthday) check() error {
	if b.Month < 0 || b.Month > 12 || b.Day < 0 || b.Day > 31 || b.Month == 0 && b.Day != 0 ||
		b.Month != 0 && b.Day > time.Date(2000, b.Month+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return plain.Bad("birth", "誕生日の月日が暦にありません。生年月日を確かめてください。",
			"The month and day of birth are not in the calendar; check the date of birth.")
	}
	return nil
}

// NotAfter is the last second of a certificate issued at a time: 23:59:59 JST of the 5th birthday after the day of issue
// (公的個人認証の有効期間; a birthday on the day of issue is not one after it). The card's own expiry may be earlier; the
// caller takes the earlier one with Earlier.
func NotAfter(issued time.Time, b Birthday) (time.Time, error) { return endOnBirthday(issued, b, 5) }

// RenewedNotAfter is NotAfter for a certificate that replaces one ending at old: from three months before that end on,
// the holder does not lose the rest of the term, and the new one ends on the 6th birthday. Before that it is NotAfter.
func RenewedNotAfter(issued, old time.Time, b Birthday) (time.Time, error) {
	if issued.After(old) || issued.Before(RenewableFrom(old)) {
		return endOnBirthday(issued, b, 5)
	}
	return endOnBirthday(issued, b, 6)
}

// RenewableFrom is the moment from which a certificate ending at old may be renewed: three months before its end. Where that month
// has no such day it is as many days later, so that doubt makes the time for it shorter, never longer. The end being the last
// second of a day, people may come from the next day on.
func RenewableFrom(old time.Time) time.Time { return old.In(JST).AddDate(0, -3, 0) }

func endOnBirthday(issued time.Time, b Birthday, n int) (time.Time, error) {
	if err := b.check(); err != nil {
		return time.Time{}, err
	}
	local := issued.In(JST)
	first := b.in(local.Year())
	if !first.After(local) { // midnight of a birthday today or earlier this year lies behind
		first = b.in(local.Year() + 1)
	}
	last := b.in(first.Year() + n - 1)
	return last.Add(24*time.Hour - time.Second), nil
}

// Earlier gives the earlier of two ends; the zero time is no end.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
