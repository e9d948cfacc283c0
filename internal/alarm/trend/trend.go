// Package trend names what departs from its own history before a limit is reached (いつもとの違い).
//
// For every peer and kind of message, and for what waits, it keeps what is usual at each hour of the week, and at each
// hour of the day until a month of the week is known: the mean of the last hours of that slot, and their mean distance
// from it. More than usual and slower than usual are named while the hour runs, less than usual when it is over, for one
// hour. Then the hour is learned, no further off than the border of the usual, so that one bad hour does not teach what is
// usual, and a lasting change does in some weeks. An hour of which much was not seen, after a start for example, is
// neither judged as too little nor learned.
//
// The departure is an alarm of the severity notice. Nothing here knows holidays.
package trend

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the table of histories.
var Schema = sqlstore.SchemaIn("alarm_trend", files)

// Measure is what is counted or measured.
type Measure string

// The measures.
const (
	Sent     Measure = "sent"     // messages put into the outbox: counted
	Received Measure = "received" // decisions on the peer's messages: counted
	Wait     Measure = "wait"     // age of the oldest message without a verdict, in milliseconds: the mean over all looks
)

// Sample is what one look found of one series.
type Sample struct {
	Measure Measure
	Peer    message.Org
	Kind    message.Kind // empty: all kinds together
	Value   int64        // of Sent and Received: how many since the look before; of Wait: the age now. None is 0
}

// Feed looks once. It is called every few seconds by one goroutine; what it counts must not be counted again.
type Feed func(ctx context.Context, now time.Time) ([]Sample, error)

// japan is the time by which offices open and close; it has no summer time.
var japan = time.FixedZone("JST", 9*3600)

const (
	days = 168 // the first slot of the hours of any day
	ever = -1  // a slot that is no hour: a row for each series there is, which is so learned in every hour, with nothing too
	// gap is the longest time between two looks that still counts as watched.
	gap = 2 * time.Minute
	// watched is how much of an hour must have been.
	watched = 54 * time.Minute
	// enoughLooks is how many looks a mean age of the running hour needs.
	enoughLooks = 24
	// maxSeries bounds what is followed; a thousand peers of five kinds would be within it.
	maxSeries = 5000
	// learnEach is how many series one transaction learns.
	learnEach = 100
)

// series names one history.
type series struct {
	measure Measure
	peer    message.Org
	kind    message.Kind
}

// Histories are those of one organisation, and a source of alarms.
type Histories struct {
	store *sqlstore.Store
	feed  Feed

	hour   time.Time // the beginning of the running hour; zero: none yet
	seen   time.Duration
	looks  int64
	last   time.Time // the last look
	sums   map[series]int64
	usuals map[series]usual // of the running hour's slot, where enough is known
	lows   []alarm.Signal   // of the hour before
}

// New makes the histories of a store opened with Schema.
func New(store *sqlstore.Store, feed Feed) *Histories { return &Histories{store: store, feed: feed} }

// Name is trend.
func (h *Histories) Name() string { return "trend" }

// Signals takes a look into the histories, and tells what departs from them.
func (h *Histories) Signals(ctx context.Context, now time.Time) ([]alarm.Signal, error) {
	if hour := now.Truncate(time.Hour); !hour.Equal(h.hour) {
		// Before the feed is asked: what it has counted would be lost when the rows cannot be written.
		if err := h.turn(ctx, hour); err != nil {
			return nil, err
		}
	}
	samples, err := h.feed(ctx, now)
	if err != nil {
		return nil, err
	}
	if d := now.Sub(h.last); !h.last.IsZero() && d <= gap {
		h.seen += d
	}
	h.last = now
	h.looks++
	for _, s := range samples {
		key := series{s.Measure, s.Peer, s.Kind}
		if _, known := h.sums[key]; known || len(h.sums) < maxSeries {
			h.sums[key] += s.Value
		}
	}
	return append(slices.Clone(h.lows), h.highs()...), nil
}

// turn ends the running hour and begins another. It may be called again when it failed.
func (h *Histories) turn(ctx context.Context, next time.Time) error {
	h.lows = nil
	if !h.hour.IsZero() && h.seen >= watched {
		if err := h.learn(ctx); err != nil {
			return fmt.Errorf("couldn't learn the hour: %w", err)
		}
		if next.Equal(h.hour.Add(time.Hour)) {
			h.lows = h.tooFew()
		}
	}
	usuals, err := h.load(ctx, next)
	if err != nil {
		return fmt.Errorf("couldn't read the history: %w", err)
	}
	h.hour, h.seen, h.looks, h.sums, h.usuals = next, 0, 0, map[series]int64{}, usuals
	return nil
}

func slotsOf(hour time.Time) (week, day int64) {
	at := hour.In(japan)
	return int64(at.Weekday())*24 + int64(at.Hour()), days + int64(at.Hour())
}

// learned is a row.
type learned struct {
	series
	slot int64
	usual
	last time.Time
}

// rowsOf reads the slots of an hour.
func rowsOf(ctx context.Context, tx *sqlstore.Tx, hour time.Time) ([]learned, error) {
	week, day := slotsOf(hour)
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, l *learned) error {
		return r.Scan(&l.slot, &l.measure, &l.peer, &l.kind, &l.n, &l.mean, &l.dev, sqlstore.Time(&l.last))
	}, `SELECT slot, measure, peer, kind, n, mean, dev, learned FROM alarm_trend WHERE slot IN ($1, $2, $3) ORDER BY slot, measure, peer, kind LIMIT $4`,
		week, day, int64(ever), int64(3*maxSeries))
}

