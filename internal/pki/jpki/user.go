package jpki

import (
	"crypto"
	"errors"
	"fmt"
	"time"

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
	d, err := definitionOf(i.profile, OfUser)
	if err != nil {
		return nil, err
	}
	t := tbs{serial: u.Serial, issuer: CAName(i.profile, i.by), subject: u.subject(), notBefore: u.NotBefore, notAfter: u.NotAfter,
		public: u.Public, signer: i.certificate.PublicKey}
	return t.build(d, &content{profile: i.profile, by: i.by, issuer: i, user: &u})
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
	d, err := definitionOf(i.profile, OfOCSPSigner)
	if err != nil {
		return nil, err
	}
	subject := Name{{country, "JP"}, {organisation, testOrganisation}, {unit, unitOf(i.profile)}, {commonName, o.CommonName}}
	t := tbs{serial: o.Serial, issuer: CAName(i.profile, i.by), subject: subject, notBefore: o.NotBefore, notAfter: o.NotAfter,
		public: o.Public, signer: i.certificate.PublicKey}
	return t.build(d, &content{profile: i.profile, by: i.by, issuer: i})
}
