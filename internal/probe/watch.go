package probe

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/akashi-id/akashi/internal/leave"
)

// checker asks a target.
type checker interface {
	// ask puts the question, or asks what became of it. An error is a fault of ours. It must return when ctx ends; one that does not is
	// left behind.
	ask(ctx context.Context, t *try) (verdict, error)
}

// try is one probe of a target.
type try struct {
	began  time.Time
	steady time.Duration // when it began, by the clock that nobody sets
	nonce  []byte
	calls  int    // of ask, before this one
	stay   string // the part of the target that failed the last time
}

// watch is a target and the probe of it that is under way.
type watch struct {
	Target
	p      *Prober
	check  checker
	within time.Duration
	left   leave.Place

	next   time.Time // when the next probe begins; zero: to be drawn
	at     *try      // nil: none is under way
	stay   string    // the part of the target that failed the last time
	unkept *sample   // what could not be written down yet
}

// step begins a probe when its moment has come, or goes on with the one that is under way.
func (w *watch) step(ctx context.Context) (time.Time, error) {
	if w.unkept != nil {
		if err := w.keep(ctx); err != nil {
			return time.Time{}, err
		}
	}
	now := w.p.cfg.Clock.Now()
	if w.at == nil {
		// After a clock was set back, the next moment may be hours away; a new one is drawn then.
		if w.next.IsZero() || w.next.Sub(now) > 2*period {
			w.draw(now)
		}
		if now.Before(w.next) {
			return w.next, nil
		}
		t := &try{began: now, steady: w.p.cfg.Steady(), nonce: make([]byte, NonceSize), stay: w.stay}
		if _, err := io.ReadFull(w.p.cfg.Rand, t.nonce); err != nil {
			return time.Time{}, err
		}
		w.at = t
	}
	v := w.call(ctx)
	if ctx.Err() != nil {
		return time.Time{}, ctx.Err() // the program ends; that says nothing about the target
	}
	took := w.p.cfg.Steady() - w.at.steady
	if v.again > 0 {
		if took+v.again < w.within {
			w.at.calls++
			return w.p.cfg.Clock.Now().Add(v.again), nil
		}
		v = failed(v.reason)
	}
	if took > w.within && v.outcome == OK { // of a clock that a test moves; another ends by the context
		v = failed(Timeout)
	}
	if v.took > 0 {
		took = v.took
	}
	if v.stay != "" || v.outcome == OK {
		w.stay = v.stay
	}
	w.unkept = w.sampleOf(v, took)
	began := w.at.began
	w.at = nil
	w.draw(began)
	return w.next, w.keep(ctx)
}

// draw chooses a moment in the minute that follows.
func (w *watch) draw(now time.Time) { w.next = now.Truncate(period).Add(period + w.p.delay()) }

// call asks the target, and does not wait for it beyond its deadline.
func (w *watch) call(parent context.Context) verdict {
	ctx, cancel := context.WithTimeout(parent, max(w.within-(w.p.cfg.Steady()-w.at.steady), time.Millisecond))
	defer cancel()
	t := *w.at // one that is left behind keeps its own
	v, err := leave.Call(ctx, &w.left, func() (verdict, error) { return w.check.ask(ctx, &t) }, nil)
	switch {
	case err == nil:
		return v
	case errors.Is(err, leave.ErrLate), errors.Is(err, leave.ErrFull):
		return failed(Timeout)
	}
	w.p.cfg.Log.ErrorContext(parent, "a target could not be probed", "target", w.String(), "error", err)
	return unmeasured(OwnFault)
}

// sampleOf makes a verdict what is written down. While our own clock is in doubt nothing is: whose time is wrong is not known, nor which
// minute it is.
func (w *watch) sampleOf(v verdict, took time.Duration) *sample {
	switch {
	case v.outcome == OK && v.agrees:
		w.p.confirm()
	case w.p.inDoubt():
		v = unmeasured(OwnClock)
	}
	return &sample{target: w.Target, at: w.at.began, minute: minuteOf(w.at.began), outcome: v.outcome, reason: v.reason, took: took, learnt: v.learnt}
}

// keep writes down what came of a probe. It is tried again until it is written, or until the next one takes its place.
func (w *watch) keep(ctx context.Context) error {
	if err := w.p.put(ctx, *w.unkept); err != nil {
		return err
	}
	w.unkept = nil
	return nil
}
