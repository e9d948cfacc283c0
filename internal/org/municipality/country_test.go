package municipality

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/stillvalid"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// today is the day on which the tests begin, at noon in Japan.
var (
	today = resident.MustDate(2026, 4, 1)
	noon  = today.Start().Add(12 * time.Hour).UTC()
)

// country is a municipality with the real exchange, among peers that write down what they are sent and answer by script.
type country struct {
	t     testing.TB
	clk   *clock.Virtual
	net   *exchange.Memory
	infra *pki.InfrastructureCA
	trust *pki.Trust
	drive *clock.Driver
	tasks []clock.Task
	o     *Municipality
	peers map[message.Org]*exchange.Exchange

	changes       []message.ResidentChange       // applied by the prefecture
	invalidations []message.ResidentInvalidation // likewise
	flags         []message.Payload              // protections set and ended, as the prefecture took them
	told          []uint64                       // the numbers of those set
	codeRequests  []message.CodeRequest
	certRequests  []message.CertRequest
	revokes       []message.CertRevoke   // the CA was told
	reports       []message.CertRevoke   // and the national center
	rules         []message.IdentityRule // and the CA

	refuse  func(message.ResidentChange) error // the prefecture's objection; nil: none
	allot   uint64                             // the next record code of the center
	attach  attaching                          // how the center answers about codes from elsewhere
	numbers numbering                          // and what numbers it gives
	silent  bool                               // the CA does not answer
	decline *plain.Sentence                    // the CA refuses with it
	held    *message.HeldCertificate           // because of this one
	caKey   *ecdsa.PrivateKey
	rand    io.Reader // of the municipality, and of serials
	status  stillvalid.Status
	faults  sqlstore.Faults
	next    message.Org // a municipality with which ours exchanges; "" for none
}

// newCountry starts with a pool that the center has filled.
func newCountry(t testing.TB, url string) *country {
	t.Helper()
	return newCountryBy(t, url, rand.Reader)
}

// newCountryBy draws what is shown on screens from a source that a test can repeat.
func newCountryBy(t testing.TB, url string, random io.Reader) *country {
	t.Helper()
	return (&country{t: t, rand: random}).found(url)
}

// found starts a country of which something has been said already.
func (c *country) found(url string) *country {
	t := c.t
	t.Helper()
	c.clk, c.net, c.peers, c.allot = clock.NewVirtual(noon), new(exchange.Memory), map[message.Org]*exchange.Exchange{}, 5_000_000_000
	var err error
	if c.infra, err = pki.NewInfrastructureCA(rand.Reader, noon); err != nil {
		t.Fatal(err)
	}
	if c.trust, err = pki.NewTrust(c.infra.Certificate()); err != nil {
		t.Fatal(err)
	}
	if c.caKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	self := message.Org("municipality-202029")
	raw := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	c.peer("prefecture-20", self,
		exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
			if c.refuse != nil {
				if err := c.refuse(n); err != nil {
					return nil, err
				}
			}
			tx.OnCommit(func() { c.changes = append(c.changes, n) })
			return nil, nil
		}),
		exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
			tx.OnCommit(func() { c.invalidations = append(c.invalidations, n) })
			return nil, nil
		}),
		exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentProtection) ([]message.Out, error) {
			tx.OnCommit(func() { c.flags, c.told = append(c.flags, n), append(c.told, d.Seq) })
			return nil, nil
		}),
		exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentProtectionEnd) ([]message.Out, error) {
			tx.OnCommit(func() { c.flags = append(c.flags, n) })
			return nil, nil
		}))
	c.peer("nationalcenter", self,
		exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
			tx.OnCommit(func() { c.codeRequests = append(c.codeRequests, n) })
			a := message.CodeAllotment{Request: n.Request}
			for range n.Count {
				a.Codes = append(a.Codes, resident.RecordCodeOf(c.allot))
				c.allot += 7919
			}
			return []message.Out{{To: d.Sender, Body: a}}, nil
		}), exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CertRevoke) ([]message.Out, error) {
			tx.OnCommit(func() { c.reports = append(c.reports, n) })
			return nil, nil
		}), exchange.On(raw, c.numbered))
	c.peer("ca", self, exchange.On(raw, c.certify), exchange.On(raw,
		func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CertRevoke) ([]message.Out, error) {
			tx.OnCommit(func() { c.revokes = append(c.revokes, n) })
			return nil, nil
		}), exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.IdentityRule) ([]message.Out, error) {
		tx.OnCommit(func() { c.rules = append(c.rules, n) })
		return nil, nil
	}))
	c.o = c.open(url, self)
	c.run(time.Minute)
	return c
}

