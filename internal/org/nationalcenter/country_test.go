package nationalcenter_test

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

const (
	theCenter = message.Org("nationalcenter")
	theCA     = message.Org("ca")
	naganosCA = message.Org("ca-20") // Nagano's own
	tokyosCA  = message.Org("ca-13")
	nagano    = message.Org("prefecture-20")
	tokyo     = message.Org("prefecture-13")
	matsumoto = message.Org("municipality-202029")
	iida      = message.Org("municipality-202053")
	adachi    = message.Org("municipality-131211")
)

// country is the real center among scripted organisations, in memory and virtual time.
type country struct {
	t      testing.TB
	clk    *clock.Virtual
	ca     *pki.InfrastructureCA
	trust  *pki.Trust
	net    *exchange.Memory
	tasks  []clock.Task
	cfg    nationalcenter.Config
	center *nationalcenter.Center
	peers  map[message.Org]peer

	revocations []message.CertRevocation                 // what the CA was told
	told        map[message.Org][]message.CertRevocation // and what each was told
	passed      map[message.Org][]message.CertRevoke     // and of whose reports
	allotments  []message.CodeAllotment                  // what Matsumoto was given
	assignments []message.NumberAssignment               // and the numbers that it was told
}

type peer struct {
	*exchange.Exchange
	store *sqlstore.Store
}

func newCountry(t testing.TB, url string) *country {
	return newCountryOf(t, url, nagano, tokyo, theCA, naganosCA, tokyosCA, matsumoto, iida, adachi)
}

// newCountryOf is one in which the center exchanges with these.
func newCountryOf(t testing.TB, url string, peers ...message.Org) *country {
	ca, err := pki.NewInfrastructureCA(rand.Reader, start)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	c := &country{t: t, clk: clock.NewVirtual(start), ca: ca, trust: trust, net: new(exchange.Memory), peers: map[message.Org]peer{},
		told: map[message.Org][]message.CertRevocation{}, passed: map[message.Org][]message.CertRevoke{}}
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(theCenter), Base: "/nationalcenter", Key: make([]byte, 32), Clock: c.clk, Personas: access.Personas()})
	if err != nil {
		t.Fatal(err)
	}
	c.cfg = nationalcenter.Config{Sessions: sessions, TestCountry: true, NumberKey: testKey(), Config: host.Config{
		Self: theCenter, Name: plain.Sentence{JA: "全国センター", EN: "National Center"}, StoreURL: url, Clock: c.clk, Rand: rand.Reader, Signer: c.signer(theCenter), Trust: trust, Link: c.net.As(theCenter),
		Peers: peers, Secrets: reconciletest.Secrets(theCenter),
	}}
	center, err := nationalcenter.New(t.Context(), c.cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { center.Close() })
	c.center, c.tasks = center, center.Tasks()
	c.net.Join(theCenter, center.Exchange)
	for _, peer := range peers {
		var routes []exchange.Route
		switch {
		case peer.Role() == message.CA:
			routes = append(routes, taking(func(n message.CertRevocation) {
				if c.told[peer] = append(c.told[peer], n); peer == theCA {
					c.revocations = append(c.revocations, n)
				}
			}), taking(func(n message.CertRevoke) { c.passed[peer] = append(c.passed[peer], n) }))
		case peer == matsumoto:
			routes = append(routes, taking(func(n message.CodeAllotment) { c.allotments = append(c.allotments, n) }),
				taking(func(n message.NumberAssignment) { c.assignments = append(c.assignments, n) }))
		}
		c.join(peer, routes...)
	}
	return c
}

// taking is a rule that writes down what came.
func taking[P message.Payload](note func(P)) exchange.Route {
	return exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n P) ([]message.Out, error) {
		tx.OnCommit(func() { note(n) })
		return nil, nil
	})
}

func same(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

func (c *country) signer(org message.Org) exchange.Signer {
	c.t.Helper()
	signer, err := c.ca.NewIdentity(rand.Reader, start, string(org), pki.ForSigning)
	if err != nil {
		c.t.Fatal(err)
	}
	return signer
}

// join adds a scripted organisation that exchanges with the center.
func (c *country) join(org message.Org, routes ...exchange.Route) {
	c.t.Helper()
	store, err := sqlstore.Open(c.t.Context(), "memory:", sqlstore.Options{Clock: c.clk}, exchange.Schema())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { store.Close() })
	x, err := exchange.New(c.t.Context(), exchange.Config{Self: org, Store: store, Clock: c.clk, Rand: rand.Reader, Trust: c.trust,
		Signer: c.signer(org), Link: c.net.As(org), Peers: []message.Org{theCenter}, Routes: routes})
	if err != nil {
		c.t.Fatal(err)
	}
	c.net.Join(org, x)
	c.tasks = append(c.tasks, x.Tasks()...)
	c.peers[org] = peer{x, store}
}

