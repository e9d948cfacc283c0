package clock

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxRounds is how many rounds a Driver makes without time going on before it says that the tasks keep each other busy
// for ever. In real time such a fault is a hot processor; in virtual time it would be a test that never ends.
const maxRounds = 1_000_000

// Driver runs tasks in virtual time, in one goroutine, in the order in which they were given. A task is stepped when
// its bell rang or its time came, and not otherwise: a look at a quiet task costs some nanoseconds, so hundreds of
// tasks are cheap. Whoever gives a task something to do from outside must ring its bell, as in real time.
type Driver struct {
	clock *Virtual
	tasks []driven
}

type driven struct {
	Task
	asleep   bool // nothing until the bell
	next     time.Time
	failures int
	err      error // of the last step
}

// NewDriver prepares the tasks. Each is stepped once in the first round.
func NewDriver(v *Virtual, tasks []Task) *Driver {
	d := &Driver{clock: v, tasks: make([]driven, len(tasks))}
	for i, t := range tasks {
		d.tasks[i] = driven{Task: t}
	}
	return d
}

// Drive is NewDriver(v, tasks).Until(ctx, until).
func Drive(ctx context.Context, v *Virtual, tasks []Task, until time.Time) error {
	return NewDriver(v, tasks).Until(ctx, until)
}

// Until steps the tasks and moves the clock from event to event up to and including until, where it leaves the clock.
// It returns nil, the context's error, or the errors of those tasks whose last step failed: in virtual time a task
// backs off as it does in Run, and what still fails at the end is no secret.
func (d *Driver) Until(ctx context.Context, until time.Time) error {
	rounds := 0
	for {
		if rounds++; rounds > maxRounds {
			return fmt.Errorf("virtual time stands still at %s after %d rounds: %s asks for more at once, for ever",
				d.clock.Now().Format(time.RFC3339Nano), maxRounds, d.busy())
		}
		stepped, err := d.round(ctx)
		if err != nil {
			return err
		}
		if stepped {
			continue
		}
		next := d.earliest()
		if next.IsZero() || next.After(until) {
			d.clock.Set(until)
			return d.failing()
		}
		if next.After(d.clock.Now()) {
			d.clock.Set(next)
			rounds = 0
		}
	}
}

// round looks once at each task, in order.
func (d *Driver) round(ctx context.Context) (stepped bool, err error) {
	for i := range d.tasks {
		if err := ctx.Err(); err != nil {
			return stepped, err
		}
		t := &d.tasks[i]
		// The bell is left rung while a task backs off, as in Run.
		rang := t.failures == 0 && t.Bell != nil && t.Bell.Rung()
		if !rang && (t.asleep || t.next.After(d.clock.Now())) {
			continue
		}
		stepped = true
		next, err := t.step(ctx)
		t.err = err
		if err != nil {
			t.failures++
			t.next, t.asleep = d.clock.Now().Add(backoff(t.failures)), false
			continue
		}
		t.failures = 0
		t.next, t.asleep = next, next.IsZero()
	}
	return stepped, nil
}

// earliest is the time of the next event, zero when only bells could wake a task.
func (d *Driver) earliest() time.Time {
	var first time.Time
	for i := range d.tasks {
		t := &d.tasks[i]
		if !t.asleep && (first.IsZero() || t.next.Before(first)) {
			first = t.next
		}
	}
	return first
}

func (d *Driver) busy() string {
	for i := range d.tasks {
		if t := &d.tasks[i]; !t.asleep && !t.next.After(d.clock.Now()) {
			return t.Name
		}
	}
	return "a bell that its own task rings"
}

func (d *Driver) failing() error {
	var errs []error
	for i := range d.tasks {
		if t := &d.tasks[i]; t.err != nil {
			errs = append(errs, fmt.Errorf("task %s: %w", t.Name, t.err))
		}
	}
	return errors.Join(errs...)
}
