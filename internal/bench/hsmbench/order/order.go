// Package order is what a signer is asked in a measurement, ours and any beside it (署名の測定の指示): all are asked by the same
// code, so that nobody is measured differently.
package order

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"sync"

	"github.com/akashi-id/akashi/internal/bench/peer"
)

// Setup is what a contestant is told.
type Setup struct {
	Plain   string `json:"plain"`  // a directory with the keys, NAME.key in PEM
	Files   string `json:"files"`  // the same keys in encrypted files
	Module  string `json:"module"` // the PKCS #11 library
	Token   string `json:"token"`  // with the same keys, by the label
	PIN     string `json:"pin"`    // of both
	Config  string `json:"config"` // SOFTHSM2_CONF
	Program string `json:"program"`
}

// Ready is what it answers.
type Ready struct {
	Says string `json:"says"` // what it is, with its version
}

// The orders: so many signatures with a key, by so many callers at once; so many checks of a signature.
const (
	DoSign  = "sign"
	DoCheck = "check"
)

// The keys.
const (
	P256    = "p256"
	P384    = "p384"
	RSA2048 = "rsa2048"
)

// Keys lists them.
var Keys = []string{P256, P384, RSA2048}

// MostCallers is how many sessions a contestant keeps.
const MostCallers = 8

// Digest is what is signed with a key.
func Digest(key string) (crypto.Hash, []byte) {
	text := []byte("the measured signature")
	if key == P384 {
		sum := sha512.Sum384(text)
		return crypto.SHA384, sum[:]
	}
	sum := sha256.Sum256(text)
	return crypto.SHA256, sum[:]
}

// Each has callers do one thing after the other, and tells how long they took.
func Each(o peer.Order, one func(key string) error) (t peer.Took, err error) {
	if o.Callers < 1 || o.Callers > MostCallers || o.Count < o.Callers {
		return t, fmt.Errorf("a signer cannot %s %d by %d", o.Do, o.Count, o.Callers)
	}
	seconds, errs := make([]float64, o.Count), make([]error, o.Callers)
	took := peer.Stopwatch()
	var all sync.WaitGroup
	for k := range o.Callers {
		all.Go(func() {
			for i := k; i < o.Count && errs[k] == nil; i += o.Callers {
				took := peer.Stopwatch()
				errs[k] = one(o.Key)
				seconds[i] = took()
			}
		})
	}
	all.Wait()
	t.Seconds = took()
	if err := errors.Join(errs...); err != nil {
		return t, err
	}
	t.Each(seconds)
	return t, nil
}
