package hsm_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// TestTokenFails: however a token fails, the call is answered by the other one, the evidence says how, and the token is
// back after its pause.
func TestTokenFails(t *testing.T) {
	digest := sha256.Sum256([]byte("one"))
	for name, c := range map[string]struct {
		on   func([]byte) error
		spin func([]byte) []byte
		what hsm.Anomaly
		open int // calls without an answer
	}{
		"stalls":                {on: func([]byte) error { time.Sleep(time.Hour); return nil }, what: hsm.Stalled, open: 1},
		"stalls but has signed": {spin: func(s []byte) []byte { time.Sleep(time.Hour); return s }, what: hsm.Stalled, open: 1},
		"fails":                 {on: func([]byte) error { return token.Fail(token.DeviceFailed, "CKR_DEVICE_ERROR") }, what: hsm.Failed},
		"forgets every login":   {on: func([]byte) error { return token.Fail(token.LoginLost, "CKR_USER_NOT_LOGGED_IN") }, what: hsm.Failed},
		"signs garbage":         {spin: func(s []byte) []byte { return append([]byte{0x30}, s...) }, what: hsm.Garbage},
		"signs something else": {spin: func([]byte) []byte {
			other := sha256.Sum256([]byte("two"))
			s, _ := keyOnce().Sign(rand.Reader, other[:], crypto.SHA256)
			return s
		}, what: hsm.Garbage},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 2)
				defer r.stop()
				r.states(hsm.Ready, hsm.Ready)
				before := r.devices[1].signed()
				r.devices[0].set(c.on, c.spin)
				begun := time.Now()
				if err := r.sign("one"); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begun); took > 5*time.Second {
					t.Errorf("it took %v, more than a deadline", took)
				}
				if n := r.devices[1].signed() - before; n != 1 {
					t.Errorf("the other token signed %d times", n)
				}
				r.states(hsm.Fenced, hsm.Ready)
				if len(r.evidence) != 1 {
					t.Fatalf("evidence: %+v", r.evidence)
				}
				e := r.evidence[0]
				if e.What != c.what || e.Token != "a" || len(e.Open) != c.open || e.Process != hsmtest.Dump {
					t.Errorf("evidence %+v, want %s with %d calls open", e, c.what, c.open)
				}
				all := append(slices.Clone(e.Open), e.Past...)
				if !slices.ContainsFunc(all, func(p hsm.Past) bool { return p.Hash == hex.EncodeToString(digest[:]) && p.Key == "ca" }) {
					t.Errorf("the evidence does not hold the call: %+v", all)
				}
				if text, err := json.Marshal(e); err != nil || bytes.Contains(text, []byte("1234")) || bytes.Contains(text, []byte("MTIzNA")) {
					t.Errorf("the evidence holds the PIN: %s %v", text, err)
				}
				r.devices[0].set(nil, nil)
				time.Sleep(2 * time.Second)
				r.states(hsm.Ready, hsm.Ready)
				time.Sleep(time.Hour) // what hung comes back to nobody
			})
		})
	}
}

// TestProcessDies: a process that is gone costs its calls one more token, those that were under way too.
func TestProcessDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.stop()
		release := make(chan struct{})
		var wg sync.WaitGroup
		r.devices[0].set(func([]byte) error { <-release; return errors.New("killed") }, nil)
		r.devices[1].set(func([]byte) error { <-release; return nil }, nil)
		for range 6 {
			wg.Go(func() {
				if err := r.sign("one"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if a, b := r.tokens[0].Stand().Load, r.tokens[1].Stand().Load; a != 3 || b != 3 {
			t.Errorf("%d calls at the one, %d at the other: the load is not shared", a, b)
		}
		close(release)
		wg.Wait()
		r.states(hsm.Fenced, hsm.Ready)
		if len(r.evidence) != 1 {
			t.Errorf("evidence %+v", r.evidence)
		}
	})
}

// TestReconnectionIsLimited: a token that fails each time is not started for ever, and a person lets it begin again.
func TestReconnectionIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.stop()
		bad := sha256.Sum256([]byte("one"))
		r.devices[0].set(func(digest []byte) error {
			if bytes.Equal(digest, bad[:]) { // and not when its keys are tried
				return token.Fail(token.DeviceFailed, "CKR_DEVICE_ERROR")
			}
			return nil
		}, nil)
		for range 8 {
			r.states(hsm.Ready)
			r.sign("one")
			r.sign("one") // of a token that is fenced nobody asks anything
			time.Sleep(2 * time.Minute)
		}
		r.states(hsm.Out)
		if s := r.tokens[0].Stand(); s.Starts != 8 || s.What != hsm.Failed {
			t.Errorf("it stands %+v", s)
		}
		r.devices[0].set(nil, nil)
		time.Sleep(24 * time.Hour)
		r.states(hsm.Out)
		r.tokens[0].Retry()
		r.states(hsm.Ready)
	})
}

