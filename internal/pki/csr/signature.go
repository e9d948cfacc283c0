package csr

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the table below
	_ "crypto/sha512"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/internal/pki/der"
)

// algorithms by which a request may be signed: those of the key's own kind, with a hash that nobody can choose collisions of. Software
// takes SHA-256 unless it is told otherwise, for keys on P-384 too.
var algorithms = []struct {
	oid  asn1.ObjectIdentifier
	rsa  bool
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, true, crypto.SHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, true, crypto.SHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, true, crypto.SHA512},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, false, crypto.SHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, false, crypto.SHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, false, crypto.SHA512},
}

// broken are algorithms whose hash is no longer one.
var broken = []asn1.ObjectIdentifier{
	{1, 2, 840, 113549, 1, 1, 2}, // MD2
	{1, 2, 840, 113549, 1, 1, 4}, // MD5
	{1, 2, 840, 113549, 1, 1, 5}, // SHA-1 with RSA
	{1, 2, 840, 10045, 4, 1},     // SHA-1 with ECDSA
}

// checkSignature is the proof of possession: the request is signed with the key that stands in it.
func checkSignature(public crypto.PublicKey, identifier cryptobyte.String, signed []byte, signature asn1.BitString) error {
	wrongAlgorithm := refuse("csr-algorithm",
		"署名要求の署名の方式が、鍵の種類と合いません。同じ鍵で、SHA-256を使って作り直してください。",
		"The signing request is not signed by an algorithm of its key: make it anew with the same key and SHA-256.")
	var oid asn1.ObjectIdentifier
	if !identifier.ReadASN1ObjectIdentifier(&oid) {
		return badForm
	}
	for _, b := range broken {
		if b.Equal(oid) {
			return refuse("csr-hash",
				"署名要求が、安全でないハッシュ（SHA-1など）で署名されています。SHA-256で作り直してください。",
				"The signing request is signed with a hash that is not safe (such as SHA-1): make it anew with SHA-256.")
		}
	}
	_, isRSA := public.(*rsa.PublicKey)
	var hash crypto.Hash
	for _, a := range algorithms {
		if a.oid.Equal(oid) && a.rsa == isRSA {
			hash = a.hash
		}
	}
	if hash == 0 {
		return wrongAlgorithm
	}
	// RFC 4055 5: the parameters of RSA are NULL. RFC 5758 3.2: those of ECDSA are absent.
	var null cryptobyte.String
	if isRSA && !identifier.ReadASN1(&null, cb.NULL) || !identifier.Empty() {
		return refuse("csr-algorithm-parameters",
			"署名要求の署名の方式に、余分な値があるか、必要な値がありません。別のソフトウェアで作り直してください。",
			"The algorithm of the request's signature has parameters that it must not have, or lacks one: make it anew with other software.")
	}
	if !wellFormed(public, signature) {
		return refuse("csr-signature-form",
			"署名要求の署名の長さか形式が、鍵と合いません。署名要求を作り直してください。",
			"The signature of the request does not have the length and form of its key: make the request anew.")
	}
	h := hash.New()
	h.Write(signed)
	digest := h.Sum(nil)
	good := false
	switch k := public.(type) {
	case *rsa.PublicKey:
		good = rsa.VerifyPKCS1v15(k, hash, digest, signature.Bytes) == nil
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(k, digest, signature.Bytes)
	}
	if !good {
		return refuse("csr-signature",
			"署名要求の署名が正しくありません。鍵を持つ人が作り直した署名要求を使ってください。",
			"The signature of the request is wrong: use a request made anew by whoever has the key.")
	}
	return nil
}

// wellFormed tells what can be told of a signature without verifying it: an RSA signature is as long as its modulus (RFC 8017
// 8.2.2), one by ECDSA is two positive numbers below the order of the curve (RFC 3279 2.2.3).
func wellFormed(public crypto.PublicKey, signature asn1.BitString) bool {
	if signature.BitLength%8 != 0 {
		return false
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		return len(signature.Bytes) == k.Size()
	case *ecdsa.PublicKey:
		s := cryptobyte.String(signature.Bytes)
		var body cryptobyte.String
		r, t, order := new(big.Int), new(big.Int), k.Params().N
		return der.Check(signature.Bytes) == nil && s.ReadASN1(&body, cb.SEQUENCE) && body.ReadASN1Integer(r) && body.ReadASN1Integer(t) &&
			body.Empty() && r.Sign() > 0 && t.Sign() > 0 && r.Cmp(order) < 0 && t.Cmp(order) < 0
	}
	return false
}
