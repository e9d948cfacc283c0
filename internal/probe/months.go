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

// step does one piece: a month of a target, or some old minutes. What is to be done is found and reckoned in a transaction that only
// reads, because a month has many minutes.
func (m *months) step(ctx context.Context) (time.Time, error) {
	now := m.p.cfg.Clock.Now()
	var do func(context.Context, *sqlstore.Tx) error
	err := m.p.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		for _, t := range Targets {
			if do, err = next(ctx, tx, t, now); do != nil || err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || do == nil {
		return now.Add(looking), err
	}
	return now, m.p.cfg.Store.Update(ctx, do)
}

// next is what is to be done next about a target's minutes; nil: nothing.
func next(ctx context.Context, tx *sqlstore.Tx, t Target, now time.Time) (func(context.Context, *sqlstore.Tx) error, error) {
	oldest, last, err := extent(ctx, tx, t)
	if err != nil || oldest.IsZero() {
		return nil, err
	}
	month := MonthOf(oldest)
	if last.First.Valid() {
		month = last.Next()
	}
	if !now.Before(month.End().Add(settled)) {
		f, err := closed(ctx, tx, t, month)
		return func(ctx context.Context, tx *sqlstore.Tx) error { return writeMonth(ctx, tx, t, month, f) }, err
	}
	horizon := MonthOf(now)
	for range keepMonths {
		horizon = horizon.Before()
	}
	if !oldest.Before(horizon.Start()) {
		return nil, nil
	}
	end := min(minuteOf(oldest)+removedAtOnce, minuteOf(horizon.Start()))
	return func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM probe_minute WHERE target = $1 AND minute < $2`, t.String(), end)
		return err
	}, nil
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

// closed reckons a month that is over. One of which nothing was measured has its minutes and nothing else.
func closed(ctx context.Context, tx *sqlstore.Tx, t Target, m Month) (Figures, error) {
	r := Report{Month: m, Until: m.End()}
	var err error
	if r.Windows, err = Windows(ctx, tx, m.Start(), m.End()); err != nil {
		return Figures{}, err
	}
	one, known, err := r.of(ctx, tx, t)
	if !known {
		one.Minutes = minuteOf(m.End()) - minuteOf(m.Start())
	}
	return one.Figures, err
}

func writeMonth(ctx context.Context, tx *sqlstore.Tx, t Target, m Month, f Figures) error {
	_, err := tx.Exec(ctx, `INSERT INTO probe_month(target, month, minutes, ok, failed, planned_ok, planned_failed, p50, p99, outages, longest_from, longest_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (target, month) DO NOTHING`,
		t.String(), m.String(), f.Minutes, f.OK, f.Failed, f.PlannedOK, f.PlannedFailed, f.P50.Milliseconds(), f.P99.Milliseconds(), f.Outages,
		sqlstore.MicrosOrNone(f.Longest.From), sqlstore.MicrosOrNone(f.Longest.Until))
	return err
}