// TestDeviceThatComesBackLate: a device that restarts for hours is tried for as long as it takes, which costs nobody
// anything, and fills no disk with evidence of the same.
func TestDeviceThatComesBackLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.stop()
		r.devices[0].set(func([]byte) error { return token.Fail(token.DeviceFailed, "CKR_TOKEN_NOT_PRESENT") }, nil)
		r.sign("one")
		time.Sleep(5 * time.Hour)
		r.states(hsm.Fenced)
		if s := r.tokens[0].Stand(); s.Starts < 300 || s.Starts > 320 {
			t.Errorf("it was started %d times in five hours", s.Starts)
		}
		if n := len(r.evidence); n != 1 {
			t.Errorf("evidence was kept %d times", n)
		}
		r.devices[0].set(nil, nil)
		time.Sleep(time.Minute)
		r.states(hsm.Ready)
	})
}

// TestRefusedLogin: a wrong PIN is tried once, whatever happens, so that no device locks itself.
func TestRefusedLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.stop()
		r.devices[0].pin = "changed"
		r.devices[0].set(func([]byte) error { return token.Fail(token.LoginLost, "reset") }, nil)
		r.sign("one")
		time.Sleep(24 * time.Hour)
		r.states(hsm.Out)
		if s := r.tokens[0].Stand(); s.Starts != 1 || len(r.evidence) != 1 || r.evidence[0].What != hsm.Refused {
			t.Errorf("started %d times; evidence %+v", s.Starts, r.evidence)
		}
		r.devices[0].pin = "1234"
		r.devices[0].set(nil, nil)
		r.tokens[0].Retry() // which lets a device be asked that has counted a wrong PIN
		r.states(hsm.Ready)
	})
}

// TestKeysThatMustBeThere: a token is good for the keys that it is asked for; others on it are somebody else's.
func TestKeysThatMustBeThere(t *testing.T) {
	for name, c := range map[string]struct {
		wanted []string
		state  hsm.State
		what   hsm.Anomaly
		keys   []string
	}{
		"all":            {nil, hsm.Ready, "", []string{"ca", "other"}},
		"one":            {[]string{"ca"}, hsm.Ready, "", []string{"ca"}},
		"lacking":        {[]string{"ca", "gone"}, hsm.Fenced, hsm.Lacking, nil},
		"cannot be used": {[]string{"foreign"}, hsm.Fenced, hsm.Failed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &soft{keys: map[string]crypto.Signer{"ca": keyOnce(), "other": otherKey()}, foreign: true}
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				tok := hsm.NewToken(hsm.Config{Name: "a", Start: hsmtest.InProcess(d), Keys: c.wanted, Clock: clock.System()})
				go tok.Run(ctx)
				synctest.Wait()
				if s := tok.Stand(); s.State != c.state || s.What != c.what || !slices.Equal(s.Keys, c.keys) {
					t.Errorf("it stands %+v, want %+v", s, c)
				}
			})
		})
	}
}

// TestAnotherKeyOfTheSameLabel: a token whose key is not ours is never asked.
func TestAnotherKeyOfTheSameLabel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.stop()
		stranger, err := hsm.NewKeys(r.tokens...).Signer("ca", otherKey().Public())
		if err != nil {
			t.Fatal(err)
		}
		before := r.devices[0].signed()
		digest := sha256.Sum256([]byte("one"))
		// Nothing rings for a token that is ready, so that it must not be waited for as for one that is away.
		if _, err := stranger.Sign(nil, digest[:], crypto.SHA256); !errors.Is(err, hsm.ErrNoToken) || errors.Is(err, hsm.ErrNoneReady) || r.devices[0].signed() != before {
			t.Errorf("error %v", err)
		}
		rsaKey, err := hsm.NewKeys(r.tokens...).Signer("other", otherKey().Public())
		if err != nil {
			t.Fatal(err)
		}
		sig, err := rsaKey.Sign(nil, digest[:], crypto.SHA256)
		if err != nil || rsa.VerifyPKCS1v15(otherKey().Public().(*rsa.PublicKey), crypto.SHA256, digest[:], sig) != nil {
			t.Errorf("RSA: %v", err)
		}
	})
}
