package nation

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

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
func foundPairs(dir string, spec *Spec, log *slog.Logger) {
	for _, a := range spec.Organisations {
		for _, b := range spec.Peers(a.ID) {
			if a.ID > b {
				continue // the pair was done from its other end
			}
			if err := foundPair(KeyDir(dir, a.ID), KeyDir(dir, b), a.ID, b); err != nil {
				log.Error("two organisations cannot be given their secret", "a", a.ID, "b", b, "error", err)
			}
		}
	}
}

// foundPair takes the secret that either end has, so that a founding that was cut off between the two files ends with one.
// An end whose directory is damaged takes nothing from the other: what is wrong there is said, and the other end gets or
// keeps its secret, because it starts and exchanges with everybody else.
func foundPair(atA, atB keys.Dir, a, b message.Org) error {
	type end struct {
		at        keys.Dir
		org, peer message.Org
		held      []byte
		err       error
	}
	var secret []byte
	ends := []*end{{at: atA, org: a, peer: b}, {at: atB, org: b, peer: a}}
	for _, e := range ends {
		if e.held, e.err = pairSecret(e.at, e.peer); e.err == nil && secret == nil {
			secret = e.held
		}
	}
	drawn := secret == nil
	if drawn {
		secret = make([]byte, pairSecretSize)
		if _, err := rand.Read(secret); err != nil {
			return err
		}
	}
	var errs []error
	for _, e := range ends {
		err := e.err
		switch {
		case err == nil && bytes.Equal(e.held, secret):
			continue
		case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, errSecretSize) && !drawn:
			err = e.at.PutSecret(pairSecretName(e.peer), secret)
		} // Anything else, such as who may read the file, is for a person to decide.
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.org, err))
		}
	}
	return errors.Join(errs...)
}

var errSecretSize = errors.New("it has not the size of a pair's secret")

// pairSecret reads what an organisation shares with a peer.
func pairSecret(d keys.Dir, peer message.Org) ([]byte, error) {
	secret, err := d.Secret(nil, pairSecretName(peer), 0)
	if err == nil && len(secret) != pairSecretSize {
		return nil, fmt.Errorf("the secret shared with %s has %d bytes, not %d: place the file of %s.key again at both ends (%w)",
			peer, len(secret), pairSecretSize, pairSecretName(peer), errSecretSize)
	}
	return secret, err
}

// pairSecrets reads the secrets that an organisation shares with its peers. One without a secret is not opened: what it
// exchanged with that peer could not be compared, and nobody would know.
func pairSecrets(d keys.Dir, peers []message.Org) (map[message.Org][]byte, error) {
	all := map[message.Org][]byte{}
	for _, p := range peers {
		secret, err := pairSecret(d, p)
		if err != nil {
			return nil, fmt.Errorf("couldn't read the secret shared with %s: %w", p, err)
		}
		all[p] = secret
	}
	return all, nil
}