// send puts messages to the center into an organisation's outbox, in one transaction, so that they come in one batch.
func (c *country) send(from message.Org, bodies ...message.Payload) []message.ID {
	c.t.Helper()
	p := c.peers[from]
	var ids []message.ID
	err := p.store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		var outs []message.Out
		for _, b := range bodies {
			outs = append(outs, message.Out{To: theCenter, Body: b})
		}
		ids, err = p.Send(ctx, tx, outs, "t-test")
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return ids
}

func (c *country) run() {
	c.t.Helper()
	c.runFor(time.Minute)
}

func (c *country) runFor(d time.Duration) {
	c.t.Helper()
	if err := clock.Drive(c.t.Context(), c.clk, c.tasks, c.clk.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
}

// tell sends, lets the country run, and returns what the center has decided about each message.
func (c *country) tell(from message.Org, bodies ...message.Payload) []exchange.Item {
	c.t.Helper()
	ids := c.send(from, bodies...)
	c.run()
	items := make([]exchange.Item, len(ids))
	for i, id := range ids {
		var err error
		if items[i], _, _, err = c.center.Exchange.Find(c.t.Context(), id); err != nil {
			c.t.Fatal(err)
		}
	}
	return items
}

// again is what became of messages that were told before.
func (c *country) again(told []exchange.Item) []exchange.Item {
	c.t.Helper()
	items := make([]exchange.Item, len(told))
	for i, was := range told {
		var err error
		if items[i], _, _, err = c.center.Exchange.Find(c.t.Context(), was.ID); err != nil {
			c.t.Fatal(err)
		}
	}
	return items
}

// want fails unless the messages had these outcomes: "applied", or the code of the refusal.
func want(t testing.TB, items []exchange.Item, outcomes ...string) {
	t.Helper()
	var got []string
	for _, i := range items {
		if i.State != string(message.Applied) {
			got = append(got, i.Code)
			if i.Reason.JA == "" || i.Reason.EN == "" {
				t.Errorf("%s is refused without a sentence", i.ID)
			}
			continue
		}
		got = append(got, i.State)
	}
	if !slices.Equal(got, outcomes) {
		t.Errorf("the center decided %q, want %q", got, outcomes)
	}
}

// person is a resident whose states are made one after the other, as a municipality makes them.
type person struct {
	t testing.TB
	resident.IdentificationInfo
	last resident.StateHash
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var day = resident.MustDate(2026, 4, 1)

func newPerson(t testing.TB, code uint64, name string) *person {
	return &person{t: t, IdentificationInfo: resident.IdentificationInfo{
		Code: resident.RecordCodeOf(code),
		BasicFour: resident.BasicFour{Name: must(resident.ParseName("name", name)), Birth: must(resident.ParsePartialDate("birth", "1980-05-01")),
			Sex: resident.Female, Address: must(resident.ParseAddress("address", "長野県松本市丸の内3番7号"))},
		Municipality: must(resident.ParseMunicipalityCode("municipality", "202029")),
	}}
}

// change makes the next state and the notice of it.
func (p *person) change(reason resident.ChangeReason, edit ...func(*resident.IdentificationInfo)) message.ResidentChange {
	p.Version++
	p.Change = resident.ChangeInfo{Reason: reason, Arose: day}
	for _, e := range edit {
		e(&p.IdentificationInfo)
	}
	if ps := p.Check(); len(ps) > 0 {
		p.t.Fatal(ps)
	}
	n := message.ResidentChange{After: p.IdentificationInfo, Before: p.last}
	p.last = p.StateHash()
	return n
}

// kill is the invalidation that goes with the last change.
func (p *person) kill() message.ResidentInvalidation {
	return message.ResidentInvalidation{Code: p.Code, Version: p.Version, Reason: p.Change.Reason, Since: day,
		Kills: resident.EffectOf(p.Change.Reason, resident.AttrAddress)}
}

// certified is the notice that a certificate on the last state was issued.
func (p *person) certified(profile cert.Profile) message.CertIssuance {
	n := message.CertIssuance{Profile: profile, Code: p.Code, Serial: must(cert.NewSerial(rand.Reader)), Version: p.Version,
		NotBefore: start, NotAfter: start.AddDate(5, 0, 0), Municipality: p.Municipality}
	if profile == cert.Signature {
		n.Name, n.Address = p.Name, p.Address
	}
	return n
}

func at(address string) func(*resident.IdentificationInfo) {
	return func(i *resident.IdentificationInfo) { i.Address = must(resident.ParseAddress("address", address)) }
}

func in(code, address string) func(*resident.IdentificationInfo) {
	return func(i *resident.IdentificationInfo) {
		i.Municipality = must(resident.ParseMunicipalityCode("municipality", code))
		at(address)(i)
	}
}
