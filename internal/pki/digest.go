package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"

	"github.com/akashi-id/akashi/cert"
)

// HashOf is the hash function of an algorithm, for those who digest what they sign or check while it goes past them: a
// revocation list may be longer than anybody wants to hold.
func HashOf(a cert.Algorithm) crypto.Hash {
	if a == cert.P384SHA384 {
		return crypto.SHA384
	}
	return crypto.SHA256
}

// VerifyDigest checks a signature over what was digested with HashOf the key's algorithm.
func VerifyDigest(public crypto.PublicKey, sum, signature []byte) error {
	a, err := AlgorithmOf(public)
	if err != nil {
		return err
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, HashOf(a), sum, signature)
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, sum, signature) {
			return nil
		}
	}
	return errors.New("the signature does not match the key")
}
