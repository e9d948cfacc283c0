package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes that algorithms names
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

// definition is everything that the certificates' side of the program knows of an algorithm. A generation of the card
// names one (cert.Generation); another generation's is one more row of algorithms, and no other line here.
type definition struct {
	oid  asn1.ObjectIdentifier // of the signature
	null bool                  // its parameters are NULL (RFC 4055 5); otherwise they are absent (RFC 5758 3.2)
	hash crypto.Hash

	fits     func(crypto.PublicKey) bool
	generate func(io.Reader) (crypto.Signer, error)
	verify   func(public crypto.PublicKey, hash crypto.Hash, sum, signature []byte) bool
	longest  func() []byte // a signature of the greatest length, over nothing
}

var algorithms = map[cert.Algorithm]definition{
	cert.RSA2048SHA256: rsaWith(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, 2048, crypto.SHA256),
	cert.P256SHA256:    ecdsaWith(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, elliptic.P256(), crypto.SHA256),
	cert.P384SHA384:    ecdsaWith(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, elliptic.P384(), crypto.SHA384),
}

// exponent is the public exponent of RSA keys. Small ones have been the way into careless verifiers.
const exponent = 65537

func rsaWith(oid asn1.ObjectIdentifier, bits int, hash crypto.Hash) definition {
	return definition{
		oid: oid, null: true, hash: hash,
		fits: func(public crypto.PublicKey) bool {
			k, ok := public.(*rsa.PublicKey)
			return ok && k.N != nil && k.N.BitLen() == bits && k.N.Bit(0) == 1 && k.E == exponent
		},
		generate: func(random io.Reader) (crypto.Signer, error) { return rsa.GenerateKey(random, bits) },
		verify: func(public crypto.PublicKey, hash crypto.Hash, sum, signature []byte) bool {
			return rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), hash, sum, signature) == nil
		},
		longest: func() []byte { return bytes.Repeat([]byte{0x7f}, bits/8) },
	}
}

func ecdsaWith(oid asn1.ObjectIdentifier, curve elliptic.Curve, hash crypto.Hash) definition {
	return definition{
		oid: oid, hash: hash,
		fits: func(public crypto.PublicKey) bool {
			k, ok := public.(*ecdsa.PublicKey)
			return ok && k.Curve == curve
		},
		generate: func(random io.Reader) (crypto.Signer, error) { return ecdsa.GenerateKey(curve, random) },
		verify: func(public crypto.PublicKey, _ crypto.Hash, sum, signature []byte) bool {
			return ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), sum, signature)
		},
		longest: func() []byte { // the greatest r and s, each with the octet that keeps it positive
			last := new(big.Int).Sub(curve.Params().N, big.NewInt(1))
			var b cryptobyte.Builder
			b.AddASN1(cryptobyte_asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1BigInt(last)
				b.AddASN1BigInt(last)
			})
			return b.BytesOrPanic()
		},
	}
}

// AlgorithmOf is the algorithm with which the owner of a public key signs. A key of another kind, size or exponent is an
// error: the program issues nothing that it would itself refuse.
func AlgorithmOf(public crypto.PublicKey) (cert.Algorithm, error) {
	for _, a := range cert.Algorithms {
		if algorithms[a].fits(public) {
			return a, nil
		}
	}
	return 0, fmt.Errorf("a key of type %T is not supported, or not of this size or exponent; use one of %v", public, cert.Algorithms)
}

// SignatureOID is the object identifier of signatures by an algorithm, nil for none.
func SignatureOID(a cert.Algorithm) asn1.ObjectIdentifier { return algorithms[a].oid }

// AlgorithmIdentifier is the DER AlgorithmIdentifier of signatures by an algorithm, for the inner and the outer field of
// a certificate, a CRL or an OCSP response.
func AlgorithmIdentifier(a cert.Algorithm) ([]byte, error) {
	d, ok := algorithms[a]
	if !ok {
		return nil, errors.New("no signature algorithm")
	}
	var b cryptobyte.Builder
	b.AddASN1(cryptobyte_asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(d.oid)
		if d.null {
			b.AddASN1NULL()
		}
	})
	return b.Bytes()
}

// Placeholder has the form and the greatest length of a signature by an algorithm, and signs nothing: with it to-be-signed bytes can be
// read as a certificate before a key has been near them. It is nil for no algorithm.
func Placeholder(a cert.Algorithm) []byte {
	d, ok := algorithms[a]
	if !ok {
		return nil
	}
	return d.longest()
}

// GenerateKey makes a private key.
func GenerateKey(random io.Reader, a cert.Algorithm) (crypto.Signer, error) {
	d, ok := algorithms[a]
	if !ok {
		return nil, errors.New("couldn't generate a key: no algorithm")
	}
	return d.generate(random)
}

func (d definition) sum(message []byte) []byte {
	h := d.hash.New()
	h.Write(message)
	return h.Sum(nil)
}
