package incident

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// moment is a line of the timeline.
type moment struct {
	at   time.Time
	what plain.Sentence
}

func halfPast(d resident.Date, hour int) time.Time {
	return d.Start().Add(time.Duration(hour)*time.Hour + 30*time.Minute)
}

// moments are the lines of the timeline, the same for both variants.
func (p *plan) moments() (all []moment) {
	add := func(at time.Time, ja, en string) { all = append(all, moment{at, plain.Sentence{JA: ja, EN: en}}) }
	add(halfPast(stalled.AddDays(-1), 18), "前日。すべて通知されている", "the day before: every notice has arrived")
	if p.fault == lostRows {
		if !p.struck.IsZero() {
			add(p.struck, "全国センターの表から、発行情報の行が消された", "rows of certificates have been deleted from the center's table")
			add(p.struck.Add(watched), "二分後", "two minutes later")
		}
		add(halfPast(stalled.AddDays(31), 18), "一か月後", "a month later")
		add(halfPast(discovered, 9), "異動した住民が、窓口で新たに申請する", "a resident who has moved applies anew at a counter")
		add(halfPast(discovered, 12), "申請の後", "after the application")
	} else {
		add(halfPast(stalled, 17), "一件の発行情報を、全国センターが受け付けない", "the center refuses one notice of issuance")
		add(halfPast(stalled.AddDays(31), 18), "一か月後", "a month later")
		add(halfPast(discovered, 9), "異動した住民が、窓口で新たに申請する", "a resident who has moved applies anew at a counter")
		add(halfPast(repaired, 9), "修正の前", "before the repair")
		add(halfPast(repaired, 12), "修正の後", "after the repair")
	}
	add(halfPast(firstTable, 18), "10月27日現在", "as of 10-27")
	add(halfPast(lastTable, 18), "11月30日現在", "as of 11-30")
	return all
}

// How long before a moment that is shown, or a close, the organisations begin to compare, and then to look at the alarms. A
// copy learns with the next comparison what the last one came to, so there must be two. The self-audit paces itself by the
// size of the round before, and has rested since the books were empty: its first round is slow, and no measure.
const (
	comparesBefore = compareEvery + 15*time.Second
	looksBefore    = 2 * lookEvery
	auditsBefore   = 4 * time.Minute
)

// watch are the windows in which what only looks does so.
type watch struct{ alarms, comparison, audit, closes windows }

func (p *plan) watch() (w watch) {
	over := func(at time.Time, after time.Duration) {
		w.alarms = append(w.alarms, window{at.Add(-looksBefore), at.Add(after)})
		w.comparison = append(w.comparison, window{at.Add(-comparesBefore), at.Add(after)})
	}
	for _, m := range p.moments() {
		over(m.at, 0)
	}
	if !p.struck.IsZero() {
		over(p.struck, watched)
		if p.fault == lostRows {
			w.audit = append(w.audit, window{p.struck.Add(-auditsBefore), p.struck.Add(watched)})
		}
	}
	// The first of these closes is over all the days before it. A close is only as good as the comparison before it.
	for d := stalled; !d.After(repaired); d = d.AddDays(1) {
		w.closes = append(w.closes, window{d.Start(), d.Start()})
		w.comparison = append(w.comparison, window{d.Start().Add(-comparesBefore), d.Start()})
	}
	w.alarms.sort()
	w.comparison.sort()
	return w
}
