package validation_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// ask sends a question as a program does and reads the answer; it is checked as far as the responder's signature.
func (c *country) ask(r ocspwire.Request) (*ocspwire.Signed, error) {
	c.t.Helper()
	der := must[[]byte](c.t)(r.Encode())
	answer, err := ocspwire.ParseResponse(c.post(der))
	if err != nil {
		return nil, err
	}
	signer := must[*x509.Certificate](c.t)(x509.ParseCertificate(answer.Certificates[0]))
	if err := pki.VerifyTBS(signer.PublicKey, answer.TBS, answer.Signature); err != nil {
		c.t.Error(err)
	}
	return answer, nil
}

func (c *country) post(der []byte) []byte {
	c.t.Helper()
	r, err := http.Post(c.server.URL+"/validation/ocsp", "application/ocsp-request", bytes.NewReader(der))
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/ocsp-response" {
		c.t.Errorf("HTTP %s, %s", r.Status, r.Header.Get("Content-Type"))
	}
	return must[[]byte](c.t)(io.ReadAll(r.Body))
}

func question(t testing.TB, a *authority, numbers ...string) (r ocspwire.Request) {
	t.Helper()
	for _, n := range numbers {
		r.CertIDs = append(r.CertIDs, must[ocspwire.CertID](t)(ocspwire.NewCertID(crypto.SHA256, a.certificate, serial(t, n))))
	}
	return r
}

// told gives the words of an answer: "4711 good".
func (c *country) told(a *authority, number string) string {
	c.t.Helper()
	answer, err := c.ask(question(c.t, a, number))
	if err != nil {
		return err.Error()
	}
	s := answer.Singles[0]
	if s.Status == cert.Revoked {
		return fmt.Sprintf("revoked %s %s", s.Reason, s.RevokedAt.In(cert.JST).Format("15:04:05"))
	}
	return s.Status.String()
}

func TestAnswers(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		if got := c.told(c.signature, "4711"); got != ocspwire.TryLater.Error() {
			t.Errorf("without a certified key: %s", got)
		}
		c.run(time.Second)
		if got := c.told(c.signature, "4711"); got != "unknown" {
			t.Errorf("never issued: %s", got)
		}
		c.send(good(t, c.signature, "4711"), good(t, c.authentication, "4712"))
		c.run(time.Second)
		if got := c.told(c.signature, "4711"); got != "valid" {
			t.Errorf("issued: %s", got)
		}
		if got := c.told(c.authentication, "4711"); got != "unknown" {
			t.Errorf("issued by the other CA: %s", got)
		}
		c.send(revoked(t, c.signature, "4711", cert.AffiliationChanged, start.Add(time.Second)))
		c.run(time.Second)
		if got := c.told(c.signature, "4711"); got != "revoked affiliationChanged 09:00:01" {
			t.Errorf("revoked: %s", got)
		}
		both, err := c.ask(question(t, c.signature, "4711", "4713"))
		if err != nil || len(both.Singles) != 2 || both.Singles[0].Status != cert.Revoked || both.Singles[1].Status != cert.Unknown {
			t.Errorf("two at once: %+v, %v", both, err)
		}
		mixed := question(t, c.signature, "4711")
		mixed.CertIDs = append(mixed.CertIDs, question(t, c.authentication, "4712").CertIDs...)
		if _, err := c.ask(mixed); err != ocspwire.Unauthorized {
			t.Errorf("of two CAs at once: %v", err)
		}
		if _, err := c.ask(question(t, newAuthority(t, cert.Signature), "4711")); err != ocspwire.Unauthorized {
			t.Errorf("of a strange CA: %v", err)
		}
		// What was asked and told is kept.
		c.run(time.Second)
		var kept []string
		err = c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			kept, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error { return r.Scan(s) },
				"SELECT answer FROM answer WHERE requester = '127.0.0.1' ORDER BY asked_at, id")
			return err
		})
		if got := strings.Join(kept, " "); err != nil || got != "unknown good unknown revoked revoked unknown" {
			t.Errorf("kept: %s, %v", got, err)
		}
	})
}

