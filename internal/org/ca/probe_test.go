package ca_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// probing lets prefectures ask the CA: Nagano, of whose municipalities it has two, and Tokyo, of which it has none.
func probing(t *testing.T, url string) *country {
	c := newCountry(t, url)
	c.more = []message.Org{nagano, tokyo}
	for _, o := range c.more {
		c.join(o)
	}
	c.Close()
	c.open()
	return c
}

func nonce(n byte) []byte {
	b := make([]byte, probe.NonceSize)
	b[0] = n
	return b
}

// probe asks the CA as somebody.
func (c *country) probe(from message.Org, p cert.Profile, nonce []byte) (a probe.Answer, err error) {
	c.t.Helper()
	body := must[[]byte](c.t)(json.Marshal(probe.Question{Profile: p, Nonce: nonce}))
	raw, err := c.net.As(from).Ask(c.t.Context(), self, probe.AskKind, body)
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	return a, err
}

func (c *country) caOf(p cert.Profile) *x509.Certificate {
	c.t.Helper()
	return must[*x509.Certificate](c.t)(x509.ParseCertificate(must[[][]byte](c.t)(c.keys.Certificates("ca-" + p.String()))[0]))
}

// count is how many rows there are.
func (c *country) count(table string) (n int64) {
	c.t.Helper()
	if err := c.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n)
	}); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// TestProbe: a prefecture's probe is signed in its turn, verifies with the CA's certificate, issues nothing and leaves nothing.
func TestProbe(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := probing(t, url)
		for i, p := range cert.Profiles {
			n := nonce(byte(i))
			if a, err := c.probe(nagano, p, n); err != nil || a.State != "waiting" {
				t.Fatalf("%+v, %v", a, err)
			}
			if c.count("due") == 0 {
				t.Error("it does not wait where certificates wait")
			}
			c.run(5 * time.Second)
			a, err := c.probe(nagano, p, n)
			if err != nil || a.State != "signed" {
				t.Fatalf("%+v, %v", a, err)
			}
			text := probe.Statement(c.caOf(p).SubjectKeyId, nagano, n, a.At)
			if err := pki.VerifyTBS(c.caOf(p).PublicKey, text, a.Signature); err != nil || a.At.Sub(start).Abs() > time.Minute {
				t.Errorf("%s: %v, at %v", p, err, a.At)
			}
			if again, err := c.probe(nagano, p, n); err != nil || string(again.Signature) != string(a.Signature) {
				t.Errorf("asked again: %+v, %v", again, err)
			}
		}
		if n := c.count("certificate") + c.count("intent") + c.count("intended"); n != 0 {
			t.Errorf("%d rows of certificates were left behind", n)
		}
		if len(c.got[center])+len(c.got[validation]) != 0 {
			t.Error("somebody was told of a certificate")
		}
	})
}

// spy notes what a key is asked to sign, and fails when it is told to.
type spy struct {
	crypto.Signer
	signed int
	fails  error
}

func (s *spy) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.signed++
	if s.fails != nil {
		return nil, s.fails
	}
	return s.Signer.Sign(random, digest, opts)
}

// spied puts the CA's keys behind spies.
func spied(t *testing.T) (*country, *spy) {
	c := probing(t, "memory:")
	s := &spy{}
	c.device = func(name string, _ crypto.PublicKey) (crypto.Signer, error) {
		key, err := c.keys.Signer(name)
		if err != nil || name != "ca-signature" {
			return key, err
		}
		s.Signer = key
		return s, nil
	}
	c.Close()
	c.open()
	return c, s
}

// TestProbeIsForPrefectures: nobody else has anything signed, and no prefecture without residents whom this CA serves.
func TestProbeIsForPrefectures(t *testing.T) {
	c, s := spied(t)
	for _, from := range []message.Org{matsumoto, center, validation, tokyo, "prefecture-99", "verifier-etax", ""} {
		if a, err := c.probe(from, cert.Signature, nonce(1)); err == nil {
			t.Errorf("%q is answered %+v", from, a)
		}
	}
	c.run(10 * time.Second)
	if s.signed != 0 {
		t.Errorf("%d signatures", s.signed)
	}
	if a, err := c.probe(nagano, cert.Signature, nonce(1)); err != nil || a.State != "waiting" {
		t.Errorf("its own prefecture: %+v, %v", a, err)
	}
}

