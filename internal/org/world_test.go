package org_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// world is the two real organisations between a scripted municipality and a scripted CA.
type world struct {
	clk     *clock.Virtual
	net     *exchange.Memory
	tasks   []clock.Task
	hosts   map[message.Org]*host.Host // the two real ones
	x       map[message.Org]*exchange.Exchange
	stores  map[message.Org]*sqlstore.Store
	closers []func() error

	people []*person
	// What is made and not sent yet. Changes and notices of one person keep their order, as streams do; an invalidation
	// keeps none.
	changes, notices map[int][]message.Payload
	kills            []message.Payload
	sent             []sent // safe messages and notices, to be sent a second time

	certificates []*certificate
}

type person struct {
	resident.IdentificationInfo
	last  resident.StateHash
	codes []resident.RecordCode // all that the person has had: a municipality tells what dies under each
	gone  bool
	died  map[cert.Profile]resident.Version // highest invalidation
}

type certificate struct {
	message.CertIssuance
	revoked bool
	ordered int // orders that named its serial
}

type sent struct {
	from message.Org
	body message.Payload
}

func newWorld(t *testing.T, r *rapid.T) *world {
	ca, err := pki.NewInfrastructureCA(rand.Reader, start)
	check(r, err)
	trust, err := pki.NewTrust(ca.Certificate())
	check(r, err)
	w := &world{hosts: map[message.Org]*host.Host{}, clk: clock.NewVirtual(start), net: new(exchange.Memory), x: map[message.Org]*exchange.Exchange{}, stores: map[message.Org]*sqlstore.Store{},
		changes: map[int][]message.Payload{}, notices: map[int][]message.Payload{}}
	signer := func(o message.Org) exchange.Signer {
		signer, err := ca.NewIdentity(rand.Reader, start, string(o), pki.ForSigning)
		check(r, err)
		return signer
	}
	config := func(self message.Org, peers ...message.Org) host.Config {
		return host.Config{Self: self, Name: plain.Sentence{JA: "試験", EN: "Test"}, StoreURL: "memory:", Clock: w.clk, Rand: rand.Reader,
			Signer: signer(self), Trust: trust, Link: w.net.As(self), Peers: peers, Secrets: reconciletest.Secrets(self)}
	}
	add := func(o message.Org, x *exchange.Exchange, tasks []clock.Task, close func() error) {
		w.x[o], w.tasks, w.closers = x, append(w.tasks, tasks...), append(w.closers, close)
	}
	scripted := func(self, peer message.Org, routes ...exchange.Route) {
		store, err := sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: w.clk}, exchange.Schema())
		check(r, err)
		c := config(self, peer)
		x, err := exchange.New(t.Context(), exchange.Config{Self: self, Store: store, Clock: c.Clock, Rand: c.Rand, Signer: c.Signer, Trust: trust,
			Link: c.Link, Peers: c.Peers, Routes: routes})
		check(r, err)
		w.stores[self] = store
		add(self, x, x.Tasks(), store.Close)
	}
	p, err := prefecture.New(t.Context(), prefecture.Config{Config: config(nagano, matsumoto, center)})
	check(r, err)
	add(nagano, p.Exchange, w.routine(p.Host), p.Close)
	n, err := nationalcenter.New(t.Context(), nationalcenter.Config{Config: config(center, nagano, theCA)})
	check(r, err)
	add(center, n.Exchange, w.routine(n.Host), n.Close)
	w.hosts[nagano], w.hosts[center] = p.Host, n.Host
	scripted(matsumoto, nagano)
	scripted(theCA, center, exchange.On(func(tx *sqlstore.Tx) *sqlstore.Tx { return tx },
		func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CertRevocation) ([]message.Out, error) {
			tx.OnCommit(func() { w.revoke(n) })
			return nil, nil
		}))
	for i := range 2 {
		w.people = append(w.people, newPerson(r, uint64(i)))
	}
	w.joinAll()
	return w
}

// routine are an organisation's tasks without its closes, alarms and drills, which no river is about.
func (w *world) routine(h *host.Host) []clock.Task {
	return slices.Concat(h.Exchange.Tasks(), h.Due.Tasks(), h.Books.Tasks())
}

