package hsm_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// TestNoTokenIsLeft: when all fail the caller is told within the deadlines, and comes again.
func TestNoTokenIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.stop()
		stall := func([]byte) error { time.Sleep(time.Hour); return nil }
		for _, d := range r.devices {
			d.set(stall, nil)
		}
		begun := time.Now()
		if err := r.sign("one"); !errors.Is(err, hsm.ErrNoToken) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("it took %v, more than two deadlines", took)
		}
		if err := r.sign("two"); !errors.Is(err, hsm.ErrNoToken) {
			t.Errorf("with both fenced: %v", err)
		}
		for _, d := range r.devices {
			d.set(nil, nil)
		}
		time.Sleep(time.Minute)
		if err := r.sign("three"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
	})
}

// TestAnswerThatComesTooLate: once a token is fenced its answer reaches nobody, because the caller may have another's; the
// evidence says that it came.
func TestAnswerThatComesTooLate(t *testing.T) {
	p, err := hsmtest.InProcess(&soft{})()
	if err != nil {
		t.Fatal(err)
	}
	fenced := errors.New("fenced")
	for range 100 {
		a, past, err := hsm.LateAnswer(p, hsm.Config{Clock: clock.System(), Deadline: time.Hour}, fenced, []byte("signature"))
		if !errors.Is(err, fenced) || a.Signature != nil {
			t.Fatalf("the late answer was given out: %q, %v", a.Signature, err)
		}
		if len(past) != 1 || !past[0].Late {
			t.Fatalf("past calls: %+v", past)
		}
	}
}

// TestCallThatADeviceRefuses: a call that is wrong fences nothing, so that one that comes again and again stops nobody's.
func TestCallThatADeviceRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.stop()
		r.devices[0].set(func([]byte) error { return token.Fail(token.BadCall, "CKR_KEY_FUNCTION_NOT_PERMITTED") }, nil)
		for range 20 {
			if err := r.sign("one"); err != nil {
				t.Fatalf("the other token was not asked: %v", err)
			}
		}
		r.devices[1].set(func([]byte) error { return token.Fail(token.BadCall, "CKR_DATA_LEN_RANGE") }, nil)
		if err := r.sign("one"); !errors.Is(err, hsm.ErrNoToken) || token.FaultOf(err) != token.BadCall {
			t.Errorf("error %v", err)
		}
		r.states(hsm.Ready, hsm.Ready)
		if len(r.evidence) != 0 {
			t.Errorf("evidence %+v", r.evidence)
		}
		if _, err := r.signer.Sign(nil, make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256}); err == nil {
			t.Error("a PSS signature was made as another one")
		}
	})
}

// TestCallerWhoGoes: a caller waits no longer than his context; what he asked for still tells whether the token is well.
func TestCallerWhoGoes(t *testing.T) {
	for name, c := range map[string]struct {
		takes time.Duration
		then  hsm.State
	}{"slow": {3 * time.Second, hsm.Ready}, "stalled": {time.Hour, hsm.Fenced}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1)
				defer r.stop()
				r.devices[0].set(func([]byte) error { time.Sleep(c.takes); return nil }, nil)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begun := time.Now()
				digest := sha256.Sum256([]byte("one"))
				if _, err := r.signer.SignContext(ctx, digest[:], crypto.SHA256); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
					t.Errorf("after %v: %v", time.Since(begun), err)
				}
				r.states(hsm.Ready)
				if n := r.tokens[0].Stand().Load; n != 1 {
					t.Errorf("%d calls under way", n)
				}
				time.Sleep(5 * time.Second)
				if s := r.tokens[0].Stand(); c.then == hsm.Ready && (s.State != hsm.Ready || s.Load != 0) || c.then == hsm.Fenced && s.Failures != 1 {
					t.Errorf("it stands %+v", s)
				}
				r.stop()
				time.Sleep(2 * time.Hour) // what hung comes back to nobody
			})
		})
	}
}

// deaf is a process that reads no calls after the first ones, so that the pipe to it is full.
type deaf struct {
	hsm.Process
	hears atomic.Int64
	gone  chan struct{}
	once  sync.Once
}

func (d *deaf) Write(b []byte) (int, error) {
	if d.hears.Add(-1) < 0 {
		<-d.gone
		return 0, io.ErrClosedPipe
	}
	return d.Process.Write(b)
}

func (d *deaf) Kill() { d.once.Do(func() { close(d.gone) }); d.Process.Kill() }

// TestProcessThatDoesNotRead: callers go when they want to, a call that the process has not heard of is not under way any more, and
// the token is fenced.
func TestProcessThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.inflight")
		tok := hsm.NewToken(hsm.Config{Name: "a", Clock: clock.System(), Journal: openJournal(t, path), Start: func() (hsm.Process, error) {
			p, err := hsmtest.InProcess(&soft{keys: map[string]crypto.Signer{"ca": keyOnce()}})()
			d := &deaf{Process: p, gone: make(chan struct{})}
			d.hears.Store(3) // the login, the list of keys, the trial of one
			return d, err
		}})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go tok.Run(ctx)
		synctest.Wait()
		signer, err := hsm.NewKeys(tok).Signer("ca", keyOnce().Public())
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte("one"))
		var callers sync.WaitGroup
		begun := time.Now()
		for range 3 {
			callers.Go(func() {
				patience, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := signer.SignContext(patience, digest[:], crypto.SHA256); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
					t.Errorf("after %v: %v", time.Since(begun), err)
				}
			})
		}
		callers.Wait()
		if n, all := tok.Stand().Load, journalled(t, path); n != 1 || len(all) != 1 {
			t.Errorf("%d calls are under way, %d in the journal; want the one that is being written", n, len(all))
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if s := tok.Stand(); s.State != hsm.Fenced || s.What != hsm.Stalled {
			t.Errorf("it stands %+v", s)
		}
	})
}