// TestEveryOrder: whatever order the statuses come in, and however often, revoked stays and the first reason with it.
func TestEveryOrder(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Second)
		ok, dead := good(t, c.signature, "01A0"), revoked(t, c.signature, "01A0", cert.AffiliationChanged, start)
		later := revoked(t, c.signature, "01A0", cert.CessationOfOperation, start.Add(time.Hour))
		want := "revoked affiliationChanged 09:00:00"
		for i, order := range [][]message.CertStatus{{ok, dead}, {dead, ok}, {dead, ok, later, ok}, {ok, ok, dead, dead}, {dead, later, ok}} {
			number := fmt.Sprintf("01A%d", i)
			for _, s := range order {
				s.Serial = serial(t, number)
				c.send(s)
				c.run(time.Second)
				if s.Revoked {
					if got := c.told(c.signature, number); got != want {
						t.Errorf("order %d: %s", i, got)
					}
				}
			}
			if got := c.told(c.signature, number); got != want {
				t.Errorf("order %d ends as %s", i, got)
			}
		}
		stranger := ok
		stranger.Issuer = "00"
		c.send(stranger)
		c.run(time.Second)
		if codes := c.stuck(); len(codes) != 1 || codes[0] != "unknown-issuer" {
			t.Errorf("parked: %v", codes)
		}
	})
}

// TestNoStaleAnswer asks before and after the commit of a revocation, with the signed answer to "good" in the cache, and no
// second in between. The same with the clock moving, until the cached answer has run out.
func TestNoStaleAnswer(t *testing.T) {
	c := newCountry(t, "memory:")
	c.run(time.Second)
	c.send(good(t, c.signature, "4711"))
	c.run(time.Second)
	q := question(t, c.signature, "4711")
	first := must[*ocspwire.Signed](t)(c.ask(q))
	c.clk.Set(c.clk.Now().Add(time.Minute))
	again := must[*ocspwire.Signed](t)(c.ask(q))
	if !bytes.Equal(first.Signature, again.Signature) {
		t.Error("the second question was signed anew")
	}
	withNonce := q
	withNonce.Nonce = []byte("0123456789abcdef")
	own := must[*ocspwire.Signed](t)(c.ask(withNonce))
	if !bytes.Equal(own.Nonce, withNonce.Nonce) || bytes.Equal(own.Signature, first.Signature) || !own.ProducedAt.After(first.ProducedAt) {
		t.Error("a question with a nonce did not get an answer of its own")
	}
	c.clk.Set(c.clk.Now().Add(5 * time.Minute))
	c.run(0)
	fresh := must[*ocspwire.Signed](t)(c.ask(q))
	if bytes.Equal(first.Signature, fresh.Signature) || !fresh.Singles[0].NextUpdate.After(c.clk.Now()) {
		t.Error("an old answer was given again")
	}
	c.send(revoked(t, c.signature, "4711", cert.KeyCompromise, c.clk.Now()))
	c.run(0)
	if got := c.told(c.signature, "4711"); !strings.HasPrefix(got, "revoked keyCompromise") {
		t.Errorf("after the commit: %s", got)
	}
}

// TestAfterTheTerm: a revocation is told also when the certificate has expired; whether it has is not for OCSP to say.
func TestAfterTheTerm(t *testing.T) {
	c := newCountry(t, "memory:")
	for number, s := range map[string]message.CertStatus{"4711": good(t, c.signature, "4711"), "4712": revoked(t, c.signature, "4712", cert.KeyCompromise, start)} {
		s.Serial, s.NotAfter = serial(t, number), start.Add(time.Hour)
		c.send(s)
	}
	c.run(2 * time.Hour)
	if a, b := c.told(c.signature, "4711"), c.told(c.signature, "4712"); a != "valid" || b != "revoked keyCompromise 09:00:00" {
		t.Errorf("%s, %s", a, b)
	}
}

