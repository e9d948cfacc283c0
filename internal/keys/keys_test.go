package keys_test

import (
	"crypto"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/pki"
)

func TestKeyIsMadeOnceAndIsItsOwnersAlone(t *testing.T) {
	d := keys.Dir(filepath.Join(t.TempDir(), "ca", "keys"))
	if _, err := d.Signer("sign"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before: %v", err)
	}
	first, made, err := d.Ensure(rand.Reader, "sign", cert.P256SHA256)
	if err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	again, made, err := d.Ensure(rand.Reader, "sign", cert.P256SHA256)
	if err != nil || made {
		t.Fatalf("made again %v, %v", made, err)
	}
	if !first.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(again.Public()) {
		t.Error("another key was read than was made")
	}
	path := filepath.Join(string(d), "sign.key")
	for file, want := range map[string]fs.FileMode{path: 0o600, string(d): 0o700, filepath.Dir(string(d)): 0o700} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %o", file, info.Mode(), err, want)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Ensure(rand.Reader, "sign", cert.P256SHA256); err == nil {
		t.Error("a key that others may read was used, or made anew")
	}
}

func TestSecretStays(t *testing.T) {
	d := keys.Dir(filepath.Join(t.TempDir(), "keys"))
	first, err := d.Secret(rand.Reader, "session", 32)
	if err != nil || len(first) != 32 {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	if again, err := d.Secret(rand.Reader, "session", 32); err != nil || !slices.Equal(first, again) {
		t.Errorf("another secret was read than was drawn: %v", err)
	}
}

// The directory is an organisation's, and who founds the country may write everywhere.
func TestNoLinkIsFollowedOut(t *testing.T) {
	for name, plant := range map[string]func(dir, victim string) error{
		"the file": func(dir, victim string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "keys"), 0o700), os.Symlink(victim, filepath.Join(dir, "keys", "root.crt.new")))
		},
		"the directory": func(dir, victim string) error { return os.Symlink(filepath.Dir(victim), filepath.Join(dir, "keys")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
			if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), plant(dir, victim)); err != nil {
				t.Fatal(err)
			}
			err := keys.Dir(filepath.Join(dir, "keys")).PutCertificates("root", []byte("a certificate"))
			if text, _ := os.ReadFile(victim); string(text) != "precious" {
				t.Errorf("the file outside was overwritten (%v)", err)
			}
			if left, _ := os.ReadDir(filepath.Dir(victim)); len(left) != 1 {
				t.Errorf("something was written outside: %v (%v)", left, err)
			}
		})
	}
}

// Every start puts the certificates that are there already; the files are left alone then, and damaged ones are replaced.
func TestCertificatesThatAreThereStay(t *testing.T) {
	d := keys.Dir(filepath.Join(t.TempDir(), "keys"))
	ca, err := pki.NewInfrastructureCA(rand.Reader, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(string(d), "root.crt")
	put := func() os.FileInfo {
		t.Helper()
		if err := d.PutCertificates("root", ca.Certificate()); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := put()
	if !os.SameFile(first, put()) {
		t.Error("the same certificate was written again")
	}
	if err := os.WriteFile(file, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	put()
	if ders, err := d.Certificates("root"); err != nil || len(ders) != 1 {
		t.Errorf("a damaged file was left: %v", err)
	}
}
