package ca_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/tokendesk"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var start = time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST)

const (
	self       = message.Org("ca")
	center     = message.Org("nationalcenter")
	validation = message.Org("validation")
	matsumoto  = message.Org("municipality-202029")
	iida       = message.Org("municipality-202053")
)

// country is the CA in memory and virtual time, and the organisations around it, which write down what they are sent.
type country struct {
	t     testing.TB
	clk   *clock.Virtual
	root  *pki.InfrastructureCA
	trust *pki.Trust
	net   *exchange.Memory
	tasks []clock.Task // of the peers
	peers map[message.Org]*exchange.Exchange
	store map[message.Org]*sqlstore.Store
	got   map[message.Org][]message.Payload

	more   []message.Org // peers beside those that every country has
	url    string        // of the CA's database
	keys   keys.Dir
	device func(name string, public crypto.PublicKey) (crypto.Signer, error) // holds the CA's keys; nil: keys does
	tokens *tokendesk.Desk
	limits exchange.Limits
	*ca.CA
}

func newCountry(t testing.TB, url string, more ...message.Org) *country {
	t.Helper()
	root, err := pki.NewInfrastructureCA(rand.Reader, start)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := pki.NewTrust(root.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	c := &country{t: t, clk: clock.NewVirtual(start), root: root, trust: trust, net: new(exchange.Memory), url: url, more: more,
		peers: map[message.Org]*exchange.Exchange{}, store: map[message.Org]*sqlstore.Store{}, got: map[message.Org][]message.Payload{},
		keys: keys.Dir(t.TempDir())}
	if _, err := ca.Found(rand.Reader, start, c.keys, cert.P256SHA256); err != nil {
		t.Fatal(err)
	}
	c.renew()
	return c
}

// renew gives everybody a new certificate, the peers an empty database, and starts the CA, again when it runs.
func (c *country) renew() {
	c.t.Helper()
	if c.CA != nil {
		c.Close()
	}
	c.tasks = nil
	for _, o := range append([]message.Org{center, validation, matsumoto, iida}, c.more...) {
		c.join(o)
	}
	c.open()
}

func (c *country) signer(o message.Org) exchange.Signer {
	c.t.Helper()
	key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
	if err != nil {
		c.t.Fatal(err)
	}
	der, err := c.root.IssueOrganisation(rand.Reader, c.clk.Now(), pki.Organisation{ID: string(o), Usage: pki.ForSigning, Public: key.Public()})
	if err != nil {
		c.t.Fatal(err)
	}
	return exchange.Signer{Key: key, Certificate: der}
}

// open starts the CA, as after a stop.
func (c *country) open() {
	c.t.Helper()
	var err error
	c.CA, err = ca.New(c.t.Context(), ca.Config{
		Config: host.Config{Self: self, Name: plain.Sentence{JA: "認証局", EN: "CA"}, StoreURL: c.url, Clock: c.clk, Rand: rand.Reader,
			Signer: c.signer(self), Trust: c.trust, Link: c.net.As(self), Peers: append([]message.Org{center, validation, matsumoto, iida}, c.more...),
			Secrets: reconciletest.Secrets(self), Closes: func(message.Org) bool { return false }, Limits: c.limits}, // the peers are played
		Keys: c.keys, Signer: c.device, Tokens: c.tokens, OCSPURL: "http://127.0.0.1:8600/validation/ocsp", Validation: validation, NationalCenter: center,
		TestCountry: true, Portal: "/",
		Sessions: must[*access.Sessions](c.t)(access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self),
			Key: []byte("a key of a test that holds no secret"), Clock: c.clk, Personas: access.Personas()})),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	opened := c.CA
	c.t.Cleanup(func() { opened.Close() })
	c.net.Join(self, c.Exchange)
}

func (c *country) join(o message.Org) {
	c.t.Helper()
	store, err := sqlstore.Open(c.t.Context(), "memory:", sqlstore.Options{Clock: c.clk}, exchange.Schema())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { store.Close() })
	x, err := exchange.New(c.t.Context(), exchange.Config{Self: o, Store: store, Clock: c.clk, Rand: rand.Reader, Trust: c.trust,
		Signer: c.signer(o), Link: c.net.As(o), Peers: []message.Org{self}, Routes: []exchange.Route{
			take[message.CertIssued](c, o), take[message.CertRefused](c, o), take[message.CertIssuance](c, o),
			take[message.CertStatus](c, o), take[message.CertCRL](c, o), take[message.ResponderIssued](c, o), take[message.CAReport](c, o),
		}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.net.Join(o, x)
	c.peers[o], c.store[o] = x, store
	c.tasks = append(c.tasks, x.Tasks()...)
}

// take writes down what an organisation is sent.
func take[P message.Payload](c *country, o message.Org) exchange.Route {
	in := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	return exchange.On(in, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, p P) ([]message.Out, error) {
		tx.OnCommit(func() { c.got[o] = append(c.got[o], p) })
		return nil, nil
	})
}

// received gives what an organisation was sent of one kind.
func received[P message.Payload](c *country, o message.Org) (all []P) {
	for _, p := range c.got[o] {
		if v, ok := p.(P); ok {
			all = append(all, v)
		}
	}
	return all
}

// fullLists are the full lists that the validation authority was sent, each in one part.
func (c *country) fullLists() []message.CertCRL {
	return slices.DeleteFunc(received[message.CertCRL](c, validation), func(n message.CertCRL) bool { return n.Base != 0 })
}

func (c *country) send(from message.Org, payloads ...message.Payload) {
	c.t.Helper()
	err := c.store[from].Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var outs []message.Out
		for _, p := range payloads {
			outs = append(outs, message.Out{To: self, Body: p})
		}
		_, err := c.peers[from].Send(ctx, tx, outs, "t-test")
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// run lets time pass for everybody.
func (c *country) run(d time.Duration) {
	c.t.Helper()
	tasks := append([]clock.Task{}, c.tasks...)
	if err := clock.Drive(c.t.Context(), c.clk, append(tasks, c.Tasks()...), c.clk.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
}

// runOthers lets time pass for everybody but the CA's due list: what it has taken is not signed.
func (c *country) runOthers(d time.Duration) {
	c.t.Helper()
	tasks := append([]clock.Task{}, c.tasks...)
	if err := clock.Drive(c.t.Context(), c.clk, append(tasks, c.Exchange.Tasks()...), c.clk.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
}

// stuck gives the codes for which messages of the peers were parked at the CA.
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

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// person is a resident of Matsumoto; n tells persons apart.
func person(t testing.TB, n uint64, version resident.Version) resident.IdentificationInfo {
	t.Helper()
	return resident.IdentificationInfo{
		Code: resident.RecordCodeOf(1_000_000_000 + n),
		BasicFour: resident.BasicFour{
			Name: must[resident.Name](t)(resident.ParseName("name", "髙橋　花子")), Sex: resident.Female,
			Birth:   must[resident.PartialDate](t)(resident.ParsePartialDate("birth", "1980-02-17")),
			Address: must[resident.Address](t)(resident.ParseAddress("address", "長野県松本市丸の内3番7号")),
		},
		Municipality: must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("municipality", "202029")),
		Version:      version,
		Change:       resident.ChangeInfo{Reason: resident.MoveIn, Arose: resident.MustDate(2020, 4, 1)},
	}
}

func request(t testing.TB, number string, p cert.Profile, holder resident.IdentificationInfo) message.CertRequest {
	t.Helper()
	key := must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.Next.Algorithm()))
	return message.CertRequest{Request: number, Profile: p, Holder: holder, Window: "20202A001",
		PublicKey: must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public()))}
}
