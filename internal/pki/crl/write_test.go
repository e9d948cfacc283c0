package crl_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
)

var noon = time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)

// ca is a CA with its key.
type ca struct {
	key         crypto.Signer
	certificate *x509.Certificate
	authority   crl.Authority
}

func newCA(t testing.TB, a cert.Algorithm) *ca {
	t.Helper()
	var key crypto.Signer
	var err error
	switch a {
	case cert.RSA2048SHA256:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case cert.P256SHA256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(0x06d18006), Subject: pkix.Name{Country: []string{"JP"}, Organization: []string{"JPKI-TEST"}},
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

func (c *ca) sign(_ context.Context, digest []byte) ([]byte, error) {
	return c.key.Sign(rand.Reader, digest, c.authority.Hash)
}

func (c *ca) head(number uint64) crl.Head {
	return crl.Head{Authority: c.authority, Number: number, ThisUpdate: noon, NextUpdate: noon.AddDate(0, 0, 2)}
}

func (c *ca) write(t testing.TB, h crl.Head, entries crl.Entries) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := crl.Write(t.Context(), &out, h, entries, c.sign); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func serial(t testing.TB, hex string) cert.Serial {
	t.Helper()
	s, err := cert.ParseSerial(hex)
	must(t, err)
	return s
}

func list(entries ...crl.Entry) crl.Entries {
	return func(yield func(crl.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// many gives n entries, which it makes when they are asked for.
func many(n int) crl.Entries {
	return func(yield func(crl.Entry, error) bool) {
		var octets [16]byte
		octets[0] = 0x40
		for i := range n {
			for k := range 4 {
				octets[12+k] = byte(i >> (24 - 8*k))
			}
			s, err := cert.SerialFromBytes(octets[:])
			if !yield(crl.Entry{Serial: s, At: noon.Add(-time.Duration(i) * time.Second), Reason: cert.Reasons[i%len(cert.Reasons)]}, err) {
				return
			}
		}
	}
}

func name(t testing.TB, cn string) []byte {
	t.Helper()
	der, err := asn1.Marshal(pkix.Name{Country: []string{"JP"}, Organization: []string{"JPKI-TEST"}, CommonName: cn}.ToRDNSequence())
	must(t, err)
	return der
}

// pointName is a DistributionPointName in the words of encoding/asn1.
func pointName(t testing.TB, name []byte) asn1.RawValue {
	t.Helper()
	for _, tag := range []int{4, 0, 0} {
		der, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: name})
		must(t, err)
		name = der
	}
	return asn1.RawValue{FullBytes: name}
}

// standard builds with crypto/x509 what crl.Write builds.
func standard(t testing.TB, c *ca, h crl.Head, entries crl.Entries) []byte {
	t.Helper()
	l := &x509.RevocationList{Number: new(big.Int).SetUint64(h.Number), ThisUpdate: h.ThisUpdate, NextUpdate: h.NextUpdate}
	for e, err := range entries {
		must(t, err)
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: e.Serial.Int(), RevocationTime: e.At, ReasonCode: e.Reason.Code()})
	}
	add := func(id int, critical bool, value any) {
		der, err := asn1.Marshal(value)
		must(t, err)
		l.ExtraExtensions = append(l.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, id}, Critical: critical, Value: der})
	}
	if h.Base != 0 {
		add(27, true, new(big.Int).SetUint64(h.Base))
	}
	if h.Partition != nil {
		add(28, true, struct {
			Point asn1.RawValue
			Users bool `asn1:"tag:1"`
		}{pointName(t, h.Partition), true})
	}
	if h.Freshest != nil {
		add(46, false, []struct{ Point asn1.RawValue }{{pointName(t, h.Freshest)}})
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, c.certificate, c.key)
	must(t, err)
	return der
}

