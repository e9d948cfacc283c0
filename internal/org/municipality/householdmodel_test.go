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
	"github.com/akashi-id/akashi/resident"
)

// TestHouseholdModel files random household acts, entries, deaths and moves, good and bad, and looks at every household after
// each: one head or a place on the list of those without one, and never both; one address; relations that were stated of the head there is;
// versions that count notices and not households; and the hash by which an import knows the record.
func TestHouseholdModel(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		if err := flag.Set("rapid.checks", "10"); err != nil { // a country is made for each
			t.Fatal(err)
		}
	}
	taken := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		c := newCountry(t, "memory:")
		clerk := as(t, "clerk-aoki")
		var all []PersonID
		versions := map[PersonID]resident.Version{}
		type standing struct {
			who PersonID
			in  resident.HouseholdID
		}
		statedTo := map[standing]PersonID{} // the head when the relation was stated
		file := func(what string, err error, before string) bool {
			var problem *plain.Problem
			var problems plain.Problems
			switch {
			case err == nil:
				taken[what]++
				return true
			case !errors.As(err, &problem) && !errors.As(err, &problems):
				r.Fatalf("%s: %v", what, err)
			case c.footprint() != before:
				r.Fatalf("%s was refused and left something: %v", what, err)
			}
			taken[what+" refused"]++
			return false
		}
		households := func() map[resident.HouseholdID][]store.Version {
			m := map[resident.HouseholdID][]store.Version{}
			for _, id := range all {
				if v := c.now(id); v.Present() {
					m[v.Record.Household] = append(m[v.Record.Household], v)
				}
			}
			return m
		}
		headOf := func(members []store.Version) (head PersonID, heads int) {
			for _, v := range members {
				if isHead(v) {
					head, heads = v.Person, heads+1
				}
			}
			return head, heads
		}
		// stated notes of whom the relations were stated, once an act was taken.
		stated := func(people ...PersonID) {
			now := households()
			for _, id := range people {
				home := c.now(id).Record.Household
				if head, heads := headOf(now[home]); heads == 1 {
					statedTo[standing{id, home}] = head
				}
			}
		}
		planned := map[PersonID]bool{}
		// left notes that somebody remained alone, whom nobody needs to ask.
		left := func(home resident.HouseholdID) {
			if members := households()[home]; len(members) == 1 && isHead(members[0]) {
				statedTo[standing{members[0].Person, home}] = members[0].Person
			}
		}
		relations := []resident.Relation{resident.Head, relation("妻"), relation("子"), relation("同居人")}
		draw := func(r *rapid.T) resident.Relation { return rapid.SampledFrom(relations).Draw(r, "relation") }
		pick := func(r *rapid.T) PersonID { return rapid.SampledFrom(all).Draw(r, "who") }
		var arrange func(*rapid.T)
		acts := map[string]func(*rapid.T){
			"": func(r *rapid.T) {
				listed := map[resident.HouseholdID]bool{}
				for _, h := range c.withoutHead() {
					listed[h.Household] = true
				}
				for id, members := range households() {
					head, heads := headOf(members)
					if heads > 1 || heads == 1 == listed[id] {
						r.Fatalf("household %s has %d heads; on the list %v", id, heads, listed[id])
					}
					for _, v := range members {
						if v.Record.Address != members[0].Record.Address {
							r.Fatalf("household %s lives at two addresses", id)
						}
						if heads == 1 && statedTo[standing{v.Person, id}] != head {
							r.Fatalf("person %d is %s of %d, stated of %d", v.Person, v.Record.Relation.Reveal(), head, statedTo[standing{v.Person, id}])
						}
					}
					delete(listed, id)
				}
				if len(listed) > 0 {
					r.Fatalf("%d households are on the list and nobody is in them", len(listed))
				}
				for _, id := range all {
					v := c.now(id)
					if v.Number != versions[id] {
						r.Fatalf("person %d has version %d, want %d", id, v.Number, versions[id])
					}
					c.view(func(ctx context.Context, tx *store.Tx) error {
						known, err := tx.KnownCodes(ctx, []resident.RecordCode{v.Record.Code})
						if known[v.Record.Code].Hash != v.Record.StateHash() {
							r.Fatalf("an import would not know the record of person %d", id)
						}
						return err
					})
				}
			},
			"enter": func(r *rapid.T) {
				reg := movedIn()
				if len(all) > 0 && rapid.IntRange(0, 4).Draw(r, "joins") > 0 {
					reg.Record.Household, reg.Record.Relation = c.now(pick(r)).Record.Household, relation("同居人")
					if rapid.IntRange(0, 3).Draw(r, "bold") == 0 {
						reg.Record.Relation = draw(r)
					}
				}
				reg.Record.Birth = resident.WholeDate(resident.MustDate(1950, 1, 1).AddDays(rapid.IntRange(0, 20000).Draw(r, "born")))
				before := c.footprint()
				f, err := c.o.Register(clerk, reg)
				if file("enter", err, before) {
					all, versions[f.Person] = append(all, f.Person), 1
					stated(f.Person)
				}
			},
			"die": func(r *rapid.T) {
				if len(all) == 0 || rapid.IntRange(0, 2).Draw(r, "dies") > 0 {
					r.Skip()
				}
				id := pick(r)
				home := c.now(id).Record.Household
				f := Filing{Person: id, Base: versions[id], Arose: today, Basis: "family-86"}
				if rapid.Bool().Draw(r, "rest") {
					named := false
					for _, v := range households()[home] {
						if v.Person == id {
							continue
						}
						as := relation("同居人")
						if !named {
							as, named = resident.Head, true
						}
						f.Rest = append(f.Rest, Placement{v.Person, home, as})
					}
				}
				before := c.footprint()
				_, err := c.o.File(clerk, Death{f})
				if file("die", err, before) {
					versions[id]++
					for _, p := range f.Rest {
						stated(p.Person)
					}
					left(home)
				}
			},
			"leave": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				id := pick(r)
				v := c.now(id)
				n := MoveWithin{Filing: Filing{Person: id, Base: versions[id], Arose: today, Basis: "law-23"}, OwnHousehold: rapid.Bool().Draw(r, "own"),
					Address: address("長野県松本市大手" + rapid.StringMatching(`[1-3]`).Draw(r, "to") + "番")}
				if with := c.now(pick(r)).Record; !n.OwnHousehold && rapid.IntRange(0, 3).Draw(r, "joins") > 0 {
					n.Household, n.Relation = with.Household, relation("同居人")
					if rapid.IntRange(0, 3).Draw(r, "there") > 0 {
						n.Address = with.Address
					}
				}
				before := c.footprint()
				_, err := c.o.File(clerk, n)
				if file("leave", err, before) {
					versions[id]++
					stated(id)
					left(v.Record.Household)
				}
			},
			"restore": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				id := pick(r)
				before := c.footprint()
				n := Restoration{Filing: Filing{Person: id, Base: versions[id], Arose: today, Basis: "found-wrong"}, Corrects: versions[id]}
				if rapid.Bool().Draw(r, "asked") {
					n.Relation = draw(r)
				}
				_, err := c.o.File(clerk, n)
				if file("restore", err, before) {
					versions[id]++
					if n.Relation.Valid() || isHead(c.now(id)) {
						stated(id)
					}
				}
			},
			"cancel": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				id := pick(r)
				home := c.now(id).Record.Household
				before := c.footprint()
				_, err := c.o.File(clerk, Cancellation{Filing: Filing{Person: id, Base: versions[id], Arose: today, Basis: "found-wrong"}, Corrects: versions[id]})
				if file("cancel", err, before) {
					versions[id]++
					left(home)
					if isHead(c.now(id)) {
						stated(id)
					}
				}
			},
			"move out": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				n := MoveOut{Filing: Filing{Arose: resident.DateOf(c.clk.Now()).AddDays(rapid.IntRange(0, 1).Draw(r, "day")), Basis: "law-24"}, To: address("東京都足立区中央本町1番")}
				at, base := c.now(pick(r)).Record.Household, map[PersonID]resident.Version{}
				var people []PersonID
				for _, v := range households()[at] {
					if rapid.IntRange(0, 2).Draw(r, "goes") > 0 {
						people, base[v.Person] = append(people, v.Person), versions[v.Person]
					}
				}
				before := c.footprint()
				filed, err := c.o.FileMoveOut(clerk, n, base, people)
				if !file("move out", err, before) {
					return
				}
				for _, f := range filed {
					if planned[f.Person] = f.Planned.Valid(); f.Version > 0 {
						versions[f.Person]++
					}
				}
				left(at)
			},
			"stay": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip()
				}
				id := pick(r)
				before := c.footprint()
				if file("stay", c.o.CancelPlan(clerk, id), before) {
					planned[id] = false
					left(c.now(id).Record.Household)
				}
			},
			"the day comes": func(r *rapid.T) {
				if !slices.Contains(slices.Collect(maps.Values(planned)), true) || rapid.IntRange(0, 2).Draw(r, "comes") > 0 {
					r.Skip()
				}
				before := households()
				c.run(24 * time.Hour)
				for id, goes := range planned {
					if v := c.now(id); goes && !v.Present() {
						versions[id], planned[id] = v.Number, false
					}
				}
				for home := range before {
					left(home)
				}
			},
		}
		arrange = func(r *rapid.T) {
			if len(all) == 0 {
				r.Skip()
			}
			act := HouseholdAct{Event: rapid.SampledFrom([]string{"household-split", "household-merge", "household-change", "head-change", "relation-change"}).Draw(r, "event"), Arose: today, Basis: "order-12"}
			at := pick(r)
			if !c.now(at).Present() {
				r.Skip()
			}
			home := c.now(at).Record.Household
			to := home
			switch act.Event {
			case "household-split":
				to = ""
			case "household-merge", "household-change":
				to = c.now(pick(r)).Record.Household
				now := households()
				for _, id := range slices.Sorted(maps.Keys(now)) {
					if members := now[id]; id != home && members[0].Record.Address == c.now(at).Record.Address && rapid.IntRange(0, 3).Draw(r, "elsewhere") > 0 {
						to = id
					}
				}
			}
			named := false
			for i, v := range households()[home] {
				goes := rapid.Bool().Draw(r, "goes") || (act.Event == "household-merge" || act.Event == "head-change") && rapid.Bool().Draw(r, "goes too")
				if !goes {
					continue
				}
				as := draw(r)
				if rapid.IntRange(0, 4).Draw(r, "sensible") > 0 { // else hardly any act would be taken
					as = relation(rapid.SampledFrom([]string{"同居人", "子"}).Draw(r, "as"))
					if !named && (act.Event == "household-split" || act.Event == "head-change" && i > 0) {
						as, named = resident.Head, true
					}
				}
				act.Places = append(act.Places, Placement{v.Person, to, as})
			}
			before := c.footprint()
			_, err := c.fileHousehold(act)
			if err != nil {
				before = c.footprint() // a preview that was taken was a look
			}
			if file(act.Event, err, before) {
				for _, p := range act.Places {
					stated(p.Person)
				}
			}
		}
		// Acts are what this is about, so that they come oftener.
		acts["arrange"], acts["arrange again"], acts["arrange once more"] = arrange, arrange, arrange
		r.Repeat(acts)
	})
	t.Logf("%v", taken)
}
