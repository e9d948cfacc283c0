package inspect

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// TestStoredResponders: of each rule at least one thing that it finds, and nothing finds when it is off.
func TestStoredResponders(t *testing.T) {
	caKey := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	from := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: from.AddDate(-1, 0, 0), NotAfter: from.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3}}
	ca := must[*x509.Certificate](t)(x509.ParseCertificate(must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, template, caKey.Public(), caKey))))
	strong := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).Public()
	stored := func(change func(*x509.Certificate), key crypto.PublicKey) Stored {
		c := &x509.Certificate{SerialNumber: big.NewInt(0x4711), Subject: pkix.Name{CommonName: "OCSP"}, NotBefore: from, NotAfter: from.AddDate(0, 1, 0),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
			ExtraExtensions: []pkix.Extension{{Id: noCheck, Value: []byte{5, 0}}}}
		if change != nil {
			change(c)
		}
		der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, ca, key, caKey))
		made := must[*x509.Certificate](t)(x509.ParseCertificate(der))
		hash, intent := sha256.Sum256(made.RawSubjectPublicKeyInfo), sha256.Sum256(made.RawTBSCertificate)
		return Stored{DER: der, Serial: []byte{0x47, 0x11}, KeyHash: hash[:], NotBefore: made.NotBefore, NotAfter: made.NotAfter, Issuer: ca, Intent: intent[:]}
	}
	for name, s := range map[string]Stored{"right": stored(nil, strong), "waits for its signature": {Serial: []byte{1}}} {
		if got := StoredResponder(s); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	changed := func(change func(*Stored)) Stored {
		s := stored(nil, strong)
		change(&s)
		return s
	}
	for name, x := range map[string]struct {
		rule Rule
		s    Stored
	}{
		"no certificate":     {Unreadable, changed(func(s *Stored) { s.DER = s.DER[:40] })},
		"a broken signature": {Signature, changed(func(s *Stored) { s.DER[len(s.DER)-1] ^= 1 })},
		"an unknown CA":      {IssuerKnown, changed(func(s *Stored) { s.Issuer = nil })},
		"another serial":     {Serial, changed(func(s *Stored) { s.Serial = []byte{1} })},
		"one serial twice":   {SerialTwice, changed(func(s *Stored) { s.Twice = true })},
		"another key":        {KeyHash, changed(func(s *Stored) { s.KeyHash = nil })},
		"another validity":   {Validity, changed(func(s *Stored) { s.NotAfter = from })},
		"nothing intended":   {Intent, changed(func(s *Stored) { s.Intent = nil })},
		"beyond its CA":      {Term, stored(func(c *x509.Certificate) { c.NotAfter = from.AddDate(10, 0, 0) }, strong)},
		"a short key":        {Key, stored(nil, must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 1024)).Public())},
		"for more than that": {Responder, stored(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) }, strong)},
		"for nothing":        {Responder, stored(func(c *x509.Certificate) { c.ExtKeyUsage = nil }, strong)},
		"a CA":               {Responder, stored(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }, strong)},
		"that signs lists":   {Responder, stored(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign }, strong)},
		"that is asked for":  {Responder, stored(func(c *x509.Certificate) { c.ExtraExtensions = nil }, strong)},
	} {
		judgedBy(t, name, x.rule, func(off Rule) []Fault { return storedResponder(x.s, off) })
	}
}
