package inspect

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
)

// noCheck is id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1): whoever asks does not ask about the responder itself.
var noCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

// StoredResponder judges the stored certificate of a key that signs answers. Of the row State, Issued, Revoked, Reason, Profile and what
// others were told mean nothing: such a certificate is not revoked, and lives for weeks.
func StoredResponder(s Stored) []Fault { return storedResponder(s, "") }

func storedResponder(s Stored, off Rule) []Fault {
	b := &bench{off: off}
	if s.Twice {
		b.find(SerialTwice, "同じ発行番号を、利用者の電子証明書も持っています。どちらが先か調べてください。", "A holder's certificate has the same serial: find out which came first.")
	}
	if len(s.DER) == 0 {
		return b.faults // it waits for its signature, as the overview says
	}
	c, err := x509.ParseCertificate(s.DER)
	if err != nil {
		b.find(Unreadable, "証明書として読めません。控えと比べ、行を戻してください。", "It cannot be read as a certificate: compare it with the backup, and restore the row.")
		return b.faults
	}
	b.columns(s, c)
	if b.signedBy(s, c); s.Issuer != nil && (!c.NotBefore.Before(c.NotAfter) || c.NotBefore.Before(s.Issuer.NotBefore) || c.NotAfter.After(s.Issuer.NotAfter)) {
		b.find(Term, "有効期間が、認証局の有効期間に収まりません。", "Its term is not within that of the CA.")
	}
	b.strong(c.PublicKey)
	// Whoever has such a key answers for every certificate of the CA, and must be able to do nothing else with it (RFC 6960 4.2.2.2).
	if c.IsCA || c.KeyUsage != x509.KeyUsageDigitalSignature || len(c.UnknownExtKeyUsage) > 0 || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}) ||
		!slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(noCheck) }) {
		b.find(Responder, "回答に署名する鍵の証明書としての用途が、決まりと違います。誤って発行されたおそれがあります。", "It is not for signing answers and nothing else: it may have been issued by mistake.")
	}
	return b.faults
}
