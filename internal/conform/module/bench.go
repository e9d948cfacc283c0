package module

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
)

// bench is a token on trial.
type bench struct {
	opt     Options
	entered bool // once at least
}

// use is one use of the token, from the start of its process to the end.
type use struct {
	opt     Options
	token   *hsm.Token
	signers []*hsm.Signer
	end     func()

	mu      sync.Mutex // guards what follows
	process hsm.Process
	seen    []hsm.Evidence
}

// start starts the token anew, and waits until it is ready or has failed.
func (b *bench) start(ctx context.Context, sessions int, keys []string) (*use, error) {
	u := &use{opt: b.opt}
	begin := b.opt.Start(sessions)
	u.token = hsm.NewToken(hsm.Config{Name: "on-trial", PIN: b.opt.PIN, Keys: keys, Deadline: b.opt.Deadline, Clock: b.opt.Clock, Log: b.opt.Log, Evidence: u.witness,
		Start: func() (hsm.Process, error) {
			p, err := begin()
			u.mu.Lock()
			defer u.mu.Unlock()
			u.process = p
			return p, err
		}})
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { u.token.Run(ctx) })
	u.end = func() { stop(); running.Wait() }
	u.wait(ctx)
	s := u.token.Stand()
	switch {
	case s.State == hsm.Ready:
		b.entered = true
	case s.What == hsm.Refused:
		u.end()
		return nil, fmt.Errorf("%w: %s", errPIN, s.Why)
	}
	for _, label := range s.Keys {
		public, err := u.token.Public(label)
		if err != nil {
			break // it failed again
		}
		signer, err := hsm.NewKeys(u.token).Signer(label, public)
		if err != nil {
			u.end()
			return nil, err
		}
		u.signers = append(u.signers, signer)
	}
	return u, nil
}

// with has fn use the token when it gets ready; it is wrong of the case when it does not. All evidence but the expected one is, too.
func (b *bench) with(ctx context.Context, c *Case, sessions int, expected hsm.Anomaly, fn func(*use) error) error {
	begun := b.opt.Clock.Now()
	u, err := b.start(ctx, sessions, b.opt.Keys)
	if err != nil {
		return err
	}
	defer u.end()
	s := u.token.Stand()
	switch {
	case s.State != hsm.Ready:
		c.wrong("使えるようになりませんでした（"+s.Why+"）", "it did not get ready ("+s.Why+")")
		return nil
	case len(u.signers) == 0:
		c.wrong("署名できる鍵がありません", "it has no key that can sign")
		return nil
	}
	c.ready = max(c.ready, b.opt.Clock.Now().Sub(begun))
	err = fn(u)
	u.end()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range u.seen {
		switch {
		case e.What == hsm.Refused:
			err = errPIN
		case e.What != expected:
			c.anomalous(e)
		}
	}
	return err
}

func (u *use) witness(e hsm.Evidence) error {
	u.mu.Lock()
	u.seen = append(u.seen, e)
	u.mu.Unlock()
	if u.opt.Evidence == nil {
		return nil
	}
	return u.opt.Evidence(e)
}

// kill ends the token's process as if it had crashed.
func (u *use) kill() {
	u.mu.Lock()
	p := u.process
	u.mu.Unlock()
	p.Kill()
}

// look is the pause between two looks at a token that is awaited.
const look = 5 * time.Millisecond

// wait waits while the token is being started.
func (u *use) wait(ctx context.Context) {
	for u.token.Stand().State == hsm.Starting {
		if err := u.opt.Clock.Wait(ctx, u.opt.Clock.Now().Add(look), nil); err != nil {
			return
		}
	}
}

// sign has callers sign for a while, each with all keys in turns. Who is refused waits until the token is back.
func (u *use) sign(ctx context.Context, c *Case, callers int, lasts time.Duration) {
	begun := u.opt.Clock.Now()
	until := begun.Add(lasts)
	var all sync.WaitGroup
	var mu sync.Mutex
	for caller := range callers {
		all.Go(func() {
			var took histogram
			slow, failures := 0, 0
			for n := 0; ctx.Err() == nil && u.opt.Clock.Now().Before(until) && u.token.Stand().State != hsm.Out; n++ {
				at := u.opt.Clock.Now()
				err := u.one(ctx, n, fmt.Append(nil, caller, n, at.UnixNano()))
				if err == nil {
					lasted := u.opt.Clock.Now().Sub(at)
					took.add(lasted)
					if lasted > u.opt.Deadline/2 {
						slow++
					}
					continue
				}
				failures++
				for ctx.Err() == nil && u.opt.Clock.Now().Before(until) && u.token.Stand().State != hsm.Ready && u.token.Stand().State != hsm.Out {
					u.opt.Clock.Wait(ctx, u.opt.Clock.Now().Add(look), nil)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			c.took.merge(&took)
			c.Slow += slow
			c.Failures += failures
		})
	}
	all.Wait()
	c.lasted += u.opt.Clock.Now().Sub(begun)
}

// one signs something with the n-th key.
func (u *use) one(ctx context.Context, n int, what []byte) error {
	digest := sha256.Sum256(what)
	_, err := u.signers[n%len(u.signers)].SignContext(ctx, digest[:], crypto.SHA256)
	if ctx.Err() != nil {
		return nil // the trial is over, and whatever came of it is no fault of the token's
	}
	return err
}
