package module

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/plain"
)

// usual is how many sessions the program opens.
const usual = 4

// loaded signs without pause, without the monitor.
func (b *bench) loaded(ctx context.Context, c *Case, lasts time.Duration) error {
	return b.with(ctx, c, usual, "", func(u *use) error {
		u.sign(ctx, c, b.opt.Callers, lasts*2/5)
		return nil
	})
}

// monitored is the same with the monitor: what makes the difference is the monitor.
func (b *bench) monitored(ctx context.Context, c *Case, lasts time.Duration) error {
	return b.with(ctx, c, usual, "", func(u *use) error {
		watching, stop := context.WithCancel(ctx)
		defer stop()
		var monitor sync.WaitGroup
		var failed error
		monitor.Go(func() {
			if err := b.opt.Monitor(watching); err != nil && watching.Err() == nil {
				failed = plain.Bad("monitor", fmt.Sprintf("監視プログラムを動かせません（%v）。", err), fmt.Sprintf("the monitor cannot be run: %v", err))
				stop()
			}
		})
		u.sign(watching, c, b.opt.Callers, lasts*2/5)
		stop()
		monitor.Wait()
		return failed
	})
}

// kills is how often the process is killed in a round. A device that counts the sessions of the dead runs out of them.
const kills = 5

// killed kills the process in the middle of calls. The next one must find the device as if nothing had been.
func (b *bench) killed(ctx context.Context, c *Case, lasts time.Duration) error {
	for range kills {
		err := b.with(ctx, c, usual, hsm.Died, func(u *use) error {
			var load sync.WaitGroup
			var unanswered Case // by nobody's fault
			load.Go(func() { u.sign(ctx, &unanswered, b.opt.Callers, lasts/100) })
			b.opt.Clock.Wait(ctx, b.opt.Clock.Now().Add(lasts/200), nil)
			u.kill()
			load.Wait()
			return nil
		})
		if err != nil {
			return err
		}
	}
	return b.with(ctx, c, usual, "", func(u *use) error { return u.must(ctx, c) })
}

// forgets is how often the device is made to lose the login in a round.
const forgets = 10

// forgotten has the device lose the login, and signs.
func (b *bench) forgotten(ctx context.Context, c *Case, _ time.Duration) error {
	return b.with(ctx, c, usual, "", func(u *use) error {
		for range forgets {
			if err := u.token.Forget(ctx); err != nil {
				c.wrong(fmt.Sprintf("ログアウトできません（%v）", err), fmt.Sprintf("it does not log out (%v)", err))
				return nil
			}
			if err := u.must(ctx, c); err != nil || !c.OK {
				return err
			}
		}
		return nil
	})
}

// crowded asks for more sessions than the device may have, and signs in as many as it gives.
func (b *bench) crowded(ctx context.Context, c *Case, lasts time.Duration) error {
	err := b.with(ctx, c, b.opt.Many, "", func(u *use) error {
		u.sign(ctx, c, b.opt.Many, lasts/50)
		return nil
	})
	if err != nil {
		return err
	}
	return b.with(ctx, c, usual, "", func(u *use) error { return u.must(ctx, c) }) // they have been given back
}

// nobodys is a label that no key has.
const nobodys = "akashi-conform-no-such-key"

// lacking asks for a key that is not there.
func (b *bench) lacking(ctx context.Context, c *Case, _ time.Duration) error {
	u, err := b.start(ctx, usual, []string{nobodys})
	if err != nil {
		return err
	}
	defer u.end()
	if s := u.token.Stand(); s.What != hsm.Lacking {
		c.wrong(fmt.Sprintf("鍵がないことを答えませんでした（%s %s）", s.State, s.Why), fmt.Sprintf("it did not say that the key is missing (%s %s)", s.State, s.Why))
	}
	return nil
}

// quiet is how long nobody asks for anything, at most. A CA has been seen to lose its device after 15 seconds.
const quiet = 20 * time.Second

// idle signs, asks for nothing for a while, and signs.
func (b *bench) idle(ctx context.Context, c *Case, lasts time.Duration) error {
	return b.with(ctx, c, usual, "", func(u *use) error {
		if err := u.must(ctx, c); err != nil {
			return err
		}
		if err := b.opt.Clock.Wait(ctx, b.opt.Clock.Now().Add(min(quiet, lasts/10)), nil); err != nil {
			return err
		}
		return u.must(ctx, c)
	})
}

// must signs once with each key; it is wrong of the case when that fails.
func (u *use) must(ctx context.Context, c *Case) error {
	for n := range u.signers {
		at := u.opt.Clock.Now()
		err := u.one(ctx, n, fmt.Append(nil, c.Case, n, at.UnixNano()))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			c.Failures++
			c.wrong(fmt.Sprintf("署名できませんでした（%v）", err), fmt.Sprintf("it did not sign (%v)", err))
			return nil
		}
		c.took.add(u.opt.Clock.Now().Sub(at))
	}
	return nil
}
