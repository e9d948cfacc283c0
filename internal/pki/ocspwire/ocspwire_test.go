package ocspwire_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// country is a CA with a delegated responder, for one test.
type country struct {
	issuer    *jpki.Issuer
	ca        *x509.Certificate
	caKey     crypto.Signer
	responder *x509.Certificate
	key       crypto.Signer
	now       time.Time
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func sign(t testing.TB, key crypto.Signer, tbs []byte) []byte {
	signature := must[[]byte](t)(pki.SignTBS(rand.Reader, key, tbs))
	return must[[]byte](t)(pki.AssembleCertificate(tbs, signature))
}

func newCountry(t testing.TB, a cert.Algorithm) *country {
	now := time.Now().UTC().Truncate(time.Second) // openssl ocsp compares with its own clock
	c := &country{now: now, caKey: must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, a)), key: must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, a))}
	tbs := must[[]byte](t)(jpki.CATBS(cert.Signature, c.caKey.Public(), number(t, "01"), now.Add(-time.Hour)))
	c.issuer = must[*jpki.Issuer](t)(jpki.OpenIssuer(sign(t, c.caKey, tbs)))
	c.ca = must[*x509.Certificate](t)(x509.ParseCertificate(c.issuer.Certificate()))
	tbs = must[[]byte](t)(c.issuer.OCSPSignerTBS(jpki.OCSPSigner{Serial: number(t, "02"), Public: c.key.Public(), NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(time.Hour), CommonName: "OCSP"}))
	c.responder = must[*x509.Certificate](t)(x509.ParseCertificate(sign(t, c.caKey, tbs)))
	return c
}

func number(t testing.TB, hex string) cert.Serial { return must[cert.Serial](t)(cert.ParseSerial(hex)) }

// answer: 0A is good, 0B revoked, 0C on hold, all others were never issued.
func (c *country) answer(t testing.TB, der []byte) []byte {
	request, err := ocspwire.ParseRequest(der)
	if err != nil {
		return ocspwire.MalformedRequest.Encode()
	}
	response := ocspwire.Response{ResponderKey: must[[]byte](t)(ocspwire.ResponderKeyOf(c.responder)), ProducedAt: c.now, Nonce: request.Nonce}
	for _, id := range request.CertIDs {
		if !id.IssuedBy(c.ca) {
			return ocspwire.Unauthorized.Encode()
		}
		s := ocspwire.Single{ID: id, Status: cert.Unknown, ThisUpdate: c.now, NextUpdate: c.now.Add(time.Hour)}
		switch id.Serial.String() {
		case "0A":
			s.Status = cert.Valid
		case "0B":
			s.Status, s.RevokedAt, s.Reason = cert.Revoked, c.now.Add(-time.Minute), cert.AffiliationChanged
		case "0C":
			s.Status, s.RevokedAt, s.Reason = cert.Revoked, c.now.Add(-time.Minute), cert.CertificateHold
		}
		response.Singles = append(response.Singles, s)
	}
	tbs := must[[]byte](t)(response.TBS())
	signature := must[[]byte](t)(pki.SignTBS(rand.Reader, c.key, tbs))
	algorithm := must[[]byte](t)(pki.AlgorithmIdentifier(must[cert.Algorithm](t)(pki.AlgorithmOf(c.key.Public()))))
	return must[[]byte](t)(ocspwire.Assemble(tbs, algorithm, signature, c.responder.Raw))
}

func TestOpenSSLAsks(t *testing.T) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so nothing foreign has asked this responder")
	}
	for _, a := range cert.Algorithms {
		c := newCountry(t, a)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(io.LimitReader(r.Body, ocspwire.MaxRequestOctets+1))
			w.Header().Set("Content-Type", "application/ocsp-response")
			_, _ = w.Write(c.answer(t, body))
		}))
		defer server.Close()
		ca := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(ca, pki.EncodeCertificates(c.ca.Raw), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, hash := range []string{"-sha1", "-sha256", "-sha384"} {
			out, err := exec.Command(path, "ocsp", "-url", server.URL, "-CAfile", ca, "-issuer", ca, hash,
				"-serial", "0x0A", "-serial", "0x0B", "-serial", "0x0C", "-serial", "0x0D", "-resp_text").CombinedOutput()
			text := string(out)
			for _, want := range []string{"Response verify OK", "0x0A: good", "0x0B: revoked", "Reason: affiliationChanged", "0x0C: revoked",
				"Reason: certificateHold", "0x0D: unknown", "OCSP Nonce"} {
				if err != nil || !strings.Contains(text, want) {
					t.Fatalf("%s %s: %v, no %q in\n%s", a, hash, err, want, text)
				}
			}
			if strings.Contains(text, "WARNING") {
				t.Errorf("%s %s: openssl warns:\n%s", a, hash, text)
			}
		}
		// Our CA's name under another key is another CA.
		other := filepath.Join(t.TempDir(), "other.pem")
		if err := os.WriteFile(other, pki.EncodeCertificates(newCountry(t, a).ca.Raw), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(path, "ocsp", "-url", server.URL, "-CAfile", other, "-issuer", other, "-serial", "0x0A").CombinedOutput()
		if !strings.Contains(string(out), "unauthorized") {
			t.Errorf("about a stranger's certificate: %v\n%s", err, out)
		}
	}
}

