package alarm

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Bell is the name of the store's bell that asks for an evaluation: tx.Ring(alarm.Bell) in the transaction that makes
// something an alarm.
const Bell = "alarm"

const (
	every = 5 * time.Second
	// apart is the least time between two evaluations, however often the bell rings.
	apart = time.Second
	// deadline is how long a source may take, in real time.
	deadline = 5 * time.Second
	// cleanEvery is how often long closed alarms are removed.
	cleanEvery = time.Hour
)

// Config is what the alarms of an organisation stand on.
type Config struct {
	Self    message.Org
	Store   *sqlstore.Store // opened with Schema and due.Schema
	Clock   clock.Clock
	Webhook Webhook           // zero: nobody is told
	HTTP    http.RoundTripper // of the webhook; http.DefaultTransport when nil
	Log     *slog.Logger

	Every    time.Duration // between evaluations; 5 s when zero
	Deadline time.Duration // for a source, in real time; 5 s when zero
}

// Alarms are those of one organisation. View, Handler and Rung may be called by several goroutines.
type Alarms struct {
	cfg      Config
	sources  []*watched
	own      *own
	registry *prometheus.Registry
	started  time.Time
	cleaned  time.Time // of the evaluation alone
	// last is what metrics and screens know of the last evaluation that came to its end.
	last atomic.Pointer[evaluation]

	mu       sync.Mutex // guards what follows
	failed   int64      // evaluations since the start that did not come to their end
	done     int64
	openings map[Code]int64 // since the start
}

// evaluation is what one evaluation found.
type evaluation struct {
	at       time.Time
	readings []reading // of a source that failed: its last words, and why it failed
	rows     []row     // not closed
}

// New makes the alarms of an organisation. Sources are added with Add.
func New(cfg Config) (*Alarms, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Every = cmp.Or(cfg.Every, every)
	cfg.Deadline = cmp.Or(cfg.Deadline, deadline)
	if err := cfg.Webhook.check(); err != nil {
		return nil, err
	}
	a := &Alarms{cfg: cfg, started: cfg.Clock.Now(), openings: map[Code]int64{}}
	a.registry = prometheus.NewRegistry()
	if err := prometheus.WrapRegistererWith(prometheus.Labels{"organisation": string(cfg.Self)}, a.registry).Register(collector{a}); err != nil {
		return nil, fmt.Errorf("couldn't register the metrics: %w", err)
	}
	a.own = &own{alarms: a}
	a.Add(a.own)
	return a, nil
}

// Add adds sources, before Tasks are stepped. Two of one name are a mistake in the program and panic.
func (a *Alarms) Add(sources ...Source) {
	for _, s := range sources {
		if slices.ContainsFunc(a.sources, func(w *watched) bool { return w.Name() == s.Name() }) {
			panic("alarm: two sources named " + s.Name())
		}
		a.sources = append(a.sources, &watched{Source: s})
	}
}

// Tasks are the loops to step: the evaluation.
func (a *Alarms) Tasks() []clock.Task {
	return []clock.Task{{Name: string(a.cfg.Self) + " alarms", Bell: a.cfg.Store.Bell(Bell), Step: a.step}}
}

// Due are the rules for the organisation's list of due work.
func (a *Alarms) Due() []due.Rule { return []due.Rule{a.webhookRule()} }

// step evaluates once.
func (a *Alarms) step(ctx context.Context) (time.Time, error) {
	now := a.cfg.Clock.Now()
	if last := a.last.Load(); last != nil && now.Sub(last.at) < apart {
		return last.at.Add(apart), nil
	}
	err := a.evaluate(ctx, now)
	a.mu.Lock()
	if err != nil {
		a.failed++
	} else {
		a.done++
	}
	a.mu.Unlock()
	if err != nil {
		return time.Time{}, fmt.Errorf("couldn't evaluate the alarms: %w", err)
	}
	return now.Add(a.cfg.Every), nil
}

