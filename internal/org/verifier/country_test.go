package verifier_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

var start = time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST)

const self = message.Org("verifier-etax")

var document = []byte("令和7年分の申告書\n所得 4,000,000 円\n")

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// authority is a CA with the responder that it has delegated.
type authority struct {
	*jpki.Issuer
	c         *country
	key       crypto.Signer
	next      byte
	responder []byte
	ocspKey   crypto.Signer
}

// country is the verifier, in virtual time, with two CAs and a validation authority that answers for both.
type country struct {
	t        testing.TB
	clk      *clock.Virtual
	keys     keys.Dir
	cas      map[cert.Profile]*authority
	issued   map[string]bool // by issuer's key and serial
	revoked  map[string]cert.RevocationReason
	asked    int
	away     http.Handler // answers in the place of the validation authority
	ocsp     *httptest.Server
	url      string // of the verifier's database
	random   io.Reader
	verifier *verifier.Verifier
	base     string // address of the verifier's front page, without the slash
	signer   exchange.Signer
	trust    *pki.Trust
	log      bytes.Buffer

	// Of a verifier that exchanges with others; see offices.
	root                   *pki.InfrastructureCA
	net                    *exchange.Memory
	peers                  []message.Org
	prefecture, validation message.Org
}

func newCountry(t testing.TB, url string) *country {
	t.Helper()
	c := &country{t: t, clk: clock.NewVirtual(start), keys: keys.Dir(t.TempDir()), cas: map[cert.Profile]*authority{}, url: url, random: rand.Reader,
		issued: map[string]bool{}, revoked: map[string]cert.RevocationReason{}}
	c.ocsp = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.asked++
		if c.away != nil {
			c.away.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(io.LimitReader(r.Body, ocspwire.MaxRequestOctets+1))
		_, _ = w.Write(c.answer(body))
	}))
	t.Cleanup(c.ocsp.Close)
	for _, p := range cert.Profiles {
		c.cas[p] = c.newAuthority(p)
		if err := c.keys.PutCertificates("ca-"+p.String(), c.cas[p].Certificate()); err != nil {
			t.Fatal(err)
		}
	}
	root := must[*pki.InfrastructureCA](t)(pki.NewInfrastructureCA(rand.Reader, start))
	c.root, c.net = root, new(exchange.Memory)
	c.trust = must[*pki.Trust](t)(pki.NewTrust(root.Certificate()))
	key := must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	c.signer = exchange.Signer{Key: key, Certificate: must[[]byte](t)(root.IssueOrganisation(rand.Reader, start,
		pki.Organisation{ID: string(self), Usage: pki.ForSigning, Public: key.Public()}))}
	return c
}

func (c *country) newAuthority(p cert.Profile) *authority {
	c.t.Helper()
	a := &authority{c: c, key: must[crypto.Signer](c.t)(pki.GenerateKey(rand.Reader, cert.P256SHA256)),
		ocspKey: must[crypto.Signer](c.t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))}
	tbs := must[[]byte](c.t)(jpki.CATBS(p, a.key.Public(), a.serial(), start.Add(-24*time.Hour)))
	a.Issuer = must[*jpki.Issuer](c.t)(jpki.OpenIssuer(a.sign(tbs)))
	a.responder = a.sign(must[[]byte](c.t)(a.OCSPSignerTBS(jpki.OCSPSigner{Serial: a.serial(), Public: a.ocspKey.Public(),
		NotBefore: start.Add(-time.Hour), NotAfter: start.Add(30 * 24 * time.Hour), CommonName: "OCSP responder 2026-04"})))
	return a
}

func (a *authority) serial() cert.Serial {
	a.next++
	return must[cert.Serial](a.c.t)(cert.SerialFromBytes([]byte{0x4a, 0x01, a.next}))
}

func (a *authority) sign(tbs []byte) []byte {
	return must[[]byte](a.c.t)(pki.AssembleCertificate(tbs, must[[]byte](a.c.t)(pki.SignTBS(rand.Reader, a.key, tbs))))
}

func (c *country) answer(der []byte) []byte {
	request := must[*ocspwire.Request](c.t)(ocspwire.ParseRequest(der))
	now := c.clk.Now()
	for _, a := range c.cas {
		issuer := must[*x509.Certificate](c.t)(x509.ParseCertificate(a.Certificate()))
		if !request.CertIDs[0].IssuedBy(issuer) {
			continue
		}
		responder := must[*x509.Certificate](c.t)(x509.ParseCertificate(a.responder))
		response := &ocspwire.Response{ResponderKey: must[[]byte](c.t)(ocspwire.ResponderKeyOf(responder)), ProducedAt: now, Nonce: request.Nonce}
		for _, id := range request.CertIDs {
			s := ocspwire.Single{ID: id, Status: cert.Unknown, ThisUpdate: now, NextUpdate: now.Add(time.Hour)}
			key := a.Profile().String() + id.Serial.String()
			if c.issued[key] {
				s.Status = cert.Valid
			}
			if reason, ok := c.revoked[key]; ok {
				s.Status, s.RevokedAt, s.Reason = cert.Revoked, now.Add(-time.Minute), reason
			}
			response.Singles = append(response.Singles, s)
		}
		tbs := must[[]byte](c.t)(response.TBS())
		algorithm := must[[]byte](c.t)(pki.AlgorithmIdentifier(must[cert.Algorithm](c.t)(pki.AlgorithmOf(a.ocspKey.Public()))))
		return must[[]byte](c.t)(ocspwire.Assemble(tbs, algorithm, must[[]byte](c.t)(pki.SignTBS(rand.Reader, a.ocspKey, tbs)), a.responder))
	}
	return ocspwire.Unauthorized.Encode()
}

