package webui

import (
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// japan is the time of the screens. Japan has had no summer time since 1951, and no screen shows an instant before.
var japan = time.FixedZone("JST", 9*60*60)

// moment is a time as the components show it: for machines, for the eye, and the other calendar beside it.
type moment struct {
	Machine, Text, Beside string
	Round                 bool // the brackets of Western text
}

// eras in the order of search. An era begins on its first day, so 2019-04-30 is still 平成.
var eras = []struct {
	from   time.Time
	ja, en string
}{
	{time.Date(2019, 5, 1, 0, 0, 0, 0, japan), "令和", "Reiwa"},
	{time.Date(1989, 1, 8, 0, 0, 0, 0, japan), "平成", "Heisei"},
	{time.Date(1926, 12, 25, 0, 0, 0, 0, japan), "昭和", "Showa"},
	{time.Date(1912, 7, 30, 0, 0, 0, 0, japan), "大正", "Taisho"},
	{time.Date(1873, 1, 1, 0, 0, 0, 0, japan), "明治", "Meiji"},
}

// dayOf gives 和暦 with the ISO date beside it, and in English the other way round.
func dayOf(t time.Time, lang plain.Lang) moment {
	t = t.In(japan)
	iso := t.Format(time.DateOnly)
	ja, en := wareki(t)
	if lang == plain.EN {
		return moment{iso, t.Format("2 January 2006"), en, true}
	}
	return moment{iso, ja + fmt.Sprintf("%d月%d日", t.Month(), t.Day()), iso, false}
}

// instantOf gives a day and the time of day to the second.
func instantOf(t time.Time, lang plain.Lang) moment {
	t = t.In(japan)
	ja, _ := wareki(t)
	m := moment{Machine: t.Format(machineTime)}
	if lang == plain.EN {
		m.Text, m.Beside, m.Round = t.Format("2 January 2006, 15:04:05"), "JST", true
	} else {
		m.Text, m.Beside = ja+fmt.Sprintf("%d月%d日 ", t.Month(), t.Day())+t.Format("15:04:05"), t.Format(time.DateOnly)
	}
	return m
}

// tickOf gives the time of day to the millisecond, for what happens within one second; the day is beside it.
func tickOf(t time.Time) moment {
	t = t.In(japan)
	return moment{t.Format(machineTime), t.Format("15:04:05.000"), t.Format(time.DateOnly), true}
}

const machineTime = "2006-01-02T15:04:05.000-07:00"

// wareki is the year in the Japanese calendar: 令和8年, Reiwa 8; the first year of an era is 元年. Before 1873 Japan did
// not use the Gregorian calendar, and the year is given as it is.
func wareki(t time.Time) (ja, en string) {
	for _, e := range eras {
		if t.Before(e.from) {
			continue
		}
		n := t.Year() - e.from.Year() + 1
		if e.ja == "明治" {
			n = t.Year() - 1867 // 明治 1 was 1868, before the calendar that the table begins with
		}
		ja = fmt.Sprintf("%s%d年", e.ja, n)
		if n == 1 {
			ja = e.ja + "元年"
		}
		return ja, fmt.Sprintf("%s %d", e.en, n)
	}
	return fmt.Sprintf("%d年", t.Year()), fmt.Sprint(t.Year())
}

// tookIn gives a duration in the two largest units that matter to a reader.
func tookIn(d time.Duration, lang plain.Lang) string {
	pick := func(ja, en string) string { return plain.Sentence{JA: ja, EN: en}.In(lang) }
	neg := ""
	if d < 0 {
		neg, d = "-", -d
	}
	switch {
	case d == 0:
		return pick("0秒", "0 s")
	case d < time.Millisecond:
		return neg + pick("1ミリ秒未満", "under 1 ms")
	case d < time.Second:
		return neg + fmt.Sprintf(pick("%dミリ秒", "%d ms"), d.Milliseconds())
	case d < time.Minute:
		return neg + fmt.Sprintf(pick("%.1f秒", "%.1f s"), d.Seconds())
	case d < time.Hour:
		return neg + fmt.Sprintf(pick("%d分%02d秒", "%d min %02d s"), d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return neg + fmt.Sprintf(pick("%d時間%02d分", "%d h %02d min"), d/time.Hour, d%time.Hour/time.Minute)
	}
	return neg + fmt.Sprintf(pick("%d日%d時間", "%d d %d h"), d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}