func TestGoReadsTheAnswer(t *testing.T) {
	c := newCountry(t, cert.P384SHA384)
	request := ocspwire.Request{Nonce: []byte("0123456789abcdef")}
	for _, hex := range []string{"0B"} {
		request.CertIDs = append(request.CertIDs, must[ocspwire.CertID](t)(ocspwire.NewCertID(crypto.SHA256, c.ca, number(t, hex))))
	}
	der := must[[]byte](t)(request.Encode())
	if theirs, err := ocsp.ParseRequest(der); err != nil || theirs.SerialNumber.Int64() != 11 {
		t.Fatalf("x/crypto reads our request as %+v, %v", theirs, err)
	}
	answer := c.answer(t, der)
	theirs, err := ocsp.ParseResponse(answer, c.ca)
	if err != nil || theirs.Status != ocsp.Revoked || theirs.RevocationReason != ocsp.AffiliationChanged {
		t.Fatalf("x/crypto reads our answer as %+v, %v", theirs, err)
	}
	ours, err := ocspwire.ParseResponse(answer)
	if err != nil {
		t.Fatal(err)
	}
	one := ours.Singles[0]
	if !bytes.Equal(ours.Nonce, request.Nonce) || !one.ID.Equal(request.CertIDs[0]) || one.Status != cert.Revoked ||
		one.Reason != cert.AffiliationChanged || !one.RevokedAt.Equal(c.now.Add(-time.Minute)) || !one.NextUpdate.Equal(c.now.Add(time.Hour)) ||
		!bytes.Equal(ours.Certificates[0], c.responder.Raw) || pki.VerifyTBS(c.key.Public(), ours.TBS, ours.Signature) != nil {
		t.Errorf("we read our answer as %+v", ours)
	}
}

func TestErrorsAreOutcomes(t *testing.T) {
	for _, o := range []ocspwire.Outcome{ocspwire.MalformedRequest, ocspwire.InternalError, ocspwire.TryLater, ocspwire.SigRequired, ocspwire.Unauthorized} {
		_, err := ocspwire.ParseResponse(o.Encode())
		var got ocspwire.Outcome
		if !errors.As(err, &got) || got != o {
			t.Errorf("%v came back as %v", o, err)
		}
		var theirs ocsp.ResponseError
		if _, err := ocsp.ParseResponse(o.Encode(), nil); !errors.As(err, &theirs) || int(theirs.Status) != int(o) {
			t.Errorf("x/crypto reads %v as %v", o, err)
		}
	}
}

func TestParseRequestRefuses(t *testing.T) {
	c := newCountry(t, cert.P256SHA256)
	id := must[ocspwire.CertID](t)(ocspwire.NewCertID(crypto.SHA1, c.ca, number(t, "0A")))
	good := ocspwire.Request{CertIDs: []ocspwire.CertID{id}, Nonce: bytes.Repeat([]byte{7}, 32)}
	der := must[[]byte](t)(good.Encode())
	again := must[*ocspwire.Request](t)(ocspwire.ParseRequest(der))
	if !reflect.DeepEqual(*again, good) {
		t.Errorf("%+v came back as %+v", good, again)
	}
	for _, nonce := range [][]byte{{}, make([]byte, 129)} {
		r := good
		r.Nonce = nonce
		if _, err := r.Encode(); err == nil {
			t.Errorf("a nonce of %d octets was sent", len(nonce))
		}
	}
	for name, bad := range map[string][]byte{"empty": {}, "cut": der[:len(der)-1], "trailing": append(bytes.Clone(der), 0),
		"huge": make([]byte, ocspwire.MaxRequestOctets+1), "no certificate": {0x30, 4, 0x30, 2, 0x30, 0}} {
		if r, err := ocspwire.ParseRequest(bad); err == nil {
			t.Errorf("%s was read as %+v", name, r)
		}
	}
}

func TestResponseRefusesWhatItCannotSay(t *testing.T) {
	c := newCountry(t, cert.P256SHA256)
	id := must[ocspwire.CertID](t)(ocspwire.NewCertID(crypto.SHA1, c.ca, number(t, "0A")))
	for name, s := range map[string]ocspwire.Single{
		"expired": {ID: id, Status: cert.Expired, ThisUpdate: c.now}, "no status": {ID: id, ThisUpdate: c.now},
		"no reason": {ID: id, Status: cert.Revoked, RevokedAt: c.now, ThisUpdate: c.now}, "no serial": {ID: ocspwire.CertID{Hash: crypto.SHA1}, Status: cert.Valid},
	} {
		r := ocspwire.Response{ResponderKey: id.IssuerKey, ProducedAt: c.now, Singles: []ocspwire.Single{s}}
		if tbs, err := r.TBS(); err == nil {
			t.Errorf("%s: %x", name, tbs)
		}
	}
}

func FuzzParse(f *testing.F) {
	c := newCountry(f, cert.P256SHA256)
	r := ocspwire.Request{Nonce: []byte("nonce")}
	for _, hex := range []string{"0A", "0B", "0D"} {
		r.CertIDs = append(r.CertIDs, must[ocspwire.CertID](f)(ocspwire.NewCertID(crypto.SHA1, c.ca, number(f, hex))))
	}
	der := must[[]byte](f)(r.Encode())
	f.Add(der)
	f.Add(c.answer(f, der))
	f.Add(ocspwire.TryLater.Encode())
	for _, q := range questions() {
		if len(q.der) < 1<<12 {
			f.Add(q.der)
		}
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		// What was read can be written, and is then read as the same.
		if r, err := ocspwire.ParseRequest(der); err == nil {
			again, err := ocspwire.ParseRequest(must[[]byte](t)(r.Encode()))
			if err != nil || !reflect.DeepEqual(again, r) {
				t.Errorf("%+v came back as %+v, %v", r, again, err)
			}
		}
		if s, err := ocspwire.ParseResponse(der); err == nil && s.ResponderKey != nil {
			if _, err := s.Response.TBS(); err != nil && s.ProducedAt.Year() < 9999 {
				t.Errorf("%+v was read and cannot be written: %v", s.Response, err)
			}
		}
	})
}