// TestProbeDoesNotOverload: one in ten seconds is signed of each prefecture, whatever it asks; asking what became of one costs nothing.
func TestProbeDoesNotOverload(t *testing.T) {
	c, s := spied(t)
	refused, other := 0, c.count("due") // the next close waits there too
	for i := range 600 {
		a, err := c.probe(nagano, cert.Signature, nonce(byte(i%256)))
		if err != nil {
			t.Fatal(err)
		}
		if a.State == "refused" {
			refused++
		}
		if n := c.count("due") - other; n > 1 {
			t.Fatalf("%d probes wait", n)
		}
		if i%6 == 0 {
			c.run(600 * time.Millisecond)
		}
	}
	// A minute, in which 600 were asked for.
	if s.signed < 5 || s.signed > 7 || refused < 500 {
		t.Errorf("%d signatures, %d refused", s.signed, refused)
	}
	c.run(time.Minute)
	was := s.signed
	if a, err := c.probe(nagano, cert.Signature, nonce(7)); err != nil || a.State != "waiting" {
		t.Fatalf("%+v, %v", a, err)
	}
	c.run(5 * time.Second)
	for range 100 {
		if a, err := c.probe(nagano, cert.Signature, nonce(7)); err != nil || a.State != "signed" {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if s.signed != was+1 {
		t.Errorf("%d signatures for one probe", s.signed-was)
	}
}

// TestProbeSignsNothingElse: whatever the question holds, the text that is signed begins with words that no certificate, no list and no
// answer of a responder begins with, and the asker's part of it has one place and one length.
func TestProbeSignsNothingElse(t *testing.T) {
	c, s := spied(t)
	tbs := must[*x509.Certificate](t)(x509.ParseCertificate(c.caOf(cert.Signature).Raw)).RawTBSCertificate
	for name, body := range map[string]string{
		"a long nonce":       string(must[[]byte](t)(json.Marshal(probe.Question{Profile: cert.Signature, Nonce: tbs}))),
		"a short nonce":      string(must[[]byte](t)(json.Marshal(probe.Question{Profile: cert.Signature, Nonce: []byte{0x30}}))),
		"no nonce":           `{"profile":"signature"}`,
		"no profile":         `{"nonce":"` + strings.Repeat("A", 43) + `="}`,
		"a field more":       `{"profile":"signature","nonce":"` + strings.Repeat("A", 43) + `=","text":"MIIB"}`,
		"a moment":           `{"profile":"signature","nonce":"` + strings.Repeat("A", 43) + `=","at":"2026-04-01T00:00:00Z"}`,
		"nothing":            ``,
		"no JSON":            "\x30\x82\x01\x0a",
		"another's, as text": `"prefecture-13"`,
	} {
		if raw, err := c.net.As(nagano).Ask(t.Context(), self, probe.AskKind, []byte(body)); err == nil {
			t.Errorf("%s: answered %s", name, raw)
		}
	}
	c.run(10 * time.Second)
	if s.signed != 0 {
		t.Errorf("%d signatures", s.signed)
	}
	// A nonce that is the beginning of a certificate stays a nonce: what is signed does not begin as one.
	n := append([]byte(nil), tbs[:probe.NonceSize]...)
	if _, err := c.probe(nagano, cert.Signature, n); err != nil {
		t.Fatal(err)
	}
	c.run(5 * time.Second)
	a := must[probe.Answer](t)(c.probe(nagano, cert.Signature, n))
	text := probe.Statement(c.caOf(cert.Signature).SubjectKeyId, nagano, n, a.At)
	if err := pki.VerifyTBS(c.caOf(cert.Signature).PublicKey, text, a.Signature); err != nil {
		t.Error(err)
	}
	if text[0] == 0x30 || !strings.HasPrefix(string(text), "akashi issuance probe v1\nThis text issues nothing and revokes nothing.\n") {
		t.Errorf("signed was %q", text)
	}
	if _, err := x509.ParseCertificate(must[[]byte](t)(pki.Assemble(text, tbs[:0], a.Signature))); err == nil {
		t.Error("it can be made a certificate")
	}
}

// TestProbeThatFails says why: no device, a signature that fails, or that the CA was started again. Nothing is parked, however long it lasts, and a
// certificate that waits beside it is signed as ever.
func TestProbeThatFails(t *testing.T) {
	for _, x := range []struct {
		name  string
		fails error
		why   probe.Reason
	}{{"no device", hsm.ErrNoneReady, probe.Device}, {"it fails", errors.New("CKR_DEVICE_ERROR"), probe.Signing}} {
		t.Run(x.name, func(t *testing.T) {
			c, s := spied(t)
			s.fails = x.fails
			for i := range 60 {
				if a, err := c.probe(nagano, cert.Signature, nonce(byte(i))); err != nil || a.State != "waiting" {
					t.Fatalf("%+v, %v", a, err)
				}
				c.run(2 * time.Second)
				if a, err := c.probe(nagano, cert.Signature, nonce(byte(i))); err != nil || a.State != "waiting" || a.Why != x.why {
					t.Fatalf("%+v, %v", a, err)
				}
				c.run(18 * time.Second)
				if n := c.count("due WHERE kind = 'sign'"); n != 1 {
					t.Fatalf("%d probes wait", n)
				}
			}
			c.run(2 * time.Minute) // nobody asks any more: what waited ends
			s.fails = nil
			c.run(time.Hour)
			if n := c.count("due WHERE kind = 'sign'"); n != 0 {
				t.Errorf("%d stay on the list", n)
			}
			if a := must[probe.Answer](t)(c.probe(nagano, cert.Signature, nonce(59))); a.State != "refused" || a.Why != probe.Timeout {
				t.Errorf("a probe of an hour ago: %+v", a)
			}
		})
	}
	c, _ := spied(t)
	must[probe.Answer](t)(c.probe(nagano, cert.Signature, nonce(1)))
	c.Close()
	c.open()
	if a := must[probe.Answer](t)(c.probe(nagano, cert.Signature, nonce(1))); a.State != "waiting" {
		t.Errorf("after a stop: %+v", a)
	}
	c.run(5 * time.Second)
	if a := must[probe.Answer](t)(c.probe(nagano, cert.Signature, nonce(1))); a.State != "signed" {
		t.Errorf("after a stop: %+v", a)
	}
}

// TestProbesAmongCertificates: probes stand between certificates that are prepared and stored together. Each gets the signature that is its own,
// and one that cannot be read keeps neither those nor the other probe waiting.
func TestProbesAmongCertificates(t *testing.T) {
	for name, damaged := range map[string]bool{"whole": false, "one is damaged": true} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) { probesAmong(probing(t, url), damaged) })
		})
	}
}

