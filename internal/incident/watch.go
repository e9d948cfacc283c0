package incident

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/host"
)

// A replay plays most of a year. Looking as closely all that time as an organisation does would be nearly all that it does,
// so what only looks works in windows: comparison and alarms in some before each moment that is shown, closes on the days
// of the outage, the self-audit where it is measured, and all of them around what goes wrong. Within a window they keep an
// organisation's own times.

const (
	compareEvery = 30 * time.Second // an organisation's own times
	auditEvery   = 30 * time.Second
	lookEvery    = 5 * time.Second
)

// window is a time in which tasks that only look do so.
type window struct{ from, to time.Time }

// windows are in the order of time, once sorted.
type windows []window

func (w windows) sort() {
	slices.SortFunc(w, func(a, b window) int { return a.from.Compare(b.from) })
}

// next is when a task that wants to work at a time may do so; zero: never again.
func (w windows) next(at time.Time) time.Time {
	for _, one := range w {
		if at.Before(one.from) {
			return one.from
		}
		if !at.After(one.to) {
			return at
		}
	}
	return time.Time{}
}

// within lets a task work in windows, and at the start until it has no more to do at once: books are made then.
func within(when windows, clk clock.Clock, t clock.Task) clock.Task {
	step, begun := t.Step, false
	t.Step = func(ctx context.Context) (time.Time, error) {
		now := clk.Now()
		if open := when.next(now); begun && !open.Equal(now) {
			return open, nil
		}
		next, err := step(ctx)
		if err != nil || !next.IsZero() && !next.After(now) {
			return next, err
		}
		begun = true
		if !next.IsZero() { // else it waits for its bell
			next = when.next(next)
		}
		return next, nil
	}
	return t
}

// watching are the tasks by which organisations learn how it stands with the others: comparison, closes, alarms.
func watching(when watch, clk clock.Clock, organisations ...*host.Host) (tasks []clock.Task) {
	add := func(w windows, some []clock.Task) {
		for _, t := range some {
			tasks = append(tasks, within(w, clk, t))
		}
	}
	isAudit := func(t clock.Task) bool { return strings.HasSuffix(t.Name, " self-audit") }
	for _, h := range organisations {
		books := h.Books.Tasks()
		audit := slices.IndexFunc(books, isAudit)
		add(when.audit, books[audit:audit+1])
		add(when.comparison, slices.Delete(books, audit, audit+1))
		add(when.closes, h.Statements.Tasks())
	}
	// The alarms come last: at the beginning of a window all has been compared before they look.
	for _, h := range organisations {
		add(when.alarms, h.Alarms.Tasks())
	}
	return tasks
}
