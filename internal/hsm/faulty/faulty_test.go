package faulty_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/faulty"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/pki"
)

// TestMain lets this test program be the monitor, or the device's process.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "monitor":
		err = faulty.Watch(os.Args[2], os.Stdin, os.Stdout)
	case len(os.Args) == 4 && os.Args[1] == "device":
		err = faulty.Serve(context.Background(), os.Args[2], os.Args[3])
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		os.Exit(1)
	}
}

type rig struct {
	dir, busFile string
	bus          *faulty.Bus
	key          crypto.Signer
}

var passphrase = []byte("a passphrase of a test")

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{dir: t.TempDir(), busFile: filepath.Join(t.TempDir(), "bus")}
	var err error
	if r.key, err = pki.GenerateKey(rand.Reader, cert.P256SHA256); err != nil {
		t.Fatal(err)
	}
	if err := filekey.Put(r.dir, "ca", r.key, passphrase, 10); err != nil {
		t.Fatal(err)
	}
	if r.bus, err = faulty.MakeBus(r.busFile); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.bus.Close() })
	return r
}

// TestEachFault: the device does what the fault is called, and what it says of itself is of the kind that package hsm acts upon.
func TestEachFault(t *testing.T) {
	r := newRig(t)
	d := &faulty.Device{Device: &filekey.Device{Dir: r.dir}, Bus: r.bus}
	digest := sha256.Sum256([]byte("a certificate"))
	sign := func(patience time.Duration) (ok bool, err error) {
		t.Helper()
		if err := d.Open(t.Context(), token.Login{PIN: passphrase}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		s, err := d.Sign(ctx, "ca", crypto.SHA256, digest[:])
		return ecdsa.VerifyASN1(r.key.Public().(*ecdsa.PublicKey), digest[:], s), err
	}
	const long, short = time.Minute, 50 * time.Millisecond
	for f, c := range map[faulty.Fault]struct {
		patience time.Duration
		signs    bool
		hangs    bool
		what     token.Fault
	}{
		faulty.None: {long, true, false, ""}, faulty.Late: {long, true, false, ""}, faulty.Stall: {short, false, true, ""},
		faulty.Lose: {short, false, true, ""}, faulty.Logout: {long, false, false, token.LoginLost},
		faulty.Timeout: {long, false, false, token.DeviceFailed}, faulty.Monitor: {long, true, false, ""}, // nobody looks
		faulty.Garbage: {long, false, false, ""},
	} {
		if err := r.bus.Set(f); err != nil {
			t.Fatal(err)
		}
		ok, err := sign(c.patience)
		if ok != c.signs || errors.Is(err, context.DeadlineExceeded) != c.hangs || c.what != "" && token.FaultOf(err) != c.what {
			t.Errorf("%q: signed %v, %v", f, ok, err)
		}
	}
	if err := r.bus.Set(faulty.None); err != nil || r.bus.Lost() != 1 || r.bus.Failed() != 1 {
		t.Errorf("%d completions lost, %d timeouts, %v", r.bus.Lost(), r.bus.Failed(), err)
	}
	if err := r.bus.Set(faulty.Timeout); err != nil {
		t.Fatal(err)
	}
	if _, err := sign(long); err == nil {
		t.Error("no timeout")
	}
	if ok, err := sign(long); !ok {
		t.Errorf("a timeout comes once: %v", err)
	}
}

// TestMonitorInAnotherProcess: only a signature that is asked for during the look is lost.
func TestMonitorInAnotherProcess(t *testing.T) {
	r := newRig(t)
	if err := r.bus.Set(faulty.Monitor); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w, err := faulty.StartWatcher(self, "monitor", r.busFile)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	d := &faulty.Device{Device: &filekey.Device{Dir: r.dir}, Bus: r.bus}
	if err := d.Open(t.Context(), token.Login{PIN: passphrase}); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	for n, lost := range []bool{false, true, false, true, false} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if lost {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		}
		_, err := d.Sign(ctx, "ca", crypto.SHA256, digest[:])
		cancel()
		if (err != nil) != lost {
			t.Errorf("signature %d: %v, want lost %v", n, err, lost)
		}
		if err := w.Turn(); err != nil {
			t.Fatal(err)
		}
	}
	if r.bus.Lost() != 2 || r.bus.Looks() != 3 {
		t.Errorf("%d lost, %d looks", r.bus.Lost(), r.bus.Looks())
	}
}

// TestCrash: a module that crashes takes its process along, and no other.
func TestCrash(t *testing.T) {
	r := newRig(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var seen []hsm.Evidence
	kept := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	tok := hsm.NewToken(hsm.Config{Name: "hsm-1", PIN: passphrase, Clock: clock.System(), Start: hsm.Command(nil, self, "device", r.busFile, r.dir),
		Evidence: func(e hsm.Evidence) error { seen = append(seen, e); close(kept); return nil }})
	ended := make(chan struct{})
	go func() { defer close(ended); tok.Run(ctx) }()
	defer func() { stop(); <-ended }()
	for tok.Stand().State != hsm.Ready {
		if err := clock.System().Wait(t.Context(), clock.System().Now().Add(time.Millisecond), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.bus.Set(faulty.Crash); err != nil {
		t.Fatal(err)
	}
	signer, err := hsm.NewKeys(tok).Signer("ca", r.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	if _, err := signer.Sign(nil, digest[:], crypto.SHA256); !errors.Is(err, hsm.ErrNoToken) {
		t.Errorf("error %v", err)
	}
	<-kept
	if seen[0].What != hsm.Died || len(seen[0].Open) != 1 {
		t.Errorf("evidence %+v", seen[0])
	}
}
