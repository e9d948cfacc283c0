package pki_test

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

var now = time.Date(2026, 7, 1, 9, 0, 0, 0, cert.JST)

func newKey(t *testing.T, a cert.Algorithm) crypto.Signer {
	t.Helper()
	key, err := pki.GenerateKey(rand.Reader, a)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newCA(t *testing.T) *pki.InfrastructureCA {
	t.Helper()
	ca, err := pki.NewInfrastructureCA(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func trustOf(t *testing.T, roots ...[]byte) *pki.Trust {
	t.Helper()
	trust, err := pki.NewTrust(roots...)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func issue(t *testing.T, ca *pki.InfrastructureCA, org string, usage pki.Usage) pki.Identity {
	t.Helper()
	key := newKey(t, cert.P256SHA256)
	der, err := ca.IssueOrganisation(rand.Reader, now, pki.Organisation{ID: org, Usage: usage, Public: key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	return pki.Identity{Certificate: der, Key: key}
}

func TestIdentify(t *testing.T) {
	ca := newCA(t)
	trust := trustOf(t, ca.Certificate())
	line := issue(t, ca, "municipality-202029", pki.ForTLS)
	sign := issue(t, ca, "municipality-202029", pki.ForSigning)

	for range 2 { // the second time from the cache
		for usage, own := range map[pki.Usage]pki.Identity{pki.ForTLS: line, pki.ForSigning: sign} {
			id, err := trust.Identify(own.Certificate, usage, now)
			if err != nil || id.Organisation != "municipality-202029" || id.Usage != usage {
				t.Fatalf("Identify for %s = %+v, %v", usage, id, err)
			}
			if !own.Key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(id.Public) {
				t.Errorf("the certified key for %s is another one", usage)
			}
		}
		refused(t, trust, sign.Certificate, pki.ForTLS, now, "is for signing, not for TLS")
		refused(t, trust, line.Certificate, pki.ForSigning, now, "is for TLS, not for signing")
		refused(t, trust, line.Certificate, pki.ForTLS, now.Add(3*365*24*time.Hour), "valid from")
		refused(t, trust, line.Certificate, pki.ForTLS, now.Add(-time.Hour), "valid from")
	}
	refused(t, trustOf(t, newCA(t).Certificate()), line.Certificate, pki.ForTLS, now, "not trusted")
	refused(t, trust, line.Certificate[:40], pki.ForTLS, now, "cannot be read")
	refused(t, trust, ca.Certificate(), pki.ForTLS, now, "key usage")

	// While a root is replaced by the next, both are trusted.
	if _, err := trustOf(t, newCA(t).Certificate(), ca.Certificate()).Identify(line.Certificate, pki.ForTLS, now); err != nil {
		t.Errorf("with two roots: %v", err)
	}
}

func refused(t *testing.T, trust *pki.Trust, der []byte, usage pki.Usage, at time.Time, why string) {
	t.Helper()
	id, err := trust.Identify(der, usage, at)
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("Identify = %+v, %v; want a refusal with %q", id, err, why)
	}
}

// A failure must not be remembered: the organisation whose certificate was shown a moment too early is let in later.
func TestIdentifyForgetsFailures(t *testing.T) {
	ca := newCA(t)
	trust := trustOf(t, ca.Certificate())
	own := issue(t, ca, "prefecture-20", pki.ForTLS)
	if _, err := trust.Identify(own.Certificate, pki.ForTLS, now.Add(-time.Hour)); err == nil {
		t.Fatal("a certificate was valid before its time")
	}
	if _, err := trust.Identify(own.Certificate, pki.ForTLS, now); err != nil {
		t.Errorf("the failure was kept: %v", err)
	}
}

// Certificates that the trusted root signed, but not for our policy: each breaks one rule.
func TestIdentifyRefusesOtherShapes(t *testing.T) {
	ca := newCA(t)
	trust := trustOf(t, ca.Certificate())
	root, err := x509.ParseCertificate(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	uri := func(text string) *url.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for name, c := range map[string]struct {
		change func(*x509.Certificate)
		why    string
	}{
		"as issued":      {func(*x509.Certificate) {}, ""},
		"no URI":         {func(c *x509.Certificate) { c.URIs = nil }, "0 URIs"},
		"two URIs":       {func(c *x509.Certificate) { c.URIs = append(c.URIs, uri("akashi:prefecture-20")) }, "2 URIs"},
		"other scheme":   {func(c *x509.Certificate) { c.URIs = []*url.URL{uri("https://municipality-202029")} }, "does not name"},
		"with authority": {func(c *x509.Certificate) { c.URIs = []*url.URL{uri("akashi://host/municipality-202029")} }, "does not name"},
		"with a query":   {func(c *x509.Certificate) { c.URIs = []*url.URL{uri("akashi:municipality-202029?x=1")} }, "does not name"},
		"upper case":     {func(c *x509.Certificate) { c.URIs = []*url.URL{uri("akashi:Municipality-202029")} }, "does not name"},
		"server only":    {func(c *x509.Certificate) { c.ExtKeyUsage = both[:1] }, "extended key usage"},
		"any usage":      {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, "extended key usage"},
		"no usage":       {func(c *x509.Certificate) { c.ExtKeyUsage = nil }, "extended key usage"},
		"TLS and signing": {func(c *x509.Certificate) {
			c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 36}}
		}, "extended key usage"},
		"key agreement": {func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyAgreement }, "key usage"},
		"a CA":          {func(c *x509.Certificate) { c.IsCA = true }, "CA"},
	} {
		key := newKey(t, cert.P256SHA256)
		template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "x"}, NotBefore: now.Add(-time.Hour),
			NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, ExtKeyUsage: both,
			URIs: []*url.URL{uri("akashi:municipality-202029")}}
		c.change(template)
		der, err := x509.CreateCertificate(rand.Reader, template, root, key.Public(), ca.Key())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.why == "" {
			if _, err := trust.Identify(der, pki.ForTLS, now); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		id, err := trust.Identify(der, pki.ForTLS, now)
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %+v, %v; want a refusal with %q", name, id, err, c.why)
		}
	}
}

func TestIssueOrganisationRefuses(t *testing.T) {
	ca := newCA(t)
	key := newKey(t, cert.P256SHA256).Public()
	for _, o := range []pki.Organisation{
		{ID: "", Usage: pki.ForTLS, Public: key}, {ID: "Ca", Usage: pki.ForTLS, Public: key}, {ID: "a b", Usage: pki.ForTLS, Public: key},
		{ID: strings.Repeat("a", 65), Usage: pki.ForTLS, Public: key}, {ID: "ca", Public: key}, {ID: "ca", Usage: pki.ForTLS},
	} {
		if der, err := ca.IssueOrganisation(rand.Reader, now, o); err == nil {
			t.Errorf("%+v was certified: %x", o, der)
		}
	}
	if _, err := pki.OpenInfrastructureCA(ca.Certificate(), newKey(t, cert.P256SHA256)); err == nil {
		t.Error("a CA was opened with a stranger's key")
	}
	again, err := pki.OpenInfrastructureCA(ca.Certificate(), ca.Key())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.IssueOrganisation(rand.Reader, now, pki.Organisation{ID: "ca", Usage: pki.ForSigning, Public: key}); err != nil {
		t.Error(err)
	}
}

// handshake connects a client and a server over a real loopback connection and returns both ends' errors.
func handshake(t *testing.T, server, client *tls.Config) (serverErr, clientErr error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			done <- err
			return
		}
		defer conn.Close()
		s := tls.Server(conn, server)
		err = s.Handshake()
		if err == nil {
			_, err = s.Write([]byte("x"))
		}
		done <- err
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client = client.Clone()
	client.ServerName = "127.0.0.1"
	c := tls.Client(conn, client)
	clientErr = c.Handshake()
	if clientErr == nil { // in TLS 1.3 the server's refusal arrives with the first read
		_, clientErr = c.Read(make([]byte, 1))
	}
	conn.Close()
	return <-done, clientErr
}

