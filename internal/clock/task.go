package clock

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// Task is a loop of the program: sending to one peer, draining due work, comparing with a neighbour.
type Task struct {
	Name string

	// Step does at most one bounded piece of work and says when it wants to be called again: at the zero time only
	// when the bell rings, at or before now at once, else then (or when the bell rings before). It is called once at
	// the start. An error or a panic is backed off and the step called again.
	Step func(ctx context.Context) (next time.Time, err error)

	Bell *Bell // may be nil

	// Within is how long a step may take before Run says that the task does not come back; 0 means a minute. In real time:
	// what hangs is the program. The other tasks go on meanwhile.
	Within time.Duration
}

// tooLong is the Within of a task that says nothing else.
const tooLong = time.Minute

// A failing task is called again after firstBackoff, then twice that, and so on up to lastBackoff. There is no jitter:
// a replay must give the same timeline each time.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 30 * time.Second
)

func backoff(failures int) time.Duration {
	d := firstBackoff
	for ; failures > 1 && d < lastBackoff; failures-- {
		d *= 2
	}
	return min(d, lastBackoff)
}

// step calls Step and turns a panic into an error: one broken task must not end the process of all the others.
func (t Task) step(ctx context.Context) (next time.Time, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("task %s panicked: %v\n%s", t.Name, r, debug.Stack())
		}
	}()
	return t.Step(ctx)
}

// watched is step, of which somebody hears when it does not come back.
func (t Task) watched(ctx context.Context, log *slog.Logger) (time.Time, error) {
	within := t.Within
	if within == 0 {
		within = tooLong
	}
	watch := time.AfterFunc(within, func() { log.ErrorContext(ctx, "task does not come back", "task", t.Name, "after", within) })
	defer watch.Stop()
	return t.step(ctx)
}

// Run steps a task until the context ends, and returns the context's error. An error of the task is logged and backed
// off; it never ends the task. While it backs off, its bell does not hurry it: the bell rings for every new piece of
// work, and would turn a lasting fault into a busy loop.
func Run(ctx context.Context, c Clock, t Task, log *slog.Logger) error {
	var wake <-chan struct{}
	if t.Bell != nil {
		wake = t.Bell.C()
	}
	failures := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		next, err := t.watched(ctx, log)
		if ctx.Err() != nil {
			return ctx.Err() // an error of the step is then only the echo of the end
		}
		if err != nil {
			failures++
			wait := backoff(failures)
			log.ErrorContext(ctx, "task failed", "task", t.Name, "times", failures, "again_in", wait, "error", err)
			if err := c.Wait(ctx, c.Now().Add(wait), nil); err != nil {
				return err
			}
			continue
		}
		if failures > 0 {
			log.InfoContext(ctx, "task works again", "task", t.Name, "after_failures", failures)
			failures = 0
		}
		if !next.IsZero() && !next.After(c.Now()) {
			continue
		}
		if err := c.Wait(ctx, next, wake); err != nil {
			return err
		}
	}
}