// open starts the verifier and serves it.
func (c *country) open() {
	c.t.Helper()
	v, err := verifier.New(c.t.Context(), verifier.Config{
		Config: host.Config{Self: self, Name: plain.Sentence{JA: "電子申告受付", EN: "Online Tax Filing"}, StoreURL: c.url, Clock: c.clk, Rand: c.random,
			Signer: c.signer, Trust: c.trust, Link: c.net.As(self), Peers: c.peers, Secrets: reconciletest.Secrets(self),
			Log: slog.New(slog.NewTextHandler(&c.log, nil))},
		Keys: c.keys, OCSPURL: c.ocsp.URL + "/ocsp", Prefecture: c.prefecture, Validation: c.validation, TestCountry: true, Portal: "http://127.0.0.1:8600/",
		Sessions: must[*access.Sessions](c.t)(access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self),
			Key: []byte("a key of a test that holds no secret"), Clock: c.clk, Personas: access.Personas()})),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { v.Close() })
	c.net.Join(self, v.Exchange)
	server := httptest.NewServer(v.Handler())
	c.t.Cleanup(server.Close)
	c.verifier, c.base = v, server.URL+"/"+string(self)
}

// holder is a person with a certificate, as files for openssl.
type holder struct {
	c                 *country
	id                string // in issued and revoked
	serial            cert.Serial
	certFile, keyFile string
}

func (a *authority) holder(change ...func(*jpki.User)) *holder {
	t := a.c.t
	t.Helper()
	key := must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	h := &holder{c: a.c, serial: a.serial()}
	u := jpki.User{Serial: h.serial, Public: key.Public(), NotBefore: start.Add(-time.Hour), NotAfter: start.Add(24 * time.Hour),
		CommonName: must[string](t)(jpki.CommonName(a.Profile(), start, 1, "202021A01")),
		Partition:  jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}, OCSP: "http://nobody.invalid/ocsp"}
	if a.Profile() == cert.Signature {
		u.Holder = must[*cert.Holder](t)(jpki.NewHolder("髙橋　花子", "2", 1980, 2, 17, "長野県松本市丸の内３番７号"))
	}
	for _, f := range change {
		f(&u)
	}
	h.certFile = save(t, "cert.pem", pki.EncodeCertificates(a.sign(must[[]byte](t)(a.UserTBS(u)))))
	h.keyFile = save(t, "key.pem", must[[]byte](t)(pki.EncodeKey(key)))
	h.id = a.Profile().String() + h.serial.String()
	a.c.issued[h.id] = true
	return h
}

func save(t testing.TB, name string, content []byte) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sign is the command that the front page tells, with more arguments.
func (h *holder) sign(more ...string) []byte {
	h.c.t.Helper()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		h.c.t.Skip("SKIPPED: the openssl program is missing, so no foreign signature was checked")
	}
	out := filepath.Join(h.c.t.TempDir(), "FILE.p7s")
	args := []string{"cms", "-sign", "-binary", "-in", save(h.c.t, "FILE", document), "-signer", h.certFile, "-inkey", h.keyFile, "-outform", "DER", "-out", out}
	if said, err := exec.Command(openssl, append(args, more...)...).CombinedOutput(); err != nil {
		h.c.t.Fatalf("openssl %v: %s", more, said)
	}
	return must[[]byte](h.c.t)(os.ReadFile(out))
}

// audit gives the acts of one kind, the newest first.
func (c *country) audit(act string) (all []auditlog.Record) {
	c.t.Helper()
	err := c.verifier.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = auditlog.List(ctx, tx, auditlog.Filter{Act: act})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

// client follows no redirect and sends no Origin, as curl does.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (c *country) get(path string) (*http.Response, string) {
	c.t.Helper()
	return c.do(must[*http.Request](c.t)(http.NewRequest(http.MethodGet, c.base+path, nil)))
}

func (c *country) do(r *http.Request) (*http.Response, string) {
	c.t.Helper()
	response, err := client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	return response, string(must[[]byte](c.t)(io.ReadAll(response.Body)))
}

// upload is a form of files and values.
func upload(t testing.TB, address string, parts ...formPart) *http.Request {
	t.Helper()
	body, contentType := encode(t, parts)
	r := must[*http.Request](t)(http.NewRequest(http.MethodPost, address, bytes.NewReader(body)))
	r.Header.Set("Content-Type", contentType)
	return r
}
