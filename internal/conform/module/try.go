package module

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/plain"
)

// Options say what is tried, and for how long.
type Options struct {
	// Start starts the token's process with so many sessions.
	Start func(sessions int) func() (hsm.Process, error)
	PIN   []byte
	Keys  []string // labels of the keys to sign with; empty: all that the token has

	// Monitor runs the monitor until ctx ends. Its error is that it could not be run.
	Monitor func(ctx context.Context) error

	Duration time.Duration
	Callers  int           // who sign at the same time; 0: 4
	Many     int           // sessions, more than the device may have; 0: 256
	Deadline time.Duration // of an answer; 0: five seconds

	Clock    clock.Clock
	Log      *slog.Logger             // may be nil
	Evidence func(hsm.Evidence) error // keeps what was seen; may be nil
	Each     func(c Case, round int)  // called after each case of each round; may be nil
}

// perRound is how long a round takes, unless there is less time. A trial of days is many of them, because a monitor may have its
// own hours.
const perRound = 5 * time.Minute

// trials are the cases of a round. Each gets the time that a round has.
var trials = []struct {
	name string
	try  func(b *bench, ctx context.Context, c *Case, time time.Duration) error
}{
	{caseLoad, (*bench).loaded},
	{caseMonitor, (*bench).monitored},
	{caseKilled, (*bench).killed},
	{caseLogin, (*bench).forgotten},
	{caseSessions, (*bench).crowded},
	{caseKey, (*bench).lacking},
	{caseIdle, (*bench).idle},
}

// errPIN ends the trial: the next refusal may lock the device.
var errPIN = errors.New("the PIN was refused")

// Try tries a module. Its error is that it could not be tried: its PIN is refused, the monitor does not run, there is no time.
func Try(ctx context.Context, opt Options) (*Report, error) {
	if opt.Duration < time.Second {
		return nil, plain.Bad("duration", "1秒以上を指定してください。", "it must be a second at least")
	}
	opt.Callers, opt.Many = cmp.Or(opt.Callers, 4), cmp.Or(opt.Many, 256)
	opt.Deadline = cmp.Or(opt.Deadline, 5*time.Second)
	r := &Report{Name: "hsm", Rounds: max(1, int(opt.Duration/perRound)), Cases: make([]Case, 0, len(trials))}
	b := &bench{opt: opt}
	for n := range r.Rounds {
		for _, t := range trials {
			c := r.of(t.name)
			if c == nil {
				r.Cases = append(r.Cases, Case{Case: t.name, OK: true})
				c = &r.Cases[len(r.Cases)-1]
			}
			c.Tries++
			err := t.try(b, ctx, c, opt.Duration/time.Duration(r.Rounds))
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case errors.Is(err, errPIN) && b.entered:
				c.wrong("PINが断られました", "the PIN was refused")
				r.pinRefused = true
			case errors.Is(err, errPIN):
				return nil, plain.Bad("pin-file", "PINが断られました。装置が施錠されないよう、一度で止めました。装置の道具でPINの状態を確かめてください。",
					"the PIN is refused, and so that the device does not lock itself it was tried once: see with the device's own tool how the PIN stands")
			case err != nil:
				return nil, err
			}
			if opt.Each != nil {
				c.say()
				opt.Each(*c, n+1)
			}
			if r.pinRefused {
				r.judge()
				return r, nil
			}
		}
	}
	r.judge()
	return r, nil
}
