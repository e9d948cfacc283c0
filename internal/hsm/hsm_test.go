package hsm_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
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

// soft is a device in memory that does what a test wants of it.
type soft struct {
	keys map[string]crypto.Signer
	pin  string

	foreign bool // it has a key that nobody here can use

	mu     sync.Mutex
	counts int                       // wrong PINs
	on     func(digest []byte) error // before a signature; may not return for a long time
	spin   func(sig []byte) []byte   // what becomes of a signature
	n      int                       // signatures
}

func (d *soft) Open(_ context.Context, l token.Login) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.counts > 0 && !l.Despite {
		return token.Fail(token.LoginRefused, "somebody gave a wrong PIN: it is not tried")
	}
	if string(l.PIN) != d.pin {
		d.counts++
		return token.Fail(token.LoginRefused, "wrong PIN")
	}
	d.counts = 0
	return nil
}

func (d *soft) Keys(context.Context) (keys []token.Key, err error) {
	for label, k := range d.keys {
		spki, err := x509.MarshalPKIXPublicKey(k.Public())
		if err != nil {
			return nil, err
		}
		keys = append(keys, token.Key{Label: label, Public: spki})
	}
	if d.foreign {
		keys = append(keys, token.Key{Label: "foreign", Why: "a curve that nobody knows"})
	}
	return keys, nil
}

func (d *soft) Sign(_ context.Context, key string, hash crypto.Hash, digest []byte) ([]byte, error) {
	d.mu.Lock()
	on, spin := d.on, d.spin
	d.mu.Unlock()
	if on != nil {
		if err := on(digest); err != nil {
			return nil, err
		}
	}
	k := d.keys[key]
	if k == nil {
		return nil, token.Fail(token.NoSuchKey, "no such key")
	}
	sig, err := k.Sign(rand.Reader, digest, hash)
	d.mu.Lock()
	d.n++
	d.mu.Unlock()
	if spin != nil {
		sig = spin(sig)
	}
	return sig, err
}

func (d *soft) Close() error { return nil }

func (d *soft) set(on func([]byte) error, spin func([]byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.on, d.spin = on, spin
}

func (d *soft) signed() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// rig is two tokens that hold one key.
type rig struct {
	t        *testing.T
	devices  []*soft
	tokens   []*hsm.Token
	signer   *hsm.Signer
	evidence []hsm.Evidence
	mu       sync.Mutex
	stop     context.CancelFunc
}

var (
	keyOnce = sync.OnceValue(func() crypto.Signer {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return k
	})
	otherKey = sync.OnceValue(func() crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return k
	})
)

func newRig(t *testing.T, n int) *rig {
	t.Helper()
	r := &rig{t: t}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	for i := range n {
		d := &soft{keys: map[string]crypto.Signer{"ca": keyOnce(), "other": otherKey()}, pin: "1234"}
		tok := hsm.NewToken(hsm.Config{Name: string(rune('a' + i)), Start: hsmtest.InProcess(d), PIN: []byte("1234"), Clock: clock.System(), Evidence: r.seen})
		r.devices, r.tokens = append(r.devices, d), append(r.tokens, tok)
		go tok.Run(ctx)
	}
	var err error
	if r.signer, err = hsm.NewKeys(r.tokens...).Signer("ca", keyOnce().Public()); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return r
}

func (r *rig) seen(e hsm.Evidence) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.evidence = append(r.evidence, e)
	return nil
}

func (r *rig) told() []hsm.Evidence {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.evidence)
}

func (r *rig) sign(text string) error {
	r.t.Helper()
	digest := sha256.Sum256([]byte(text))
	sig, err := r.signer.Sign(nil, digest[:], crypto.SHA256)
	if err == nil && !ecdsa.VerifyASN1(keyOnce().Public().(*ecdsa.PublicKey), digest[:], sig) {
		r.t.Errorf("%s: what was signed does not verify", text)
	}
	return err
}

func (r *rig) states(want ...hsm.State) {
	r.t.Helper()
	synctest.Wait()
	for i, tok := range r.tokens {
		if s := tok.Stand(); s.State != want[i] {
			r.t.Errorf("token %s is %s (%s), want %s", s.Name, s.State, s.Why, want[i])
		}
	}
}

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
		if _, err := stranger.Sign(nil, digest[:], crypto.SHA256); !errors.Is(err, hsm.ErrNoToken) || r.devices[0].signed() != before {
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
