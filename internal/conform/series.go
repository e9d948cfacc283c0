package conform

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// atOnce is how many series run beside each other. Most of their time is that of handlers that hang.
const atOnce = 3

// series are the trials of one queue on one engine, one after the other. The first is without poison.
type series struct {
	trials []trial
	start  time.Duration // of the one without poison
	cases  []Case
}

// besideEachOther runs all series. Cases of which all that was wrong is that they took long are tried again when the others
// are done, alone, and beside a new start without poison: who else uses the machine shall not decide, and a queue that waits
// fails again.
func besideEachOther(ctx context.Context, all []*series, opt Options, of int) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		mu    sync.Mutex // guards what follows, and keeps Each from being called twice at once
		tried int
		again []func() error
		wait  sync.WaitGroup
	)
	tell := func(c Case) {
		tried++
		if opt.Each != nil {
			opt.Each(c, tried, of)
		}
	}
	waiting := make(chan *series)
	for range atOnce {
		wait.Go(func() {
			for s := range waiting {
				s.cases = make([]Case, len(s.trials))
				for i, t := range s.trials {
					c, err := t.try(ctx, opt, &s.start)
					if err != nil {
						stop(fmt.Errorf("couldn't try %s: %w", t.name(), err))
						return
					}
					mu.Lock()
					if c.slow {
						again = append(again, func() (err error) {
							s.cases[i], err = s.again(ctx, opt, t, c)
							tell(s.cases[i])
							return err
						})
					} else {
						s.cases[i] = c
						tell(c)
					}
					mu.Unlock()
				}
			}
		})
	}
	for _, s := range all {
		select {
		case waiting <- s:
		case <-ctx.Done():
		}
	}
	close(waiting)
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for _, try := range again {
		if err := try(); err != nil {
			return err
		}
	}
	return nil
}

// again tries a case that was slow a second time.
func (s *series) again(ctx context.Context, opt Options, t trial, first Case) (Case, error) {
	var start time.Duration
	var c Case
	for _, t := range []trial{s.trials[0], t} {
		var err error
		if c, err = t.try(ctx, opt, &start); err != nil {
			return c, fmt.Errorf("couldn't try %s: %w", t.name(), err)
		}
	}
	if c.OK {
		c.Says += " (2回目。1回目: / at the second try; at the first: " + first.Says + ")"
	}
	return c, nil
}
