package jpki

import (
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// builder is cryptobyte's, which remembers the first error.
type builder = cryptobyte.Builder

func implicit(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific() }
func explicit(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific().Constructed() }

func addUTF8(b *builder, s string) {
	if !utf8.ValidString(s) {
		b.SetError(errors.New("a text is not UTF-8"))
		return
	}
	b.AddASN1(cb.UTF8String, func(b *builder) { b.AddBytes([]byte(s)) })
}

// addTime writes UTCTime until 2049 and GeneralizedTime after (RFC 5280 4.1.2.5).
func addTime(b *builder, t time.Time) {
	t = t.UTC()
	if t.Year() < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}

// addExtension writes one extension; value writes what is inside the extnValue.
func addExtension(b *builder, oid asn1.ObjectIdentifier, critical bool, value func(*builder)) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		b.AddASN1ObjectIdentifier(oid)
		if critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1(cb.OCTET_STRING, value)
	})
}

// addNamedBits writes a key usage (RFC 5280 4.2.1.3), without trailing zero bits, as DER requires.
func addNamedBits(b *builder, usage x509.KeyUsage) {
	var octets [2]byte
	last := 0
	for bit := range 9 {
		if usage&(1<<bit) != 0 {
			octets[bit/8] |= 0x80 >> (bit % 8)
			last = bit
		}
	}
	n := last/8 + 1
	b.AddASN1(cb.BIT_STRING, func(b *builder) {
		b.AddUint8(uint8(n*8 - 1 - last))
		b.AddBytes(octets[:n])
	})
}

func addDirectoryName(b *builder, n Name) {
	b.AddASN1(explicit(4), n.add) // GeneralName directoryName [4], explicit because Name is a CHOICE
}

// addDistributionPointName writes DistributionPointName fullName [0] with one directoryName.
func addDistributionPointName(b *builder, n Name) {
	b.AddASN1(explicit(0), func(b *builder) {
		b.AddASN1(explicit(0), func(b *builder) { addDirectoryName(b, n) })
	})
}

// addDistributionPoint writes CRLDistributionPoints with one name, and no address beside it.
func addDistributionPoint(b *builder, n Name) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		b.AddASN1(cb.SEQUENCE, func(b *builder) { addDistributionPointName(b, n) })
	})
}

// publicKey gives the SubjectPublicKeyInfo of a key and its identifier: the SHA-1 of the key bits (RFC 5280 4.2.1.2,
// method 1), which is a name for the key here and protects nothing.
func publicKey(public any) (spki, id []byte, err error) {
	spki, err = x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't encode a public key: %w", err)
	}
	s := cryptobyte.String(spki)
	var body cryptobyte.String
	var bits asn1.BitString
	if !s.ReadASN1(&body, cb.SEQUENCE) || !body.SkipASN1(cb.SEQUENCE) || !body.ReadASN1BitString(&bits) {
		return nil, nil, errors.New("couldn't read an encoded public key")
	}
	sum := sha1.Sum(bits.Bytes)
	return spki, sum[:], nil
}