// evaluate asks all sources and writes what changed. When its commit fails, or its answer is lost, the next evaluation
// reads the rows again and finds for itself what is still to be done.
func (a *Alarms) evaluate(ctx context.Context, now time.Time) error {
	readings := a.gather(ctx, now)
	if err := ctx.Err(); err != nil {
		return err // what the end of the program cut off is no failure of the sources
	}
	readings[0].signals = append(readings[0].signals, a.own.failures(readings, now)...)
	var rows []row
	if err := a.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows, err = a.active(ctx, tx)
		return err
	}); err != nil {
		return err
	}
	if now.Sub(a.cleaned) >= cleanEvery || len(decide(rows, readings, now)) > 0 {
		var changes []change
		if err := a.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			rows, changes, err = a.apply(ctx, tx, readings, now)
			return err
		}); err != nil {
			return err
		}
		a.cleaned = now
		a.journal(ctx, changes)
	}
	for i := range readings {
		if r := &readings[i]; r.err != nil {
			r.signals, r.figures = append(r.signals, a.sources[i].last.signals...), a.sources[i].last.figures
		}
	}
	a.last.Store(&evaluation{now, readings, refresh(rows, readings, now)})
	return nil
}

// active reads the alarms that are not closed, with what the last evaluation knew of them: what changes from look to look
// is written once a minute only.
func (a *Alarms) active(ctx context.Context, tx *sqlstore.Tx) ([]row, error) {
	rows, err := active(ctx, tx)
	if last := a.last.Load(); last != nil {
		for i := range rows {
			last.freshen(&rows[i])
		}
	}
	return rows, err
}

// apply decides again, inside the transaction, and writes.
func (a *Alarms) apply(ctx context.Context, tx *sqlstore.Tx, readings []reading, now time.Time) (rows []row, changes []change, err error) {
	if rows, err = a.active(ctx, tx); err != nil {
		return nil, nil, err
	}
	changes = decide(rows, readings, now)
	damaged := int64(0)
	for i := range changes {
		c := &changes[i]
		fresh := c.id == 0
		if c.damaged {
			damaged++
		}
		if c.id, err = c.write(ctx, tx); err != nil {
			return nil, nil, err
		}
		if fresh {
			rows = append(rows, c.row)
		}
	}
	if damaged > 0 {
		if err := count(ctx, tx, rowsDamaged, damaged); err != nil {
			return nil, nil, err
		}
	}
	if err := a.tell(ctx, tx, changes); err != nil {
		return nil, nil, err
	}
	if err := clean(ctx, tx, now); err != nil {
		return nil, nil, err
	}
	return after(rows, changes), changes, nil
}

// after are the rows that are still active once the changes are made.
func after(rows []row, changes []change) []row {
	for _, c := range changes {
		i := slices.IndexFunc(rows, func(r row) bool { return r.id == c.id })
		if c.act == end || c.act == drop {
			rows = slices.Delete(rows, i, i+1)
		} else {
			rows[i] = c.row
		}
	}
	return rows
}

// journal writes a line for each alarm that opened or closed.
func (a *Alarms) journal(ctx context.Context, changes []change) {
	for _, c := range changes {
		what, level := "alarm opened", slog.LevelWarn
		switch {
		case c.damaged:
			what, level = "the row of an alarm cannot be read and is set aside", slog.LevelError
		case c.act == end:
			what = "alarm closed"
		case c.act != open:
			continue
		case c.severity == Critical:
			level = slog.LevelError
		}
		if !c.damaged && (c.drill || c.severity == Notice) {
			level = slog.LevelInfo
		}
		if c.act == open && !c.drill {
			a.mu.Lock()
			a.openings[c.code]++
			a.mu.Unlock()
		}
		d, _ := DefinitionOf(c.code)
		args := []any{"alarm", string(c.code), "severity", string(c.severity), "peer", string(c.peer), "about", c.about, "value", c.value,
			"unit", string(d.Unit), "since", c.since, "drill", c.drill, "what", d.Name.String(), "detail", c.detail.String(), "runbook", d.Runbook()}
		if c.act == end {
			args = append(args, "lasted", c.closed.Sub(c.opened))
		}
		a.cfg.Log.Log(ctx, level, what, args...)
	}
}
