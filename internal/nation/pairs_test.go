package nation

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

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
		all, err := pairSecrets(KeyDir(dir, a), spec.Peers(a))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	var kept []byte
	for round := range 3 {
		if err := Found(dir, spec, time.Date(2004, 1, 29, 0, 0, 0, 0, time.UTC)); err != nil {
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
	if _, err := pairSecrets(KeyDir(dir, message.Org(message.CA)), spec.Peers(message.Org(message.CA))); err == nil {
		t.Error("a missing secret was not noticed")
	}
}
