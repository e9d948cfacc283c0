package hsm_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

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
