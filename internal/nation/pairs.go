package nation

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
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
//
// The municipalities share one, of which each pair's is made: 1,741 of them are a million and a half pairs, and the secret is kept from
// residents, not from other municipalities.
func foundPairs(dir string, spec *Spec, log *slog.Logger) {
	var first message.Org // of the municipalities
	found := func(a, b message.Org, atA, atB string) {
		if err := foundPair(KeyDir(dir, a), KeyDir(dir, b), a, b, atA, atB); err != nil {
			log.Error("two organisations cannot be given their secret", "a", a, "b", b, "error", err)
		}
	}
	for _, a := range spec.Organisations {
		if a.ID.Role() == message.Municipality {
			if first == "" {
				first = a.ID
			}
			found(first, a.ID, municipalSecretName, municipalSecretName)
		}
		for _, b := range spec.Peers(a.ID) {
			if a.ID > b || municipal(a.ID, b) {
				continue // the pair was done from its other end, or with all municipalities
			}
			found(a.ID, b, pairSecretName(b), pairSecretName(a.ID))
		}
	}
}

// municipalSecretName is the name under which a municipality keeps the secret that it shares with all others.
const municipalSecretName = "pair-municipalities"

// municipal tells whether a pair is one of two municipalities.
func municipal(a, b message.Org) bool {
	return a.Role() == message.Municipality && b.Role() == message.Municipality
}

// municipalSecret is the secret of two municipalities, made of the one that all share.
func municipalSecret(shared []byte, a, b message.Org) []byte {
	mac := hmac.New(sha256.New, shared)
	io.WriteString(mac, "akashi pair of municipalities v1\n"+string(min(a, b))+"\n"+string(max(a, b))+"\n")
	return mac.Sum(nil)
}

// foundPair takes the secret that either end has, so that a founding that was cut off between the two files ends with one.
// An end whose directory is damaged takes nothing from the other: what is wrong there is said, and the other end gets or
// keeps its secret, because it starts and exchanges with everybody else.
func foundPair(atA, atB keys.Dir, a, b message.Org, nameA, nameB string) error {
	type end struct {
		at   keys.Dir
		org  message.Org
		name string
		held []byte
		err  error
	}
	var secret []byte
	ends := []*end{{at: atA, org: a, name: nameA}, {at: atB, org: b, name: nameB}}
	for _, e := range ends {
		if e.held, e.err = pairSecret(e.at, e.name); e.err == nil && secret == nil {
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
			err = e.at.PutSecret(e.name, secret)
		} // Anything else, such as who may read the file, is for a person to decide.
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.org, err))
		}
	}
	return errors.Join(errs...)
}

var errSecretSize = errors.New("it has not the size of a pair's secret")

// pairSecret reads what an organisation shares with a peer, or with all municipalities.
func pairSecret(d keys.Dir, name string) ([]byte, error) {
	secret, err := d.Secret(nil, name, 0)
	if err == nil && len(secret) != pairSecretSize {
		return nil, fmt.Errorf("the secret %s has %d bytes, not %d: place the file of %s.key again at both ends (%w)",
			name, len(secret), pairSecretSize, name, errSecretSize)
	}
	return secret, err
}

// pairSecrets reads the secrets that an organisation shares with its peers. One without a secret is not opened: what it
// exchanged with that peer could not be compared, and nobody would know.
func pairSecrets(d keys.Dir, self message.Org, peers []message.Org) (map[message.Org][]byte, error) {
	all := map[message.Org][]byte{}
	var shared []byte
	for _, p := range peers {
		if municipal(self, p) && shared != nil {
			all[p] = municipalSecret(shared, self, p)
			continue
		}
		name := pairSecretName(p)
		if municipal(self, p) {
			name = municipalSecretName
		}
		secret, err := pairSecret(d, name)
		if err != nil {
			return nil, fmt.Errorf("couldn't read the secret shared with %s: %w", p, err)
		}
		if all[p] = secret; municipal(self, p) {
			shared, all[p] = secret, municipalSecret(secret, self, p)
		}
	}
	return all, nil
}
