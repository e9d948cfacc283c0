package ca_test

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/message"
)

// TestOpenSSL lets a stranger judge: it accepts what was issued, with the list of its municipality, and refuses it when
// the list names it.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so nothing foreign has judged what the CA issues")
	}
	c := newCountry(t, "memory:")
	// The keys of the service as it is today.
	c.keys = keys.Dir(t.TempDir())
	if _, err := ca.Found(rand.Reader, start, c.keys, cert.RSA2048SHA256); err != nil {
		t.Fatal(err)
	}
	c.renew()
	dir := t.TempDir()
	put := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) (string, error) {
		out, err := exec.Command(openssl, args...).CombinedOutput()
		return string(out), err
	}
	verify := func(p cert.Profile, n message.CertIssued) string {
		t.Helper()
		var list []byte
		for _, l := range c.fullLists() {
			if strings.Contains(l.Issuer, issuerOf(c, p)) {
				list = l.CRL
			}
		}
		pem := filepath.Join(dir, "list.pem")
		if out, err := run("crl", "-inform", "DER", "-in", put("list.der", list), "-out", pem); err != nil {
			t.Fatal(out)
		}
		out, err := run("verify", "-x509_strict", "-attime", strconv.FormatInt(c.clk.Now().Unix(), 10), "-crl_check",
			"-CAfile", filepath.Join(string(c.keys), "ca-"+p.String()+".crt"), "-CRLfile", pem,
			put("user.pem", pki.EncodeCertificates(n.Certificate)))
		if (err == nil) != strings.Contains(out, ": OK") {
			t.Fatalf("%v: %s", err, out)
		}
		return out
	}
	for i, p := range cert.Profiles {
		holder := person(t, uint64(i), 1)
		n := c.issue("r"+p.String(), p, holder)
		c.run(10 * time.Second)
		if out := verify(p, n); !strings.Contains(out, "OK") {
			t.Errorf("%s: %s", p, out)
		}
		c.send(center, revocation(n, 2))
		c.run(10 * time.Second)
		if out := verify(p, n); !strings.Contains(out, "error 23") {
			t.Errorf("revoked %s: %s", p, out)
		}
	}
}

// issuerOf is the CA's identifier in messages, as the first status of its certificates gave it.
func issuerOf(c *country, p cert.Profile) string {
	for _, s := range received[message.CertStatus](c, validation) {
		if s.Profile == p {
			return s.Issuer
		}
	}
	return "none"
}
