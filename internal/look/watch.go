package look

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Limits are from where on looks are unusual, and for how long they are kept. The zero value of each field is its default.
type Limits struct {
	From, Until time.Duration   // office hours of a working day, Japanese time; 8:00 and 19:00
	Off         []resident.Date // days off beside Saturdays and Sundays
	Hour        int64           // persons that one operator looks at in an hour; 200
	Times       int64           // as often as this operator's usual hour; 4
	Least       int64           // persons in an hour below which nothing is too much; 40
	Years       int             // for which looks are kept; 7
}

const (
	usualDays  = 28 // of an operator's own history
	usualHours = 20 // with looks in them, below which there is no history
	late       = 10 * time.Minute
	apart      = time.Minute // between two passes, however often somebody looks
	daysAStep  = 7
)

// bell rings for each look.
const bell = "look"

// Watch goes through what was looked at and writes down what should be looked into: findings, of which Source tells, until
// an auditor has closed each with a reason. It counts, and sees nobody's data; it does nothing while nobody looks.
type Watch struct {
	store  *sqlstore.Store
	clock  clock.Clock
	limits Limits
	last   time.Time // of the last pass
}

// NewWatch makes the watch of one organisation.
func NewWatch(store *sqlstore.Store, c clock.Clock, l Limits) *Watch {
	or := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	or((*int64)(&l.From), int64(8*time.Hour))
	or((*int64)(&l.Until), int64(19*time.Hour))
	or(&l.Hour, 200)
	or(&l.Times, 4)
	or(&l.Least, 40)
	if l.Years == 0 {
		l.Years = usualYears
	}
	return &Watch{store: store, clock: c, limits: l}
}

// Task is the loop to step.
func (w *Watch) Task() clock.Task {
	return clock.Task{Name: "looks", Bell: w.store.Bell(bell), Step: w.step}
}

// step counts the days since it last came by, a week of them at most.
func (w *Watch) step(ctx context.Context) (next time.Time, err error) {
	if again := w.last.Add(apart); !w.last.IsZero() && w.clock.Now().Before(again) {
		return again, nil
	}
	behind := false
	err = w.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		since, err := unseen(ctx, tx)
		if err != nil || since.IsZero() {
			return err
		}
		first := resident.DateOf(since)
		until := first.AddDays(daysAStep).Start()
		behind = !until.After(tx.Now())
		if !behind {
			until = tx.Now()
		}
		found := map[found]tally{}
		for d := first; d.Start().Before(until); d = d.AddDays(1) {
			if err := w.countDay(ctx, tx, d, found); err != nil {
				return err
			}
		}
		for h := since.Truncate(time.Hour); h.Before(until); h = h.Add(time.Hour) {
			if err := w.countHour(ctx, tx, h, found); err != nil {
				return err
			}
		}
		if err := write(ctx, tx, found); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO look_mark(one, at) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET at = excluded.at`, until)
		return err
	})
	w.last = w.clock.Now()
	if err == nil && behind {
		w.last = time.Time{}
		return w.clock.Now(), nil
	}
	return time.Time{}, err
}

// unseen is from when on looks must be counted: a little before the mark, for transactions that were under way then; zero
// when nobody has looked since.
func unseen(ctx context.Context, tx *sqlstore.Tx) (time.Time, error) {
	var mark, first int64
	err := tx.QueryRow(ctx, `SELECT at FROM look_mark WHERE one = 1`).Scan(&mark)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, err
	}
	if mark != 0 {
		mark -= late.Microseconds()
	}
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MIN(at), 0) FROM look WHERE at >= $1`, mark).Scan(&first); err != nil || first == 0 {
		return time.Time{}, err
	}
	return sqlstore.FromMicros(first), nil
}

type found struct {
	code     alarm.Code
	operator string
	day      string
}

type tally struct {
	n     int64
	since int64
}

func (t tally) plus(other tally) tally {
	if t.n == 0 {
		return other
	}
	return tally{t.n + other.n, min(t.since, other.since)}
}

