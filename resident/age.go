package resident

// A Japanese age is attained at 24:00 of the day before the birthday
// (年齢計算ニ関スル法律: the day of birth counts; 民法143条: a period of years ends on the
// day before the corresponding day, or on the last day of the month where there is
// none). Someone born on 1 April is a year older at the end of 31 March, someone born on
// 29 February at the end of 28 February, in leap years too.

// Attains is the day at whose 24:00 somebody born on birth attains the age.
func Attains(birth Date, age int) Date {
	year := birth.Year() + age
	if int(birth.day) > daysIn(year, int(birth.month)) {
		return Date{uint16(year), birth.month, uint8(daysIn(year, int(birth.month)))}
	}
	return Date{uint16(year), birth.month, birth.day}.AddDays(-1)
}

// AgeOn is the age that somebody born on birth has all through the day on, until
// the moment before its 24:00. It is negative before the birth.
func AgeOn(birth, on Date) int {
	age := on.Year() - birth.Year()
	if !Attains(birth, age).Before(on) {
		age--
	}
	return age
}

// AgeAtEndOf is the age at 24:00 of the day on: where a law says "who attains an age
// by that day", this one counts.
func AgeAtEndOf(birth, on Date) int {
	age := on.Year() - birth.Year()
	switch {
	case !Attains(birth, age+1).After(on): // born on 1 January
		return age + 1
	case Attains(birth, age).After(on):
		return age - 1
	}
	return age
}

// BirthdayAfter is the nth birthday after the day of issue, n ≥ 1: the last day of a
// certificate (5th) or a card (10th, or 5th). A birthday of 29 February is deemed to
// be 28 February. A birthday on the day of issue itself does not count.
func BirthdayAfter(birth, issue Date, n int) Date {
	day := birth
	if day.month == 2 && day.day == 29 {
		day.day = 28
	}
	day.year = issue.year
	if !day.After(issue) {
		day.year++
	}
	day.year += uint16(n - 1)
	return day
}
