package jpki

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// Kind is what a certificate of the hierarchy is for. The zero value is refused.
type Kind uint8

// The kinds of certificates. There is no link certificate: a CA's new key comes with a new self-signed certificate under
// the old name, as the published ones have it, and verifiers are given both.
const (
	OfCA         Kind = iota + 1 // self-signed
	OfUser                       // of a person (利用者)
	OfOCSPSigner                 // of a key that answers for a CA
)

// String names the kind in sentences and file names.
func (k Kind) String() string {
	switch k {
	case OfCA:
		return "ca"
	case OfUser:
		return "user"
	case OfOCSPSigner:
		return "ocsp-signer"
	}
	return "no kind"
}

// generation is what a generation of the card means for certificates beyond the profile. The algorithm is the only thing
// that is known of the next one; its other values are today's.
type generation struct {
	card    cert.Generation
	key     cert.Algorithm // of a holder's key, a CA's, and an OCSP signer's
	caYears int            // how long a CA certificate lives; a new key replaces it long before, under the same name
}

// A user certificate ends by cert.NotAfter in both. The next card's is reported to live to the 10th birthday, the 5th under
// 18, and a month longer; unconfirmed.
var generations = []generation{
	{card: cert.Today, key: cert.Today.Algorithm(), caYears: 10},
	{card: cert.Next, key: cert.Next.Algorithm(), caYears: 10},
}

// generationFor is the generation whose keys are like this one; for a key of no generation, as replays choose it, today's values
// without a card.
func generationFor(public crypto.PublicKey) generation {
	a, err := pki.AlgorithmOf(public)
	for _, g := range generations {
		if err == nil && g.key == a {
			return g
		}
	}
	g := generations[0]
	g.card, g.key = 0, a
	return g
}

// definition is a profile (証明書プロファイル) of one kind: what it says of itself, in the order in which it says it.
type definition []extension

type extension struct {
	oid      asn1.ObjectIdentifier
	critical bool
	value    func(b *builder, c *content)
}

// content is what the certificates of one profile differ in.
type content struct {
	profile cert.Profile
	by      Operator
	issuer  *Issuer // nil in a CA's own certificate
	keyID   []byte  // of the certified key
	user    *User   // nil unless it is a user's
}

const (
	critical    = true
	notCritical = false
)

// definitionOf gives the profile of a kind of certificate. The lines marked unconfirmed rest on memory or on what is
// usual; all others were read in published certificates (see the package's doc).
func definitionOf(p cert.Profile, k Kind) (definition, error) {
	switch {
	case p.Valid() && k == OfCA:
		return definition{
			{oidKeyUsage, critical, keyUsage(x509.KeyUsageCertSign | x509.KeyUsageCRLSign)},
			{oidSubjectAltName, notCritical, japaneseName},
			{oidBasicConstraints, critical, isCA},
			{oidCRLDistributionPoints, notCritical, ownPartition},
			{oidSubjectKeyID, notCritical, subjectKeyID},
		}, nil
	case p == cert.Signature && k == OfUser: // the order is unconfirmed
		return definition{
			{oidKeyUsage, critical, keyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment)},
			{oidCertificatePolicies, critical, policy},
			{oidSubjectAltName, notCritical, holder},
			{oidIssuerAltName, notCritical, japaneseName},
			{oidCRLDistributionPoints, notCritical, partition},
			{oidAuthorityInfoAccess, notCritical, ocspAddress},      // the address is unconfirmed
			{oidAuthorityKeyID, notCritical, authorityKeyIDAndName}, // issuer and serial are unconfirmed
			{oidSubjectKeyID, notCritical, subjectKeyID},
		}, nil
	case p == cert.Authentication && k == OfUser: // the order is unconfirmed
		return definition{
			{oidKeyUsage, critical, keyUsage(x509.KeyUsageDigitalSignature)},
			{oidExtKeyUsage, notCritical, purpose(oidClientAuth)}, // unconfirmed
			{oidCertificatePolicies, critical, policy},            // critical is unconfirmed
			{oidIssuerAltName, notCritical, japaneseName},
			{oidCRLDistributionPoints, notCritical, partition},      // the unit in its name is unconfirmed
			{oidAuthorityInfoAccess, notCritical, ocspAddress},      // the address is unconfirmed
			{oidAuthorityKeyID, notCritical, authorityKeyIDAndName}, // issuer and serial are unconfirmed
			{oidSubjectKeyID, notCritical, subjectKeyID},
		}, nil
	case p.Valid() && k == OfOCSPSigner: // all of it is unconfirmed, and ours after RFC 6960 4.2.2.2
		return definition{
			{oidKeyUsage, critical, keyUsage(x509.KeyUsageDigitalSignature)},
			{oidExtKeyUsage, notCritical, purpose(oidOCSPSigning)},
			{oidOCSPNoCheck, notCritical, null},
			{oidAuthorityKeyID, notCritical, authorityKeyIDAndName},
			{oidSubjectKeyID, notCritical, subjectKeyID},
		}, nil
	}
	return nil, fmt.Errorf("there is no profile of the kind %s for the %s", k, p)
}

