package jpki

import (
	"bytes"
	"crypto"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// tbs is what all certificates have in common.
type tbs struct {
	serial              cert.Serial
	issuer, subject     Name
	notBefore, notAfter time.Time
	public              crypto.PublicKey // certified
	signer              crypto.PublicKey // whose private half will sign
}

// usual is more bytes than most certificates have.
const usual = 2048

// build writes a TBSCertificate (RFC 5280 4.1.2) with the extensions of a profile. The same values give the same bytes.
func (t *tbs) build(d definition, c *content) ([]byte, error) {
	if _, err := pki.AlgorithmOf(t.public); err != nil {
		return nil, fmt.Errorf("couldn't certify the key: %w", err)
	}
	if !t.notBefore.Before(t.notAfter) {
		return nil, fmt.Errorf("couldn't build a certificate: it would end (%s) before it begins (%s)", t.notAfter, t.notBefore)
	}
	signing, err := pki.AlgorithmOf(t.signer)
	if err != nil {
		return nil, err
	}
	algorithm, err := pki.AlgorithmIdentifier(signing)
	if err != nil {
		return nil, err
	}
	spki, keyID, err := publicKey(t.public)
	c.keyID = keyID
	if err != nil {
		return nil, err
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, usual))
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		b.AddASN1(explicit(0), func(b *builder) { b.AddASN1Int64(2) }) // version 3
		b.AddASN1(cb.INTEGER, func(b *builder) { addIntegerContent(b, t.serial) })
		b.AddBytes(algorithm)
		t.issuer.add(b)
		b.AddASN1(cb.SEQUENCE, func(b *builder) {
			addTime(b, t.notBefore)
			addTime(b, t.notAfter)
		})
		t.subject.add(b)
		b.AddBytes(spki)
		b.AddASN1(explicit(3), func(b *builder) {
			b.AddASN1(cb.SEQUENCE, func(b *builder) { d.add(b, c) })
		})
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("couldn't build a certificate: %w", err)
	}
	return bytes.Clone(der), nil
}