// perOperator runs a query that gives operator, number and first time.
func perOperator(ctx context.Context, tx *sqlstore.Tx, take func(operator string, t tally), query string, args ...any) error {
	type row struct {
		operator string
		tally
	}
	rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, o *row) error { return r.Scan(&o.operator, &o.n, &o.since) }, query, args...)
	for _, o := range rows {
		take(o.operator, o.tally)
	}
	return err
}

func (w *Watch) countDay(ctx context.Context, tx *sqlstore.Tx, d resident.Date, all map[found]tally) error {
	from, to := d.Start(), d.AddDays(1).Start()
	as := func(code alarm.Code) func(string, tally) {
		return func(operator string, t tally) {
			k := found{code, operator, d.String()}
			all[k] = all[k].plus(t)
		}
	}
	err := perOperator(ctx, tx, as(alarm.LookUngrounded), `SELECT operator, COUNT(*), MIN(at) FROM look
		WHERE case_ref = '' AND at >= $1 AND at < $2 AND purpose NOT IN (`+withoutCase+`) GROUP BY operator`, from, to)
	if err != nil {
		return err
	}
	// A name in a list of hits, of which nothing more was shown, is no look out of curiosity.
	err = perOperator(ctx, tx, as(alarm.LookAttended), `SELECT l.operator, COUNT(DISTINCT l.seq), MIN(l.at) FROM look_attention t JOIN look l ON l.subject = t.subject
		WHERE l.at >= $1 AND l.at < $2 AND l.items <> $3 AND (t.operator = '' OR t.operator = l.operator) GROUP BY l.operator`, from, to, int64(Name))
	if err != nil {
		return err
	}
	for _, span := range w.closed(d) {
		err := perOperator(ctx, tx, as(alarm.LookAtNight), `SELECT operator, COUNT(*), MIN(at) FROM look WHERE at >= $1 AND at < $2 GROUP BY operator`, span[0], span[1])
		if err != nil {
			return err
		}
	}
	return nil
}

// withoutCase are the purposes that need no case, as a list for SQL; the table has no quotes in it.
var withoutCase = func() string {
	list := []string{"''"}
	for _, r := range table {
		if !r.Case {
			list = append(list, "'"+string(r.Purpose)+"'")
		}
	}
	return strings.Join(list, ", ")
}()

// closed are the times of a day at which the office is closed.
func (w *Watch) closed(d resident.Date) [][2]time.Time {
	from, to := d.Start(), d.AddDays(1).Start()
	weekday := from.In(resident.JST).Weekday()
	if weekday == time.Saturday || weekday == time.Sunday || slices.Contains(w.limits.Off, d) {
		return [][2]time.Time{{from, to}}
	}
	return [][2]time.Time{{from, from.Add(w.limits.From)}, {from.Add(w.limits.Until), to}}
}

// countHour finds who has looked at more persons in a clock hour than anybody should, or than this operator usually does.
func (w *Watch) countHour(ctx context.Context, tx *sqlstore.Tx, h time.Time, all map[found]tally) error {
	type many struct {
		operator string
		tally
	}
	var busy []many
	err := perOperator(ctx, tx, func(operator string, t tally) {
		if t.n >= min(w.limits.Least, w.limits.Hour) {
			busy = append(busy, many{operator, t})
		}
	}, `SELECT operator, COUNT(DISTINCT subject), MIN(at) FROM look WHERE at >= $1 AND at < $2 AND items <> $3 GROUP BY operator`, h, h.Add(time.Hour), int64(Name))
	if err != nil {
		return err
	}
	for _, o := range busy {
		var persons, hours int64
		err := tx.QueryRow(ctx, `SELECT COUNT(*), COUNT(DISTINCT hour) FROM (SELECT DISTINCT at / 3600000000 AS hour, subject FROM look
			WHERE operator = $1 AND at >= $2 AND at < $3) AS usual`, o.operator, h.AddDate(0, 0, -usualDays), h).Scan(&persons, &hours)
		if err != nil {
			return err
		}
		if o.n < w.limits.Hour && (hours < usualHours || o.n*hours <= w.limits.Times*persons) {
			continue
		}
		k := found{alarm.LookInBulk, o.operator, resident.DateOf(h).String()}
		if o.n > all[k].n {
			all[k] = o.tally
		}
	}
	return nil
}
