package org_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality"
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

// movers are 松本市 and 足立区, which exchange with each other, their prefectures and the national center, all real.
type movers struct {
	testing.TB
	clk   *clock.Virtual
	net   *exchange.Memory
	drive *clock.Driver
	at    map[message.Org]*municipality.Municipality
	hosts map[message.Org]*host.Host
	clerk context.Context
	other context.Context // another clerk
	books bool
}

// newMovers founds them; books: they compare their books.
func newMovers(t testing.TB, books bool) *movers {
	infra, err := pki.NewInfrastructureCA(rand.Reader, start)
	check(t, err)
	trust, err := pki.NewTrust(infra.Certificate())
	check(t, err)
	v := &movers{TB: t, clk: clock.NewVirtual(start), net: new(exchange.Memory), at: map[message.Org]*municipality.Municipality{}, hosts: map[message.Org]*host.Host{}, books: books}
	config := func(self message.Org, peers ...message.Org) host.Config {
		signer, err := infra.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)
		check(t, err)
		return host.Config{Self: self, Name: plain.Sentence{JA: "試験", EN: "Test"}, StoreURL: "memory:", Clock: v.clk, Rand: rand.Reader,
			Signer: signer, Trust: trust, Link: v.net.As(self), Peers: peers, Secrets: reconciletest.Secrets(self)}
	}
	var tasks []clock.Task
	add := func(h *host.Host) {
		v.hosts[h.Self] = h
		t.Cleanup(func() { h.Close() })
		tasks = slices.Concat(tasks, h.Exchange.Tasks(), h.Due.Tasks())
		if books {
			tasks = slices.Concat(tasks, h.Books.Tasks())
		}
	}
	for _, x := range []struct{ self, other, above message.Org }{{matsumoto, adachi, nagano}, {adachi, matsumoto, tokyo}} {
		v.at[x.self], err = municipality.New(t.Context(), municipality.Config{Config: config(x.self, x.other, x.above, center)})
		check(t, err)
		add(v.at[x.self].Host)
	}
	for self, below := range map[message.Org]message.Org{nagano: matsumoto, tokyo: adachi} {
		p, err := prefecture.New(t.Context(), prefecture.Config{Config: config(self, below, center)})
		check(t, err)
		add(p.Host)
	}
	n, err := nationalcenter.New(t.Context(), nationalcenter.Config{NumberKey: numberKey, Config: config(center, matsumoto, adachi, nagano, tokyo)})
	check(t, err)
	add(n.Host)
	v.join()
	v.drive = clock.NewDriver(v.clk, tasks)
	for _, person := range access.Personas() {
		if person.ID == "clerk-inoue" {
			v.other = look.With(access.With(t.Context(), person), look.Ground{Purpose: look.Notice, Case: "17"})
		}
		if person.ID == "clerk-aoki" {
			v.clerk = look.With(access.With(t.Context(), person), look.Ground{Purpose: look.Notice, Case: "17"})
		}
	}
	v.run(time.Minute) // codes come from the center
	return v
}

func (v *movers) join() {
	for o, h := range v.hosts {
		v.net.Join(o, h.Exchange)
	}
}

// cut takes an organisation off the line.
func (v *movers) cut(o message.Org) { v.net.Join(o, nil) }

func (v *movers) run(d time.Duration) {
	v.Helper()
	check(v, v.drive.Until(v.Context(), v.clk.Now().Add(d)))
}

func (v *movers) today() resident.Date { return resident.DateOf(v.clk.Now()) }

// family registers so many people in 松本市, the head first, who came from abroad.
func (v *movers) family(n int) (people []municipality.PersonID) {
	v.Helper()
	var household resident.HouseholdID
	for i := range n {
		relation := resident.Head
		if i > 0 {
			relation = parsed("子", resident.ParseRelation)
		}
		f, err := v.at[matsumoto].Register(v.clerk, municipality.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, Record: resident.Record{
			BasicFour: resident.BasicFour{Name: parsed(fmt.Sprintf("松本　%s子", string("一二三四五六七八九"[i*3:i*3+3])), resident.ParseName), Birth: parsed(fmt.Sprintf("19%02d-05-01", 60+i), resident.ParsePartialDate),
				Sex: resident.Female, Address: parsed("長野県松本市丸の内3番7号", resident.ParseAddress)}, Relation: relation, Household: household, BecameResident: v.today().AddDays(-30)}})
		check(v, err)
		people = append(people, f.Person)
		household = v.look(matsumoto, f.Person).Now.Record.Household
	}
	v.run(time.Minute)
	return people
}

func (v *movers) look(at message.Org, who municipality.PersonID) municipality.Dossier {
	v.Helper()
	d, err := v.at[at].Look(v.clerk, who, "test")
	check(v, err)
	return d
}

var placesOf = map[message.Org]string{matsumoto: "長野県松本市丸の内3番7号", adachi: "東京都足立区中央本町1丁目17番1号"}