func probesAmong(c *country, damaged bool) {
	t := c.t
	t.Helper()
	const many = 24
	for i := range many {
		c.send(matsumoto, request(t, fmt.Sprint("r", i), cert.Signature, person(t, uint64(i+1), 1)))
		if i == many/3 {
			must[probe.Answer](t)(c.probe(nagano, cert.Signature, nonce(1)))
		}
		if i == many/2 {
			must[probe.Answer](t)(c.probe(nagano, cert.Authentication, nonce(2)))
		}
		c.runOthers(10 * time.Millisecond) // taken, and not signed
	}
	if n := c.count("due WHERE kind = 'sign'"); n != many+2 {
		t.Fatalf("%d wait to be signed", n)
	}
	if damaged {
		c.byHand(`UPDATE due SET payload = substr(payload, 1, 20) WHERE ref = $1`, "probe/"+string(nagano)+"/authentication")
	}
	c.runDue()
	c.run(100 * time.Millisecond) // before anything is tried again
	issued := map[string]bool{}
	for _, n := range received[message.CertIssued](c, matsumoto) {
		issued[n.Request] = true
		if x, err := x509.ParseCertificate(n.Certificate); err != nil || x.CheckSignatureFrom(c.caOf(cert.Signature)) != nil {
			t.Errorf("%s: %v", n.Request, err)
		}
	}
	if len(issued) != many {
		t.Errorf("%d of %d were issued", len(issued), many)
	}
	a := must[probe.Answer](t)(c.probe(nagano, cert.Signature, nonce(1)))
	text := probe.Statement(c.caOf(cert.Signature).SubjectKeyId, nagano, nonce(1), a.At)
	if err := pki.VerifyTBS(c.caOf(cert.Signature).PublicKey, text, a.Signature); a.State != "signed" || err != nil {
		t.Errorf("the probe between them: %+v, %v", a, err)
	}
	state, left := "signed", int64(0)
	if damaged {
		state, left = "waiting", 1
	}
	if a := must[probe.Answer](t)(c.probe(nagano, cert.Authentication, nonce(2))); a.State != state {
		t.Errorf("the other probe: %+v", a)
	}
	if n := c.count("due WHERE kind = 'sign'"); n != left {
		t.Errorf("%d still wait", n)
	}
}
