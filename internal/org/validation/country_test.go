package validation_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/jpki/jpkitest"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var start = time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST)

const (
	self = message.Org("validation")
	ca   = message.Org("ca")
)

var matsumoto = jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}

// authority is a CA that signs what a test asks for.
type authority struct {
	*jpki.Issuer
	key         crypto.Signer
	certificate *x509.Certificate
	id          string
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

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	return must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
}

func newAuthority(t testing.TB, p cert.Profile) *authority {
	t.Helper()
	return newAuthorityOf(t, jpki.Operator{}, p)
}

func newAuthorityOf(t testing.TB, by jpki.Operator, p cert.Profile) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	tbs := must[[]byte](t)(by.CATBS(p, a.key.Public(), serial(t, "01"), start))
	der := must[[]byte](t)(pki.AssembleCertificate(tbs, a.sign(t, tbs)))
	a.Issuer = must[*jpki.Issuer](t)(jpki.OpenIssuer(der))
	a.certificate = must[*x509.Certificate](t)(x509.ParseCertificate(der))
	a.id = hex.EncodeToString(a.KeyID())
	return a
}

func (a *authority) sign(t testing.TB, tbs []byte) []byte {
	t.Helper()
	return must[[]byte](t)(pki.SignTBS(rand.Reader, a.key, tbs))
}

func (a *authority) list(t testing.TB, number uint64, at time.Time, part jpki.Partition, revoked ...string) message.CertCRL {
	t.Helper()
	var all []jpkitest.Revocation
	for _, s := range revoked {
		all = append(all, jpkitest.Revocation{Serial: serial(t, s), At: start, Reason: cert.AffiliationChanged})
	}
	return a.listed(t, number, at, part, all...)
}

func (a *authority) listed(t testing.TB, number uint64, at time.Time, part jpki.Partition, revoked ...jpkitest.Revocation) message.CertCRL {
	t.Helper()
	l := jpkitest.CRL{Partition: part, Number: number, ThisUpdate: at, NextUpdate: at.Add(48 * time.Hour), Revoked: revoked}
	tbs := must[[]byte](t)(jpkitest.CRLTBS(a.Issuer, l))
	return message.CertCRL{Issuer: a.id, Municipality: code(t), Number: number, CRL: must[[]byte](t)(a.AssembleCRL(tbs, a.sign(t, tbs)))}
}

func (a *authority) responder(t testing.TB, public crypto.PublicKey, from time.Time) []byte {
	t.Helper()
	tbs := must[[]byte](t)(a.OCSPSignerTBS(jpki.OCSPSigner{Serial: must[cert.Serial](t)(cert.NewSerial(rand.Reader)), Public: public,
		NotBefore: from, NotAfter: from.Add(30 * 24 * time.Hour), CommonName: "OCSP"}))
	return must[[]byte](t)(pki.AssembleCertificate(tbs, a.sign(t, tbs)))
}

func serial(t testing.TB, s string) cert.Serial {
	t.Helper()
	return must[cert.Serial](t)(cert.ParseSerial(s))
}

func code(t testing.TB) resident.MunicipalityCode {
	t.Helper()
	return must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("m", "202029"))
}

func good(t testing.TB, a *authority, number string) message.CertStatus {
	t.Helper()
	return message.CertStatus{Serial: serial(t, number), Issuer: a.id, Profile: a.Profile(), At: start, NotAfter: start.AddDate(5, 0, 0), Municipality: code(t)}
}

func revoked(t testing.TB, a *authority, number string, r cert.RevocationReason, at time.Time) message.CertStatus {
	t.Helper()
	s := good(t, a, number)
	s.Revoked, s.Reason, s.At, s.Why = true, r, at, resident.MoveWithin
	return s
}

// country is the validation authority in memory and virtual time, and a CA.
type country struct {
	t                         testing.TB
	clk                       *clock.Virtual
	root                      *pki.InfrastructureCA
	trust                     *pki.Trust
	net                       *exchange.Memory
	tasks                     []clock.Task
	peer                      *exchange.Exchange
	store                     *sqlstore.Store
	silent                    bool          // the CA answers no requests
	more                      []message.Org // peers beside the CA
	closed                    bool          // answers nobody in public
	inspect                   bool          // also without an address
	homes                     map[message.Org]message.Org
	asked                     []message.ResponderRequest
	words                     int // that the CA said when time had passed
	signature, authentication *authority
	cas                       []message.Org

	url     string
	public  string // where what is served is fetched from; "": nobody fetches
	keys    keys.Dir
	crooked *crooked
	journal *journal
	*validation.Validation
	server *httptest.Server
}

func newCountry(t testing.TB, url string, more ...message.Org) *country {
	t.Helper()
	return newCountryWith(t, url, nil, more...)
}

