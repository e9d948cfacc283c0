package nation

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/message"
)

// pairSecretSize is the length of a pair's secret: that of the HMAC-SHA-256 keyed with it.
const pairSecretSize = 32

// pairSecretName is the name under which an organisation keeps the secret that it shares with a peer.
func pairSecretName(peer message.Org) string { return "pair-" + string(peer) }

// foundPairs gives both ends of every pair the secret with which they key the digests of the books that they compare. A
// resident can choose much of what a record says; without the secret nobody can choose two records whose digests
// cancel each other. Where nobody founds the whole country, both operators place the same file.
func foundPairs(dir string, spec *Spec) error {
	for _, a := range spec.Organisations {
		for _, b := range spec.Peers(a.ID) {
			if a.ID > b {
				continue // the pair was done from its other end
			}
			if err := foundPair(KeyDir(dir, a.ID), KeyDir(dir, b), a.ID, b); err != nil {
				return fmt.Errorf("couldn't give %s and %s their secret: %w", a.ID, b, err)
			}
		}
	}
	return nil
}

// foundPair takes the secret that either end has, so that a founding that was cut off between the two files ends with one.
func foundPair(atA, atB keys.Dir, a, b message.Org) error {
	secret, err := atA.Secret(nil, pairSecretName(b), 0)
	if errors.Is(err, fs.ErrNotExist) {
		secret, err = atB.Secret(nil, pairSecretName(a), 0)
	}
	if errors.Is(err, fs.ErrNotExist) {
		secret, err = atA.Secret(rand.Reader, pairSecretName(b), pairSecretSize)
	}
	if err != nil {
		return err
	}
	for at, peer := range map[keys.Dir]message.Org{atA: b, atB: a} {
		held, err := at.Secret(nil, pairSecretName(peer), 0)
		if err == nil && bytes.Equal(held, secret) {
			continue
		}
		if err := at.PutSecret(pairSecretName(peer), secret); err != nil {
			return err
		}
	}
	return nil
}

// pairSecrets reads the secrets that an organisation shares with its peers.
func pairSecrets(d keys.Dir, peers []message.Org) (map[message.Org][]byte, error) {
	all := map[message.Org][]byte{}
	for _, p := range peers {
		secret, err := d.Secret(nil, pairSecretName(p), 0)
		if err != nil {
			return nil, fmt.Errorf("couldn't read the secret shared with %s: %w", p, err)
		}
		if len(secret) != pairSecretSize {
			return nil, fmt.Errorf("the secret shared with %s has %d bytes, not %d: place the file of %s.key again at both ends",
				p, len(secret), pairSecretSize, pairSecretName(p))
		}
		all[p] = secret
	}
	return all, nil
}
