package municipality

import (
	"context"
	"errors"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// person is what the model knows of somebody.
type person struct {
	id       PersonID
	present  bool
	version  resident.Version
	code     resident.RecordCode
	codes    []resident.RecordCode
	four     resident.BasicFour
	hash     resident.StateHash
	arrived  resident.Date // the day since which the address holds
	killed   int           // invalidations that must have come
	lastKill resident.Version
}

// TestModel files random notices, good and bad, and compares the register and what the prefecture got with a model: the
// versions of everybody are one chain, in order and without gaps; what is refused changes nothing; what dies is told once
// for each code, and nothing else is told; and the books say what the prefecture was told.
func TestModel(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		// A country is made for each check; a hundred of them take half a minute.
		if err := flag.Set("rapid.checks", "15"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		c := newCountry(t, "memory:")
		var all []*person
		clerk := as(t, "clerk-aoki")
		pick := func() *person { return rapid.SampledFrom(all).Draw(r, "who") }
		now := func() resident.Date { return resident.DateOf(c.clk.Now()) }
		// file files a change and tells whether it was taken; the model says whether it should be.
		file := func(p *person, change Change, should bool) bool {
			before := c.footprint()
			f, err := c.o.File(clerk, change)
			var problem *plain.Problem
			switch {
			case err != nil && !errors.As(err, &problem):
				r.Fatalf("%T: %v", change, err)
			case (err == nil) != should:
				r.Fatalf("%T on a person who is here: %v; taken should be %v: %v", change, p.present, should, err)
			case err != nil:
				if after := c.footprint(); after != before {
					r.Fatalf("%T was refused and left %s, before %s", change, after, before)
				}
				return false
			}
			p.version++
			if f.Version != p.version {
				r.Fatalf("version %d, want %d", f.Version, p.version)
			}
			if !f.Kills.Nothing() {
				p.lastKill = p.version
				p.killed += len(p.codes)
			}
			return true
		}
		day := func() resident.Date { return now().AddDays(rapid.IntRange(-40, 2).Draw(r, "day")) }
		base := func(p *person) resident.Version {
			if rapid.IntRange(0, 9).Draw(r, "stale") == 0 {
				return p.version + 1
			}
			return p.version
		}
		right := func(p *person, f Filing) bool { return p.present && f.Base == p.version && !f.Arose.After(now()) }
		r.Repeat(map[string]func(*rapid.T){
			"": func(r *rapid.T) { c.compare(r, all) },
			"register": func(*rapid.T) {
				reg := movedIn()
				reg.Record.Birth = resident.WholeDate(resident.MustDate(1950, 1, 1).AddDays(rapid.IntRange(0, 20000).Draw(r, "born")))
				f, err := c.o.Register(clerk, reg)
				if err != nil {
					r.Fatal(err)
				}
				v := c.now(f.Person)
				all = append(all, &person{id: f.Person, present: true, version: 1, code: f.Code, codes: []resident.RecordCode{f.Code}, four: v.Record.BasicFour,
					hash: v.Hash(), arrived: reg.Record.BecameResident})
			},
			"time": func(*rapid.T) { c.run(time.Duration(rapid.IntRange(1, 72).Draw(r, "hours")) * time.Hour) },
			"move": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				p := pick()
				to := address("長野県松本市大手" + rapid.StringMatching(`[1-3]`).Draw(r, "to") + "番")
				f := Filing{Person: p.id, Base: base(p), Arose: day(), Basis: "law-23"}
				if file(p, MoveWithin{Filing: f, Address: to}, right(p, f) && !f.Arose.Before(p.arrived) && to != p.four.Address) {
					p.four.Address, p.arrived = to, f.Arose
				}
			},
			"amend": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				p := pick()
				n := name(rapid.SampledFrom([]string{"髙𠮷 葛󠄂子", "山﨑 一", "辻󠄃 さくら"}).Draw(r, "name"))
				f := Filing{Person: p.id, Base: base(p), Arose: day(), Basis: "order-12"}
				if file(p, Amendment{Filing: f, Name: n}, right(p, f) && n != p.four.Name) {
					p.four.Name = n
				}
			},
			"identify": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				p := pick()
				n := name(rapid.SampledFrom([]string{"高吉 葛子", "山崎 一", "辻 さくら"}).Draw(r, "name"))
				f := Filing{Person: p.id, Base: base(p), Arose: day(), Basis: "rule-21-2-2"}
				if file(p, MinorAmendment{Filing: f, Name: n}, right(p, f) && n != p.four.Name) {
					p.four.Name = n
				}
			},
			"recode": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				p := pick()
				f := Filing{Person: p.id, Base: base(p), Arose: day(), Basis: "law-30-3"}
				if file(p, Recode{Filing: f}, right(p, f) && !f.Arose.Before(resident.MustDate(2026, 3, 1))) {
					p.code = c.now(p.id).Record.Code
					if slices.Contains(p.codes, p.code) {
						r.Fatal("the code did not change")
					}
					p.codes = append(p.codes, p.code)
					p.killed++ // told for the new code too
				}
			},
			"die": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				p := pick()
				f := Filing{Person: p.id, Base: base(p), Arose: day(), Basis: "family-86"}
				if file(p, Death{f}, right(p, f)) {
					p.present = false
				}
			},
		})
	})
}