// newCountryWith has something done before the validation authority is opened.
func newCountryWith(t testing.TB, url string, before func(*country), more ...message.Org) *country {
	t.Helper()
	root := must[*pki.InfrastructureCA](t)(pki.NewInfrastructureCA(rand.Reader, start))
	c := &country{t: t, clk: clock.NewVirtual(start), root: root, trust: must[*pki.Trust](t)(pki.NewTrust(root.Certificate())),
		net: new(exchange.Memory), url: url, more: more, journal: new(journal), keys: keys.Dir(t.TempDir()),
		signature: newAuthority(t, cert.Signature), authentication: newAuthority(t, cert.Authentication), cas: []message.Org{ca}}
	for name, a := range map[string]*authority{"ca-signature": c.signature, "ca-authentication": c.authentication} {
		if err := c.keys.PutCertificates(name, a.Certificate()); err != nil {
			t.Fatal(err)
		}
	}
	c.crooked = &crooked{Virtual: c.clk}
	c.store = must[*sqlstore.Store](t)(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: c.clk}, exchange.Schema()))
	t.Cleanup(func() { c.store.Close() })
	in := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	c.peer = must[*exchange.Exchange](t)(exchange.New(t.Context(), exchange.Config{Self: ca, Store: c.store, Clock: c.clk, Rand: rand.Reader,
		Trust: c.trust, Signer: c.signer(ca), Link: c.net.As(ca), Peers: []message.Org{self}, Routes: []exchange.Route{
			exchange.On(in, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResponderRequest) ([]message.Out, error) {
				tx.OnCommit(func() { c.asked = append(c.asked, n) })
				if c.silent {
					return nil, nil
				}
				return []message.Out{{To: self, Body: c.certify(n)}}, nil
			}),
		}}))
	c.net.Join(ca, c.peer)
	c.tasks = c.peer.Tasks()
	if before != nil {
		before(c)
	}
	c.open()
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.Handler().ServeHTTP(w, r) }))
	t.Cleanup(c.server.Close)
	return c
}

func (c *country) certify(n message.ResponderRequest) message.ResponderIssued {
	a := c.signature
	if n.Issuer == c.authentication.id {
		a = c.authentication
	}
	public := must[any](c.t)(x509.ParsePKIXPublicKey(n.PublicKey))
	return message.ResponderIssued{Issuer: n.Issuer, Certificate: a.responder(c.t, public, c.clk.Now().Truncate(time.Second))}
}

func (c *country) signer(o message.Org) exchange.Signer {
	c.t.Helper()
	key := newKey(c.t)
	return exchange.Signer{Key: key, Certificate: must[[]byte](c.t)(c.root.IssueOrganisation(rand.Reader, start,
		pki.Organisation{ID: string(o), Usage: pki.ForSigning, Public: key.Public()}))}
}

// journal is what the program logs.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// page is a screen.
func (c *country) page(path string) (string, int) {
	c.t.Helper()
	r, err := http.Get(c.server.URL + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	return string(must[[]byte](c.t)(io.ReadAll(r.Body))), r.StatusCode
}

// open starts the validation authority, as after a stop.
func (c *country) open() {
	c.t.Helper()
	sessions := must[*access.Sessions](c.t)(access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self),
		Key: []byte("a key of a test that holds no secret"), Clock: c.clk, Personas: access.Personas()}))
	c.Validation = must[*validation.Validation](c.t)(validation.New(c.t.Context(), validation.Config{
		Steady: func() time.Duration { return c.clk.Now().Sub(start) },
		Config: host.Config{Self: self, Name: plain.Sentence{JA: "失効情報提供センター", EN: "Validation"}, StoreURL: c.url, Clock: c.crooked, Rand: rand.Reader, Watch: time.Minute,
			Log:    slog.New(slog.NewTextHandler(c.journal, nil)),
			Signer: c.signer(self), Trust: c.trust, Link: c.net.As(self), Peers: append([]message.Org{ca}, c.more...), Secrets: reconciletest.Secrets(self)},
		Keys: c.keys, CAs: c.cas, Sessions: sessions, TestCountry: true, Portal: "/", Public: c.public, Inspect: c.inspect, Homes: c.homes, Open: !c.closed,
	}))
	opened := c.Validation
	c.t.Cleanup(func() { opened.Close() })
	c.net.Join(self, c.Exchange)
}

func (c *country) send(payloads ...message.Payload) {
	c.t.Helper()
	err := c.store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var outs []message.Out
		for _, p := range payloads {
			outs = append(outs, message.Out{To: self, Body: p})
		}
		_, err := c.peer.Send(ctx, tx, outs, "t-test")
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *country) run(d time.Duration) {
	c.t.Helper()
	tasks := append([]clock.Task{}, c.tasks...)
	if err := clock.Drive(c.t.Context(), c.clk, append(tasks, c.Tasks()...), c.clk.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *country) stuck() (codes []string) {
	c.t.Helper()
	items, err := c.Exchange.Stuck(c.t.Context(), 100)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, i := range items {
		codes = append(codes, i.Code)
	}
	return codes
}
