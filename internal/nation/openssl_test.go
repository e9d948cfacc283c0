package nation

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
)

// TestOpenSSLJudgesTheCountry lets a stranger to this program judge what a running country publishes: its CAs'
// certificates, revocation lists, OCSP answers and residents' signatures. It must say yes to what is right, and no to
// everything else.
func TestOpenSSLJudgesTheCountry(t *testing.T) {
	o := openssl(t)
	r := open(t, dataDir(t))
	c := r.clerk("municipality-202029")
	person := c.register("辻󠄃 𠮷子", "ツジ ヨシコ", "長野県松本市大手三丁目8番13号")
	key, crt := c.apply(person, "signature")
	_, authentication := c.apply(person, "authentication")
	o.put("key.pem", key)
	o.put("user.pem", crt)
	o.put("auth.pem", authentication)
	o.put("ca.pem", r.get("/validation/ca/signature.pem"))
	o.put("auth-ca.pem", r.get("/validation/ca/authentication.pem"))
	document := []byte("確定申告書\nこの内容のとおり申告します。\n")
	o.put("document.txt", document)

	cert := certificateOf(t, crt)
	if len(cert.OCSPServer) != 1 || !strings.HasPrefix(cert.OCSPServer[0], r.url+"/") {
		t.Fatalf("the certificate says that OCSP answers are at %v", cert.OCSPServer)
	}
	// listed fetches the municipality's list, as soon as it tells of the certificate what it must.
	listed := func(want bool) {
		t.Helper()
		eventually(t, 20*time.Second, "the list of 松本市 is published, and tells of the certificate", func() (bool, string) {
			list := r.get("/validation/crl/signature/202029.crl")
			o.put("list.der", list)
			text := o.does("crl", "-inform", "DER", "-in", "list.der", "-noout", "-text")
			return strings.Contains(text, fmt.Sprintf("Serial Number: %X", cert.SerialNumber.Bytes())) == want, text
		})
		o.does("crl", "-inform", "DER", "-in", "list.der", "-out", "list.pem")
		if said := o.does("crl", "-in", "list.pem", "-CAfile", "ca.pem", "-noout"); !strings.Contains(said, "verify OK") {
			t.Errorf("openssl says of the list: %s", said)
		}
	}
	verify := []string{"verify", "-x509_strict", "-purpose", "any", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "list.pem", "user.pem"}
	ocsp := func(more ...string) string {
		t.Helper()
		said, _ := o.run(append([]string{"ocsp", "-issuer", "ca.pem", "-CAfile", "ca.pem", "-url", cert.OCSPServer[0], "-sha256"}, more...)...)
		return said
	}

	o.does("cms", "-sign", "-binary", "-in", "document.txt", "-signer", "user.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "document.p7s")
	cms := []string{"cms", "-verify", "-binary", "-inform", "DER", "-in", "document.p7s", "-content", "document.txt", "-CAfile", "ca.pem", "-purpose", "any", "-out", "seen.txt"}
	o.does(cms...)
	if !bytes.Equal(o.read("seen.txt"), document) {
		t.Error("openssl saw another document")
	}
	if v, err := r.verifies(document, o.read("document.p7s")); err != nil || v.Verdict != "valid" {
		t.Errorf("the verifier says %+v %v", v, err)
	}
	listed(false)
	o.does(verify...)
	if said := ocsp("-cert", "user.pem"); !strings.Contains(said, "Response verify OK") || !strings.Contains(said, "user.pem: good") {
		t.Error(said)
	}

	t.Run("refuses the rest", func(t *testing.T) {
		for name, c := range map[string]struct {
			args []string
			says string
		}{
			"the other CA's certificate":                           {[]string{"verify", "-CAfile", "auth-ca.pem", "user.pem"}, "unable to get local issuer certificate"},
			"the other CA's list":                                  {[]string{"crl", "-in", "list.pem", "-CAfile", "auth-ca.pem", "-noout"}, "Error getting CRL issuer certificate"},
			"an authentication certificate under the signature CA": {[]string{"verify", "-CAfile", "ca.pem", "auth.pem"}, "unable to get local issuer certificate"},
			"a signature under another CA":                         {replaced(cms, "ca.pem", "auth-ca.pem"), "certificate verify error"},
			"another document":                                     {replaced(cms, "document.txt", "other.txt"), "verification failure"},
		} {
			o.put("other.txt", []byte("確定申告書\nこの内容のとおり申告しません。\n"))
			said, yes := o.run(c.args...)
			if yes || !strings.Contains(said, c.says) {
				t.Errorf("%s: openssl says yes %v: %s", name, yes, said)
			}
		}
		tampered := o.read("document.p7s")
		tampered[len(tampered)-5] ^= 1
		if v, err := r.verifies(document, tampered); err != nil || v.Verdict != "invalid" {
			t.Errorf("a tampered signature: %+v %v", v, err)
		}
		if v, err := r.verifies([]byte("another"), o.read("document.p7s")); err != nil || v.Verdict != "invalid" {
			t.Errorf("another document: %+v %v", v, err)
		}
		forge(t, o)
		if said, yes := o.run("verify", "-CAfile", "ca.pem", "forged.pem"); yes {
			t.Errorf("a forged certificate: %s", said)
		}
		o.does("cms", "-sign", "-binary", "-in", "document.txt", "-signer", "forged.pem", "-inkey", "forged.key", "-outform", "DER", "-out", "forged.p7s")
		if v, err := r.verifies(document, o.read("forged.p7s")); err != nil || v.Verdict != "invalid" {
			t.Errorf("a forged signature: %+v %v", v, err)
		}
		if said := ocsp("-serial", "0x4242424242424242"); !strings.Contains(said, "unknown") && !strings.Contains(said, "unauthorized") {
			t.Errorf("an unknown serial: %s", said)
		}
		// An answer about one CA's certificate proves nothing to who trusts only the other.
		if said, _ := o.run("ocsp", "-issuer", "ca.pem", "-cert", "user.pem", "-CAfile", "auth-ca.pem", "-url", cert.OCSPServer[0]); strings.Contains(said, "Response verify OK") {
			t.Errorf("under the other CA: %s", said)
		}
	})

	c.file(person, "move-within", url.Values{"address": {"長野県松本市丸の内3番7号"}, "basis": {"law-23"}})
	eventually(t, 10*time.Second, "openssl ocsp says revoked", func() (bool, string) {
		said := ocsp("-cert", "user.pem")
		return strings.Contains(said, "Response verify OK") && strings.Contains(said, "user.pem: revoked") && strings.Contains(said, "affiliationChanged"), said
	})
	listed(true)
	if said, yes := o.run(verify...); yes || !strings.Contains(said, "error 23") {
		t.Errorf("openssl verify of a revoked certificate: %v %s", yes, said)
	}
	if said := ocsp("-serial", "0x"+cert.SerialNumber.Text(16)); !strings.Contains(said, "revoked") {
		t.Error(said)
	}
	if v, err := r.verifies(document, o.read("document.p7s")); err != nil || v.Verdict != "revoked" || v.Revocation != "affiliationChanged" {
		t.Errorf("the verifier says %+v %v", v, err)
	}
	// What a signature proves beside the status stays as it was: only who asks for the status is told.
	o.does(cms...)
}

// forge makes a certificate and key that say they come from our CA: with its name and its key's identifier, and another
// key.
func forge(t *testing.T, o tool) {
	t.Helper()
	ours, user := certificateOf(t, o.read("ca.pem")), certificateOf(t, o.read("user.pem"))
	keys := [2]*ecdsa.PrivateKey{}
	for i := range keys {
		var err error
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	child := &x509.Certificate{SerialNumber: user.SerialNumber, RawSubject: user.RawSubject, NotBefore: user.NotBefore, NotAfter: user.NotAfter,
		KeyUsage: user.KeyUsage, ExtraExtensions: user.Extensions}
	parent := &x509.Certificate{RawSubject: ours.RawSubject, SubjectKeyId: ours.SubjectKeyId, PublicKey: &keys[0].PublicKey}
	der, err := x509.CreateCertificate(rand.Reader, child, parent, &keys[1].PublicKey, keys[0])
	if err != nil {
		t.Fatal(err)
	}
	key, err := pki.EncodeKey(keys[1])
	if err != nil {
		t.Fatal(err)
	}
	o.put("forged.pem", pki.EncodeCertificates(der))
	o.put("forged.key", key)
}

func replaced(args []string, old, new string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if out[i] = a; a == old {
			out[i] = new
		}
	}
	return out
}