// compare holds the register, the outbox and the prefecture's state against the model.
func (c *country) compare(r *rapid.T, all []*person) {
	c.run(time.Second)
	var told, died int
	for _, p := range all {
		versions := c.versions(p.id)
		told += len(versions)
		died += p.killed
		if len(versions) != int(p.version) {
			r.Fatalf("%d versions, want %d", len(versions), p.version)
		}
		before := resident.StateHash{}
		for i, v := range slices.Backward(versions) {
			if v.Number != resident.Version(len(versions)-i) || v.Before != before {
				r.Fatalf("version %d does not join: before %s, want %s", v.Number, short(v.Before), short(before))
			}
			before = v.Hash()
		}
		now := versions[0]
		if now.Present() != p.present || now.Record.Code != p.code || now.Record.BasicFour != p.four {
			r.Fatalf("the register is not as the model: present %v, want %v", now.Present(), p.present)
		}
		c.view(func(ctx context.Context, tx *store.Tx) error {
			for _, code := range p.codes {
				h, found, err := tx.ByCode(ctx, code)
				if err != nil || !found || h.Person != p.id || h.Former != (code != p.code) || h.Present != p.present {
					r.Fatalf("by code: %+v, %v, %v", h, found, err)
				}
			}
			return nil
		})
	}
	if len(c.changes) != told || len(c.invalidations) != died {
		r.Fatalf("the prefecture has %d changes and %d invalidations, want %d and %d", len(c.changes), len(c.invalidations), told, died)
	}
	for _, book := range c.o.books() {
		var told []message.Payload
		for _, n := range c.changes {
			told = append(told, n)
		}
		for _, n := range c.invalidations {
			told = append(told, n)
		}
		held := reconciletest.Held(r, c.o.Store, book, "prefecture-20")
		if want := reconciletest.Told(book.Book, told...); !maps.Equal(held, want) {
			r.Fatalf("the book %s holds %x, and the prefecture was told %x", book.Book, held, want)
		}
		c.snapshots(r, book, all, held)
	}
	c.view(func(ctx context.Context, tx *store.Tx) error {
		figures, err := c.o.counts(ctx, tx.Tx, "prefecture-20", true)
		if err != nil || len(figures) != 4 || figures[2].N != 0 || figures[3].N != 0 || figures[0].N != int64(len(c.changes)) || figures[1].N != int64(len(c.invalidations)) {
			r.Fatalf("the register counts %v, %v; the prefecture has %d changes and %d invalidations", figures, err, len(c.changes), len(c.invalidations))
		}
		return nil
	})
	last := map[resident.RecordCode]resident.StateHash{}
	for _, n := range c.changes {
		key := n.After.Code
		if old := n.After.Change.OldCode; old.Valid() {
			key = old
		}
		if last[key] != n.Before {
			r.Fatalf("a change of version %d came out of order", n.After.Version)
		}
		last[n.After.Code] = n.After.StateHash()
	}
}

// snapshots fails unless the snapshot of each key says what the book says, and of the code of everybody who left, or who
// has another code now, that nothing is in force under it.
func (c *country) snapshots(r *rapid.T, book reconcile.Table, all []*person, held map[string]message.Hash) {
	keys := slices.Collect(maps.Keys(held))
	if book.Book == message.Residents {
		for _, p := range all {
			for _, code := range p.codes {
				keys = append(keys, code.Reveal())
			}
		}
	}
	c.view(func(ctx context.Context, tx *store.Tx) error {
		for _, key := range keys {
			state, err := book.Snapshot(ctx, tx.Tx, "prefecture-20", key)
			if err != nil || state == nil {
				r.Fatalf("%s: the snapshot of %s is %v, %v", book.Book, key, state, err)
			}
			n, err := message.SnapshotOf(book.Book, key, state, "")
			if err != nil {
				r.Fatal(err)
			}
			told := reconciletest.Told(book.Book, n)
			if told[key] != held[key] {
				r.Fatalf("%s: the snapshot of %s says %x, the book %x", book.Book, key, told[key], held[key])
			}
			if shown, err := book.Show(ctx, tx.Tx, "prefecture-20", key); err != nil || shown.JA == "" || shown.EN == "" {
				r.Fatalf("%s: %s is shown as %q, %v", book.Book, key, shown, err)
			}
		}
		return nil
	})
}