// TestNotAQuestion: what is no question is answered in the protocol, quickly, and whatever its size.
func TestNotAQuestion(t *testing.T) {
	c := newCountry(t, "memory:")
	c.run(time.Second)
	der := must[[]byte](t)((&ocspwire.Request{CertIDs: question(t, c.signature, "4711").CertIDs}).Encode())
	for name, body := range map[string][]byte{
		"nothing": {}, "text": []byte("hello"), "half": der[:len(der)/2], "with a tail": append(bytes.Clone(der), 0),
		"a megabyte": make([]byte, 1<<20),
	} {
		if _, err := ocspwire.ParseResponse(c.post(body)); err != ocspwire.MalformedRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	get := func(path string) ([]byte, int) {
		t.Helper()
		r, err := http.Get(c.server.URL + "/validation/ocsp/" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		return must[[]byte](t)(io.ReadAll(r.Body)), r.StatusCode
	}
	for _, path := range []string{url.PathEscape(base64.StdEncoding.EncodeToString(der)), base64.StdEncoding.EncodeToString(der), base64.RawStdEncoding.EncodeToString(der)} {
		body, _ := get(path)
		if answer, err := ocspwire.ParseResponse(body); err != nil || answer.Singles[0].Status != cert.Unknown {
			t.Errorf("by GET: %v", err)
		}
	}
	for _, path := range []string{"", "x", "///////", strings.Repeat("A", 200_000)} {
		if body, status := get(path); status == http.StatusOK {
			if _, err := ocspwire.ParseResponse(body); err != ocspwire.MalformedRequest {
				t.Errorf("GET %.10s: %v", path, err)
			}
		}
	}
	r, err := http.NewRequest(http.MethodPut, c.server.URL+"/validation/ocsp", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %v, %v", answer, err)
	}
	answer.Body.Close()
}

// TestRecorderIsBounded: when more is asked than can be written down, the askers are answered all the same and what is lost
// is counted; what fits survives a stop. Who asks alone has the first half of the room, and half of the rest.
func TestRecorderIsBounded(t *testing.T) {
	c := newCountry(t, sqlstoretest.SQLite(t))
	c.run(time.Second)
	der := must[[]byte](t)((&ocspwire.Request{CertIDs: question(t, c.signature, "4711").CertIDs}).Encode())
	const room, more = 7_500, 25
	for range room + more {
		c.Answer(der)
	}
	if got := c.Lost(); got != more {
		t.Errorf("%d lost, want %d", got, more)
	}
	c.Close()
	c.open()
	var n int64
	err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM answer").Scan(&n)
	})
	if err != nil || n != room {
		t.Errorf("%d kept, %v", n, err)
	}
}

// TestResponderIsRenewed: a new key is certified before the old certificate runs out, also when the CA is away for a
// while, and the answers never stop.
func TestResponderIsRenewed(t *testing.T) {
	c := newCountry(t, sqlstoretest.SQLite(t))
	c.run(time.Second)
	if len(c.asked) != 2 {
		t.Fatalf("asked %d times", len(c.asked))
	}
	c.Close()
	c.open() // a start asks for nothing that is there
	c.run(time.Minute)
	if len(c.asked) != 2 {
		t.Errorf("asked %d times after a start", len(c.asked))
	}
	before := must[*ocspwire.Signed](t)(c.ask(question(t, c.signature, "4711")))
	c.net.Join(ca, nil)
	c.clk.Set(start.Add(22 * 24 * time.Hour))
	c.run(time.Minute)
	if got := c.told(c.signature, "4711"); got != ocspwire.TryLater.Error() {
		t.Errorf("three weeks after the CA's last word: %s", got)
	}
	c.net.Join(ca, c.peer)
	c.run(time.Minute)
	after := must[*ocspwire.Signed](t)(c.ask(question(t, c.signature, "4711")))
	if len(c.asked) != 4 || bytes.Equal(before.ResponderKey, after.ResponderKey) {
		t.Errorf("asked %d times; the key is the same: %v", len(c.asked), bytes.Equal(before.ResponderKey, after.ResponderKey))
	}
	// Past the end of the last certificate nothing is signed.
	c.silent = true
	c.clk.Set(c.clk.Now().Add(31 * 24 * time.Hour))
	if got := c.told(c.signature, "4711"); got != ocspwire.TryLater.Error() {
		t.Errorf("with a certificate that has run out: %s", got)
	}
}

