package pki

import (
	"crypto"
	"errors"

	"github.com/akashi-id/akashi/cert"
)

// HashOf is the hash function of an algorithm, for those who digest what they sign or check while it goes past them: a
// revocation list may be longer than anybody wants to hold. It is 0 for no algorithm.
func HashOf(a cert.Algorithm) crypto.Hash { return algorithms[a].hash }

// VerifyDigest checks a signature over what was digested with HashOf the key's algorithm.
func VerifyDigest(public crypto.PublicKey, sum, signature []byte) error {
	a, err := AlgorithmOf(public)
	if err != nil {
		return err
	}
	if d := algorithms[a]; !d.verify(public, d.hash, sum, signature) {
		return errors.New("the signature does not match the key")
	}
	return nil
}
