//go:build cgo

package main

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// deadline leaves a machine that does much else the time to sign.
const deadline = 3 * time.Second

func TestMain(m *testing.M) {
	if module := os.Getenv(inProcess); module != "" {
		asItWas(module)
		return
	}
	os.Exit(hsmtest.Main{M: m}.Run())
}

// tokens starts both, and waits until they are ready.
func tokens(t *testing.T, b *hsmtest.Bench, seen func(hsm.Evidence) error) []*hsm.Token {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	var all []*hsm.Token
	for i := range 2 {
		tok := hsm.NewToken(hsm.Config{Name: fmt.Sprint("token-", i), PIN: []byte(hsmtest.PIN), Clock: clock.System(), Deadline: deadline, Evidence: seen, Start: b.Start(i)})
		running.Go(func() { tok.Run(ctx) })
		all = append(all, tok)
	}
	for _, tok := range all {
		ready(t, tok)
	}
	return all
}

func ready(t *testing.T, tok *hsm.Token) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); tok.Stand().State != hsm.Ready; {
		if time.Now().After(until) {
			t.Fatalf("the token is not ready: %+v", tok.Stand())
		}
		clock.System().Wait(context.Background(), clock.System().Now().Add(5*time.Millisecond), nil)
	}
}

// TestFaultsOfADevice: under load, whatever one device does, every signature comes, from the other one if need be, within
// the deadline; the evidence says what was under way; and the device is used again when it has come to itself.
func TestFaultsOfADevice(t *testing.T) {
	b := hsmtest.New(t)
	for name, want := range map[string]hsm.Anomaly{
		"late": "", "logout": hsm.Failed, "stall": hsm.Stalled, "lose": hsm.Stalled, "crash": hsm.Died, "garbage": hsm.Garbage,
	} {
		for _, key := range []string{"ec", "rsa"} {
			t.Run(name+"/"+key, func(t *testing.T) {
				b.Fault(0, "")
				seen := make(chan hsm.Evidence, 100)
				all := tokens(t, b, func(e hsm.Evidence) error { seen <- e; return nil })
				public, err := all[0].Public(key)
				if err != nil {
					t.Fatal(err)
				}
				signer, err := hsm.NewKeys(all...).Signer(key, public)
				if err != nil {
					t.Fatal(err)
				}
				var signed, slowest atomic.Int64
				var load sync.WaitGroup
				half := make(chan struct{})
				var reached sync.Once
				const callers, each = 4, 50
				for range callers {
					load.Go(func() {
						for n := range each {
							digest := sha256.Sum256(fmt.Append(nil, n))
							begun := time.Now()
							if _, err := signer.Sign(nil, digest[:], crypto.SHA256); err != nil {
								t.Errorf("%v", err)
								return
							}
							for took := int64(time.Since(begun)); took > slowest.Load(); {
								slowest.Store(took)
							}
							if signed.Add(1) == callers*each/2 {
								reached.Do(func() { close(half) })
							}
						}
					})
				}
				<-half
				b.Fault(0, name)
				load.Wait()
				t.Logf("%d signatures, the slowest after %v", signed.Load(), time.Duration(slowest.Load()).Round(time.Millisecond))
				if signed.Load() != callers*each || slowest.Load() > int64(4*deadline) {
					t.Errorf("%d signatures, the slowest after %v", signed.Load(), time.Duration(slowest.Load()))
				}
				if want == "" {
					return
				}
				e := <-seen
				if e.What != want || e.Token != "token-0" || len(e.Open)+len(e.Past) == 0 || e.Process == "" {
					t.Errorf("evidence %+v, want %s", e, want)
				}
				if strings.Contains(fmt.Sprintf("%+v", e), hsmtest.PIN) {
					t.Error("the evidence holds the PIN")
				}
				b.Fault(0, "")
				ready(t, all[0])
			})
		}
	}
}

// TestMonitorThatIsNotOurs is C1: a program that is not ours looks at the device all the time; signatures that meet it are
// carried out and never completed. None is missing in the end.
func TestMonitorThatIsNotOurs(t *testing.T) {
	b := hsmtest.New(t)
	defer b.Monitor(0)()
	var stalls atomic.Int64
	all := tokens(t, b, func(e hsm.Evidence) error {
		if e.What == hsm.Stalled {
			stalls.Add(1)
		}
		return nil
	})
	b.Fault(0, "monitor")
	public, err := all[1].Public("ec")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := hsm.NewKeys(all...).Signer("ec", public)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; n < 5000 && stalls.Load() == 0; n++ {
		digest := sha256.Sum256(fmt.Append(nil, n))
		if _, err := signer.Sign(nil, digest[:], crypto.SHA256); err != nil {
			t.Fatal(err)
		}
	}
	if stalls.Load() == 0 {
		t.Errorf("%d signatures, and none met the monitor: nothing was tried", n)
	}
	t.Logf("the signature that met the monitor was number %d", n)
}

