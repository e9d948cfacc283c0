package probe

import (
	"slices"
	"time"

	"github.com/akashi-id/akashi/resident"
)

// minute is a row.
type minute struct {
	at      int64
	outcome Outcome
	reason  Reason
	ms      int64
}

// Figures are how a target stood over some time.
type Figures struct {
	Minutes int64 // that have passed
	OK      int64
	Failed  int64
	// Of those, the ones that were planned to stand still. What told something untrue did not stand still.
	PlannedOK, PlannedFailed int64
	P50, P99                 time.Duration // of the probes that were ok
	Outages                  int64
	Longest                  Outage // the zero value: there was none
}

// Measured is how many minutes are known.
func (f Figures) Measured() int64 { return f.OK + f.Failed }

// Availability is the share of the measured minutes that were ok; false when none was measured.
func (f Figures) Availability() (Share, bool) { return shareOf(f.OK, f.Measured()) }

// Unplanned is the availability without the minutes that were planned to stand still.
func (f Figures) Unplanned() (Share, bool) {
	return shareOf(f.OK-f.PlannedOK, f.Measured()-f.PlannedOK-f.PlannedFailed)
}

// Coverage is the share of the minutes that were measured.
func (f Figures) Coverage() (Share, bool) { return shareOf(f.Measured(), f.Minutes) }

// Share is a share in thousandths of a percent, cut off: what is not whole is never shown as 100 %.
type Share int64

const whole = 100_000

func shareOf(part, of int64) (Share, bool) {
	if of <= 0 {
		return 0, false
	}
	return Share(part * whole / of), true
}

// String writes it as "99.954".
func (s Share) String() string {
	b := []byte("000.000")
	for i, n := len(b)-1, int64(s); i >= 0; i-- {
		if b[i] != '.' {
			b[i] = byte('0' + n%10)
			n /= 10
		}
	}
	for len(b) > 5 && b[0] == '0' {
		b = b[1:]
	}
	return string(b)
}

// Outage is a time in which a target failed: from the first probe that did until the first that did not.
type Outage struct {
	From       time.Time
	Until      time.Time // zero: it goes on
	Before     bool      // it began before the time that is looked at
	Failed     int64     // minutes
	Unmeasured int64     // minutes in between of which nothing is known
	Planned    int64     // of the failed ones
	Reason     Reason    // that of its first minute
	Others     bool      // others had another reason
}

// Length is how long it was, or has been until a time.
func (o Outage) Length(until time.Time) time.Duration {
	if !o.Until.IsZero() {
		until = o.Until
	}
	return until.Sub(o.From)
}

// Day is how a target stood on a day in Japan.
type Day struct {
	Day     resident.Date
	Minutes int64 // that have passed
	OK      int64
	Failed  int64
	Planned int64 // of the failed ones
}

// count goes over the minutes of a target, in their order, that lie from one moment to another. failing: the last that was measured
// before had failed.
func count(t Target, rows []minute, from, until time.Time, windows []Window, failing bool) (f Figures, outages []Outage, days []Day) {
	first, end := minuteOf(from), minuteOf(until)
	f.Minutes = end - first
	byDay := map[resident.Date]*Day{}
	for d := resident.DateOf(from); d.Start().Before(until); d = d.AddDays(1) {
		days = append(days, Day{Day: d, Minutes: minuteOf(earlier(d.AddDays(1).Start(), until)) - max(first, minuteOf(d.Start()))})
	}
	for i := range days {
		byDay[days[i].Day] = &days[i]
	}
	var open *Outage
	var took []int64
	last := first - 1 // the last minute of which anything is known
	if failing {
		outages = append(outages, Outage{From: from.UTC(), Before: true})
		open = &outages[0]
	}
	for _, m := range rows {
		if m.outcome == Unmeasured || m.at < first || m.at >= end {
			continue
		}
		at := time.Unix(m.at*60, 0).UTC()
		planned := slices.ContainsFunc(windows, func(w Window) bool { return w.covers(t.Service, m.at) })
		day := byDay[resident.DateOf(at)]
		gap := m.at - last - 1
		last = m.at
		if open != nil {
			open.Unmeasured += gap
		}
		if m.outcome == OK {
			f.OK++
			day.OK++
			took = append(took, m.ms)
			if planned {
				f.PlannedOK++
			}
			if open != nil {
				open.Until, open = at, nil
			}
			continue
		}
		f.Failed++
		day.Failed++
		if open == nil {
			outages = append(outages, Outage{From: at})
			open = &outages[len(outages)-1]
		}
		switch {
		case open.Reason == "":
			open.Reason = m.reason
		case open.Reason != m.reason:
			open.Others = true
		}
		open.Failed++
		if planned && !slices.Contains(untrue, m.reason) {
			f.PlannedFailed++
			day.Planned++
			open.Planned++
		}
	}
	if open != nil {
		open.Unmeasured += end - last - 1
	}
	f.Outages = int64(len(outages))
	for _, o := range outages {
		if o.Length(until) > f.Longest.Length(until) || f.Longest.From.IsZero() {
			f.Longest = o
		}
	}
	slices.Sort(took)
	f.P50, f.P99 = quantile(took, 50), quantile(took, 99)
	return f, outages, days
}

// quantile is the value that so many percent do not exceed (nearest rank).
func quantile(sorted []int64, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return time.Duration(sorted[(len(sorted)*percent+99)/100-1]) * time.Millisecond
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
