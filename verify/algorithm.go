package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// digests are the hashes that are taken. SHA-1 and MD5 are not among them, because content can be forged under them.
var digests = []struct {
	oid        asn1.ObjectIdentifier
	hash       crypto.Hash
	rsa, ecdsa asn1.ObjectIdentifier
}{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256,
		asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384,
		asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512,
		asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}},
}

var (
	oidRSA  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
)

func hashOf(oid asn1.ObjectIdentifier) (crypto.Hash, error) {
	for _, d := range digests {
		if d.oid.Equal(oid) {
			return d.hash, nil
		}
	}
	return 0, invalid("この署名のハッシュ方式は受け付けません。SHA-256、SHA-384、SHA-512 のいずれかで署名してください（SHA-1 と MD5 は安全ではありません）。",
		"The hash of this signature is not taken; sign with SHA-256, SHA-384 or SHA-512 (SHA-1 and MD5 are not safe).")
}

func sum(hash crypto.Hash, b []byte) []byte {
	h := hash.New()
	h.Write(b)
	return h.Sum(nil)
}

func errSignature() error {
	return invalid("署名の値が証明書の鍵と合いません。署名が改変されたか、別の証明書が添えられています。",
		"The signature does not match the key of the certificate: it was altered, or another certificate is attached.")
}

func errAlgorithm() error {
	return invalid("署名の方式を受け付けません。RSA（2048 ビット以上）か ECDSA（P-256、P-384）で、同じハッシュ方式を使って署名してください。",
		"The signature algorithm is not taken; use RSA (2048 bits or more) or ECDSA (P-256, P-384), with one hash throughout.")
}

// check verifies the signer's signature over the signed attributes.
func (i *signerInfo) check(public crypto.PublicKey) error {
	hash, err := hashOf(i.digest.oid)
	if err != nil {
		return err
	}
	sum := sum(hash, i.attributes)
	// The signature algorithm must name the same hash as the digest algorithm; a mixture could be read in two ways.
	var rsaOID, ecdsaOID asn1.ObjectIdentifier
	for _, d := range digests {
		if d.hash == hash {
			rsaOID, ecdsaOID = d.rsa, d.ecdsa
		}
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 || k.N.BitLen() > 8192 {
			return errAlgorithm()
		}
		switch {
		case i.signature.oid.Equal(oidRSA), i.signature.oid.Equal(rsaOID):
			err = rsa.VerifyPKCS1v15(k, hash, sum, i.value)
		case i.signature.oid.Equal(oidPSS):
			salt, ok := pssSalt(i.signature.parameters, hash)
			if !ok {
				return errAlgorithm()
			}
			err = rsa.VerifyPSS(k, hash, sum, i.value, &rsa.PSSOptions{SaltLength: salt, Hash: hash})
		default:
			return errAlgorithm()
		}
		if err != nil {
			return errSignature()
		}
		return nil
	case *ecdsa.PublicKey:
		if !i.signature.oid.Equal(ecdsaOID) || k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			return errAlgorithm()
		}
		if !ecdsa.VerifyASN1(k, sum, i.value) {
			return errSignature()
		}
		return nil
	}
	return errAlgorithm()
}

// pssSalt reads RSASSA-PSS-params (RFC 4055 3.1): hash and mask hash must be the digest's, because a default would be
// SHA-1. It returns the length of the salt.
func pssSalt(parameters cryptobyte.String, hash crypto.Hash) (int, bool) {
	var body, h, m, s cryptobyte.String
	var hashAlgorithm, maskAlgorithm, maskHash algorithm
	var saltPresent, trailerPresent bool
	salt := 20
	if !parameters.ReadASN1(&body, cb.SEQUENCE) || !parameters.Empty() ||
		!body.ReadASN1(&h, explicit(0)) || !hashAlgorithm.read(&h) || !h.Empty() ||
		!body.ReadASN1(&m, explicit(1)) || !maskAlgorithm.read(&m) || !m.Empty() || !maskAlgorithm.oid.Equal(oidMGF1) ||
		!maskHash.read(&maskAlgorithm.parameters) ||
		!body.ReadOptionalASN1(&s, &saltPresent, explicit(2)) || saltPresent && (!s.ReadASN1Integer(&salt) || !s.Empty()) {
		return 0, false
	}
	var t cryptobyte.String
	trailer := 1
	if !body.ReadOptionalASN1(&t, &trailerPresent, explicit(3)) || trailerPresent && (!t.ReadASN1Integer(&trailer) || !t.Empty()) ||
		trailer != 1 || !body.Empty() || salt < 20 || salt > 1024 {
		return 0, false
	}
	for _, a := range []algorithm{hashAlgorithm, maskHash} {
		if got, err := hashOf(a.oid); err != nil || got != hash {
			return 0, false
		}
	}
	return salt, true
}

// names reports whether the signer's certificate is the one that the signed attributes name (RFC 5035), if they name one:
// the certificate beside a signature is not signed, and could be exchanged for another one of the same key.
func (a *attributes) names(c *x509.Certificate) bool {
	if a.certificate != nil {
		hash, _, ok := firstCertID(a.certificate, false)
		got := sha1.Sum(c.Raw) // the attribute of RFC 2634 knows no other hash; it only adds to the signature's own
		if !ok || subtle.ConstantTimeCompare(hash, got[:]) != 1 {
			return false
		}
	}
	if a.certificateV2 != nil {
		hash, algorithm, ok := firstCertID(a.certificateV2, true)
		if !ok || subtle.ConstantTimeCompare(hash, sum(algorithm, c.Raw)) != 1 {
			return false
		}
	}
	return true
}

// firstCertID reads the hash of the first ESSCertID or ESSCertIDv2, which is the signer's certificate.
func firstCertID(value []byte, v2 bool) (hash []byte, algo crypto.Hash, ok bool) {
	s := cryptobyte.String(value)
	var ids, id, octets cryptobyte.String
	if !s.ReadASN1(&ids, cb.SEQUENCE) || !ids.ReadASN1(&id, cb.SEQUENCE) {
		return nil, 0, false
	}
	algo = crypto.SHA256 // the default of ESSCertIDv2
	if v2 && id.PeekASN1Tag(cb.SEQUENCE) {
		var a algorithm
		var err error
		if !a.read(&id) {
			return nil, 0, false
		}
		if algo, err = hashOf(a.oid); err != nil {
			return nil, 0, false
		}
	}
	if !id.ReadASN1(&octets, cb.OCTET_STRING) {
		return nil, 0, false
	}
	return bytes.Clone(octets), algo, true
}