// load finds what is usual in an hour: by the weekday when that is known well enough, else by the time of day.
func (h *Histories) load(ctx context.Context, hour time.Time) (usuals map[series]usual, err error) {
	err = h.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		usuals = map[series]usual{}
		rows, err := rowsOf(ctx, tx, hour)
		if err != nil {
			return err
		}
		slices.SortStableFunc(rows, func(a, b learned) int { return cmp.Compare(b.slot, a.slot) }) // the weekday last
		for _, r := range rows {
			if r.slot >= days && r.n >= enoughDays || r.slot >= 0 && r.slot < days && r.n >= enoughWeeks {
				usuals[r.series] = r.usual
			}
		}
		return nil
	})
	return usuals, err
}

// learn takes the running hour into its two slots, some series at a time. What was learned already is passed over, so
// that it does no harm when the answer to a commit was lost.
func (h *Histories) learn(ctx context.Context) error {
	known := map[series]bool{}
	if err := h.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, err := rowsOf(ctx, tx, h.hour)
		for _, r := range rows {
			known[r.series] = true
		}
		return err
	}); err != nil {
		return err
	}
	for _, s := range ordered(h.sums) { // new ones, as long as there is room
		if !known[s] && len(known) < maxSeries && h.value(s) > 0 {
			known[s] = true
		}
	}
	for part := range slices.Chunk(ordered(known), learnEach) {
		if err := h.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return h.learnSome(ctx, tx, part) }); err != nil {
			return err
		}
	}
	return nil
}

func (h *Histories) learnSome(ctx context.Context, tx *sqlstore.Tx, part []series) error {
	rows, err := rowsOf(ctx, tx, h.hour)
	if err != nil {
		return err
	}
	type place struct {
		slot int64
		series
	}
	have := map[place]learned{}
	for _, r := range rows {
		have[place{r.slot, r.series}] = r
	}
	week, day := slotsOf(h.hour)
	for _, s := range part {
		value := h.value(s)
		if u, ok := h.usuals[s]; ok {
			low, high := u.border(s.measure)
			value = max(low, min(high, value))
		}
		for _, slot := range []int64{ever, week, day} {
			r, known := have[place{slot, s}]
			if known && (slot == ever || !r.last.Before(h.hour)) {
				continue
			}
			u := r.usual
			if slot != ever {
				u = u.learn(value)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO alarm_trend(slot, measure, peer, kind, n, mean, dev, learned) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
				ON CONFLICT(slot, measure, peer, kind) DO UPDATE SET n = excluded.n, mean = excluded.mean, dev = excluded.dev, learned = excluded.learned`,
				slot, string(s.measure), string(s.peer), string(s.kind), u.n, u.mean, u.dev, h.hour); err != nil {
				return err
			}
		}
	}
	return nil
}

// value is that of the running hour so far.
func (h *Histories) value(s series) int64 {
	if s.measure == Wait {
		return h.sums[s] / max(h.looks, 1)
	}
	return h.sums[s]
}

// highs are the departures of the running hour, in a fixed order.
func (h *Histories) highs() (signals []alarm.Signal) {
	for _, s := range ordered(h.usuals) {
		_, high := h.usuals[s].border(s.measure)
		value := h.value(s)
		if value <= high || s.measure == Wait && h.looks < enoughLooks {
			continue
		}
		code := alarm.TrendHigh
		if s.measure == Wait {
			code = alarm.TrendSlow
		}
		signals = append(signals, h.departure(code, s, value, value-high))
	}
	return signals
}

// tooFew are the departures of the hour that is over.
func (h *Histories) tooFew() (signals []alarm.Signal) {
	for _, s := range ordered(h.usuals) {
		low, _ := h.usuals[s].border(s.measure)
		if value := h.value(s); s.measure != Wait && value < low {
			signals = append(signals, h.departure(alarm.TrendLow, s, value, low-value))
		}
	}
	return signals
}

// ordered gives the series in a fixed order.
func ordered[V any](of map[series]V) []series {
	return slices.SortedFunc(maps.Keys(of), func(a, b series) int {
		return cmp.Or(cmp.Compare(a.measure, b.measure), cmp.Compare(a.peer, b.peer), cmp.Compare(a.kind, b.kind))
	})
}

func (h *Histories) departure(code alarm.Code, s series, value, off int64) alarm.Signal {
	low, high := h.usuals[s].border(s.measure)
	about := string(s.measure)
	if s.kind != "" {
		about += " " + string(s.kind)
	}
	at := h.hour.In(japan).Format("15:04")
	d := plain.Sentence{
		JA: fmt.Sprintf("%sからの1時間は%d件です。いつもは%d件から%d件です。", at, value, low, high),
		EN: fmt.Sprintf("%d in the hour from %s; usual are %d to %d.", value, at, low, high)}
	if s.measure == Wait {
		d = plain.Sentence{
			JA: fmt.Sprintf("%sからの1時間は平均%dミリ秒です。いつもは%dミリ秒までです。", at, value, high),
			EN: fmt.Sprintf("%d ms on average in the hour from %s; usual are up to %d ms.", value, at, high)}
	}
	return alarm.Signal{Code: code, Peer: s.peer, About: about, Value: off, Detail: d, Href: "/messages"}
}
