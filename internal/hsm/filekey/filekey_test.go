package filekey_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/pki"
)

// work is the scrypt work factor of the tests: the least.
const work = 10

func newKey(t *testing.T, dir, name string) crypto.Signer {
	t.Helper()
	key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if err := filekey.Put(dir, name, key, []byte("correct horse"), work); err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeysInFiles(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t, dir, "ca")
	newKey(t, dir, "ocsp")
	d := &filekey.Device{Dir: dir}
	digest := sha256.Sum256([]byte("a certificate"))
	if _, err := d.Sign(t.Context(), "ca", crypto.SHA256, digest[:]); token.FaultOf(err) != token.LoginLost {
		t.Errorf("before anybody opened it: %v", err)
	}
	if err := d.Open(t.Context(), token.Login{PIN: []byte("wrong horse")}); token.FaultOf(err) != token.LoginRefused {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, err := d.Keys(t.Context()); token.FaultOf(err) != token.LoginLost {
		t.Errorf("after a wrong passphrase: %v", err)
	}
	if err := d.Open(t.Context(), token.Login{PIN: []byte("correct horse")}); err != nil {
		t.Fatal(err)
	}
	keys, err := d.Keys(t.Context())
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	for _, k := range keys {
		public, err := x509.ParsePKIXPublicKey(k.Public)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := d.Sign(t.Context(), k.Label, crypto.SHA256, digest[:])
		if err != nil || !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest[:], sig) {
			t.Errorf("%s: %v", k.Label, err)
		}
		if own := key.Public().(*ecdsa.PublicKey).Equal(public); own != (k.Label == "ca") {
			t.Errorf("%s has another's key", k.Label)
		}
	}
	if _, err := d.Sign(t.Context(), "none", crypto.SHA256, digest[:]); token.FaultOf(err) != token.NoSuchKey {
		t.Errorf("no such key: %v", err)
	}
	d.Close()
	if _, err := d.Sign(t.Context(), "ca", crypto.SHA256, digest[:]); token.FaultOf(err) != token.LoginLost {
		t.Errorf("after it was closed: %v", err)
	}
}

// One file that is not as it must be is set aside with a reason that names it, and the others are served.
func TestDamagedFiles(t *testing.T) {
	for name, harm := range map[string]func(file string) error{
		"open to others": func(file string) error { return os.Chmod(file, 0o640) },
		"a link out of it": func(file string) error {
			out := filepath.Join(filepath.Dir(filepath.Dir(file)), "moved")
			return errors.Join(os.Rename(file, out), os.Symlink(out, file))
		},
		"empty":   func(file string) error { return os.WriteFile(file, nil, 0o600) },
		"cut off": func(file string) error { return os.Truncate(file, 200) },
		"a byte changed": func(file string) error {
			b, err := os.ReadFile(file)
			if err == nil {
				b[len(b)-1] ^= 1
				err = os.WriteFile(file, b, 0o600)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			newKey(t, dir, "ca")
			if err := harm(filepath.Join(dir, "ca.key.age")); err != nil {
				t.Fatal(err)
			}
			d := &filekey.Device{Dir: dir}
			newKey(t, dir, "ocsp")
			if err := d.Open(t.Context(), token.Login{PIN: []byte("correct horse")}); err != nil {
				t.Fatalf("it keeps the others shut: %v", err)
			}
			keys, err := d.Keys(t.Context())
			if err != nil || len(keys) != 2 {
				t.Fatalf("keys %v, %v", keys, err)
			}
			digest := sha256.Sum256(nil)
			for _, k := range keys {
				_, err := d.Sign(t.Context(), k.Label, crypto.SHA256, digest[:])
				if good := k.Label == "ocsp"; good != (k.Why == "") || good != (err == nil) || !good && !strings.Contains(k.Why, "ca.key.age") {
					t.Errorf("%s: %q, %v", k.Label, k.Why, err)
				}
			}
		})
	}
}

func TestNothingIsWrittenOver(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t, dir, "ca")
	if err := filekey.Put(dir, "ca", key, []byte("correct horse"), work); err == nil {
		t.Error("a key was written over")
	}
	for _, name := range []string{"", "../ca", "CA", "a b", ".hidden"} {
		if err := filekey.Put(dir, name, key, []byte("correct horse"), work); err == nil {
			t.Errorf("%q was taken for a name", name)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("in the directory: %v", left)
	}
}
