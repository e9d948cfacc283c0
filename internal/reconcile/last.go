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
	at, heard                 time.Time // by the source's clock; by ours
	outcome                   Outcome
	reason                    string
	differences, explained    int64
	outstanding, parked, held int64
	entries, trips, bytes     int64
}

// same tells whether nothing but the time is different, so that it need not be written down at once.
func (l last) same(o last) bool {
	l.at, l.heard, l.entries, l.trips, l.bytes = o.at, o.heard, o.entries, o.trips, o.bytes
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

func (d days) count(l last) {
	name := Day(l.heard)
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
		t.first = l.heard
	}
	t.last = l.heard
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
	l := last{at: sqlstore.FromMicros(w.At), heard: now, outcome: Outcome(w.Outcome), differences: w.Differences, explained: w.Explained,
		outstanding: w.Outstanding, parked: w.Parked, held: w.Held, entries: w.Entries}
	switch l.outcome {
	case Agreed, Accounted, Differs, Backlog, Making, Unreachable:
	default:
		return fmt.Errorf("an outcome that is none")
	}
	p.mu.Lock()
	if p.last.at.Equal(l.at) { // it has asked before it could compare again
		p.last.heard = now
		p.mu.Unlock()
		return nil
	}
	was := p.last
	p.last = l
	if p.unsaved == nil {
		p.unsaved = days{}
	}
	p.unsaved.count(l)
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
		p.id, l.at, l.heard, string(l.outcome), cut(l.reason, 500), l.differences, l.explained, l.outstanding, l.parked, l.held, l.entries, l.trips, l.bytes); err != nil {
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
				return r.Scan(sqlstore.Time(&l.at), sqlstore.Time(&l.heard), &l.outcome, &l.reason, &l.differences, &l.explained,
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
	if l.at.IsZero() {
		return nil
	}
	return &messagepb.BookOutcome{At: l.at.UnixMicro(), Outcome: string(l.outcome), Differences: l.differences, Explained: l.explained,
		Outstanding: l.outstanding, Parked: l.parked, Held: l.held, Entries: l.entries}
}
