package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

var (
	oidSHA256WithRSA   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidECDSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidECDSAWithSHA384 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
)

// AlgorithmOf is the algorithm with which the owner of a public key signs. A key of another kind or size is an error:
// the program issues nothing that it would itself refuse.
func AlgorithmOf(public crypto.PublicKey) (cert.Algorithm, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() == 2048 {
			return cert.RSA2048SHA256, nil
		}
		return 0, fmt.Errorf("an RSA key of %d bits is not supported; use 2048 bits", k.N.BitLen())
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return cert.P256SHA256, nil
		case elliptic.P384():
			return cert.P384SHA384, nil
		}
		return 0, errors.New("an ECDSA key must be on P-256 or P-384")
	}
	return 0, fmt.Errorf("a key of type %T is not supported; use RSA 2048, P-256 or P-384", public)
}

// SignatureOID is the object identifier of signatures by an algorithm, nil for none.
func SignatureOID(a cert.Algorithm) asn1.ObjectIdentifier {
	switch a {
	case cert.RSA2048SHA256:
		return oidSHA256WithRSA
	case cert.P256SHA256:
		return oidECDSAWithSHA256
	case cert.P384SHA384:
		return oidECDSAWithSHA384
	}
	return nil
}

// AlgorithmIdentifier is the DER AlgorithmIdentifier of signatures by an algorithm, for the inner and the outer field of
// a certificate, a CRL or an OCSP response.
func AlgorithmIdentifier(a cert.Algorithm) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cryptobyte_asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if !a.Valid() {
			b.SetError(errors.New("no signature algorithm"))
			return
		}
		b.AddASN1ObjectIdentifier(SignatureOID(a))
		if a == cert.RSA2048SHA256 {
			b.AddASN1NULL() // RFC 4055 5: the parameters are NULL; RFC 5758 3.2: those of ECDSA are absent
		}
	})
	return b.Bytes()
}

func digest(a cert.Algorithm, message []byte) ([]byte, crypto.Hash) {
	if a == cert.P384SHA384 {
		sum := sha512.Sum384(message)
		return sum[:], crypto.SHA384
	}
	sum := sha256.Sum256(message)
	return sum[:], crypto.SHA256
}

// SignTBS signs to-be-signed bytes with the algorithm of the signer's key. It may take long (the key may be in a
// device): never call it inside a transaction.
func SignTBS(random io.Reader, signer crypto.Signer, tbs []byte) ([]byte, error) {
	a, err := AlgorithmOf(signer.Public())
	if err != nil {
		return nil, err
	}
	sum, hash := digest(a, tbs)
	signature, err := signer.Sign(random, sum, hash)
	if err != nil {
		return nil, fmt.Errorf("couldn't sign: %w", err)
	}
	return signature, nil
}

// VerifyTBS checks a signature by SignTBS.
func VerifyTBS(public crypto.PublicKey, tbs, signature []byte) error {
	a, err := AlgorithmOf(public)
	if err != nil {
		return err
	}
	sum, hash := digest(a, tbs)
	switch k := public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, hash, sum, signature)
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, sum, signature) {
			return nil
		}
	}
	return errors.New("the signature does not match the key")
}

// AssembleCertificate joins a TBSCertificate and its signature. The outer algorithm is copied from the inner one, which
// RFC 5280 4.1.1.2 requires to be equal; the TBS bytes go in as they are, so that what was stored as intent is what is
// issued.
func AssembleCertificate(tbs, signature []byte) ([]byte, error) {
	s := cryptobyte.String(tbs)
	var body, algorithm cryptobyte.String
	if !s.ReadASN1(&body, cryptobyte_asn1.SEQUENCE) || !s.Empty() ||
		!body.SkipOptionalASN1(cryptobyte_asn1.Tag(0).ContextSpecific().Constructed()) ||
		!body.SkipASN1(cryptobyte_asn1.INTEGER) ||
		!body.ReadASN1Element(&algorithm, cryptobyte_asn1.SEQUENCE) {
		return nil, errors.New("these bytes are no TBSCertificate")
	}
	return Assemble(tbs, algorithm, signature)
}

// Assemble joins to-be-signed bytes, an AlgorithmIdentifier and a signature: the outer form of certificates (RFC 5280
// 4.1) and CRLs (5.1).
func Assemble(tbs, algorithm, signature []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cryptobyte_asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

// TBSOf gives the to-be-signed bytes inside a certificate or CRL, to compare them with the stored intent.
func TBSOf(signed []byte) ([]byte, error) {
	s := cryptobyte.String(signed)
	var body, tbs cryptobyte.String
	if !s.ReadASN1(&body, cryptobyte_asn1.SEQUENCE) || !s.Empty() || !body.ReadASN1Element(&tbs, cryptobyte_asn1.SEQUENCE) {
		return nil, errors.New("these bytes are no certificate and no CRL")
	}
	return bytes.Clone(tbs), nil
}