func (d definition) add(b *builder, c *content) {
	for _, e := range d {
		addExtension(b, e.oid, e.critical, func(b *builder) { e.value(b, c) })
	}
}

func keyUsage(usage x509.KeyUsage) func(*builder, *content) {
	return func(b *builder, _ *content) { addNamedBits(b, usage) }
}

func purpose(oid asn1.ObjectIdentifier) func(*builder, *content) {
	return func(b *builder, _ *content) {
		b.AddASN1(cb.SEQUENCE, func(b *builder) { b.AddASN1ObjectIdentifier(oid) })
	}
}

// japaneseName is the CA's name in Japanese: its own alternative name, and its users' issuerAltName.
func japaneseName(b *builder, c *content) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) { addDirectoryName(b, caNameJapanese(c.profile, c.by)) })
}

// isCA leaves the length of the path open, as the published certificates do.
func isCA(b *builder, _ *content) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) { b.AddASN1Boolean(true) })
}

func ownPartition(b *builder, c *content) { addDistributionPoint(b, CAName(c.profile, c.by)) }

func partition(b *builder, c *content) { addDistributionPoint(b, c.user.Partition.Name(c.profile)) }

func subjectKeyID(b *builder, c *content) { b.AddASN1OctetString(c.keyID) }

func null(b *builder, _ *content) { b.AddASN1NULL() }

func holder(b *builder, c *content) { addHolder(b, c.user.Holder) }

// policy is critical in user certificates: a program that does not know the policy must not use the certificate.
func policy(b *builder, c *content) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		b.AddASN1(cb.SEQUENCE, func(b *builder) {
			b.AddASN1ObjectIdentifier(c.profile.Policy())
			b.AddASN1(cb.SEQUENCE, func(b *builder) {
				b.AddASN1(cb.SEQUENCE, func(b *builder) {
					b.AddASN1ObjectIdentifier(oidCPSQualifier)
					b.AddASN1(cb.IA5String, func(b *builder) { b.AddBytes([]byte(cert.CPS)) })
				})
			})
		})
	})
}

func ocspAddress(b *builder, c *content) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		b.AddASN1(cb.SEQUENCE, func(b *builder) {
			b.AddASN1ObjectIdentifier(oidOCSPAccess)
			b.AddASN1(implicit(6), func(b *builder) { b.AddBytes([]byte(c.user.OCSP)) }) // uniformResourceIdentifier
		})
	})
}

// authorityKeyIDAndName names the CA by key and by issuer and serial (RFC 5280 4.2.1.1).
func authorityKeyIDAndName(b *builder, c *content) { c.issuer.addAuthorityKeyID(b) }
