package module_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/conform/module"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/plain"
)

// device is one whose behaviour a test gives. All processes share it.
type device struct {
	key      *ecdsa.PrivateKey
	pin      string
	sessions int // that it has; 0: any number

	// sign is called before each signature.
	sign func() error

	watched atomic.Bool // by a monitor
	opened  atomic.Int64
	refused atomic.Int64
	held    atomic.Int64 // processes that live
}

// process is the device as one process sees it.
type process struct {
	*device
	in atomic.Bool
}

func (p *process) Open(_ context.Context, l token.Login) error {
	p.opened.Add(1)
	if string(l.PIN) != p.pin {
		p.refused.Add(1)
		return token.Fail(token.LoginRefused, "wrong PIN")
	}
	if n := p.held.Load(); p.sessions > 0 && n > int64(p.sessions) {
		return token.Fail(token.DeviceFailed, "CKR_SESSION_COUNT")
	}
	p.in.Store(true)
	return nil
}

func (p *process) Keys(context.Context) ([]token.Key, error) {
	spki, err := x509.MarshalPKIXPublicKey(p.key.Public())
	return []token.Key{{Label: "ca", Public: spki}}, err
}

func (p *process) Sign(_ context.Context, _ string, hash crypto.Hash, digest []byte) ([]byte, error) {
	time.Sleep(100 * time.Millisecond)
	if !p.in.Load() {
		return nil, token.Fail(token.LoginLost, "not logged in")
	}
	if p.sign != nil {
		if err := p.sign(); err != nil {
			return nil, err
		}
	}
	return p.key.Sign(rand.Reader, digest, hash)
}

func (p *process) Logout(context.Context) error { p.in.Store(false); return nil }
func (p *process) Close() error                 { return nil }

// start starts a process that sees the device. One that leaks holds its sessions when it is dead.
func (d *device) start(leaks bool) func(sessions int) func() (hsm.Process, error) {
	return func(int) func() (hsm.Process, error) {
		return func() (hsm.Process, error) {
			p, err := hsmtest.InProcess(&process{device: d})()
			d.held.Add(1)
			return &counted{p, sync.OnceFunc(func() {
				if !leaks {
					d.held.Add(-1)
				}
			})}, err
		}
	}
}

// counted is a process whose end the device notices.
type counted struct {
	hsm.Process
	gone func()
}

func (c *counted) End()  { c.Process.End(); c.gone() }
func (c *counted) Kill() { c.Process.Kill(); c.gone() }

// TestVerdicts: what the kit says of devices that fail in each of the ways that it tries.
func TestVerdicts(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stall := func() error { time.Sleep(time.Hour); return nil }
	for name, c := range map[string]struct {
		with    func(d *device)
		leaks   bool // the device counts the sessions of dead processes
		failed  []string
		verdict string
	}{
		"good": {verdict: "got along"},
		"stalls when the monitor looks": {with: func(d *device) {
			n := atomic.Int64{}
			d.sign = func() error {
				if d.watched.Load() && n.Add(1)%100 == 0 {
					return stall()
				}
				return nil
			}
		}, failed: []string{"load with the monitor"}, verdict: "does not get along with its monitor"},
		"stalls": {with: func(d *device) {
			n := atomic.Int64{}
			d.sign = func() error {
				if n := n.Add(1); n%100 == 0 && n < 2000 { // which is in the second of the two loads
					return stall()
				}
				return nil
			}
		}, failed: []string{"load", "load with the monitor"}, verdict: "failed under load alone"},
		"fails after a pause": {with: func(d *device) {
			last := atomic.Int64{}
			last.Store(time.Now().UnixNano())
			d.sign = func() error {
				if now := time.Now().UnixNano(); now-last.Swap(now) > int64(15*time.Second) {
					return token.Fail(token.DeviceFailed, "CKR_SESSION_HANDLE_INVALID for ever")
				}
				return nil
			}
		}, failed: []string{"idle"}, verdict: "does not come back"},
		"counts the sessions of the dead": {leaks: true, with: func(d *device) { d.sessions = 5 },
			failed: []string{"process killed", "login lost", "many sessions", "key missing", "idle"}, verdict: "does not come back"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &device{key: key, pin: "1234"}
				if c.with != nil {
					c.with(d)
				}
				ctx, stop := context.WithCancel(t.Context())
				r, err := module.Try(ctx, module.Options{Start: d.start(c.leaks), PIN: []byte("1234"), Duration: 200 * time.Second, Many: 16, Clock: clock.System(),
					Monitor: func(ctx context.Context) error {
						d.watched.Store(true)
						defer d.watched.Store(false)
						<-ctx.Done()
						return nil
					}})
				if err != nil {
					t.Fatal(err)
				}
				var failed []string
				for _, tried := range r.Cases {
					if !tried.OK {
						failed = append(failed, tried.Case)
					}
					t.Log(tried.Says)
				}
				if strings.Join(failed, ", ") != strings.Join(c.failed, ", ") || r.Failed != len(failed) || r.Passed != 7-len(failed) {
					t.Errorf("failed: %q, want %q", failed, c.failed)
				}
				if !strings.Contains(r.Verdict.EN, c.verdict) || r.Verdict.JA == "" || r.Holds() != (len(failed) == 0) {
					t.Errorf("verdict %q, want %q", r.Verdict.EN, c.verdict)
				}
				stop()
				time.Sleep(3 * time.Hour) // what hung comes back to nobody
			})
		})
	}
}

// TestRefusedPIN: the kit tries a PIN that is refused once, at the start and when it is changed in the middle.
func TestRefusedPIN(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := &device{key: key, pin: "changed"}
		opt := module.Options{Start: d.start(false), PIN: []byte("1234"), Duration: time.Minute, Clock: clock.System(), Monitor: func(ctx context.Context) error { <-ctx.Done(); return nil }}
		_, err := module.Try(t.Context(), opt)
		if problems, ok := plain.AsProblems(err); !ok || problems[0].Field != "pin-file" || d.refused.Load() != 1 {
			t.Errorf("%v; the PIN was tried %d times", err, d.refused.Load())
		}
		d.pin = "1234"
		opt.Each = func(c module.Case, _ int) {
			if c.Case == "load" {
				d.pin = "changed"
			}
		}
		r, err := module.Try(t.Context(), opt)
		if err != nil {
			t.Fatal(err)
		}
		if d.refused.Load() != 2 || r.Holds() || len(r.Cases) != 2 || !strings.Contains(r.Verdict.EN, "PIN was refused in the middle") {
			t.Errorf("the PIN was tried %d times; %+v", d.refused.Load(), r)
		}
	})
}

// TestCannotBeTried: no verdict is made of what was not tried.
func TestCannotBeTried(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := &device{key: key, pin: "1234"}
		opt := module.Options{Start: d.start(false), PIN: []byte("1234"), Duration: time.Minute, Clock: clock.System(),
			Monitor: func(context.Context) error { return errors.New("no such command") }}
		if _, err := module.Try(t.Context(), opt); err == nil || !strings.Contains(err.Error(), "no such command") {
			t.Errorf("a monitor that does not run: %v", err)
		}
		opt.Duration = 0
		if _, err := module.Try(t.Context(), opt); err == nil {
			t.Error("it was tried for no time")
		}
		time.Sleep(time.Hour)
	})
}
