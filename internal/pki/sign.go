package pki

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ContextSigner is a key whose user may have to wait and need not: one in a device.
type ContextSigner interface {
	crypto.Signer
	SignContext(ctx context.Context, digest []byte, hash crypto.Hash) ([]byte, error)
}

// SignTBS signs to-be-signed bytes with the algorithm of a key in memory.
func SignTBS(random io.Reader, signer crypto.Signer, tbs []byte) ([]byte, error) {
	return SignTBSContext(context.Background(), random, signer, tbs)
}

// SignTBSContext signs to-be-signed bytes with the algorithm of the signer's key. With a key in a device it may take until ctx
// ends: never call it inside a transaction.
func SignTBSContext(ctx context.Context, random io.Reader, signer crypto.Signer, tbs []byte) (signature []byte, err error) {
	a, err := AlgorithmOf(signer.Public())
	if err != nil {
		return nil, err
	}
	d := algorithms[a]
	if in, device := signer.(ContextSigner); device {
		signature, err = in.SignContext(ctx, d.sum(tbs), d.hash)
	} else {
		signature, err = signer.Sign(random, d.sum(tbs), d.hash)
	}
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
	if d := algorithms[a]; !d.verify(public, d.hash, d.sum(tbs), signature) {
		return errors.New("the signature does not match the key")
	}
	return nil
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