// leaves files the moving out of people from one municipality to the other.
func (v *movers) leaves(at, to message.Org, on resident.Date, people ...municipality.PersonID) []municipality.Filed {
	v.Helper()
	base := map[municipality.PersonID]resident.Version{}
	for _, p := range people {
		base[p] = v.look(at, p).Now.Number
	}
	filed, err := v.at[at].FileMoveOut(v.clerk, municipality.MoveOut{Filing: municipality.Filing{Arose: on, Basis: "law-24"}, To: parsed(placesOf[to], resident.ParseAddress)}, base, people)
	check(v, err)
	return filed
}

// coming are the moves that wait at a municipality, in the order of their names.
func (v *movers) coming(at message.Org) (moves []municipality.MoveHere) {
	v.Helper()
	l, err := v.at[at].Moves(v.clerk)
	check(v, err)
	for _, m := range l.Here {
		if m.Waits() {
			moves = append(moves, m)
		}
	}
	slices.SortFunc(moves, func(a, b municipality.MoveHere) int {
		return cmp.Or(len(a.Move)-len(b.Move), cmp.Compare(a.Move, b.Move))
	})
	return moves
}

// arrives registers those of whom was told.
func (v *movers) arrives(at message.Org, on resident.Date, moves ...municipality.MoveHere) ([]municipality.Filed, error) {
	c := municipality.MoveIn{Became: on, Address: parsed(placesOf[at], resident.ParseAddress), Basis: "law-22", Certificate: true}
	for i, m := range moves {
		a := municipality.Arrival{Move: m.Move, Relation: m.Info.Person.Relation}
		if i == 0 {
			a.Relation = resident.Head
		}
		c.People = append(c.People, a)
	}
	return v.at[at].RegisterArrivals(v.clerk, c)
}

// registers are the municipalities in whose register a code is in force, and those where something about it waits for somebody.
func (v *movers) registers(code resident.RecordCode) (in, open []message.Org) {
	v.Helper()
	for _, o := range slices.Sorted(maps.Keys(v.at)) {
		found, _, err := v.at[o].Search(v.clerk, municipality.Query{Code: code})
		check(v, err)
		if len(found) > 0 && found[0].Present() {
			in = append(in, o)
		}
		l, err := v.at[o].Moves(v.clerk)
		check(v, err)
		if slices.ContainsFunc(l.Away, func(m municipality.MoveAway) bool { return m.Code == code && m.Open() }) ||
			slices.ContainsFunc(l.Here, func(m municipality.MoveHere) bool { return m.Code == code && m.Open() }) {
			open = append(open, o)
		}
	}
	return in, open
}

// settled fails unless everybody is in the one register, nothing waits, nothing is stuck, and the center and both prefectures know it.
func (v *movers) settled(at message.Org, codes ...resident.RecordCode) {
	v.Helper()
	for _, code := range codes {
		if in, open := v.registers(code); !slices.Equal(in, []message.Org{at}) || len(open) > 0 {
			v.Errorf("in the registers of %v, open at %v", in, open)
		}
	}
	v.quiet()
	held := v.entries(center, map[message.Org]message.Org{matsumoto: nagano, adachi: tokyo}[at], message.Residents)
	for _, code := range codes {
		if _, there := held[code.Reveal()]; !there {
			v.Error("the center does not have them there")
		}
	}
	v.agree()
}

// quiet fails when a message is stuck anywhere.
func (v *movers) quiet() {
	v.Helper()
	for o, h := range v.hosts {
		stuck, err := h.Exchange.Stuck(v.Context(), 10)
		check(v, err)
		for _, i := range stuck {
			v.Errorf("%s: %s of %s is %s: %s", o, i.Kind, i.Sender, i.State, i.Reason.EN)
		}
		pairs, err := h.Exchange.Pairs(v.Context())
		check(v, err)
		for _, p := range pairs {
			if p.Open > 0 {
				v.Errorf("%s has %d messages open with %s", o, p.Open, p.Peer)
			}
		}
	}
}

func (v *movers) entries(of, with message.Org, book message.Book) (all map[string]message.Hash) {
	v.Helper()
	check(v, v.hosts[of].Store.View(v.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = reconcile.Entries(ctx, tx, book, with)
		return err
	}))
	return all
}

// agree fails unless both ends hold the same books, save some.
func (v *movers) agree(save ...message.Book) {
	v.Helper()
	for _, x := range []struct {
		source, copied message.Org
		book           message.Book
	}{{matsumoto, nagano, message.Residents}, {adachi, tokyo, message.Residents}, {nagano, center, message.Residents}, {tokyo, center, message.Residents},
		{matsumoto, adachi, message.MovesBack}, {matsumoto, adachi, message.Moves}} {
		if slices.Contains(save, x.book) {
			continue
		}
		a, b := v.entries(x.source, x.copied, x.book), v.entries(x.copied, x.source, x.book)
		if !maps.Equal(a, b) {
			v.Errorf("%s: %s holds %d entries, and %s %d, or others", x.book, x.source, len(a), x.copied, len(b))
		}
	}
}
