package jpki

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// CATBS builds the self-signed certificate of a profile's CA, to be signed with the key of public. It is valid from
// notBefore for ten years, to the end of the day in Japan. The serial of a CA's first certificate is 1.
func CATBS(p cert.Profile, public crypto.PublicKey, serial cert.Serial, notBefore time.Time) ([]byte, error) {
	d, err := definitionOf(p, OfCA)
	if err != nil {
		return nil, fmt.Errorf("couldn't build a CA certificate: %w", err)
	}
	local := notBefore.In(cert.JST)
	notAfter := time.Date(local.Year()+generationFor(public).caYears, local.Month(), local.Day(), 23, 59, 59, 0, cert.JST)
	t := tbs{serial: serial, issuer: CAName(p), subject: CAName(p), notBefore: notBefore, notAfter: notAfter, public: public, signer: public}
	return t.build(d, &content{profile: p})
}

// Issuer is a CA as the builder of what it signs needs it: its certificate, without its key.
type Issuer struct {
	profile     cert.Profile
	certificate *x509.Certificate
	serial      cert.Serial
	algorithm   []byte // AlgorithmIdentifier of what it signs
}

// OpenIssuer reads a CA certificate (DER) that CATBS built.
func OpenIssuer(der []byte) (*Issuer, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the CA certificate: %w", err)
	}
	i := &Issuer{certificate: c}
	for _, p := range cert.Profiles {
		if name, err := CAName(p).DER(); err == nil && string(name) == string(c.RawSubject) {
			i.profile = p
		}
	}
	if i.profile == 0 || !c.IsCA || c.KeyUsage&x509.KeyUsageCertSign == 0 || len(c.SubjectKeyId) == 0 {
		return nil, fmt.Errorf("the certificate of %q is not a CA's of this hierarchy", c.Subject)
	}
	if i.serial, err = cert.SerialFromInt(c.SerialNumber); err != nil {
		return nil, err
	}
	algorithm, err := pki.AlgorithmOf(c.PublicKey)
	if err != nil {
		return nil, err
	}
	i.algorithm, err = pki.AlgorithmIdentifier(algorithm)
	return i, err
}

// Profile is the profile of the certificates that the CA issues.
func (i *Issuer) Profile() cert.Profile { return i.profile }

// Generation is the generation of the card whose algorithm the CA's key has, 0 for a key of replays.
func (i *Issuer) Generation() cert.Generation { return generationFor(i.certificate.PublicKey).card }

// Certifies are the algorithms of the keys that the CA certifies: those of the card's generations. A CA of replays, whose own key
// no card has, takes every algorithm.
func (i *Issuer) Certifies() []cert.Algorithm {
	if i.Generation() == 0 {
		return cert.Algorithms
	}
	return cert.CardAlgorithms
}

// Certificate is the CA's certificate (DER).
func (i *Issuer) Certificate() []byte { return i.certificate.Raw }

// KeyID is the CA's subject key identifier, which tells its generations apart.
func (i *Issuer) KeyID() []byte { return i.certificate.SubjectKeyId }

// Public is the CA's public key.
func (i *Issuer) Public() crypto.PublicKey { return i.certificate.PublicKey }

// NotAfter is the end of the CA certificate; nothing that it signs may live longer.
func (i *Issuer) NotAfter() time.Time { return i.certificate.NotAfter }

func (i *Issuer) addAuthorityKeyID(b *builder) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		b.AddASN1(implicit(0), func(b *builder) { b.AddBytes(i.certificate.SubjectKeyId) })
		b.AddASN1(explicit(1), func(b *builder) {
			b.AddASN1(explicit(4), func(b *builder) { b.AddBytes(i.certificate.RawIssuer) })
		})
		b.AddASN1(implicit(2), func(b *builder) { addIntegerContent(b, i.serial) })
	})
}

// addIntegerContent writes the content octets of an INTEGER under an implicit tag.
func addIntegerContent(b *builder, s cert.Serial) {
	octets := s.Bytes()
	if len(octets) == 0 {
		b.SetError(errors.New("there is no serial"))
		return
	}
	if octets[0]&0x80 != 0 {
		b.AddUint8(0) // a leading one bit would make it negative
	}
	b.AddBytes(octets)
}
