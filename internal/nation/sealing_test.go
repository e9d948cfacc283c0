package nation

import (
	"bytes"
	"crypto/x509"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/message"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestFoundedKeysAreSealed: a country that is founded has its CA's keys in encrypted files alone, with their passphrase apart, and
// issues with them through akashi's own process; so it does when it starts again.
func TestFoundedKeysAreSealed(t *testing.T) {
	dir := dataDir(t)
	begun := clock.System().Now()
	r := up(t, dir)
	t.Logf("founded and ready after %v", clock.System().Now().Sub(begun))
	said := r.said.String()
	if !strings.Contains(said, "合言葉は "+secretOf(dir, "ca")) || !strings.Contains(said, "a test country only") {
		t.Errorf("it does not say where the passphrase is: %s", said)
	}
	c := r.clerk("municipality-202029")
	c.apply(c.register("封印　太郎", "フウイン　タロウ", "長野県松本市丸の内3番7号"), "signature")
	r.stop()
	wantSealed(t, dir)
	passphrase := must(os.ReadFile(secretOf(dir, "ca")))
	begun = clock.System().Now()
	r = up(t, dir)
	t.Logf("ready again after %v", clock.System().Now().Sub(begun))
	c = r.clerk("municipality-202029")
	c.apply(c.register("封印　次郎", "フウイン　ジロウ", "長野県松本市丸の内3番7号"), "authentication")
	if again := must(os.ReadFile(secretOf(dir, "ca"))); !bytes.Equal(again, passphrase) {
		t.Error("another passphrase was drawn")
	}
}

// wantSealed wants no file of a country to hold a CA's key in the open, and the sealed ones to be their owner's alone.
func wantSealed(t *testing.T, dir string) {
	t.Helper()
	if held := must(vaultOf(dir, "ca").holds()); len(held) != 2 {
		t.Errorf("sealed: %q", held)
	}
	var own []*x509.Certificate
	for _, name := range inTokens[message.CA] {
		own = append(own, must(x509.ParseCertificate(must(KeyDir(dir, "ca").Certificates(name))[0])))
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".key") || !d.Type().IsRegular() {
			return err
		}
		key, err := pki.DecodeKey(must(os.ReadFile(path)))
		if err != nil {
			return nil // a secret that is no key
		}
		for _, c := range own {
			if bytes.Equal(must(x509.MarshalPKIXPublicKey(key.Public())), c.RawSubjectPublicKeyInfo) {
				t.Errorf("%s holds the key of %s", path, c.Subject)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for path, mode := range map[string]fs.FileMode{secretOf(dir, "ca"): 0o600, filepath.Dir(secretOf(dir, "ca")): 0o711, filepath.Join(dir, "ca", "sealed"): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v, want %o", path, info.Mode(), err, mode)
		}
	}
}

// TestFoundingGoesOn: a ceremony that was cut short behind the sealing goes on with the key that it had made, and one whose
// passphrase is lost makes no other key and no other passphrase.
func TestFoundingGoesOn(t *testing.T) {
	dir := dataDir(t)
	spec := must(Default())
	found := func() { check(t, Found(dir, spec, clock.System().Now(), slog.New(slog.DiscardHandler))) }
	found()
	wantSealed(t, dir)
	file := filepath.Join(string(KeyDir(dir, "ca")), "ca-signature.crt")
	key := func() []byte {
		return must(x509.ParseCertificate(must(KeyDir(dir, "ca").Certificates("ca-signature"))[0])).RawSubjectPublicKeyInfo
	}
	first := key()
	check(t, os.Remove(file))
	found()
	if !bytes.Equal(key(), first) {
		t.Error("another key was made")
	}
	check(t, os.Remove(file))
	check(t, os.Rename(secretOf(dir, "ca"), filepath.Join(t.TempDir(), "lost")))
	found() // which says so in the log
	if _, err := os.Stat(file); err == nil {
		t.Error("a certificate was made without the key")
	}
	if _, err := os.Stat(secretOf(dir, "ca")); err == nil {
		t.Error("another passphrase was drawn, which opens nothing")
	}
	// Nor is anything written through a link that an organisation's user may have put there.
	other, victim := dataDir(t), t.TempDir()
	check(t, os.MkdirAll(filepath.Join(other, "ca"), 0o700))
	check(t, os.Symlink(victim, filepath.Join(other, "ca", "sealed")))
	check(t, Found(other, spec, clock.System().Now(), slog.New(slog.DiscardHandler)))
	if left := must(os.ReadDir(victim)); len(left) > 0 {
		t.Errorf("outside was written %v", left)
	}
}

// TestProcessesReadTheirPassphrase: the CA's process, under its own user, opens its keys; no other organisation's may.
func TestProcessesReadTheirPassphrase(t *testing.T) {
	dir := dataDir(t)
	r := upProcesses(t, dir)
	c := r.clerk("municipality-202029")
	c.apply(c.register("封印　三郎", "フウイン　サブロウ", "長野県松本市丸の内3番7号"), "signature")
	r.lasted()
	for path, o := range map[string]message.Org{secretOf(dir, "ca"): "ca", filepath.Join(dir, "ca", "sealed"): "ca"} {
		own := must(os.Stat(filepath.Join(dir, string(o))))
		uid := func(i fs.FileInfo) uint32 { return i.Sys().(*syscall.Stat_t).Uid }
		if info := must(os.Stat(path)); uid(info) != uid(own) || uid(info) == 0 {
			t.Errorf("%s is not %s's", path, o)
		}
	}
}
