package jpki

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"time"

	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// CRL is a revocation list (失効情報) of one municipality's partition.
type CRL struct {
	Partition  Partition
	Number     uint64 // from 1, greater in each list of a partition; never goes back (RFC 5280 5.2.3)
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

// CRLTBS builds a CRL of version 2. Its scope is critical: a program must not take one municipality's list for another's.
func (i *Issuer) CRLTBS(l CRL) ([]byte, error) {
	if l.Number == 0 || !l.ThisUpdate.Before(l.NextUpdate) {
		return nil, errors.New("couldn't build a CRL: it needs a number from 1 on, and a next update after this one")
	}
	var b builder
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		b.AddASN1Int64(1) // version 2
		b.AddBytes(i.algorithm)
		b.AddBytes(i.certificate.RawSubject)
		addTime(b, l.ThisUpdate)
		addTime(b, l.NextUpdate)
		if len(l.Revoked) > 0 { // RFC 5280 5.1.2.6: an empty list is absent
			b.AddASN1(cb.SEQUENCE, func(b *builder) {
				for _, r := range l.Revoked {
					addRevocation(b, r)
				}
			})
		}
		b.AddASN1(explicit(0), func(b *builder) {
			b.AddASN1(cb.SEQUENCE, func(b *builder) {
				addExtension(b, oidAuthorityKeyID, false, i.addAuthorityKeyID)
				addExtension(b, oidCRLNumber, false, func(b *builder) { b.AddASN1BigInt(new(big.Int).SetUint64(l.Number)) })
				addExtension(b, oidIssuingDistributionPoint, true, func(b *builder) {
					b.AddASN1(cb.SEQUENCE, func(b *builder) {
						addDistributionPointName(b, l.Partition.Name(i.profile))
						b.AddASN1(implicit(1), func(b *builder) { b.AddUint8(0xff) }) // onlyContainsUserCerts
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

func addRevocation(b *builder, r Revocation) {
	if !r.Reason.Valid() {
		b.SetError(fmt.Errorf("the revocation of %s has no reason", r.Serial))
		return
	}
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		b.AddASN1(cb.INTEGER, func(b *builder) { addIntegerContent(b, r.Serial) })
		addTime(b, r.At)
		if r.Reason == cert.Unspecified {
			return // RFC 5280 5.3.1: unspecified is expressed by absence
		}
		b.AddASN1(cb.SEQUENCE, func(b *builder) {
			addExtension(b, oidReasonCode, false, func(b *builder) { b.AddASN1Enum(int64(r.Reason.Code())) })
		})
	})
}

// AssembleCRL joins a CRL's to-be-signed bytes and the signature over them.
func (i *Issuer) AssembleCRL(tbs, signature []byte) ([]byte, error) {
	return pki.Assemble(tbs, i.algorithm, signature)
}