func TestMutualTLS(t *testing.T) {
	ca := newCA(t)
	trust := trustOf(t, ca.Certificate())
	clock := func() time.Time { return now }
	city := issue(t, ca, "municipality-202029", pki.ForTLS)
	prefecture := issue(t, ca, "prefecture-20", pki.ForTLS)
	server := pki.ServerTLS(prefecture, trust, clock)

	if s, c := handshake(t, server, pki.ClientTLS(city, trust, "prefecture-20", clock)); s != nil || c != nil {
		t.Errorf("two organisations: server %v, client %v", s, c)
	}
	if _, c := handshake(t, server, pki.ClientTLS(city, trust, "prefecture-13", clock)); c == nil || !strings.Contains(c.Error(), "prefecture-20 answered") {
		t.Errorf("the wrong prefecture answered and the client said %v", c)
	}
	if s, _ := handshake(t, server, pki.ClientTLS(issue(t, ca, "municipality-202029", pki.ForSigning), trust, "prefecture-20", clock)); s == nil {
		t.Error("a signing certificate was let in on the line")
	}
	other := newCA(t)
	if s, _ := handshake(t, server, pki.ClientTLS(issue(t, other, "municipality-202029", pki.ForTLS), trustOf(t, ca.Certificate()), "prefecture-20", clock)); s == nil {
		t.Error("a stranger's certificate was let in")
	}
	anonymous := pki.ClientTLS(city, trust, "prefecture-20", clock)
	anonymous.Certificates = nil
	if s, _ := handshake(t, server, anonymous); s == nil {
		t.Error("a client without a certificate was let in")
	}
	old := pki.ClientTLS(city, trust, "prefecture-20", clock)
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if s, _ := handshake(t, server, old); s == nil {
		t.Error("TLS 1.2 was let in")
	}
	later := func() time.Time { return now.Add(3 * 365 * 24 * time.Hour) }
	if s, _ := handshake(t, pki.ServerTLS(prefecture, trust, later), pki.ClientTLS(city, trust, "prefecture-20", clock)); s == nil {
		t.Error("an expired certificate was let in")
	}
}

