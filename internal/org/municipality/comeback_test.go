package municipality

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// households fails unless each household of a municipality has one head or is on the list, and lives at one address.
func (n *neighbours) households(o *Municipality, people []PersonID) {
	n.t.Helper()
	err := o.Store.View(n.t.Context(), func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		for _, who := range people {
			now, _, err := tx.Current(ctx, who)
			if err != nil || !now.Present() {
				continue
			}
			members, err := tx.Household(ctx, now.Record.Household)
			if err != nil {
				return err
			}
			gone, err := tx.HeadGone(ctx, now.Record.Household)
			if err != nil {
				return err
			}
			heads := 0
			for _, v := range members {
				if isHead(v) {
					heads++
				}
				if v.Record.Address != now.Record.Address {
					n.t.Errorf("household %s lives at two addresses", now.Record.Household)
				}
			}
			if heads > 1 || heads == 1 == (gone != 0) {
				n.t.Errorf("household %s of %d: %d heads, lost %d", now.Record.Household, len(members), heads, gone)
			}
		}
		return nil
	})
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *neighbours) thereNow(who PersonID) (v store.Version) {
	n.t.Helper()
	if err := n.there.Store.View(n.t.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		v, _, err = n.there.in(raw).Current(ctx, who)
		return err
	}); err != nil {
		n.t.Fatal(err)
	}
	return v
}

// goes files that all of the family move to us.
func (n *neighbours) goes(day resident.Date) {
	n.t.Helper()
	base := map[PersonID]resident.Version{}
	for _, p := range n.away {
		base[p] = n.thereNow(p).Number
	}
	must[[]Filed](n.t)(n.there.FileMoveOut(as(n.t, "clerk-aoki"), MoveOut{Filing: Filing{Arose: day, Basis: "law-24"}, To: address("長野県松本市丸の内3番7号")}, base, n.away))
	n.run(time.Second)
}

// TestCancelledInEveryOrder: a family moves out and each of them changes their mind, in every order, after the record is deleted: after each
// the household has one head or is on the list, and at the end everybody stands to somebody who is there. Whoever is back first is alone.
func TestCancelledInEveryOrder(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	head, wife, child := n.away[0], n.away[1], n.away[2]
	for _, order := range [][]PersonID{{head, wife, child}, {head, child, wife}, {wife, head, child}, {wife, child, head}, {child, head, wife}, {child, wife, head}} {
		home := n.thereNow(head).Record.Household
		n.goes(resident.DateOf(n.clk.Now()))
		for i, who := range order {
			if err := n.there.CancelPlan(as(t, "clerk-aoki"), who); err != nil {
				t.Fatal(err)
			}
			n.run(time.Second)
			n.households(n.there, n.away)
			v := n.thereNow(who)
			switch alone := i == 0; {
			case alone && (!v.Present() || !isHead(v)):
				t.Errorf("the first back is %v, %s", v.Present(), v.Record.Relation.Reveal())
			case !alone && order[0] == head && !v.Present():
				t.Error("whose head is back was not restored")
			case !alone && order[0] != head && v.Present():
				t.Errorf("%s came back to another head", v.Record.Relation.Reveal())
			}
			if v.Present() {
				continue
			}
			// It is an item: the clerk asks for the relation to the present head.
			list := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki")))
			if !slices.ContainsFunc(list.Away, func(m MoveAway) bool {
				return m.Person == who && m.State == store.OutVoided && strings.Contains(m.Why.JA, "いまの世帯主との続柄")
			}) {
				t.Errorf("the list of moves does not say what to do: %+v", list.Away)
			}
			f := Restoration{Filing: Filing{Person: who, Base: v.Number, Arose: resident.DateOf(n.clk.Now()), Basis: "found-wrong", Event: "move-out-cancelled"}, Corrects: v.Number}
			if _, err := n.there.File(as(t, "clerk-aoki"), f); !slices.Equal(fieldsOf(t, err), []string{"relation"}) {
				t.Errorf("restored as before: %v", err)
			}
			f.Relation = relation("同居人")
			must[Filed](t)(n.there.File(as(t, "clerk-aoki"), f))
			n.run(time.Second)
			n.households(n.there, n.away)
		}
		if order[0] != head { // as it was, for the next order
			act := HouseholdAct{Event: "head-change", Arose: resident.DateOf(n.clk.Now()), Basis: "law-25",
				Places: []Placement{{head, home, resident.Head}, {wife, home, relation("妻")}, {child, home, relation("子")}}}
			a := must[Arrangement](t)(n.there.PreviewHousehold(as(t, "clerk-aoki"), act))
			act.Base = a.Stamp
			must[HouseholdFiled](t)(n.there.FileHousehold(as(t, "clerk-aoki"), act))
		}
	}
}

// TestStaysWhileOthersGo: the head has left on the planned day while it is being asked whether the wife still goes. Until that is answered
// she is no head, and the household is on the list; when her plan is dropped she is.
func TestStaysWhileOthersGo(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻")
	if err := c.o.Store.Update(t.Context(), func(_ context.Context, raw *sqlstore.Tx) error {
		c.o.in(raw).Plan(store.Planned{Person: p[1], Day: today, Place: address("東京都足立区中央本町1番"), Basis: "law-24", FiledAt: c.clk.Now(), FiledBy: "clerk-aoki", Trace: "t"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveOut{Filing: c.filing(p[0], "law-24"), To: address("東京都足立区中央本町1番")}))
	if list := c.withoutHead(); isHead(c.now(p[1])) || len(list) != 1 || list[0].Person != p[0] {
		t.Errorf("who is about to leave is %s: %+v", c.stands(p[1]), list)
	}
	if err := c.o.CancelPlan(as(t, "clerk-inoue"), p[1]); err != nil {
		t.Fatal(err)
	}
	if list := c.withoutHead(); !isHead(c.now(p[1])) || len(list) != 0 {
		t.Errorf("who stays alone is %s: %+v", c.stands(p[1]), list)
	}
}

// TestHouseholdTellsNoAddress: whoever is entered into the household of a protected person is told nothing of where it lives.
func TestHouseholdTellsNoAddress(t *testing.T) {
	c := newCountry(t, "memory:")
	her, other := c.family("世帯主")[0], c.family("世帯主")[0]
	join := func(at string) error {
		_, err := c.o.Preview(as(t, "clerk-inoue"), MoveWithin{Filing: c.filing(other, "law-23"), Address: address(at), Household: c.now(her).Record.Household, Relation: relation("同居人")})
		return err
	}
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(her, "law-23"), Address: address("長野県松本市大手2番")}))
	if right, wrong := join("長野県松本市大手2番"), join("長野県松本市大手1番"); right != nil || wrong == nil {
		t.Fatalf("before: %v, %v", right, wrong)
	}
	c.protect(Protecting{Applicant: her})
	if right, wrong := join("長野県松本市大手2番"), join("長野県松本市大手1番"); right != nil || wrong != nil {
		t.Errorf("a guess is answered: right %v, wrong %v", right, wrong)
	}
}
