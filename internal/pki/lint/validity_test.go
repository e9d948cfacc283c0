package lint

import (
	"crypto/x509"
	"testing"
	"time"

	tag "golang.org/x/crypto/cryptobyte/asn1"
	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/cert"
)

func on(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 23, 59, 59, 0, cert.JST)
}

// The days were worked out by hand.
func TestEndOfValidity(t *testing.T) {
	noon := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 12, 0, 0, 0, cert.JST)
	}
	none := time.Time{}
	for _, c := range []struct {
		says                 string
		from                 time.Time
		birth                cert.Birthday
		card, ca, renews, at time.Time
	}{
		{"the published test card", noon(2025, 10, 27), cert.Birthday{Month: 2, Day: 17}, none, none, none, on(2030, 2, 17)},
		{"later in the year", noon(2025, 10, 27), cert.Birthday{Month: 12, Day: 31}, none, none, none, on(2029, 12, 31)},
		{"on the birthday", noon(2025, 10, 27), cert.Birthday{Month: 10, Day: 27}, none, none, none, on(2030, 10, 27)},
		{"the day before it", noon(2025, 10, 26), cert.Birthday{Month: 10, Day: 27}, none, none, none, on(2029, 10, 27)},
		{"its first minute in Japan, the day before in UTC", time.Date(2025, 10, 26, 15, 1, 0, 0, time.UTC), cert.Birthday{Month: 10, Day: 27}, none, none, none, on(2030, 10, 27)},
		{"29 February", noon(2025, 10, 27), cert.Birthday{Month: 2, Day: 29}, none, none, none, on(2030, 2, 28)},
		{"29 February, ending in a leap year", noon(2023, 10, 27), cert.Birthday{Month: 2, Day: 29}, none, none, none, on(2028, 2, 28)},
		{"29 February, on 28 February", noon(2024, 2, 28), cert.Birthday{Month: 2, Day: 29}, none, none, none, on(2029, 2, 28)},
		{"an unknown day", noon(2025, 10, 27), cert.Birthday{Month: 12}, none, none, none, on(2029, 12, 1)},
		{"an unknown birthday", noon(2025, 10, 27), cert.Birthday{}, none, none, none, on(2030, 1, 1)},
		{"the card ends first", noon(2025, 10, 27), cert.Birthday{Month: 2, Day: 17}, on(2029, 2, 17), none, none, on(2029, 2, 17)},
		{"the CA ends first", noon(2025, 10, 27), cert.Birthday{Month: 2, Day: 17}, none, on(2028, 3, 31), none, on(2028, 3, 31)},
		{"renewal in the last three months", noon(2029, 11, 18), cert.Birthday{Month: 2, Day: 17}, none, none, on(2030, 2, 17), on(2035, 2, 17)},
		{"renewal before", noon(2029, 11, 17), cert.Birthday{Month: 2, Day: 17}, none, none, on(2030, 2, 17), on(2034, 2, 17)},
		{"renewal when it is over", noon(2030, 2, 18), cert.Birthday{Month: 2, Day: 17}, none, none, on(2030, 2, 17), on(2035, 2, 17)},
	} {
		s := &subject{kind: aUser, issuer: &x509.Certificate{NotAfter: on(2099, 1, 1)},
			Want: Want{From: c.from, Birth: c.birth, Card: c.card, Replaces: c.renews}}
		if !c.ca.IsZero() {
			s.issuer.NotAfter = c.ca
		}
		for _, off := range []int{-1, 0, 1} {
			s.Until = c.at.AddDate(0, 0, off)
			if s.endsRight(s.Until) != (off == 0) {
				t.Errorf("%s: the end on %s is right: %v", c.says, s.Until.Format(time.DateOnly), off != 0)
			}
		}
		if s.Until = c.at; s.endsRight(c.at.Add(time.Second)) {
			t.Errorf("%s: an end that was not recorded is right", c.says)
		}
	}
}

// The issuing side reckons the end with other code; both agree on every day of issue and birthday.
func TestBothSidesReckonTheSameEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 20*366*24*60).Draw(t, "minutes")) * time.Minute)
		day := time.Date(2024, 1, 1+rapid.IntRange(0, 365).Draw(t, "birthday"), 0, 0, 0, 0, time.UTC)
		birth := cert.Birthday{Month: day.Month(), Day: day.Day()}
		old := time.Time{}
		want, err := cert.NotAfter(from, birth)
		if rapid.Bool().Draw(t, "renewal") {
			old = on(from.Year(), birth.Month, min(birth.Day, 28)).AddDate(rapid.IntRange(0, 1).Draw(t, "year"), 0, 0)
			want, err = cert.RenewedNotAfter(from, old, birth)
		}
		if err != nil {
			t.Fatal(err)
		}
		s := &subject{kind: aUser, issuer: &x509.Certificate{NotAfter: on(2099, 1, 1)}, Want: Want{From: from, Until: want, Birth: birth, Replaces: old}}
		if !s.endsRight(want) {
			t.Fatalf("from %s, birthday %v, replacing %s: the CA ends it on %s", from, birth, old, want)
		}
	})
}

func TestTimesAreReadAsTheRFCHasThem(t *testing.T) {
	for _, c := range []struct {
		tag  tag.Tag
		text string
		want string
	}{
		{tag.UTCTime, "251027011530Z", "2025-10-27T01:15:30Z"}, {tag.UTCTime, "491231235959Z", "2049-12-31T23:59:59Z"},
		{tag.UTCTime, "500101000000Z", "1950-01-01T00:00:00Z"}, {tag.GeneralizedTime, "20500101000000Z", "2050-01-01T00:00:00Z"},
		{tag.GeneralizedTime, "20491231235959Z", ""}, {tag.GeneralizedTime, "20500101000000.5Z", ""}, {tag.GeneralizedTime, "205001010000Z", ""},
		{tag.GeneralizedTime, "20500101000000", ""}, {tag.UTCTime, "2510270115Z", ""}, {tag.UTCTime, "251027011530+0900", ""},
		{tag.UTCTime, "250229000000Z", ""}, {tag.UTCTime, "251027240000Z", ""}, {tag.UTCTime, "25102701153 Z", ""}, {tag.UTCTime, "", ""},
	} {
		got, ok := stamp{c.tag, c.text}.time()
		if ok != (c.want != "") || ok && got.Format(time.RFC3339) != c.want {
			t.Errorf("%q: %v, %v", c.text, got, ok)
		}
	}
}

func TestBirthsOfTheCard(t *testing.T) {
	for text, want := range map[string]bool{
		"319800217": true, "119120729": true, "219120730": true, "219261224": true, "319261225": true, "319890107": true, "419890108": true,
		"420190430": true, "520190501": true, "319500000": true, "319500400": true, "020190000": true, "019890100": true, "000000000": true,
		"018500101": true, "118681023": true, "018681022": true,
		"": false, "31980021": false, "3198002170": false, "319800230": false, "319801301": false, "319800017": false, "019800217": false,
		"419800217": false, "520190000": false, "x19800217": false, "619800217": false, "300000000": false,
	} {
		if birth(text) != want {
			t.Errorf("%q is a date of birth: %v", text, !want)
		}
	}
}
