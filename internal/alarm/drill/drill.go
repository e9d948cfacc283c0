// Package drill proves that the alarms ring (警報の訓練): silence could mean that all is well, or that nobody would be told.
//
// A drill brings about two faults in the running system, both marked. The poison is a message of the kind exchange.drill,
// which every receiver refuses (Route). The loss is an entry in the book of drills (Table) of which no message tells, so
// that the two sides differ and the comparison must name it. From then on everything goes the way of a real fault. The
// drill watches from outside: the alarm must stand among the rows that the page shows, in the metrics as they are
// scraped, and, when a webhook is configured, must be acknowledged by its receiver. What has not come through after
// Patience is an alarm itself, and so is a drill that was not held.
//
// Afterwards it takes away what it brought about, and only that: it withdraws its own message, which nobody waits behind,
// and removes its entry. A peer that is away delays this, and the next drill with that peer, for as long as it is away.
package drill

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the table of drills.
var Schema = sqlstore.SchemaIn("alarm_drill", files)

const (
	every    = 24 * time.Hour
	patience = 5 * time.Minute // a comparison comes every minute, and may have to wait for one under way
	bell     = "alarm.drill"

	lookEach  = time.Second      // while a drill runs
	clearEach = 10 * time.Second // while something is left of one
)

// Config is what drills stand on.
type Config struct {
	Self     message.Org
	Store    *sqlstore.Store // opened with Schema
	Clock    clock.Clock
	Rand     io.Reader
	Exchange *exchange.Exchange // with Route among its routes, here and at the peers
	Books    *reconcile.Books   // with Table among its tables, here and at the peers
	Alarms   *alarm.Alarms
	Peers    []message.Org
	Log      *slog.Logger

	Every    time.Duration // between drills held by themselves, with one peer after the other; 24 h when zero, none when negative
	Patience time.Duration // for an alarm to come through; 5 minutes when zero
}

// Drills are those of one organisation.
type Drills struct {
	cfg     Config
	peers   []message.Org
	figures []alarm.Figure // of the source alone
}

// New joins the parts.
func New(cfg Config) *Drills {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Every = cmp.Or(cfg.Every, every)
	cfg.Patience = cmp.Or(cfg.Patience, patience)
	return &Drills{cfg: cfg, peers: slices.Sorted(slices.Values(cfg.Peers))}
}

// Tasks are the loops to step.
func (d *Drills) Tasks() []clock.Task {
	return []clock.Task{{Name: string(d.cfg.Self) + " drills", Bell: d.cfg.Store.Bell(bell), Step: d.step}}
}

// step looks after the drills that are not over, and then holds the next one when its time has come.
func (d *Drills) step(ctx context.Context) (time.Time, error) {
	now := d.cfg.Clock.Now()
	again, err := d.lookAfter(ctx, now)
	if err != nil {
		return time.Time{}, err
	}
	if again.Equal(now) {
		return now, nil
	}
	next, err := d.begin(ctx, now)
	if err != nil {
		return time.Time{}, fmt.Errorf("couldn't hold a drill: %w", err)
	}
	if next.IsZero() || !again.IsZero() && again.Before(next) {
		next = again
	}
	return next, nil
}

// lookAfter looks after each drill that is not over in its own transaction: one that cannot be costs the others nothing.
// It returns when to look again; zero: not before something rings.
func (d *Drills) lookAfter(ctx context.Context, now time.Time) (again time.Time, err error) {
	rows, err := d.rows(ctx, notOver+` ORDER BY id LIMIT 100`)
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	if slices.ContainsFunc(rows, func(r Drill) bool { return r.damaged }) {
		return now, d.setAside(ctx, rows) // and then whatever stands behind them
	}
	view, err := d.cfg.Alarms.View(ctx, 0)
	if err != nil {
		return time.Time{}, fmt.Errorf("couldn't read the alarms: %w", err)
	}
	pause := clearEach
	for _, r := range rows {
		if r.State == Running {
			pause = lookEach
			err = d.watch(ctx, r, view, now)
		} else {
			err = d.clear(ctx, r, view, now)
		}
		if ctx.Err() != nil {
			return time.Time{}, ctx.Err()
		}
		if err != nil {
			d.cfg.Log.Error("a drill cannot be looked after", "drill", r.ID, "error", err)
		}
	}
	return now.Add(pause), nil
}

// begin holds a drill when its time has come, with the peer with which none was held for longest. It returns when the
// next one is to be held; zero: never.
func (d *Drills) begin(ctx context.Context, now time.Time) (time.Time, error) {
	if d.cfg.Every < 0 || len(d.peers) == 0 {
		return time.Time{}, nil
	}
	first, err := d.first(ctx, now)
	if err != nil {
		return time.Time{}, err
	}
	lasts, busy, err := d.lastOfEach(ctx)
	if err != nil {
		return time.Time{}, err
	}
	last := first
	for _, at := range lasts {
		if at.After(last) {
			last = at
		}
	}
	if at := last.Add(d.cfg.Every); at.After(now) {
		return at, nil
	}
	peer, free := d.turn(lasts, busy)
	if !free {
		return now.Add(time.Minute), nil // with all of them something is left to be done; drill-missed will tell
	}
	if _, err := d.Begin(ctx, peer, "schedule"); err != nil {
		// A full outbox, for example. It is no fault of the loop, and is tried again soon.
		d.cfg.Log.Error("a drill cannot be held", "peer", string(peer), "error", err)
		return now.Add(time.Minute), nil
	}
	return now, nil // to look after it
}

// turn is the peer with which none was held for longest, among those with which none is under way.
func (d *Drills) turn(lasts map[message.Org]time.Time, busy map[message.Org]bool) (peer message.Org, free bool) {
	peers := slices.DeleteFunc(slices.Clone(d.peers), func(p message.Org) bool { return busy[p] })
	if len(peers) == 0 {
		return "", false
	}
	return slices.MinFunc(peers, func(a, b message.Org) int { return lasts[a].Compare(lasts[b]) }), true
}

// Turn is the peer with which a drill is to be held next; empty when there is no peer, or something is left to be done of
// a drill with each.
func (d *Drills) Turn(ctx context.Context) (message.Org, error) {
	lasts, busy, err := d.lastOfEach(ctx)
	if err != nil {
		return "", err
	}
	peer, _ := d.turn(lasts, busy)
	return peer, nil
}