func (c *country) signer(org message.Org) exchange.Signer {
	c.t.Helper()
	key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
	if err != nil {
		c.t.Fatal(err)
	}
	der, err := c.infra.IssueOrganisation(rand.Reader, noon, pki.Organisation{ID: string(org), Usage: pki.ForSigning, Public: key.Public()})
	if err != nil {
		c.t.Fatal(err)
	}
	return exchange.Signer{Key: key, Certificate: der}
}

func (c *country) peer(org, other message.Org, routes ...exchange.Route) {
	c.t.Helper()
	s, err := sqlstore.Open(c.t.Context(), "memory:", sqlstore.Options{Clock: c.clk}, exchange.Schema())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { s.Close() })
	peers := []message.Org{other}
	if org == "nationalcenter" && c.next != "" {
		peers = append(peers, c.next)
	}
	x, err := exchange.New(c.t.Context(), exchange.Config{Self: org, Store: s, Clock: c.clk, Rand: rand.Reader, Signer: c.signer(org),
		Trust: c.trust, Link: c.net.As(org), Peers: peers, Routes: routes})
	if err != nil {
		c.t.Fatal(err)
	}
	if org == "nationalcenter" {
		c.agrees(x)
	}
	c.net.Join(org, x)
	c.peers[org] = x
	c.tasks = append(c.tasks, x.Tasks()...)
}

func (c *country) open(url string, self message.Org) *Municipality {
	c.t.Helper()
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self), Clock: c.clk, Personas: access.Personas(),
		Key: []byte("a key that guards nothing but a test")})
	if err != nil {
		c.t.Fatal(err)
	}
	o, err := New(c.t.Context(), Config{
		Config: host.Config{Self: self, Name: plain.Sentence{JA: "松本市", EN: "Matsumoto City"}, StoreURL: url, Clock: c.clk, Rand: c.rand,
			Signer: c.signer(self), Trust: c.trust, Link: c.net.As(self), Peers: c.peersOf(self), Faults: c.faults,
			Secrets: reconciletest.Secrets(self)},
		Sessions: sessions, TestCountry: true, Portal: "/", Trace: "/trace?what=", Status: c.status,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { o.Close() })
	c.net.Join(self, o.Exchange)
	c.step(o)
	return o
}

func (c *country) peersOf(self message.Org) []message.Org {
	peers := []message.Org{message.Org("prefecture-" + self.Code()[:2]), "nationalcenter", "ca"}
	switch {
	case c.next == self:
		peers = append(peers, c.o.Self)
	case c.next != "":
		peers = append(peers, c.next)
	}
	return peers
}

// step drives the country. Of the municipality, all but the comparison of the books, which nobody answers here, the closes
// and the alarms: months of virtual time would be full of them. more are those of its tasks that a test wants beside these.
func (c *country) step(o *Municipality, more ...clock.Task) {
	c.drive = clock.NewDriver(c.clk, slices.Concat(o.Exchange.Tasks(), o.Due.Tasks(), []clock.Task{o.shelf.task()}, c.tasks, more))
}

// run lets the country live for a while.
func (c *country) run(d time.Duration) {
	c.t.Helper()
	if err := c.drive.Until(c.t.Context(), c.clk.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
}

// certify answers an application as a CA does.
func (c *country) certify(_ context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.CertRequest) ([]message.Out, error) {
	tx.OnCommit(func() { c.certRequests = append(c.certRequests, n) })
	switch {
	case c.silent:
		return nil, nil
	case c.decline != nil:
		return []message.Out{{To: d.Sender, Body: message.CertRefused{Request: n.Request, Profile: n.Profile, Code: n.Holder.Code,
			Why: "valid-certificate-exists", Reason: *c.decline, Held: c.held}}}, nil
	}
	issued, err := c.issue(n, n.PublicKey)
	return []message.Out{{To: d.Sender, Body: issued}}, err
}

// issue makes a certificate for a key.
func (c *country) issue(n message.CertRequest, spki []byte) (message.CertIssued, error) {
	serial, err := cert.NewSerial(c.rand)
	if err != nil {
		return message.CertIssued{}, err
	}
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return message.CertIssued{}, err
	}
	t := &x509.Certificate{SerialNumber: serial.Int(), Subject: pkix.Name{CommonName: n.Window}, NotBefore: c.clk.Now(), NotAfter: c.clk.Now().AddDate(5, 0, 0),
		AuthorityKeyId: []byte{0xca}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, public, c.caKey)
	return message.CertIssued{Request: n.Request, Profile: n.Profile, Code: n.Holder.Code, Serial: serial, Certificate: der, Version: n.Holder.Version}, err
}