// TestSameAsStandardLibrary: byte for byte the same list, for whatever both can say. Signatures with ECDSA are drawn, so
// that the signed bytes are compared there, and the whole list with RSA.
func TestSameAsStandardLibrary(t *testing.T) {
	for _, a := range cert.Algorithms {
		c := newCA(t, a)
		c.authority.CertIssuer, c.authority.CertSerial = nil, nil // the standard library names the key alone
		rapid.Check(t, func(r *rapid.T) {
			h := crl.Head{Authority: c.authority, Number: rapid.Uint64Min(1).Draw(r, "number")}
			second := rapid.Int64Range(time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
			h.ThisUpdate = time.Unix(second.Draw(r, "this"), 999)
			h.NextUpdate = h.ThisUpdate.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(r, "life")) * time.Second)
			if rapid.Bool().Draw(r, "partition") {
				h.Partition = name(t, rapid.StringMatching(`[A-Za-z-]{1,200} CRLDP`).Draw(r, "name"))
			}
			switch {
			case h.Number > 1 && rapid.Bool().Draw(r, "delta"):
				h.Base = rapid.Uint64Range(1, h.Number-1).Draw(r, "base")
			case rapid.Bool().Draw(r, "freshest"):
				h.Freshest = name(t, "delta")
			}
			numbers := rapid.SliceOfDistinct(rapid.SliceOfN(rapid.Byte(), 1, 19), func(b []byte) string { return new(big.Int).SetBytes(b).String() }).Draw(r, "serials")
			var entries []crl.Entry
			for _, b := range numbers {
				if s, err := cert.SerialFromBytes(b); err == nil {
					entries = append(entries, crl.Entry{Serial: s, At: time.Unix(second.Draw(r, "at"), 1), Reason: rapid.SampledFrom(cert.Reasons).Draw(r, "reason")})
				}
			}
			sortEntries(entries)
			got, want := c.write(t, h, list(entries...)), standard(t, c, h, list(entries...))
			if a != cert.RSA2048SHA256 {
				var err error
				got, err = pki.TBSOf(got)
				must(t, err)
				want, err = pki.TBSOf(want)
				must(t, err)
			}
			if !bytes.Equal(got, want) {
				r.Fatalf("%s: wrote %x,\nthe standard library %x", a, got, want)
			}
		})
	}
	// And across every boundary of a length's own length, where the chunks of the writer end too.
	c := newCA(t, cert.RSA2048SHA256)
	c.authority.CertIssuer, c.authority.CertSerial = nil, nil
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 600, 700, 1336, 1337, 1338, 1339, 5000} {
		if !bytes.Equal(c.write(t, c.head(7), many(n)), standard(t, c, c.head(7), many(n))) {
			t.Errorf("a list of %d entries is not the standard library's", n)
		}
	}
}

func sortEntries(entries []crl.Entry) {
	for i := range entries {
		for j := i; j > 0 && entries[j].Serial.Int().Cmp(entries[j-1].Serial.Int()) < 0; j-- {
			entries[j], entries[j-1] = entries[j-1], entries[j]
		}
	}
}

// TestDraftKnowsItsSize: what was counted is what was written.
func TestDraftKnowsItsSize(t *testing.T) {
	c := newCA(t, cert.P384SHA384)
	d, err := crl.NewDraft(t.Context(), c.head(1), many(3000))
	must(t, err)
	var tbs, whole bytes.Buffer
	digest, err := d.WriteTBS(t.Context(), &tbs)
	must(t, err)
	signature, err := c.sign(t.Context(), digest)
	must(t, err)
	size, err := d.WriteSigned(t.Context(), &whole, digest, signature)
	must(t, err)
	if int64(tbs.Len()) != d.TBSSize || int64(whole.Len()) != size || d.Count != 3000 {
		t.Errorf("counted %d entries, %d of %d bytes; wrote %d of %d", d.Count, d.TBSSize, size, tbs.Len(), whole.Len())
	}
	if signed, err := pki.TBSOf(whole.Bytes()); err != nil || !bytes.Equal(signed, tbs.Bytes()) {
		t.Errorf("the signed bytes are others than those that were to be signed: %v", err)
	}
	l, err := x509.ParseRevocationList(whole.Bytes())
	must(t, err)
	must(t, l.CheckSignatureFrom(c.certificate))
}

// TestOpenSSLReads: openssl believes the signature and prints every extension and reason, of a full list and of a delta.
func TestOpenSSLReads(t *testing.T) {
	for _, a := range cert.Algorithms {
		c := newCA(t, a)
		dir := t.TempDir()
		full, delta := c.head(7), c.head(9)
		full.Partition, delta.Partition = name(t, "Matsumoto-shi CRLDP"), name(t, "Matsumoto-shi CRLDP")
		full.Freshest, delta.Base = name(t, "Matsumoto-shi CRLDP"), 7
		for file, der := range map[string][]byte{"full": c.write(t, full, many(7)), "delta": c.write(t, delta, many(1)), "empty": c.write(t, c.head(1), list())} {
			must(t, os.WriteFile(filepath.Join(dir, file), der, 0o600))
		}
		must(t, os.WriteFile(filepath.Join(dir, "ca"), pki.EncodeCertificates(c.certificate.Raw), 0o600))
		for file, wants := range map[string][]string{
			"full": {"verify OK", "X509v3 Authority Key Identifier", "serial:06:D1:80:06", "X509v3 CRL Number", "X509v3 Issuing Distribution Point: critical",
				"CN = Matsumoto-shi CRLDP", "Only User Certificates", "X509v3 Freshest CRL", "Key Compromise", "CA Compromise", "Affiliation Changed",
				"Superseded", "Cessation Of Operation", "Certificate Hold"},
			"delta": {"verify OK", "X509v3 Delta CRL Indicator: critical", "Serial Number: 40000000000000000000000000000000"},
			"empty": {"verify OK", "No Revoked Certificates"},
		} {
			out, err := exec.Command("openssl", "crl", "-inform", "DER", "-in", filepath.Join(dir, file), "-CAfile", filepath.Join(dir, "ca"), "-noout", "-text").CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v: %s", file, err, out)
			}
			for _, want := range wants {
				if !strings.Contains(string(out), want) {
					t.Errorf("%s %s: openssl does not print %q: %s", a, file, want, out)
				}
			}
		}
	}
}

