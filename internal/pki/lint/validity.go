package lint

import (
	"time"

	"github.com/akashi-id/akashi/cert"
)

const (
	userBirthdays = 5 // the certificate ends on this birthday after the day of issue
	renewedMore   = 1 // and one later when it renews another in the last three months of that one
	renewalMonths = 3
	caYears       = 10
	responderDays = 31 // nobody can ask whether an OCSP signer is revoked (RFC 6960 4.2.2.2.1), so that it lives weeks
)

// endsRight judges the end of the validity: it is what was recorded, and the records are right. It goes from birthday to birthday in the calendar of Japan.
func (s *subject) endsRight(ends time.Time) bool {
	if !s.Until.IsZero() && !ends.Equal(s.Until) {
		return false
	}
	from := s.From.In(cert.JST)
	switch s.kind {
	case aCA:
		return ends.Equal(lastSecond(from.Year()+caYears, from.Month(), from.Day()))
	case aResponder:
		return ends.After(s.From) && !ends.After(s.From.AddDate(0, 0, responderDays)) && !ends.After(s.issuer.NotAfter)
	}
	count := userBirthdays
	if !s.Replaces.IsZero() && !s.From.After(s.Replaces) && !s.From.Before(s.Replaces.AddDate(0, -renewalMonths, 0)) {
		count += renewedMore
	}
	month, day := birthday(s.Birth)
	want, day0 := time.Time{}, lastSecond(from.Year(), from.Month(), from.Day())
	for year := from.Year(); count > 0; year++ {
		if want = lastSecond(year, month, day); want.After(day0) { // a birthday on the day of issue is not one after it
			count--
		}
	}
	for _, limit := range []time.Time{s.Card, s.issuer.NotAfter} {
		if !limit.IsZero() && limit.Before(want) {
			want = limit
		}
	}
	return ends.Equal(want)
}

// birthday is the day of the year on which the holder grows older. An unknown day or month is the first (a doubt makes the life of
// a certificate shorter); 29 February is 28 February in every year, which for these certificates is unconfirmed.
func birthday(b cert.Birthday) (time.Month, int) {
	switch {
	case b.Month == 0:
		return time.January, 1
	case b.Day == 0:
		return b.Month, 1
	case b.Month == time.February && b.Day == 29:
		return time.February, 28
	}
	return b.Month, b.Day
}

func lastSecond(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 23, 59, 59, 0, cert.JST)
}
