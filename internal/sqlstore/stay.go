package sqlstore

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

// Stay is how long, in real time, a function may leave its transaction alone and not come back. On SQLite all other
// writers stand behind it, so a function that hangs would stop the whole organisation; after Stay, or after the Limit that
// its caller gave it, the transaction is taken away from it and rolled back, and it is left behind. It is in real time
// also under a virtual clock: what hangs is the program and not the story.
const Stay = 30 * time.Second

// ErrTaken is returned by Update and View when the function did not come back in time.
var ErrTaken = errors.New("the transaction was taken away from a function that did not come back")

func (o Options) stay() time.Duration {
	if o.Stay > 0 {
		return o.Stay
	}
	return Stay
}

// Limit gives what is called next on this transaction so long, whatever it does, before the transaction is taken away
// from it. It is for who calls a rule that somebody else wrote: one Limit before each call, and Limit(0) after the last.
// It tells whether the transaction is still open here.
func (tx *Tx) Limit(d time.Duration) bool {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.watch == nil {
		return false
	}
	tx.until = time.Time{}
	if d > 0 {
		tx.until = clock.System().Now().Add(d)
	}
	tx.watch.Reset(tx.nextLook())
	return true
}

// nextLook is how long the watch sleeps.
func (tx *Tx) nextLook() time.Duration {
	stay := tx.store.opt.stay()
	if tx.until.IsZero() {
		return stay
	}
	return min(stay, max(0, tx.until.Sub(clock.System().Now())))
}

// call runs fn in another goroutine, so that it can be left behind. What ends fn ends the caller in the same way: an
// error, a panic, or runtime.Goexit, by which a test stops.
func (tx *Tx) call(ctx context.Context, fn func(context.Context, *Tx) error) error {
	r := tx.store.runner()
	tx.watch = r.watch
	tx.watch.Reset(tx.nextLook())
	r.work <- func() error { return fn(ctx, tx) }
	for seen := 0; ; {
		select {
		case e := <-r.came:
			tx.mu.Lock()
			tx.watch = nil
			tx.mu.Unlock()
			tx.store.rest(r, e.returned)
			if e.panicked != nil {
				tx.store.opt.Log.ErrorContext(ctx, "the function of a transaction panicked", "panic", e.panicked, "stack", string(e.stack))
				panic(e.panicked)
			}
			if !e.returned {
				runtime.Goexit()
			}
			return e.err
		case <-r.watch.C:
			if tx.take(&seen) {
				tx.store.rest(r, false)
				tx.store.opt.Log.ErrorContext(ctx, "the transaction was taken away from a function that did not come back")
				return ErrTaken
			}
		}
	}
}

// take takes the transaction away if its time is over: its limit, or a whole Stay in which it was not used. It waits for
// a statement that is running.
func (tx *Tx) take(seen *int) bool {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.until.IsZero() && tx.uses == *seen || !tx.until.IsZero() && !clock.System().Now().Before(tx.until) {
		tx.over, tx.watch = true, nil
		return true
	}
	*seen = tx.uses
	tx.watch.Reset(tx.nextLook())
	return false
}

// runner is a goroutine that runs the functions of transactions, one after the other: a new one for each would have to
// grow its stack each time.
type runner struct {
	work  chan func() error
	came  chan ending // capacity 1: whoever was left behind can still say that it came back
	watch *time.Timer
}

// ending is how a function came back.
type ending struct {
	returned bool
	err      error
	panicked any
	stack    []byte
}

// maxIdle is how many runners wait for the next transaction of a store.
const maxIdle = 32

// runner gives one that waits, or a new one.
func (s *Store) runner() *runner {
	select {
	case r := <-s.idle:
		return r
	default:
	}
	r := &runner{work: make(chan func() error), came: make(chan ending, 1), watch: time.NewTimer(time.Hour)}
	go func() {
		for fn := range r.work {
			r.run(fn)
		}
	}()
	return r
}

// rest keeps a runner for the next transaction. One whose function did not return ends when it can.
func (s *Store) rest(r *runner, whole bool) {
	r.watch.Stop()
	if whole {
		select {
		case s.idle <- r:
			return
		default:
		}
	}
	close(r.work)
}

// dismiss ends the runners that wait.
func (s *Store) dismiss() {
	for {
		select {
		case r := <-s.idle:
			close(r.work)
		default:
			return
		}
	}
}

// run calls fn and says how it ended, also when that ends the goroutine.
func (r *runner) run(fn func() error) {
	var e ending
	defer func() {
		if !e.returned {
			if e.panicked = recover(); e.panicked != nil {
				e.stack = debug.Stack()
			}
		}
		r.came <- e
	}()
	e.err = fn()
	e.returned = true
}
