package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message/messagepb"
)

// last is what the last comparison of a book came to.
type last struct {
	tried                     time.Time // by the source's clock, like the next
	at, heard                 time.Time // when one came to an end; the same by our clock
	outcome                   Outcome
	reason                    string
	differences, explained    int64
	outstanding, parked, held int64
	entries, trips, bytes     int64
}

// same tells whether nothing but the time is different, so that it need not be written down at once.
func (l last) same(o last) bool {
	l.tried, l.at, l.heard, l.entries, l.trips, l.bytes = o.tried, o.at, o.heard, o.entries, o.trips, o.bytes
	return l == o
}

// japan is the calendar by which people count days.
var japan = time.FixedZone("JST", 9*60*60)

// Day is the day of a moment in the Japanese calendar, "2026-11-22".
func Day(t time.Time) string { return t.In(japan).Format(time.DateOnly) }

// day counts the comparisons of one day.
type day struct {
	agreed, explained, differed, putOff, most int64
	first, last                               time.Time
}

type days map[string]day

func (d days) count(l last, now time.Time) {
	name := Day(now)
	t := d[name]
	switch l.outcome {
	case Agreed:
		t.agreed++
	case Accounted:
		t.explained++
	case Differs:
		t.differed++
	default:
		t.putOff++
	}
	t.most = max(t.most, l.differences)
	if t.first.IsZero() {
		t.first = now
	}
	t.last = now
	d[name] = t
}

// saveEvery is how long the copy keeps the counts of comparisons in memory while nothing changes. It is asked often, by
// many, and a crash loses counts of comparisons that all came to the same.
const saveEvery = 5 * time.Minute

// heard keeps what the source says the comparison before came to.
func (b *Books) heard(ctx context.Context, p *pair, w *messagepb.BookOutcome) error {
	if w == nil || w.At == 0 {
		return nil
	}
	now := b.cfg.Clock.Now()
	l := last{tried: sqlstore.FromMicros(w.At), at: moment(w.Compared), heard: now, outcome: Outcome(w.Outcome), differences: w.Differences, explained: w.Explained,
		outstanding: w.Outstanding, parked: w.Parked, held: w.Held, entries: w.Entries}
	switch l.outcome {
	case Agreed, Accounted, Differs, Backlog, Making, Unreachable, Failed:
	default:
		return fmt.Errorf("an outcome that is none")
	}
	p.mu.Lock()
	if p.last.tried.Equal(l.tried) { // it asks once more before it could compare
		p.mu.Unlock()
		return nil
	}
	was := p.last
	if l.at.Equal(was.at) { // the last one did not come to an end
		l.heard = was.heard
	}
	p.last = l
	if p.unsaved == nil {
		p.unsaved = days{}
	}
	p.unsaved.count(l, now)
	save := !l.same(was) || now.Sub(p.savedAt) >= saveEvery
	unsaved := p.unsaved
	if save {
		p.unsaved, p.savedAt = nil, now
	}
	p.mu.Unlock()
	if !save {
		return nil
	}
	return b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return saveLast(ctx, tx, p, l, unsaved) })
}

func saveLast(ctx context.Context, tx *sqlstore.Tx, p *pair, l last, counted days) error {
	if _, err := tx.Exec(ctx, `INSERT INTO r_last(pair, at, heard_at, outcome, reason, differences, explained, outstanding, parked, held, entries, trips, bytes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (pair) DO UPDATE SET at = excluded.at, heard_at = excluded.heard_at,
		outcome = excluded.outcome, reason = excluded.reason, differences = excluded.differences, explained = excluded.explained,
		outstanding = excluded.outstanding, parked = excluded.parked, held = excluded.held, entries = excluded.entries, trips = excluded.trips, bytes = excluded.bytes`,
		p.id, stored(l.at), stored(l.heard), string(l.outcome), cut(l.reason, 500), l.differences, l.explained, l.outstanding, l.parked, l.held, l.entries, l.trips, l.bytes); err != nil {
		return fmt.Errorf("couldn't write down what the comparison came to: %w", err)
	}
	for name, d := range counted {
		if _, err := tx.Exec(ctx, `INSERT INTO r_comparison(pair, day, agreed, explained, differed, put_off, most, first_at, last_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (pair, day) DO UPDATE SET agreed = r_comparison.agreed + excluded.agreed,
			explained = r_comparison.explained + excluded.explained, differed = r_comparison.differed + excluded.differed,
			put_off = r_comparison.put_off + excluded.put_off,
			most = CASE WHEN excluded.most > r_comparison.most THEN excluded.most ELSE r_comparison.most END, last_at = excluded.last_at`,
			p.id, name, d.agreed, d.explained, d.differed, d.putOff, d.most, d.first, d.last); err != nil {
			return fmt.Errorf("couldn't count the comparison: %w", err)
		}
	}
	return nil
}

// readLast reads what the comparisons before the start came to.
func (b *Books) readLast(ctx context.Context) error {
	return b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, p := range b.order {
			rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, l *last) error {
				var at, heard int64
				defer func() { l.at, l.heard = moment(at), moment(heard) }()
				return r.Scan(&at, &heard, &l.outcome, &l.reason, &l.differences, &l.explained,
					&l.outstanding, &l.parked, &l.held, &l.entries, &l.trips, &l.bytes)
			}, `SELECT at, heard_at, outcome, reason, differences, explained, outstanding, parked, held, entries, trips, bytes FROM r_last WHERE pair = $1`, p.id)
			if err != nil {
				return err
			}
			if len(rows) > 0 {
				p.last = rows[0]
			}
		}
		return nil
	})
}

func (b *Books) lastToWire(p *pair) *messagepb.BookOutcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.last
	if l.tried.IsZero() {
		return nil
	}
	return &messagepb.BookOutcome{At: l.tried.UnixMicro(), Compared: stored(l.at), Outcome: string(l.outcome), Differences: l.differences, Explained: l.explained,
		Outstanding: l.outstanding, Parked: l.parked, Held: l.held, Entries: l.entries}
}

// stored is a moment as a column or a message holds it: 0 for none.
func stored(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
