package publish_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)

// ca is a CA that says whatever it is told to: the standard library builds its lists.
type ca struct {
	certificate *x509.Certificate
	key         crypto.Signer
	authority   crl.Authority
}

func newCA(t testing.TB, key crypto.Signer) *ca {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"JP"}, Organization: []string{"JPKI-TEST"}},
		NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(9, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	c := &ca{key: key}
	c.certificate, err = x509.ParseCertificate(der)
	must(t, err)
	c.authority, err = crl.AuthorityOf(c.certificate)
	must(t, err)
	return c
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var (
	matsumoto = partition("Matsumoto-shi CRLDP")
	iida      = partition("Iida-shi CRLDP")
)

func partition(cn string) []byte {
	der, err := asn1.Marshal(pkix.Name{Country: []string{"JP"}, CommonName: cn}.ToRDNSequence())
	if err != nil {
		panic(err)
	}
	return der
}

// extensionOf is an extension of a list.
func extensionOf(id int, critical bool, value []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, id}, Critical: critical, Value: value}
}

func integer(n uint64) []byte {
	der, err := asn1.Marshal(new(big.Int).SetUint64(n))
	if err != nil {
		panic(err)
	}
	return der
}

// list is a list to be built, with a way to spoil everything in it.
type list struct {
	template x509.RevocationList
	ca       x509.Certificate
	key      crypto.Signer
	after    func(tbs []byte) []byte
}

func (c *ca) list(number uint64, this time.Time, base uint64, entries ...x509.RevocationListEntry) *list {
	l := &list{ca: *c.certificate, key: c.key, template: x509.RevocationList{Number: new(big.Int).SetUint64(number), ThisUpdate: this, NextUpdate: this.Add(2 * day),
		RevokedCertificateEntries: entries}}
	if base != 0 {
		l.template.ExtraExtensions = append(l.template.ExtraExtensions, extensionOf(27, true, integer(base)))
	}
	l.template.ExtraExtensions = append(l.template.ExtraExtensions, extensionOf(28, true, crl.ScopeOf(matsumoto)))
	return l
}

func (l *list) extension(id int) *pkix.Extension {
	i := slices.IndexFunc(l.template.ExtraExtensions, func(e pkix.Extension) bool { return e.Id[3] == id })
	return &l.template.ExtraExtensions[i]
}

func (l *list) der(t testing.TB) []byte {
	t.Helper()
	der, err := x509.CreateRevocationList(rand.Reader, &l.template, &l.ca, l.key)
	must(t, err)
	if l.after == nil {
		return der
	}
	tbs, err := pki.TBSOf(der)
	must(t, err)
	return l.resigned(t, l.after(tbs))
}

// resigned signs to-be-signed bytes that the standard library would not build.
func (l *list) resigned(t testing.TB, tbs []byte) []byte {
	t.Helper()
	a, err := pki.AlgorithmOf(l.key.Public())
	must(t, err)
	algorithm, err := pki.AlgorithmIdentifier(a)
	must(t, err)
	signature, err := pki.SignTBS(rand.Reader, l.key, tbs)
	must(t, err)
	der, err := pki.Assemble(tbs, algorithm, signature)
	must(t, err)
	return der
}

// without takes a part out of to-be-signed bytes and sets the length right.
func without(part []byte) func([]byte) []byte {
	return func(tbs []byte) []byte {
		var raw asn1.RawValue
		if _, err := asn1.Unmarshal(tbs, &raw); err != nil {
			panic(err)
		}
		der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: bytes.Replace(raw.Bytes, part, nil, 1)})
		if err != nil {
			panic(err)
		}
		return der
	}
}

func entry(n int64, at time.Time, r cert.RevocationReason) x509.RevocationListEntry {
	return x509.RevocationListEntry{SerialNumber: big.NewInt(n), RevocationTime: at, ReasonCode: r.Code()}
}

// rules are those of the partition Matsumoto. Certificates up to 999 are there, with the terms given; others are of Iida.
func (c *ca) rules(terms map[int64]time.Time) publish.Rules {
	return publish.Rules{Issuer: c.certificate.RawSubject, KeyID: c.certificate.SubjectKeyId, Algorithm: c.authority.Algorithm, Hash: c.authority.Hash,
		Verify: func(digest, signature []byte) error { return pki.VerifyDigest(c.key.Public(), digest, signature) },
		Scope:  crl.ScopeOf(matsumoto), MaxLife: 3 * day, MaxAhead: time.Minute,
		Certificate: func(_ context.Context, s cert.Serial) (publish.Certificate, error) {
			n := s.Int().Int64()
			end, known := terms[n]
			return publish.Certificate{Known: known, Here: n < 1000, NotAfter: end}, nil
		}}
}
