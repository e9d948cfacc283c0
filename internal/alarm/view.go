package alarm

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Alarm is one alarm as people see it.
type Alarm struct {
	ID         int64 // of the row; 0: worked out while reading
	Definition       // what it means; its Code alone when the program does not know it any more
	Peer       message.Org
	What       string // Signal.About
	Drill      bool
	State      State // Open or Closed
	Since      time.Time
	OpenedAt   time.Time
	SeenAt     time.Time
	ClosedAt   time.Time // zero: open
	Value      int64     // the last one
	Worst      int64
	Detail     plain.Sentence
	Href       string // below the organisation's base; may be empty

	ToldOpened, ToldClosed time.Time // when the webhook's receiver acknowledged it; zero: it did not
}

// View is what a screen shows of the alarms.
type View struct {
	AsOf    time.Time     // the last evaluation; zero: none since the start
	Age     time.Duration // of that
	Stale   bool          // the evaluation does not run: what is shown is old, and Open begins with an alarm that says so
	Webhook bool          // somebody is told
	Open    []Alarm       // by severity, then the oldest first; drills last
	Closed  []Alarm       // the last ones, newest first
}

// View reads the alarms that are open, and the last that closed. It works while the evaluation does not.
func (a *Alarms) View(ctx context.Context, closed int) (View, error) {
	v := View{Webhook: a.cfg.Webhook.URL != ""}
	now := a.cfg.Clock.Now()
	last, begun := a.last.Load(), a.started
	if last != nil {
		v.AsOf, begun = last.at, last.at
	}
	v.Age = now.Sub(begun)
	err := a.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		v.Open, v.Closed = nil, nil
		rows, err := a.active(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.state == Open {
				v.Open = append(v.Open, r.alarm())
			}
		}
		if closed == 0 {
			return nil
		}
		if rows, err = sqlstore.List(ctx, tx, scanRow,
			`SELECT `+columns+` FROM alarm WHERE `+isClosed+` ORDER BY closed_at DESC, id DESC LIMIT $1`, int64(closed)); err != nil {
			return err
		}
		for _, r := range rows {
			v.Closed = append(v.Closed, r.alarm())
		}
		return nil
	})
	if err != nil {
		return View{}, err
	}
	rank := map[Severity]int{Critical: 1, Warning: 2, Notice: 3}
	slices.SortStableFunc(v.Open, func(x, y Alarm) int {
		if x.Drill != y.Drill {
			if y.Drill {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rank[x.Severity], rank[y.Severity]), x.OpenedAt.Compare(y.OpenedAt))
	})
	d, _ := DefinitionOf(EvaluationStopped)
	if limit := max(time.Duration(d.Raise)*time.Second, 3*a.cfg.Every); v.Age >= limit {
		v.Stale = true
		at := begun.Add(limit)
		v.Open = slices.Insert(v.Open, 0, Alarm{Definition: d, State: Open, Since: begun, OpenedAt: at, SeenAt: now,
			Value: int64(v.Age / time.Second), Worst: int64(v.Age / time.Second)})
	}
	return v, nil
}

// freshen gives a row what this evaluation knew of it, when the row is older.
func (e *evaluation) freshen(r *row) {
	for _, known := range e.rows {
		if known.id == r.id && known.seen.After(r.seen) {
			r.seen, r.value, r.worst, r.detail, r.href = known.seen, known.value, known.worst, known.detail, known.href
		}
	}
}

func (r row) alarm() Alarm {
	d, ok := DefinitionOf(r.code)
	if !ok {
		d = Definition{Code: r.code, Name: plain.Sentence{JA: string(r.code), EN: string(r.code)}}
	}
	d.Severity = r.severity
	return Alarm{ID: r.id, Definition: d, Peer: r.peer, What: r.about, Drill: r.drill, State: r.state, Since: r.since, OpenedAt: r.opened,
		SeenAt: r.seen, ClosedAt: r.closed, Value: r.value, Worst: r.worst, Detail: r.detail, Href: r.href, ToldOpened: r.toldOpened, ToldClosed: r.toldClosed}
}
