// Package pades signs a document and checks such a signature (電子署名, PAdES): a detached CMS object over the whole file but the place of
// the object itself.
//
// The profile is PAdES baseline B-B (EN 319 142-1): content type, message digest and the digest of the signer's certificate are signed, no time
// is; the time that is claimed stands in the file. There is no time stamp, so a signature says who and what, and when only as far as its signer
// is believed.
//
// Check accepts a file only when every octet outside the place of the signature is signed: nothing was added behind it. It says whose certificate
// is in the signature; whether that is the expected one, and good, is for the caller to know.
//
// RFC 5652 (CMS), RFC 5035 (signing certificate), RFC 5480 and RFC 8017 (signatures), EN 319 122-1 (CAdES).
package pades

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidData                 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256               = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSAWithSHA256      = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidRSAWithSHA256        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

// Room is how many octets a signature with these certificates (DER) needs at most.
func Room(chain [][]byte) int {
	room := 2048 // attributes, names, and a signature of up to 8,192 bits
	for _, c := range chain {
		room += len(c)
	}
	return room
}

// Sign puts a signature into the hole of a file, which it changes in place. The first certificate of the chain (DER) is that of the key. Where the key
// lies in a device, its Sign must sign a SHA-256 digest; random may be nil for a key whose signatures need none.
func Sign(file []byte, holeStart, holeEnd int, key crypto.Signer, chain [][]byte, random io.Reader) error {
	if holeStart < 0 || holeEnd > len(file) || holeEnd-holeStart < 2 || file[holeStart] != '<' || file[holeEnd-1] != '>' {
		return errors.New("pades: there is no place for a signature")
	}
	if len(chain) == 0 {
		return errors.New("pades: the signer's certificate is missing")
	}
	signer, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return fmt.Errorf("pades: the signer's certificate: %w", err)
	}
	if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(signer.PublicKey) {
		return errors.New("pades: the certificate is that of another key")
	}
	algorithm, err := algorithmOf(signer.PublicKey)
	if err != nil {
		return err
	}
	attributes, err := signedAttributes(digestOf(file, holeStart, holeEnd), chain[0])
	if err != nil {
		return err
	}
	sum := sha256.Sum256(attributes)
	value, err := key.Sign(random, sum[:], crypto.SHA256)
	if err != nil {
		return fmt.Errorf("pades: %w", err)
	}
	der, err := signedData(signer, chain, attributes, algorithm, value)
	if err != nil {
		return err
	}
	place := file[holeStart+1 : holeEnd-1]
	if hex.EncodedLen(len(der)) > len(place) {
		return fmt.Errorf("pades: the signature has %d octets, and its place %d", len(der), len(place)/2)
	}
	for i := hex.Encode(place, der); i < len(place); i++ {
		place[i] = '0'
	}
	return nil
}

// digestOf is over everything but the hole.
func digestOf(file []byte, holeStart, holeEnd int) []byte {
	h := sha256.New()
	h.Write(file[:holeStart])
	h.Write(file[holeEnd:])
	return h.Sum(nil)
}

func algorithmOf(public crypto.PublicKey) (asn1.ObjectIdentifier, error) {
	switch public.(type) {
	case *ecdsa.PublicKey:
		return oidECDSAWithSHA256, nil
	case *rsa.PublicKey:
		return oidRSAWithSHA256, nil
	}
	return nil, fmt.Errorf("pades: a key of type %T cannot sign documents; ECDSA or RSA is wanted", public)
}

func algorithmIdentifier(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if oid.Equal(oidRSAWithSHA256) { // RFC 4055, 5: NULL for RSA; RFC 5754: absent for SHA-256 and ECDSA
			b.AddASN1NULL()
		}
	})
}

// signedAttributes is the SET that is signed (RFC 5652, 5.4), its members in the order of DER.
func signedAttributes(digest, certificate []byte) ([]byte, error) {
	sum := sha256.Sum256(certificate)
	var members [][]byte
	for _, a := range []struct {
		oid   asn1.ObjectIdentifier
		value func(*cryptobyte.Builder)
	}{
		{oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) }},
		{oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) }},
		{oidSigningCertificateV2, func(b *cryptobyte.Builder) { // RFC 5035, 3: SHA-256 is the default, and so not written
			b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum[:]) })
				})
			})
		}},
	} {
		var b cryptobyte.Builder
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(a.oid)
			b.AddASN1(cb.SET, a.value)
		})
		der, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		members = append(members, der)
	}
	slices.SortFunc(members, func(a, b []byte) int { return slices.Compare(a, b) })
	var b cryptobyte.Builder
	b.AddASN1(cb.SET, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(members...)) })
	return b.Bytes()
}

// signedData is the ContentInfo with the SignedData (RFC 5652, 3 and 5.1).
func signedData(signer *x509.Certificate, chain [][]byte, attributes []byte, algorithm asn1.ObjectIdentifier, value []byte) ([]byte, error) {
	implicit0 := cb.Tag(0).ContextSpecific().Constructed()
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(implicit0, func(b *cryptobyte.Builder) {
			b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)
				b.AddASN1(cb.SET, func(b *cryptobyte.Builder) { algorithmIdentifier(b, oidSHA256) })
				b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) }) // detached
				b.AddASN1(implicit0, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(chain...)) })
				b.AddASN1(cb.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1Int64(1)
						b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddBytes(signer.RawIssuer)
							b.AddASN1BigInt(signer.SerialNumber)
						})
						algorithmIdentifier(b, oidSHA256)
						// RFC 5652, 5.4: signed as a SET, stored with the implicit tag.
						b.AddBytes(append([]byte{byte(implicit0)}, attributes[1:]...))
						algorithmIdentifier(b, algorithm)
						b.AddASN1OctetString(value)
					})
				})
			})
		})
	})
	return b.Bytes()
}
