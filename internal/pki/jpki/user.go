package jpki

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

// User is what a user certificate says.
type User struct {
	Serial     cert.Serial
	Public     crypto.PublicKey // the holder's key
	NotBefore  time.Time
	NotAfter   time.Time    // see cert.NotAfter
	CommonName string       // see CommonName
	Partition  Partition    // the municipality that took the request
	Holder     *cert.Holder // signature certificates only; NewHolder makes one
	OCSP       string       // address of the OCSP service
}

// UserTBS builds a user certificate. An Issuer of the signature profile needs a holder; one of the authentication
// profile refuses it, because an authentication certificate holds no personal data.
func (i *Issuer) UserTBS(u User) ([]byte, error) {
	if (u.Holder != nil) != (i.profile == cert.Signature) {
		return nil, fmt.Errorf("couldn't build a %s certificate: the holder's attributes belong in signature certificates and nowhere else", i.profile)
	}
	if u.NotAfter.After(i.certificate.NotAfter) {
		return nil, fmt.Errorf("couldn't build a certificate: it would outlive its CA, which ends %s", i.certificate.NotAfter.Format(time.RFC3339))
	}
	if u.Holder != nil {
		if err := checkHolder(u.Holder); err != nil {
			return nil, err
		}
	}
	if u.OCSP == "" || u.Partition.Prefecture == "" || u.Partition.Municipality == "" {
		return nil, errors.New("couldn't build a certificate: the OCSP address, the prefecture and the municipality must be given")
	}
	t := tbs{serial: u.Serial, issuer: CAName(i.profile), subject: u.subject(), notBefore: u.NotBefore, notAfter: u.NotAfter,
		public: u.Public, signer: i.certificate.PublicKey}
	return t.build(func(b *builder, keyID []byte) {
		if i.profile == cert.Signature {
			addKeyUsage(b, x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment)
		} else {
			addKeyUsage(b, x509.KeyUsageDigitalSignature)
			addExtension(b, oidExtKeyUsage, false, func(b *builder) {
				b.AddASN1(cb.SEQUENCE, func(b *builder) { b.AddASN1ObjectIdentifier(oidClientAuth) })
			})
		}
		addPolicy(b, i.profile.Policy())
		if u.Holder != nil {
			addHolder(b, u.Holder)
		}
		addExtension(b, oidIssuerAltName, false, func(b *builder) {
			b.AddASN1(cb.SEQUENCE, func(b *builder) { addDirectoryName(b, caNameJapanese(i.profile)) })
		})
		addCRLDistributionPoint(b, u.Partition.Name(i.profile))
		addExtension(b, oidAuthorityInfoAccess, false, func(b *builder) {
			b.AddASN1(cb.SEQUENCE, func(b *builder) {
				b.AddASN1(cb.SEQUENCE, func(b *builder) {
					b.AddASN1ObjectIdentifier(oidOCSPAccess)
					b.AddASN1(implicit(6), func(b *builder) { b.AddBytes([]byte(u.OCSP)) }) // uniformResourceIdentifier
				})
			})
		})
		i.addAuthorityKeyID(b)
		addSubjectKeyID(b, keyID)
	})
}

// addPolicy is critical: a program that does not know the policy must not use the certificate.
func addPolicy(b *builder, policy asn1.ObjectIdentifier) {
	addExtension(b, oidCertificatePolicies, true, func(b *builder) {
		b.AddASN1(cb.SEQUENCE, func(b *builder) {
			b.AddASN1(cb.SEQUENCE, func(b *builder) {
				b.AddASN1ObjectIdentifier(policy)
				b.AddASN1(cb.SEQUENCE, func(b *builder) {
					b.AddASN1(cb.SEQUENCE, func(b *builder) {
						b.AddASN1ObjectIdentifier(oidCPSQualifier)
						b.AddASN1(cb.IA5String, func(b *builder) { b.AddBytes([]byte(cert.CPS)) })
					})
				})
			})
		})
	})
}

// OCSPSigner is the certificate of a key that answers for a CA's certificates (RFC 6960 4.2.2.2).
type OCSPSigner struct {
	Serial              cert.Serial
	Public              crypto.PublicKey
	NotBefore, NotAfter time.Time
	CommonName          string // "OCSP 2026-07"
}

// OCSPSignerTBS builds the certificate of an OCSP signer. It carries id-pkix-ocsp-nocheck, so that nobody asks an OCSP
// signer about itself; it should therefore live weeks, not years.
func (i *Issuer) OCSPSignerTBS(o OCSPSigner) ([]byte, error) {
	if o.NotAfter.After(i.certificate.NotAfter) {
		return nil, errors.New("couldn't build an OCSP signer's certificate: it would outlive its CA")
	}
	subject := Name{{country, "JP"}, {organisation, testOrganisation}, {unit, unitOf(i.profile)}, {commonName, o.CommonName}}
	t := tbs{serial: o.Serial, issuer: CAName(i.profile), subject: subject, notBefore: o.NotBefore, notAfter: o.NotAfter,
		public: o.Public, signer: i.certificate.PublicKey}
	return t.build(func(b *builder, keyID []byte) {
		addKeyUsage(b, x509.KeyUsageDigitalSignature)
		addExtension(b, oidExtKeyUsage, false, func(b *builder) {
			b.AddASN1(cb.SEQUENCE, func(b *builder) { b.AddASN1ObjectIdentifier(oidOCSPSigning) })
		})
		addExtension(b, oidOCSPNoCheck, false, func(b *builder) { b.AddASN1NULL() })
		i.addAuthorityKeyID(b)
		addSubjectKeyID(b, keyID)
	})
}