// TestWriterRefuses: what a list must not say, is not written.
func TestWriterRefuses(t *testing.T) {
	c := newCA(t, cert.P256SHA256)
	one, two := crl.Entry{Serial: serial(t, "01"), At: noon, Reason: cert.Superseded}, crl.Entry{Serial: serial(t, "0102"), At: noon, Reason: cert.Superseded}
	broken := errors.New("the database is gone")
	for what, change := range map[string]func(h *crl.Head, e *crl.Entries){
		"no number":               func(h *crl.Head, e *crl.Entries) { h.Number = 0 },
		"a base of its own":       func(h *crl.Head, e *crl.Entries) { h.Base = h.Number },
		"an end before its start": func(h *crl.Head, e *crl.Entries) { h.NextUpdate = h.ThisUpdate.Add(time.Millisecond) },
		"a delta to a delta":      func(h *crl.Head, e *crl.Entries) { h.Base, h.Freshest = 1, name(t, "delta") },
		"no key identifier":       func(h *crl.Head, e *crl.Entries) { h.Authority.KeyID = nil },
		"no hash":                 func(h *crl.Head, e *crl.Entries) { h.Authority.Hash = 0 },
		"half a certificate":      func(h *crl.Head, e *crl.Entries) { h.Authority.CertIssuer = nil },
		"the wrong order":         func(h *crl.Head, e *crl.Entries) { *e = list(two, one) },
		"a serial twice":          func(h *crl.Head, e *crl.Entries) { *e = list(one, one) },
		"no serial":               func(h *crl.Head, e *crl.Entries) { *e = list(crl.Entry{At: noon, Reason: cert.Superseded}) },
		"no reason":               func(h *crl.Head, e *crl.Entries) { *e = list(crl.Entry{Serial: one.Serial, At: noon}) },
		"no date":                 func(h *crl.Head, e *crl.Entries) { *e = list(crl.Entry{Serial: one.Serial, Reason: cert.Superseded}) },
		"a year of five digits":   func(h *crl.Head, e *crl.Entries) { h.NextUpdate = noon.AddDate(9000, 0, 0) },
		"rows that end": func(h *crl.Head, e *crl.Entries) {
			*e = func(yield func(crl.Entry, error) bool) { _ = yield(one, nil) && yield(crl.Entry{}, broken) }
		},
		"rows that change in number": func(h *crl.Head, e *crl.Entries) {
			n := 0
			*e = func(yield func(crl.Entry, error) bool) { n++; many(n)(yield) }
		},
	} {
		h, e := c.head(3), list(one, two)
		change(&h, &e)
		if _, err := crl.Write(t.Context(), io.Discard, h, e, c.sign); err == nil {
			t.Errorf("a list with %s was written", what)
		}
	}
	// Rows that change but not in length: the draft signs the one and would write the other.
	n := 0
	var changing crl.Entries = func(yield func(crl.Entry, error) bool) {
		n++
		e := one
		if n == 3 {
			e.Serial = serial(t, "7f")
		}
		yield(e, nil)
	}
	if _, err := crl.Write(t.Context(), io.Discard, c.head(3), changing, c.sign); err == nil || !strings.Contains(err.Error(), "not those that were signed") {
		t.Errorf("rows that changed after they were signed: %v", err)
	}
	// A key that fails, a disk that is full, and somebody who no longer waits.
	if _, err := crl.Write(t.Context(), io.Discard, c.head(3), list(one), func(context.Context, []byte) ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("the key fails: %v", err)
	}
	if _, err := crl.Write(t.Context(), io.Discard, c.head(3), list(one), func(context.Context, []byte) ([]byte, error) { return nil, nil }); err == nil {
		t.Error("a list without a signature was written")
	}
	if _, err := crl.Write(t.Context(), full{}, c.head(3), list(one), c.sign); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("the disk is full: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := crl.Write(ctx, io.Discard, c.head(3), list(one), c.sign); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestWriterMemory: a list a hundred times as long takes no more memory. The entries are counted, not kept.
func TestWriterMemory(t *testing.T) {
	c := newCA(t, cert.P256SHA256)
	var serials []cert.Serial
	for e, err := range many(20_000) {
		must(t, err)
		serials = append(serials, e.Serial)
	}
	measure := func(n int) uint64 {
		return allocated(func() {
			var entries crl.Entries = func(yield func(crl.Entry, error) bool) {
				for _, s := range serials[:n] {
					if !yield(crl.Entry{Serial: s, At: noon, Reason: cert.AffiliationChanged}, nil) {
						return
					}
				}
			}
			if _, err := crl.Write(t.Context(), io.Discard, c.head(1), entries, c.sign); err != nil {
				t.Error(err)
			}
		})
	}
	if short, long := measure(200), measure(20_000); long > short+64<<10 {
		t.Errorf("200 entries take %d bytes, 20,000 take %d", short, long)
	}
}

// allocated is how many bytes f takes, whether or not it gives them back.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