func TestResponderThatIsNotOurs(t *testing.T) {
	for name, x := range map[string]struct {
		code string
		made func(c *country, public crypto.PublicKey) message.ResponderIssued
	}{
		"by a stranger": {"bad-responder-certificate", func(c *country, public crypto.PublicKey) message.ResponderIssued {
			return message.ResponderIssued{Issuer: c.signature.id, Certificate: newAuthority(t, cert.Signature).responder(t, public, start)}
		}},
		"a user's": {"bad-responder-certificate", func(c *country, public crypto.PublicKey) message.ResponderIssued {
			tbs := must[[]byte](t)(c.authentication.UserTBS(jpki.User{Serial: serial(t, "77"), Public: public, NotBefore: start, NotAfter: start.AddDate(1, 0, 0),
				CommonName: "x", Partition: matsumoto, OCSP: "http://127.0.0.1/"}))
			return message.ResponderIssued{Issuer: c.authentication.id, Certificate: must[[]byte](t)(pki.AssembleCertificate(tbs, c.authentication.sign(t, tbs)))}
		}},
		"for another key": {"not-our-key", func(c *country, _ crypto.PublicKey) message.ResponderIssued {
			return message.ResponderIssued{Issuer: c.signature.id, Certificate: c.signature.responder(t, newKey(t).Public(), start)}
		}},
		"of an unknown CA": {"unknown-issuer", func(c *country, public crypto.PublicKey) message.ResponderIssued {
			return message.ResponderIssued{Issuer: "00", Certificate: c.signature.responder(t, public, start)}
		}},
	} {
		c := newCountry(t, "memory:")
		c.silent = true
		c.run(time.Second)
		c.send(x.made(c, must[any](t)(x509.ParsePKIXPublicKey(c.asked[0].PublicKey))))
		c.run(time.Second)
		if codes := c.stuck(); len(codes) != 1 || codes[0] != x.code {
			t.Errorf("%s: parked %v, want %s", name, codes, x.code)
		}
		for _, a := range []*authority{c.signature, c.authentication} {
			if got := c.told(a, "4711"); got != ocspwire.TryLater.Error() {
				t.Errorf("%s: answers %s", name, got)
			}
		}
	}
}

// TestOpenSSL lets a stranger ask.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so no foreign client has asked")
	}
	c := newCountry(t, "memory:")
	c.run(time.Second)
	c.send(good(t, c.signature, "4711"), good(t, c.signature, "4712"))
	c.send(revoked(t, c.signature, "4712", cert.AffiliationChanged, start))
	c.run(time.Second)
	root := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(root, pki.EncodeCertificates(c.signature.Certificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, nonce := range []string{"-nonce", "-no_nonce"} {
		for number, want := range map[string]string{"0x4711": ": good", "0x4712": ": revoked", "0x4713": ": unknown"} {
			out, err := exec.Command(openssl, "ocsp", "-issuer", root, "-CAfile", root, "-serial", number, nonce,
				// It looks at the clock of the machine, and ours is virtual.
				"-attime", strconv.FormatInt(c.clk.Now().Unix(), 10), "-validity_period", "999999999",
				"-url", c.server.URL+"/validation/ocsp").CombinedOutput()
			if err != nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "Response verify OK") ||
				number == "0x4712" && !strings.Contains(string(out), "Reason: affiliationChanged") {
				t.Errorf("%s %s: %v\n%s", number, nonce, err, out)
			}
		}
	}
}
