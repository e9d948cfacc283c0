package jpki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"time"

	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// CATBS builds the self-signed certificate of a profile's CA, to be signed with the key of public. It is valid from
// notBefore for ten years, to the end of the day in Japan. The serial of a CA's first certificate is 1.
func CATBS(p cert.Profile, public crypto.PublicKey, serial cert.Serial, notBefore time.Time) ([]byte, error) {
	return Operator{}.CATBS(p, public, serial, notBefore)
}

// CATBS is the function CATBS for the CA of an operator.
func (by Operator) CATBS(p cert.Profile, public crypto.PublicKey, serial cert.Serial, notBefore time.Time) ([]byte, error) {
	if (by.Latin == "") != (by.Japanese == "") {
		return nil, errors.New("couldn't build a CA certificate: its operator is named in both languages or in neither")
	}
	d, err := definitionOf(p, OfCA)
	if err != nil {
		return nil, fmt.Errorf("couldn't build a CA certificate: %w", err)
	}
	local := notBefore.In(cert.JST)
	notAfter := time.Date(local.Year()+generationFor(public).caYears, local.Month(), local.Day(), 23, 59, 59, 0, cert.JST)
	t := tbs{serial: serial, issuer: CAName(p, by), subject: CAName(p, by), notBefore: notBefore, notAfter: notAfter, public: public, signer: public}
	return t.build(d, &content{profile: p, by: by})
}

// Issuer is a CA as the builder of what it signs needs it: its certificate, without its key.
type Issuer struct {
	profile     cert.Profile
	by          Operator
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
	i := &Issuer{certificate: c, by: operatorOf(c)}
	for _, p := range cert.Profiles {
		if name, err := CAName(p, i.by).DER(); err == nil && bytes.Equal(name, c.RawSubject) {
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

// operatorOf reads who runs a CA from the last attribute of its name, and of the alternative one. The agency is the zero value, and so
// is everything that this hierarchy has no place for: its name is then no CA's.
func operatorOf(c *x509.Certificate) (by Operator) {
	n := len(c.Subject.Names)
	if n == 0 {
		return by
	}
	latin, _ := c.Subject.Names[n-1].Value.(string)
	for _, e := range c.Extensions {
		var names []asn1.RawValue // GeneralNames, of which the directoryName [4] holds the Name
		var alternative pkix.RDNSequence
		if !e.Id.Equal(oidSubjectAltName) || !unmarshals(e.Value, &names) || len(names) != 1 || !unmarshals(names[0].Bytes, &alternative) || len(alternative) == 0 {
			continue
		}
		last := alternative[len(alternative)-1]
		japanese, _ := last[len(last)-1].Value.(string)
		if strings.HasPrefix(latin, governorLatin) && strings.HasSuffix(japanese, governorJapanese) {
			return Operator{Latin: latin, Japanese: japanese}
		}
	}
	return by
}

func unmarshals(der []byte, into any) bool {
	rest, err := asn1.Unmarshal(der, into)
	return err == nil && len(rest) == 0
}

// Operator is who runs the CA.
func (i *Issuer) Operator() Operator { return i.by }

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
