// Package clock is where time comes from (時計): the hour of the system, or a virtual one that a test or a replay moves,
// and the loop that steps a task when its time has come or its bell has rung.
//
// No other package asks the system for the time, sleeps, or starts a timer. So the same code runs in real time with one
// goroutine per task (Run), and in virtual time with all tasks of a country in one goroutine and one fixed order
// (Drive), where a year passes as fast as its work is done.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock tells the time, in UTC, and waits for it.
type Clock interface {
	Now() time.Time

	// Wait returns nil when the time until has come (at once when it has passed) or when wake delivers, and the
	// context's error when that ends first. A zero until waits for wake only; a nil wake never delivers.
	Wait(ctx context.Context, until time.Time, wake <-chan struct{}) error
}

// System is the clock of the machine.
func System() Clock { return system{} }

// Steady is how long the program runs by a clock that nobody can set: beside System it shows when somebody set that one.
func Steady() time.Duration { return time.Since(begun) }

var begun = time.Now()

type system struct{}

func (system) Now() time.Time { return time.Now().UTC() }

func (system) Wait(ctx context.Context, until time.Time, wake <-chan struct{}) error {
	var timer <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wake:
		return nil
	case <-timer:
		return nil
	}
}

// Virtual is a clock that stands still until it is set. It may be used by several goroutines.
type Virtual struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{} // closed, and made anew, at each Set
}

// NewVirtual returns a clock that stands at start.
func NewVirtual(start time.Time) *Virtual {
	return &Virtual{now: start.UTC(), moved: make(chan struct{})}
}

// Now returns the time that was last set.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// Set moves the clock and lets those go whose time has come. Time does not go back: an earlier t changes nothing,
// because two goroutines that both move the clock forward must not undo each other.
func (v *Virtual) Set(t time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !t.After(v.now) {
		return
	}
	v.now = t.UTC()
	close(v.moved)
	v.moved = make(chan struct{})
}

// Wait waits for Set to reach until; see Clock.
func (v *Virtual) Wait(ctx context.Context, until time.Time, wake <-chan struct{}) error {
	for {
		v.mu.Lock()
		now, moved := v.now, v.moved
		v.mu.Unlock()
		if !until.IsZero() && !until.After(now) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
			return nil
		case <-moved:
		}
	}
}
