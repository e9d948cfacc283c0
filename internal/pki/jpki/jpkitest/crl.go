// Package jpkitest writes revocation lists for tests (試験用の失効リスト), in one piece and by other code than package crl: so that tests
// of those who read lists do not stand on the writer, and the writer is held against somebody.
package jpkitest

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
)

// CRL is a revocation list of one municipality's partition.
type CRL struct {
	Partition  jpki.Partition
	Number     uint64 // from 1
	ThisUpdate time.Time
	NextUpdate time.Time
	Revoked    []Revocation
}

// Revocation is one entry of a CRL.
type Revocation struct {
	Serial cert.Serial
	At     time.Time
	Reason cert.RevocationReason
}

// CRLTBS builds a CRL of version 2 (RFC 5280 5.1), with a critical scope.
func CRLTBS(i *jpki.Issuer, l CRL) ([]byte, error) {
	if l.Number == 0 || !l.ThisUpdate.Before(l.NextUpdate) {
		return nil, errors.New("couldn't build a CRL: it needs a number from 1 on, and a next update after this one")
	}
	c, err := x509.ParseCertificate(i.Certificate())
	if err != nil {
		return nil, err
	}
	a, err := pki.AlgorithmOf(c.PublicKey)
	if err != nil {
		return nil, err
	}
	algorithm, err := pki.AlgorithmIdentifier(a)
	if err != nil {
		return nil, err
	}
	partition, err := l.Partition.Name(i.Profile()).DER()
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1) // version 2
		b.AddBytes(algorithm)
		b.AddBytes(c.RawSubject)
		addTime(b, l.ThisUpdate)
		addTime(b, l.NextUpdate)
		if len(l.Revoked) > 0 { // 5.1.2.6: an empty list is absent
			b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, r := range l.Revoked {
					addRevocation(b, r)
				}
			})
		}
		b.AddASN1(context(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
				addExtension(b, 35, false, func(b *cryptobyte.Builder) { addKeyID(b, c) })
				addExtension(b, 20, false, func(b *cryptobyte.Builder) { b.AddASN1BigInt(new(big.Int).SetUint64(l.Number)) })
				addExtension(b, 28, true, func(b *cryptobyte.Builder) {
					b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1(context(0), func(b *cryptobyte.Builder) {
							b.AddASN1(context(0), func(b *cryptobyte.Builder) {
								b.AddASN1(context(4), func(b *cryptobyte.Builder) { b.AddBytes(partition) })
							})
						})
						b.AddASN1(cb.Tag(1).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddUint8(0xff) }) // onlyContainsUserCerts
					})
				})
			})
		})
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("couldn't build a CRL: %w", err)
	}
	return bytes.Clone(der), nil
}

func context(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific().Constructed() }

// addKeyID names the CA by key, and by issuer and serial (4.2.1.1).
func addKeyID(b *cryptobyte.Builder, c *x509.Certificate) {
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cb.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(c.SubjectKeyId) })
		b.AddASN1(context(1), func(b *cryptobyte.Builder) {
			b.AddASN1(context(4), func(b *cryptobyte.Builder) { b.AddBytes(c.RawIssuer) })
		})
		b.AddASN1(cb.Tag(2).ContextSpecific(), func(b *cryptobyte.Builder) {
			octets := c.SerialNumber.Bytes()
			if octets[0]&0x80 != 0 {
				b.AddUint8(0)
			}
			b.AddBytes(octets)
		})
	})
}

// addTime writes UTCTime until 2049 and GeneralizedTime after (5.1.2.4).
func addTime(b *cryptobyte.Builder, t time.Time) {
	if t = t.UTC(); t.Year() < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}

// addExtension writes one of id-ce.
func addExtension(b *cryptobyte.Builder, id uint8, critical bool, value func(*cryptobyte.Builder)) {
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cb.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte{0x55, 0x1d, id}) })
		if critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1(cb.OCTET_STRING, value)
	})
}

func addRevocation(b *cryptobyte.Builder, r Revocation) {
	if !r.Reason.Valid() {
		b.SetError(fmt.Errorf("the revocation of %s has no reason", r.Serial))
		return
	}
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(r.Serial.Bytes()))
		addTime(b, r.At)
		if r.Reason == cert.Unspecified {
			return // 5.3.1: unspecified is expressed by absence
		}
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			addExtension(b, 21, false, func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(r.Reason.Code())) })
		})
	})
}
