package jpki_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/jpki/jpkitest"
)

// specimen is one certificate of a kind and a generation, from fixed keys and values.
type specimen struct {
	profile    cert.Profile
	kind       jpki.Kind
	generation cert.Generation
	der        []byte
	issuer     []byte
	public     crypto.PublicKey
	serial     string
	until      time.Time
}

// name is what its golden files are called; those of today's generation have no suffix.
func (s specimen) name() string {
	name := s.kind.String() + "-" + s.profile.String()
	if s.generation != cert.Today {
		name += "-" + s.generation.String()
	}
	return name
}

// specimens builds every kind of certificate in every generation.
func specimens(t *testing.T) (all []specimen) {
	t.Helper()
	for _, g := range []cert.Generation{cert.Today, cert.Next} {
		suffix := ""
		if g != cert.Today {
			suffix = "-" + g.String()
		}
		for p, number := range map[cert.Profile]string{cert.Signature: "01", cert.Authentication: "067C6A21"} {
			a := newAuthority(t, p, key(t, "ca-"+p.String()+suffix), number)
			if a.Generation() != g {
				t.Fatalf("the CA of the %s generation is of the %s one", g, a.Generation())
			}
			one := specimen{profile: p, generation: g, issuer: a.Certificate()}
			add := func(k jpki.Kind, der []byte, public crypto.PublicKey, serial string, until time.Time) {
				s := one
				s.kind, s.der, s.public, s.serial, s.until = k, der, public, serial, until
				all = append(all, s)
			}
			add(jpki.OfCA, a.Certificate(), a.signer.Public(), number, time.Date(2035, 4, 1, 14, 59, 59, 0, time.UTC))
			holder, serials := key(t, "holder"+suffix).Public(), map[cert.Profile]string{cert.Signature: "80A1", cert.Authentication: "0102"}
			add(jpki.OfUser, a.user(t, serials[p], holder), holder, serials[p], time.Date(2030, 2, 17, 14, 59, 59, 0, time.UTC))
			signer := key(t, "ocsp"+suffix).Public()
			tbs, err := a.OCSPSignerTBS(jpki.OCSPSigner{Serial: serial(t, "0B"), Public: signer,
				NotBefore: issued, NotAfter: issued.AddDate(0, 1, 0), CommonName: "OCSP 2025-10"})
			add(jpki.OfOCSPSigner, certify(t, a.signer, tbs, err), signer, "0B", issued.AddDate(0, 1, 0))
		}
	}
	return all
}

// The bytes to be signed are kept: whatever changes one of them changes what the country is issued.
func TestTBSGoldens(t *testing.T) {
	for _, s := range specimens(t) {
		tbs, err := pki.TBSOf(s.der)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for line := range slices.Chunk(tbs, 32) {
			fmt.Fprintln(&text, hex.EncodeToString(line))
		}
		golden(t, s.name()+".tbs", text.String())
	}
}

// The text that openssl prints of each certificate is kept: it shows every field of the profile, read by a stranger.
func TestProfileGoldens(t *testing.T) {
	if version, _ := openssl(t, "version"); !strings.HasPrefix(version, "OpenSSL 3.0.") {
		t.Skipf("SKIPPED: the goldens are the text of OpenSSL 3.0, this is %s", version)
	}
	for _, s := range specimens(t) {
		path := save(t, "one.pem", pki.EncodeCertificates(s.der))
		text, err := openssl(t, "x509", "-in", path, "-noout", "-text", "-nameopt", "oneline,utf8,-esc_msb,show_type")
		if err != nil {
			t.Fatalf("%s: %v\n%s", s.name(), err, text)
		}
		structure, err := openssl(t, "asn1parse", "-in", path)
		if err != nil {
			t.Fatalf("%s: %v\n%s", s.name(), err, structure)
		}
		golden(t, s.name(), text+"\n"+structure)
	}
	signature := newAuthority(t, cert.Signature, key(t, "ca-signature"), "01")
	crl := signature.crl(t, matsumoto, issued,
		jpkitest.Revocation{Serial: serial(t, "80A1"), At: issued, Reason: cert.AffiliationChanged},
		jpkitest.Revocation{Serial: serial(t, "0C"), At: issued, Reason: cert.Unspecified})
	text, err := openssl(t, "crl", "-inform", "DER", "-in", save(t, "crl", crl), "-noout", "-text")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	golden(t, "crl", text)
}

// The generations differ in keys and signatures, and in nothing else.
func TestGenerationsDifferInTheirKeysAlone(t *testing.T) {
	type extension struct {
		id       string
		critical bool
	}
	shape := map[string][]extension{}
	for _, s := range specimens(t) {
		c, err := x509.ParseCertificate(s.der)
		if err != nil {
			t.Fatal(err)
		}
		var has []extension
		for _, e := range c.Extensions {
			has = append(has, extension{e.Id.String(), e.Critical})
		}
		of := s.kind.String() + s.profile.String()
		if other, ok := shape[of]; ok && !slices.Equal(has, other) {
			t.Errorf("%s has the extensions %v, its other generation %v", s.name(), has, other)
		}
		shape[of] = has
		if want := s.generation.Algorithm(); !algorithmIs(s.public, want) || !c.PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(s.public) {
			t.Errorf("%s does not have its key, of %s", s.name(), want)
		}
	}
}

func algorithmIs(public crypto.PublicKey, want cert.Algorithm) bool {
	a, err := pki.AlgorithmOf(public)
	return err == nil && a == want
}

func TestGoReadsEveryKindAndGeneration(t *testing.T) {
	for _, s := range specimens(t) {
		c, err := x509.ParseCertificate(s.der)
		if err != nil {
			t.Errorf("%s: %v", s.name(), err)
			continue
		}
		ca, err := x509.ParseCertificate(s.issuer)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckSignatureFrom(ca); err != nil {
			t.Errorf("%s: %v", s.name(), err)
		}
		from := issued
		if s.kind == jpki.OfCA {
			from = caStart
		}
		if c.Version != 3 || !c.NotBefore.Equal(from) || !c.NotAfter.Equal(s.until) || !bytes.Equal(c.RawIssuer, ca.RawSubject) ||
			c.SerialNumber.Cmp(serial(t, s.serial).Int()) != 0 || c.IsCA != (s.kind == jpki.OfCA) || len(c.UnhandledCriticalExtensions) != 0 {
			t.Errorf("%s: version %d, %v to %v, serial %x, CA %v, critical and unknown %v", s.name(), c.Version, c.NotBefore, c.NotAfter, c.SerialNumber, c.IsCA, c.UnhandledCriticalExtensions)
		}
		if s.kind != jpki.OfCA && !bytes.Equal(c.AuthorityKeyId, ca.SubjectKeyId) {
			t.Errorf("%s: the issuer's key is %x, not %x", s.name(), c.AuthorityKeyId, ca.SubjectKeyId)
		}
		h, err := jpki.ReadHolder(c)
		if err != nil || (h != nil) != (s.kind == jpki.OfUser && s.profile == cert.Signature) {
			t.Errorf("%s: holder %v, %v", s.name(), h != nil, err)
		}
	}
}
