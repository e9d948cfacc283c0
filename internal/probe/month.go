package probe

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Month is a month in Japan.
type Month struct{ First resident.Date }

// MonthOf is the month in which a moment lies.
func MonthOf(t time.Time) Month {
	d := resident.DateOf(t)
	return Month{resident.MustDate(d.Year(), d.Month(), 1)}
}

// ParseMonth reads "2026-11".
func ParseMonth(field, s string) (Month, error) {
	d, err := resident.ParseDate(field, s+"-01")
	if err != nil || len(s) != len("2026-11") {
		return Month{}, plain.Bad(field, "月は 2026-11 のように入力してください。", "Give the month as 2026-11.")
	}
	return Month{d}, nil
}

// String writes it as "2026-11".
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.First.Year(), int(m.First.Month())) }

// Start is its first moment, End the first that is not in it any more.
func (m Month) Start() time.Time { return m.First.Start() }
func (m Month) End() time.Time   { return m.Next().Start() }

// Next is the month after.
func (m Month) Next() Month {
	if m.First.Month() == time.December {
		return Month{resident.MustDate(m.First.Year()+1, time.January, 1)}
	}
	return Month{resident.MustDate(m.First.Year(), m.First.Month()+1, 1)}
}

// Before is the one before.
func (m Month) Before() Month { return MonthOf(m.Start().Add(-time.Minute)) }

// TargetMonth is how a target stood in a month.
type TargetMonth struct {
	Target Target
	Figures
	Outage []Outage // nil, like Days, when the minutes are gone
	Days   []Day
	Gone   bool // the minutes are gone, the figures have stayed
}

// Report is how everything that was probed stood in a month.
type Report struct {
	Month   Month
	Until   time.Time // up to which moment; its end when it is over
	Targets []TargetMonth
	Windows []Window
}

// ReportOf reckons a month from its minutes; when these are gone it is what was written down when the month was over. Targets of which
// nothing is known are left out.
func ReportOf(ctx context.Context, tx *sqlstore.Tx, m Month, now time.Time) (r Report, err error) {
	r = Report{Month: m, Until: earlier(m.End(), now.Truncate(period))}
	if r.Windows, err = Windows(ctx, tx, m.Start(), m.End()); err != nil {
		return r, err
	}
	for _, t := range Targets {
		one, known, err := r.of(ctx, tx, t)
		if err != nil {
			return r, err
		}
		if known {
			r.Targets = append(r.Targets, one)
		}
	}
	return r, nil
}

func (r Report) of(ctx context.Context, tx *sqlstore.Tx, t Target) (one TargetMonth, known bool, err error) {
	one.Target = t
	from, until := r.Month.Start(), r.Until
	if !from.Before(until) {
		return one, false, nil
	}
	rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, m *minute) error {
		return r.Scan(&m.at, (*int64)(&m.outcome), (*string)(&m.reason), &m.ms)
	}, `SELECT minute, outcome, reason, ms FROM probe_minute WHERE target = $1 AND minute >= $2 AND minute < $3 ORDER BY minute`, t.String(), minuteOf(from), minuteOf(until))
	if err != nil {
		return one, false, err
	}
	if len(rows) == 0 {
		one.Gone = true
		known, err = storedMonth(ctx, tx, t, r.Month, &one.Figures)
		return one, known, err
	}
	var before int64
	err = tx.QueryRow(ctx, `SELECT outcome FROM probe_minute WHERE target = $1 AND minute < $2 AND outcome <> $3 ORDER BY minute DESC LIMIT 1`,
		t.String(), minuteOf(from), int64(Unmeasured)).Scan(&before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return one, false, err
	}
	one.Figures, one.Outage, one.Days = count(t, rows, from, until, r.Windows, Outcome(before) == Failed)
	return one, true, nil
}

func storedMonth(ctx context.Context, tx *sqlstore.Tx, t Target, m Month, f *Figures) (known bool, err error) {
	var p50, p99 int64
	err = tx.QueryRow(ctx, `SELECT minutes, ok, failed, planned_ok, planned_failed, p50, p99, outages, longest_from, longest_until FROM probe_month WHERE target = $1 AND month = $2`,
		t.String(), m.String()).Scan(&f.Minutes, &f.OK, &f.Failed, &f.PlannedOK, &f.PlannedFailed, &p50, &p99, &f.Outages, momentOrNone{&f.Longest.From}, momentOrNone{&f.Longest.Until})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	f.P50, f.P99 = time.Duration(p50)*time.Millisecond, time.Duration(p99)*time.Millisecond
	return err == nil, err
}

// momentOrNone reads a column of microseconds in which 0 is none.
type momentOrNone struct{ t *time.Time }

// Scan implements sql.Scanner.
func (m momentOrNone) Scan(src any) error {
	us, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a column of microseconds holds a %T", src)
	}
	if us != 0 {
		*m.t = sqlstore.FromMicros(us)
	}
	return nil
}

// First is the month of which something is known first; false: nothing is known.
func First(ctx context.Context, tx *sqlstore.Tx) (first Month, known bool, err error) {
	var name string
	err = tx.QueryRow(ctx, `SELECT month FROM probe_month ORDER BY month LIMIT 1`).Scan(&name)
	if err == nil {
		first, err = ParseMonth("month", name)
		return first, err == nil, err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return first, false, err
	}
	for _, t := range Targets {
		oldest, _, err := extent(ctx, tx, t)
		if err != nil {
			return first, false, err
		}
		if oldest.IsZero() {
			continue
		}
		if m := MonthOf(oldest); !known || m.First.Before(first.First) {
			first, known = m, true
		}
	}
	return first, known, nil
}
