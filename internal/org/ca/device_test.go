package ca_test

import (
	"context"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// stalling is a device that hangs when it is asked to sign, from some moment on.
type stalling struct {
	*filekey.Device
	mu    sync.Mutex
	hangs chan struct{} // nil: it does not
}

func (s *stalling) Sign(ctx context.Context, key string, hash crypto.Hash, digest []byte) ([]byte, error) {
	s.mu.Lock()
	hangs := s.hangs
	s.mu.Unlock()
	if hangs != nil {
		<-hangs
		return nil, errors.New("the device was reset")
	}
	return s.Device.Sign(ctx, key, hash, digest)
}

func (s *stalling) hang(hangs chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangs = hangs
}

// TestKeysInDevices: the CA signs with keys that lie in two devices, and one that stalls costs nobody a certificate.
func TestKeysInDevices(t *testing.T) {
	c := newCountry(t, sqlstoretest.SQLite(t))
	passphrase, dir := []byte("a passphrase of a test"), t.TempDir()
	labels := []string{"ca-signature", "ca-authentication"}
	for i, p := range []cert.Profile{cert.Signature, cert.Authentication} {
		if err := filekey.Put(dir, labels[i], c.Key(p), passphrase, 10); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	evidence := filepath.Join(t.TempDir(), "evidence")
	var devices []*stalling
	var tokens []*hsm.Token
	for _, name := range []string{"hsm-1", "hsm-2"} {
		d := &stalling{Device: &filekey.Device{Dir: dir}}
		tok := hsm.NewToken(hsm.Config{Name: name, Start: hsmtest.InProcess(d), PIN: passphrase, Keys: labels, Deadline: time.Second, Clock: clock.System(), Evidence: hsm.KeepIn(evidence)})
		running.Go(func() { tok.Run(ctx) })
		devices, tokens = append(devices, d), append(tokens, tok)
		for tok.Stand().State != hsm.Ready {
			if err := clock.System().Wait(t.Context(), clock.System().Now().Add(time.Millisecond), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	held := hsm.NewKeys(tokens...)
	c.device = func(name string, public crypto.PublicKey) (crypto.Signer, error) { return held.Signer(name, public) }
	for _, name := range labels { // the keys are in the devices now, and nowhere else
		if err := os.Remove(filepath.Join(string(c.keys), name+".key")); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	c.open()
	hangs := make(chan struct{})
	t.Cleanup(func() { close(hangs) })
	devices[0].hang(hangs)
	c.send(matsumoto, request(t, "r1", cert.Signature, person(t, 1, 1)), request(t, "r2", cert.Authentication, person(t, 1, 1)))
	c.run(time.Minute)
	if got := received[message.CertIssued](c, matsumoto); len(got) != 2 {
		t.Errorf("%d certificates were issued", len(got))
	}
	if s := c.state(t); s.pending != 0 || s.parked != 0 {
		t.Errorf("%d intents are left, %d parked", s.pending, s.parked)
	}
	if files, err := filepath.Glob(filepath.Join(evidence, "hsm-1-*-stalled.txt")); err != nil || len(files) == 0 {
		t.Errorf("no evidence: %v %v", files, err)
	}
}