// as is a context in which a persona acts, and looks on the ground of a letter.
func as(t testing.TB, id string) context.Context {
	t.Helper()
	for _, p := range access.Personas() {
		if p.ID == id {
			return look.With(access.With(t.Context(), p), look.Ground{Purpose: look.Notice, Case: "17"})
		}
	}
	t.Fatalf("no persona %s", id)
	return nil
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func name(s string) resident.Name       { return ok(resident.ParseName("name", s)) }
func kana(s string) resident.Kana       { return ok(resident.ParseKana("kana", s)) }
func address(s string) resident.Address { return ok(resident.ParseAddress("address", s)) }
func birth(s string) resident.PartialDate {
	return ok(resident.ParsePartialDate("birth", s))
}
func relation(s string) resident.Relation { return ok(resident.ParseRelation("relation", s)) }
func body(s string) resident.MunicipalityCode {
	return ok(resident.ParseMunicipalityCode("municipality", s))
}

func ok[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const home = "長野県松本市丸の内3番7号"

// movedIn is a registration of somebody who came from abroad.
func movedIn() Registration {
	return Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, Record: resident.Record{
		BasicFour: resident.BasicFour{Name: name("髙𠮷 葛󠄂子"), Birth: birth("1992-02-29"), Sex: resident.Female, Address: address(home)},
		Kana:      kana("タカヨシ カツコ"), Relation: resident.Head, BecameResident: resident.MustDate(2026, 3, 1)}}
}

// register brings somebody into the register and lets the messages arrive.
func (c *country) register(r Registration) Filed {
	c.t.Helper()
	f, err := c.o.Register(as(c.t, "clerk-aoki"), r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.run(time.Second)
	return f
}

// filing is a notice about somebody as the register has them now.
func (c *country) filing(who PersonID, basis string) Filing {
	c.t.Helper()
	return Filing{Person: who, Base: c.now(who).Number, Arose: today, Basis: basis}
}

func (c *country) now(who PersonID) store.Version {
	c.t.Helper()
	var v store.Version
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		v, _, err = tx.Current(ctx, who)
		return err
	})
	return v
}

func (c *country) versions(who PersonID) (all []store.Version) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = tx.Versions(ctx, who)
		return err
	})
	return all
}

func (c *country) view(look func(context.Context, *store.Tx) error) {
	c.t.Helper()
	if err := c.o.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return look(ctx, c.o.in(tx)) }); err != nil {
		c.t.Fatal(err)
	}
}

// footprint counts every row that an act could have left, so that a test can see that a refused one left none.
func (c *country) footprint() string {
	c.t.Helper()
	var text string
	c.view(func(ctx context.Context, tx *store.Tx) error {
		text = ""
		for _, table := range []string{"resident", "record_version", "household_place", "headless_household", "former_code", "planned_move_out", "application", "identity_check", "identity_wait", "taken_filing", "seal", "town_rename", "due", "x_out",
			"code_pool WHERE given_at <> 0",
			// What a refusal tells is written down, and nothing else (told_test.go).
			"audit WHERE NOT (act = 'look' AND detail LIKE '%, refusal: %')", "look WHERE how NOT LIKE 'refusal: %'"} {
			var n int64
			if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
				return err
			}
			text += fmt.Sprintf("%s %d; ", table, n)
		}
		return nil
	})
	return text
}

// audited lists the acts about a subject, the newest first.
func (c *country) audited(subject resident.RecordCode) (acts []string) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) error {
		records, err := auditlog.List(ctx, tx.Tx, auditlog.Filter{Subject: subject.Reveal()})
		for _, r := range records {
			acts = append(acts, r.Actor+" "+r.Act)
		}
		return err
	})
	return acts
}

// fieldsOf are the fields of a refusal; each must say in both languages what is wrong.
func fieldsOf(t testing.TB, err error) (fields []string) {
	t.Helper()
	problems, ok := plain.AsProblems(err)
	if !ok {
		t.Fatalf("not a refusal: %v", err)
	}
	for _, p := range problems {
		if p.JA == "" || p.EN == "" {
			t.Errorf("field %s: a sentence lacks a language: %v", p.Field, p)
		}
		fields = append(fields, p.Field)
	}
	return fields
}

func refusedBy(t testing.TB, err error) *access.Refused {
	t.Helper()
	var r *access.Refused
	if !errors.As(err, &r) {
		t.Fatalf("not a refusal of the person: %v", err)
	}
	return r
}

func short(h resident.StateHash) string {
	if h == (resident.StateHash{}) {
		return "none"
	}
	return hex.EncodeToString(h[:4])
}