func (w *world) close() {
	for _, c := range w.closers {
		c()
	}
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

func check(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func newPerson(r *rapid.T, code uint64) *person {
	name, err := resident.ParseName("name", "松本　花子")
	check(r, err)
	birth, err := resident.ParsePartialDate("birth", "1980-05-01")
	check(r, err)
	municipality, err := resident.ParseMunicipalityCode("municipality", matsumoto.Code())
	check(r, err)
	p := &person{died: map[cert.Profile]resident.Version{}}
	p.IdentificationInfo = resident.IdentificationInfo{Code: resident.RecordCodeOf(code), Municipality: municipality,
		BasicFour: resident.BasicFour{Name: name, Birth: birth, Sex: resident.Female}}
	return p
}

// changes are the reasons after the first; those that end a record come last and seldom.
var changes = []resident.ChangeReason{resident.MoveWithin, resident.MoveWithin, resident.MoveWithin, resident.MoveWithin, resident.MoveWithin,
	resident.MinorAmendment, resident.MinorAmendment, resident.AmendmentExOfficio, resident.AmendmentExOfficio,
	resident.CodeChangeRequested, resident.CodeChangeRequested, resident.CodeChangeRequested, resident.MoveOut, resident.Death}

// file is what happens at the counter: a change, and beside it the invalidation when it kills anything.
func (w *world) file(r *rapid.T, i int, reason resident.ChangeReason) {
	p := w.people[i]
	if p.gone {
		return
	}
	p.Version++
	p.Change = resident.ChangeInfo{Reason: reason, Arose: today}
	if reason == resident.CodeChangeRequested {
		p.Change.OldCode, p.Code = p.Code, resident.RecordCodeOf(uint64(p.Version)*1000+uint64(i))
	}
	town := rapid.SampledFrom([]string{"長野県松本市大手", "長野県松本市丸の内", "長野県松本市城山", "読めない団地"}).Draw(r, "town")
	address, err := resident.ParseAddress("address", fmt.Sprintf("%s%d番", town, p.Version))
	check(r, err)
	p.Address = address
	if len(p.codes) == 0 || p.codes[len(p.codes)-1] != p.Code {
		p.codes = append(p.codes, p.Code)
	}
	w.changes[i] = append(w.changes[i], message.ResidentChange{After: p.IdentificationInfo, Before: p.last})
	p.last, p.gone = p.StateHash(), reason.Act() == resident.Deletion
	kills := resident.EffectOf(reason, resident.AttrAddress)
	if kills.Nothing() {
		return
	}
	for _, code := range p.codes {
		w.kills = append(w.kills, message.ResidentInvalidation{Code: code, Version: p.Version, Reason: reason, Since: today, Kills: kills})
	}
	for profile, dies := range map[cert.Profile]bool{cert.Signature: kills.Signature, cert.Authentication: kills.Authentication} {
		if dies {
			p.died[profile] = p.Version
		}
	}
}

// issue is what the CA does: a certificate on the present state, and the notice of it, which is sometimes wrong.
func (w *world) issue(r *rapid.T, i int) {
	p := w.people[i]
	if p.gone {
		return
	}
	serial, err := cert.NewSerial(rand.Reader)
	check(r, err)
	n := message.CertIssuance{Profile: rapid.SampledFrom(cert.Profiles).Draw(r, "profile"), Code: p.Code, Serial: serial, Version: p.Version,
		NotBefore: start.Add(time.Duration(len(w.certificates)) * time.Second), NotAfter: start.AddDate(5, 0, 0), Municipality: p.Municipality}
	if n.Profile == cert.Signature {
		n.Name, n.Address = p.Name, p.Address
		if rapid.Bool().Draw(r, "wrong") {
			n.Address, err = resident.ParseAddress("address", "長野県松本市浅間温泉1番")
			check(r, err)
		}
	}
	w.certificates = append(w.certificates, &certificate{CertIssuance: n})
	w.notices[i] = append(w.notices[i], n)
}

// revoke is what the CA does with an order: by serial, or all of a holder that certify an older version; once.
func (w *world) revoke(n message.CertRevocation) {
	for _, c := range w.certificates {
		if c.Serial == n.Serial {
			c.ordered++
			c.revoked = true
		}
		if n.Serial.IsZero() && c.Code == n.Code && c.Profile == n.Profile && c.Version < n.Version {
			c.revoked = true
		}
	}
}

func (w *world) send(from message.Org, body message.Payload) {
	to := map[message.Org]message.Org{matsumoto: nagano, theCA: center}[from]
	err := w.stores[from].Update(context.Background(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := w.x[from].Send(ctx, tx, []message.Out{{To: to, Body: body}}, "t-rivers")
		return err
	})
	if err != nil {
		panic(err) // the outbox of a test in memory
	}
	if _, ordered := body.(message.ResidentChange); !ordered {
		w.sent = append(w.sent, sent{from, body})
	}
}

func (w *world) sendFirst(queue map[int][]message.Payload, i int, from message.Org) {
	if q := queue[i]; len(q) > 0 {
		queue[i] = q[1:]
		w.send(from, q[0])
	}
}

func (w *world) sendKill(which int) {
	if len(w.kills) == 0 {
		return
	}
	i := which % len(w.kills)
	k := w.kills[i]
	w.kills = append(w.kills[:i:i], w.kills[i+1:]...)
	w.send(matsumoto, k)
}

// arrive lets the changes and notices of one person come, so that what kills comes behind them.
func (w *world) arrive(i int) {
	for len(w.changes[i]) > 0 {
		w.sendFirst(w.changes, i, matsumoto)
	}
	w.run(time.Second)
	for len(w.notices[i]) > 0 {
		w.sendFirst(w.notices, i, theCA)
	}
	w.run(time.Second)
}

// sendAgain is what a restored database does.
func (w *world) sendAgain(r *rapid.T) {
	if len(w.sent) > 0 {
		s := rapid.SampledFrom(w.sent).Draw(r, "message")
		w.send(s.from, s.body)
	}
}

func (w *world) sendAll() {
	w.joinAll()
	for i := range w.people {
		for len(w.changes[i]) > 0 {
			w.sendFirst(w.changes, i, matsumoto)
		}
		for len(w.notices[i]) > 0 {
			w.sendFirst(w.notices, i, theCA)
		}
	}
	for len(w.kills) > 0 {
		w.sendKill(0)
	}
	w.run(2 * time.Minute)
}

func (w *world) cut(o message.Org) { w.net.Join(o, nil) }

func (w *world) joinAll() {
	for o, x := range w.x {
		w.net.Join(o, x)
	}
}

func (w *world) run(d time.Duration) {
	if err := clock.Drive(context.Background(), w.clk, w.tasks, w.clk.Now().Add(d)); err != nil {
		panic(err)
	}
}

// accept lets two persons at the center take a parked message as it is.
func (w *world) accept(r *rapid.T, i exchange.Item) {
	x := w.x[center]
	check(r, x.Propose(context.Background(), i.ID, exchange.Accept, "確かめた", "operator-ueda"))
	check(r, x.Confirm(context.Background(), i.ID, "operator-egawa"))
}

func (w *world) parked(r *rapid.T) (parked []exchange.Item) {
	items, err := w.x[center].Stuck(context.Background(), 1000)
	check(r, err)
	for _, i := range items {
		if i.Parked() && !i.Out {
			parked = append(parked, i)
		}
	}
	return parked
}

func (w *world) acceptSome(r *rapid.T) {
	if parked := w.parked(r); len(parked) > 0 {
		w.accept(r, rapid.SampledFrom(parked).Draw(r, "parked"))
	}
}

func (w *world) acceptAll(r *rapid.T) {
	// Each round ends at least one message, and what was held behind it may park in its turn.
	for range len(w.people) * 100 {
		parked := w.parked(r)
		if len(parked) == 0 {
			return
		}
		for _, i := range parked {
			w.accept(r, i)
		}
		w.run(2 * time.Minute)
	}
	r.Fatalf("%d messages are still parked", len(w.parked(r)))
}

// check holds the certificates against what has happened. all: every notice was read. One that waits for a person has taken nobody's place
// yet, and who changed their code in a message that waits is two people.
func (w *world) check(r *rapid.T, when string, all bool) {
	for n, c := range w.certificates {
		dead, outlived := false, false
		for _, p := range w.people {
			if !slices.Contains(p.codes, c.Code) {
				continue
			}
			dead = dead || c.Version < p.died[c.Profile]
			for _, next := range w.certificates[n+1:] { // the CA itself ends the one before under the same code
				outlived = outlived || slices.Contains(p.codes, next.Code) && next.Profile == c.Profile && next.Code != c.Code
			}
		}
		must := dead || outlived && all
		if c.revoked != must && !(c.revoked && outlived) || c.ordered > 1 || c.ordered == 1 && !dead && !outlived {
			r.Fatalf("%s: certificate %d (%s, version %s) is revoked: %v, by %d orders that name it; it should be: %v, outlived: %v",
				when, n, c.Profile, c.Version, c.revoked, c.ordered, dead, outlived)
		}
	}
}

// checkBooks holds the prefecture's books towards the center against the center's copies.
func (w *world) checkBooks(r *rapid.T) {
	entries := func(of, with message.Org, book message.Book) (all map[string]message.Hash) {
		check(r, w.hosts[of].Store.View(context.Background(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			all, err = reconcile.Entries(ctx, tx, book, with)
			return err
		}))
		return all
	}
	for _, book := range []message.Book{message.Residents, message.Invalidations} {
		source, copied := entries(nagano, center, book), entries(center, nagano, book)
		if !maps.Equal(source, copied) {
			r.Fatalf("book %s: the prefecture says %x, the center holds %x", book, source, copied)
		}
		if below := entries(nagano, matsumoto, book); !maps.Equal(source, below) {
			r.Fatalf("book %s: the prefecture holds %x of the municipality, and says %x", book, below, source)
		}
	}
	for o, h := range w.hosts {
		var cases int64
		check(r, h.Store.View(context.Background(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM r_case`).Scan(&cases)
		}))
		if cases > 0 {
			r.Fatalf("%s has named %d differences, and there is none", o, cases)
		}
	}
}
