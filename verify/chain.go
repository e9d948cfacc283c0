package verify

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/jpki"
)

// Issued is a user certificate that one of the given CAs issued.
type Issued struct {
	Certificate *x509.Certificate
	Issuer      *x509.Certificate
	Profile     cert.Profile
	Serial      cert.Serial
	Holder      *cert.Holder // nil in an authentication certificate
}

// Chain checks that a user certificate (DER) was issued by one of the CAs (their certificates, DER) and is within its
// validity at a time. It does not ask whether it was revoked. What is wrong with the certificate is a *Refusal; when that is
// its validity alone, the Issued comes along with it. An unusable CA certificate is another error.
func Chain(der []byte, cas [][]byte, at time.Time) (*Issued, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, invalid("電子証明書を読み取れません。署名を作り直してください。", "The certificate cannot be read; sign again.")
	}
	issuer, profile, err := issuerOf(c, cas)
	if err != nil {
		return nil, err
	}
	out := &Issued{Certificate: c, Issuer: issuer, Profile: profile}
	if out.Serial, err = cert.SerialFromInt(c.SerialNumber); err != nil {
		return nil, invalid("電子証明書の発行番号が正しくありません。", "The serial of the certificate is not allowed.")
	}
	if err := checkProfile(c, profile); err != nil {
		return nil, err
	}
	if out.Holder, err = jpki.ReadHolder(c); err != nil || (out.Holder != nil) != (profile == cert.Signature) {
		return nil, invalid("電子証明書の利用者情報の形式が正しくありません。", "The holder's attributes in the certificate are not as they must be.")
	}
	switch {
	case at.Before(c.NotBefore) || at.Before(issuer.NotBefore):
		return out, invalid("電子証明書の有効期間がまだ始まっていません。", "The certificate's validity has not begun yet.")
	case at.After(c.NotAfter) || at.After(issuer.NotAfter):
		return out, refuse(Expired, "電子証明書の有効期間が "+jst(c.NotAfter)+" に満了しています。",
			"The certificate expired at "+c.NotAfter.UTC().Format(time.RFC3339)+".")
	}
	return out, nil
}

func jst(t time.Time) string { return t.In(cert.JST).Format("2006年1月2日 15:04:05") }

// issuerOf finds the CA whose key signed the certificate. The generations of a CA share its name, so the name decides
// nothing: the key identifier chooses, the signature proves.
func issuerOf(c *x509.Certificate, cas [][]byte) (*x509.Certificate, cert.Profile, error) {
	if len(cas) == 0 {
		return nil, 0, errors.New("no CA certificate was given to check against")
	}
	for _, der := range cas {
		opened, err := jpki.OpenIssuer(der)
		if err != nil {
			return nil, 0, fmt.Errorf("couldn't use a CA certificate: %w", err)
		}
		ca, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, 0, fmt.Errorf("couldn't use a CA certificate: %w", err)
		}
		if !bytes.Equal(c.AuthorityKeyId, ca.SubjectKeyId) || !bytes.Equal(c.RawIssuer, ca.RawSubject) {
			continue
		}
		if c.CheckSignatureFrom(ca) == nil {
			return ca, opened.Profile(), nil
		}
	}
	return nil, 0, invalid("信頼する認証局が発行した電子証明書ではありません。公的個人認証サービスの電子証明書で署名してください。",
		"The certificate was not issued by a trusted CA; sign with a certificate of the public certification service.")
}

// checkProfile holds the certificate against what its CA may issue.
func checkProfile(c *x509.Certificate, p cert.Profile) error {
	policy := false
	for _, oid := range c.PolicyIdentifiers {
		policy = policy || oid.Equal(p.Policy())
	}
	usage := x509.KeyUsageDigitalSignature
	if p == cert.Signature {
		usage |= x509.KeyUsageContentCommitment // nonRepudiation 否認防止
	}
	// RFC 5280 4.2: a certificate with a critical extension that is not understood must be refused.
	if !policy || c.IsCA || c.KeyUsage != usage || len(c.UnhandledCriticalExtensions) > 0 {
		return invalid("電子証明書が利用者の電子証明書の形式（証明書ポリシー、鍵用途）に合いません。",
			"The certificate does not have the policy and key usage of a user certificate.")
	}
	return nil
}
