package nation

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/message"
)

// Both ends of every pair hold one secret, which no other pair has, also when the founding was cut off between the two
// files, and when the country is founded again.
func TestPairsShareASecret(t *testing.T) {
	dir := t.TempDir()
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	read := func(a message.Org) map[message.Org][]byte {
		t.Helper()
		all, err := pairSecrets(KeyDir(dir, a), a, spec.Peers(a))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	var kept []byte
	for round := range 3 {
		if err := Found(dir, spec, time.Date(2004, 1, 29, 0, 0, 0, 0, time.UTC), slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		for _, e := range spec.Organisations {
			for peer, secret := range read(e.ID) {
				if !bytes.Equal(secret, read(peer)[e.ID]) {
					t.Errorf("round %d: %s and %s hold different secrets", round, e.ID, peer)
				}
				pair := string(min(e.ID, peer) + " " + max(e.ID, peer))
				if other := seen[string(secret)]; other != "" && other != pair {
					t.Errorf("%s and %s have one secret", other, pair)
				}
				seen[string(secret)] = pair
			}
		}
		ca := read(message.Org(message.CA))[message.Org(message.NationalCenter)]
		if kept != nil && !bytes.Equal(kept, ca) {
			t.Errorf("round %d: a secret that one end still had was drawn anew", round)
		}
		kept = ca
		lost := []message.Org{message.Org(message.CA), message.Org(message.NationalCenter)}[round%2]
		peer := []message.Org{message.Org(message.NationalCenter), message.Org(message.CA)}[round%2]
		if err := os.Remove(filepath.Join(string(KeyDir(dir, lost)), pairSecretName(peer)+".key")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pairSecrets(KeyDir(dir, message.Org(message.CA)), message.Org(message.CA), spec.Peers(message.Org(message.CA))); err == nil {
		t.Error("a missing secret was not noticed")
	}
}

func secretFile(at keys.Dir, peer message.Org) string {
	return filepath.Join(string(at), pairSecretName(peer)+".key")
}

func put(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), mode)); err != nil {
		t.Fatal(err)
	}
}

// Where one end is damaged, the other gets its secret or keeps it, and what was cut off is mended from the end that is whole.
func TestDamagedEndOfAPair(t *testing.T) {
	const a, b = message.Org("ca"), message.Org("nationalcenter")
	for name, c := range map[string]struct {
		harm  func(t *testing.T, atA keys.Dir)
		whole bool // both ends can be opened afterwards
	}{
		"nothing there yet":        {func(*testing.T, keys.Dir) {}, true},
		"a file in the place":      {func(t *testing.T, at keys.Dir) { put(t, string(at), "a file", 0o600) }, false},
		"open to others":           {func(t *testing.T, at keys.Dir) { put(t, secretFile(at, b), strings.Repeat("k", pairSecretSize), 0o644) }, false},
		"cut off, and no other":    {func(t *testing.T, at keys.Dir) { put(t, secretFile(at, b), "short", 0o600) }, false},
		"the first end's is whole": {func(t *testing.T, at keys.Dir) { put(t, secretFile(at, b), strings.Repeat("k", pairSecretSize), 0o600) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			atA, atB := KeyDir(dir, a), KeyDir(dir, b)
			c.harm(t, atA)
			err := foundPair(atA, atB, a, b, pairSecretName(b), pairSecretName(a))
			if (err == nil) != c.whole {
				t.Errorf("founding says %v", err)
			}
			secret, err := pairSecret(atB, pairSecretName(a))
			if err != nil {
				t.Fatalf("the other end: %v", err)
			}
			if !c.whole {
				return
			}
			// One end is cut off by hand, then the other.
			for at, peer := range map[keys.Dir]message.Org{atA: b, atB: a} {
				if err := at.PutSecret(pairSecretName(peer), secret[:7]); err != nil {
					t.Fatal(err)
				}
				if err := foundPair(atA, atB, a, b, pairSecretName(b), pairSecretName(a)); err != nil {
					t.Error(err)
				}
				if again, err := pairSecret(at, pairSecretName(peer)); err != nil || !bytes.Equal(again, secret) {
					t.Errorf("the secret with %s was not mended from the other end: %v", peer, err)
				}
			}
		})
	}
}
