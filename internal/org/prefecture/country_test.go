package prefecture_test

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
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

const (
	theCenter     = message.Org("nationalcenter")
	theValidation = message.Org("validation")
	nagano        = message.Org("prefecture-20")
	matsumoto     = message.Org("municipality-202029")
	iida          = message.Org("municipality-202053")
)

// country is the real prefecture among scripted organisations, in memory and virtual time.
type country struct {
	t      testing.TB
	clk    *clock.Virtual
	ca     *pki.InfrastructureCA
	trust  *pki.Trust
	net    *exchange.Memory
	tasks  []clock.Task
	nagano *prefecture.Prefecture
	peers  map[message.Org]peer

	relayed []message.Payload // what came to the national center
	cannot  string            // an address that the national center cannot read
}

type peer struct {
	*exchange.Exchange
	store *sqlstore.Store
}

func newCountry(t testing.TB, url string, more ...message.Org) *country {
	ca, err := pki.NewInfrastructureCA(rand.Reader, start)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	c := &country{t: t, clk: clock.NewVirtual(start), ca: ca, trust: trust, net: new(exchange.Memory), peers: map[message.Org]peer{}}
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(nagano), Base: "/prefecture-20", Key: make([]byte, 32), Clock: c.clk, Personas: access.Personas()})
	if err != nil {
		t.Fatal(err)
	}
	o, err := prefecture.New(t.Context(), prefecture.Config{Sessions: sessions, TestCountry: true, Config: host.Config{
		Self: nagano, Name: plain.Sentence{JA: "長野県", EN: "Nagano-ken"}, StoreURL: url, Clock: c.clk, Rand: rand.Reader, Signer: c.signer(nagano), Trust: trust, Link: c.net.As(nagano), Secrets: reconciletest.Secrets(nagano),
		Peers: append([]message.Org{matsumoto, iida, theCenter, theValidation, etax, pension}, more...),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	// All but the comparison of the books, which nobody answers here.
	c.nagano, c.tasks = o, append(o.Exchange.Tasks(), o.Due.Tasks()...)
	c.net.Join(nagano, o.Exchange)
	c.join(matsumoto)
	c.join(iida)
	c.join(theCenter, exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
		if c.cannot != "" && n.After.Address.Reveal() == c.cannot {
			return nil, exchange.Reject("unreadable-address", "住所を読み取れません。", "the address cannot be read")
		}
		tx.OnCommit(func() { c.relayed = append(c.relayed, n) })
		return nil, nil
	}), exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
		tx.OnCommit(func() { c.relayed = append(c.relayed, n) })
		return nil, nil
	}))
	return c
}

func same(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

func (c *country) signer(org message.Org) exchange.Signer {
	c.t.Helper()
	key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
	if err != nil {
		c.t.Fatal(err)
	}
	der, err := c.ca.IssueOrganisation(rand.Reader, start, pki.Organisation{ID: string(org), Usage: pki.ForSigning, Public: key.Public()})
	if err != nil {
		c.t.Fatal(err)
	}
	return exchange.Signer{Key: key, Certificate: der}
}

// join adds a scripted organisation that exchanges with the prefecture.
func (c *country) join(org message.Org, routes ...exchange.Route) {
	c.t.Helper()
	store, err := sqlstore.Open(c.t.Context(), "memory:", sqlstore.Options{Clock: c.clk}, exchange.Schema())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { store.Close() })
	x, err := exchange.New(c.t.Context(), exchange.Config{Self: org, Store: store, Clock: c.clk, Rand: rand.Reader, Trust: c.trust,
		Signer: c.signer(org), Link: c.net.As(org), Peers: []message.Org{nagano}, Routes: routes})
	if err != nil {
		c.t.Fatal(err)
	}
	c.net.Join(org, x)
	c.tasks = append(c.tasks, x.Tasks()...)
	c.peers[org] = peer{x, store}
}

// send puts messages to the prefecture into an organisation's outbox, in one transaction, so that they come in one batch.
func (c *country) send(from message.Org, bodies ...message.Payload) []message.ID {
	c.t.Helper()
	p := c.peers[from]
	var ids []message.ID
	err := p.store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		var outs []message.Out
		for _, b := range bodies {
			outs = append(outs, message.Out{To: nagano, Body: b})
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
	if err := clock.Drive(c.t.Context(), c.clk, c.tasks, c.clk.Now().Add(time.Minute)); err != nil {
		c.t.Fatal(err)
	}
}

// tell sends, lets the country run, and returns what the prefecture has decided about each message.
func (c *country) tell(from message.Org, bodies ...message.Payload) []exchange.Item {
	c.t.Helper()
	ids := c.send(from, bodies...)
	c.run()
	items := make([]exchange.Item, len(ids))
	for i, id := range ids {
		var err error
		if items[i], _, _, err = c.nagano.Exchange.Find(c.t.Context(), id); err != nil {
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
		if items[i], _, _, err = c.nagano.Exchange.Find(c.t.Context(), was.ID); err != nil {
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
		t.Errorf("the prefecture decided %q, want %q", got, outcomes)
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

func at(address string) func(*resident.IdentificationInfo) {
	return func(i *resident.IdentificationInfo) { i.Address = must(resident.ParseAddress("address", address)) }
}

func in(code, address string) func(*resident.IdentificationInfo) {
	return func(i *resident.IdentificationInfo) {
		i.Municipality = must(resident.ParseMunicipalityCode("municipality", code))
		at(address)(i)
	}
}
