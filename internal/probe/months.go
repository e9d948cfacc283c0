package probe

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

const (
	// keepMonths is for how many whole months minutes are kept: a year, and the month that one compares with.
	keepMonths = 13
	// settled is how long after its end a month is written down.
	settled = time.Hour
	// looking is how often that is looked for.
	looking = time.Hour
	// removedAtOnce is how many minutes one transaction removes at most.
	removedAtOnce = 10 * 24 * 60
)

// months writes down the months that are over, and removes minutes that are old.
type months struct{ p *Prober }

// step does one piece: a month of a target, or some old minutes.
func (m *months) step(ctx context.Context) (time.Time, error) {
	now := m.p.cfg.Clock.Now()
	did := false
	err := m.p.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		for _, t := range Targets {
			if did, err = tidy(ctx, tx, t, now); did || err != nil {
				return err
			}
		}
		return nil
	})
	if did || err != nil {
		return now, err
	}
	return now.Add(looking), nil
}

// tidy does the next thing about a target's minutes, if there is one to be done.
func tidy(ctx context.Context, tx *sqlstore.Tx, t Target, now time.Time) (did bool, err error) {
	oldest, last, err := extent(ctx, tx, t)
	if err != nil || oldest.IsZero() {
		return false, err
	}
	month := MonthOf(oldest)
	if last.First.Valid() {
		month = last.Next()
	}
	if !now.Before(month.End().Add(settled)) {
		return true, writeMonth(ctx, tx, t, month, now)
	}
	horizon := MonthOf(now)
	for range keepMonths {
		horizon = horizon.Before()
	}
	if !oldest.Before(horizon.Start()) {
		return false, nil
	}
	_, err = tx.Exec(ctx, `DELETE FROM probe_minute WHERE target = $1 AND minute < $2`, t.String(), min(minuteOf(oldest)+removedAtOnce, minuteOf(horizon.Start())))
	return true, err
}

// extent is the oldest minute that is kept, zero when none is, and the last month that was written down.
func extent(ctx context.Context, tx *sqlstore.Tx, t Target) (oldest time.Time, last Month, err error) {
	var at int64
	err = tx.QueryRow(ctx, `SELECT COALESCE(MIN(minute), 0) FROM probe_minute WHERE target = $1`, t.String()).Scan(&at)
	if err != nil || at == 0 {
		return oldest, last, err
	}
	var name string
	err = tx.QueryRow(ctx, `SELECT month FROM probe_month WHERE target = $1 ORDER BY month DESC LIMIT 1`, t.String()).Scan(&name)
	if err == nil {
		last, err = ParseMonth("month", name)
	} else if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return time.Unix(at*60, 0).UTC(), last, err
}

// writeMonth writes down how a target stood in a month that is over. A month of which nothing was measured is written down too.
func writeMonth(ctx context.Context, tx *sqlstore.Tx, t Target, m Month, now time.Time) error {
	r := Report{Month: m, Until: earlier(m.End(), now)}
	var err error
	if r.Windows, err = Windows(ctx, tx, m.Start(), m.End()); err != nil {
		return err
	}
	one, known, err := r.of(ctx, tx, t)
	if err != nil {
		return err
	}
	if !known {
		one.Minutes = minuteOf(m.End()) - minuteOf(m.Start())
	}
	f := one.Figures
	_, err = tx.Exec(ctx, `INSERT INTO probe_month(target, month, minutes, ok, failed, planned_ok, planned_failed, p50, p99, outages, longest_from, longest_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (target, month) DO NOTHING`,
		t.String(), m.String(), f.Minutes, f.OK, f.Failed, f.PlannedOK, f.PlannedFailed, f.P50.Milliseconds(), f.P99.Milliseconds(), f.Outages,
		microsOrNone(f.Longest.From), microsOrNone(f.Longest.Until))
	return err
}