// TestWrongPIN: it is tried once, also by a program that is started again and again; a person may try again, until the last try.
func TestWrongPIN(t *testing.T) {
	hsmtest.New(t)
	wrong, right := token.Login{PIN: []byte("0815")}, token.Login{PIN: []byte(hsmtest.PIN)}
	d := &device{module: hsmtest.Module, label: "token-0", sessions: 1}
	defer d.Close()
	if err := d.Open(t.Context(), wrong); token.FaultOf(err) != token.LoginRefused || !strings.Contains(err.Error(), "PIN_INCORRECT") {
		t.Errorf("error %v", err)
	}
	for _, l := range []token.Login{wrong, right} {
		if err := d.Open(t.Context(), l); token.FaultOf(err) != token.LoginRefused || !strings.Contains(err.Error(), "not tried") {
			t.Errorf("the device was asked again: %v", err)
		}
	}
	right.Despite = true
	if err := d.Open(t.Context(), right); err != nil {
		t.Errorf("a person has looked, and it is not tried: %v", err)
	}
	right.Despite = false
	if err := d.Open(t.Context(), right); err != nil {
		t.Errorf("the right PIN was given since, and it is not tried: %v", err)
	}
	for flags, despite := range map[uint]bool{
		pkcs11.CKF_USER_PIN_FINAL_TRY | pkcs11.CKF_USER_PIN_COUNT_LOW: true, pkcs11.CKF_USER_PIN_LOCKED: true, pkcs11.CKF_USER_PIN_COUNT_LOW: false,
	} {
		if err := mayTry(flags, despite); token.FaultOf(err) != token.LoginRefused {
			t.Errorf("with flags %x a PIN is tried", flags)
		}
	}
}

// TestTokenThatIsNotThere: whoever set it up is told which.
func TestTokenThatIsNotThere(t *testing.T) {
	hsmtest.New(t)
	slot := uint(99)
	for want, d := range map[string]*device{
		"token-9":       {module: hsmtest.Module, label: "token-9", sessions: 1},
		"slot 99":       {module: hsmtest.Module, slot: &slot, sessions: 1},
		"/none/none.so": {module: "/none/none.so", label: "token-0", sessions: 1},
	} {
		if err := d.Open(t.Context(), token.Login{PIN: []byte(hsmtest.PIN)}); token.FaultOf(err) != token.DeviceFailed || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		d.Close()
	}
}

// TestLogout: a device that is made to forget us is logged in to again by the next call.
func TestLogout(t *testing.T) {
	hsmtest.New(t)
	d := &device{module: hsmtest.Module, label: "token-0", sessions: 2}
	defer d.Close()
	if err := d.Open(t.Context(), token.Login{PIN: []byte(hsmtest.PIN)}); err != nil {
		t.Fatal(err)
	}
	if keys, err := d.Keys(t.Context()); err != nil || len(keys) != 2 || keys[0].Why != "" || keys[1].Why != "" {
		t.Errorf("keys %+v, %v", keys, err)
	}
	digest := sha256.Sum256(nil)
	if err := d.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sign(t.Context(), "ec", crypto.SHA256, digest[:]); token.FaultOf(err) != token.LoginLost {
		t.Errorf("after logging out: %v", err)
	}
	if keys, err := d.Keys(t.Context()); token.FaultOf(err) != token.LoginLost {
		t.Errorf("a device that forgot us lists %d keys, as if it had no more: %v", len(keys), err)
	}
	if _, err := d.Sign(t.Context(), "none", crypto.SHA256, digest[:]); token.FaultOf(err) != token.NoSuchKey {
		t.Errorf("no such key: %v", err)
	}
}

// TestStartedByHand: whoever does is told in a sentence.
func TestStartedByHand(t *testing.T) {
	b := hsmtest.New(t)
	for want, args := range map[string][]string{
		"--module":   {},
		"--slot":     {"--module", hsmtest.Module},
		"started by": {"--module", hsmtest.Module, "--token", "token-0"},
	} {
		cmd := exec.Command(b.Program, args...)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
}

// TestLoginWaitsForSignatures: a login is changed only when no signature is inside the module. The shim falls over, and this
// program with it, when sessions end under one.
func TestLoginWaitsForSignatures(t *testing.T) {
	b := hsmtest.New(t)
	for _, e := range b.Env(0) {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	d := &device{module: b.Shim, label: "token-0", sessions: 3}
	defer d.Close()
	login := token.Login{PIN: []byte(hsmtest.PIN)}
	if err := d.Open(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var signing sync.WaitGroup
	var signed atomic.Int64
	for range 3 {
		signing.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				digest := sha256.Sum256(fmt.Append(nil, n))
				if _, err := d.Sign(t.Context(), "rsa", crypto.SHA256, digest[:]); err == nil {
					signed.Add(1)
				} else if token.FaultOf(err) != token.LoginLost { // its key was that of the login before
					t.Error(err)
					return
				}
			}
		})
	}
	for range 50 {
		if err := d.Open(t.Context(), login); err != nil {
			t.Error(err)
		}
	}
	close(done)
	signing.Wait()
	if signed.Load() == 0 {
		t.Error("nothing was signed beside the logins: nothing was tried")
	}
}