func TestKeyFile(t *testing.T) {
	for _, a := range cert.Algorithms {
		key := newKey(t, a)
		text, err := pki.EncodeKey(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := pki.DecodeKey(text)
		if err != nil || !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(again.Public()) {
			t.Errorf("%s: %v", a, err)
		}
		if got, err := pki.AlgorithmOf(again.Public()); err != nil || got != a {
			t.Errorf("AlgorithmOf = %v, %v; want %v", got, err, a)
		}
		signature, err := pki.SignTBS(rand.Reader, key, []byte("tbs"))
		if err != nil {
			t.Fatal(err)
		}
		if err := pki.VerifyTBS(key.Public(), []byte("tbs"), signature); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		if err := pki.VerifyTBS(key.Public(), []byte("tbz"), signature); err == nil {
			t.Errorf("%s: a signature matched other bytes", a)
		}
	}
	for _, text := range []string{"", "secret", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"} {
		if _, err := pki.DecodeKey([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("DecodeKey(%q): %v", text, err)
		}
	}
	ca := newCA(t)
	ders, err := pki.DecodeCertificates(pki.EncodeCertificates(ca.Certificate(), ca.Certificate()))
	if err != nil || len(ders) != 2 || string(ders[1]) != string(ca.Certificate()) {
		t.Errorf("DecodeCertificates: %d, %v", len(ders), err)
	}
	if _, err := pki.DecodeCertificates([]byte("nothing")); err == nil {
		t.Error("certificates were found in nothing")
	}
}
