package municipality

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// plan files a move out for a day to come.
func (c *country) plan(who PersonID, day resident.Date) Filed {
	c.t.Helper()
	f := c.filing(who, "law-24")
	f.Arose = day
	filed, err := c.o.File(as(c.t, "clerk-aoki"), MoveOut{Filing: f, To: address("東京都足立区中央本町1番")})
	if err != nil {
		c.t.Fatal(err)
	}
	return filed
}

func (c *country) planOf(who PersonID) (planned bool) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		_, planned, err = tx.PlanOf(ctx, who)
		return err
	})
	return planned
}

// TestPlannedMove: until the day has come nothing dies, then everything happens by itself, under the trace of the notice
// and with what was amended meanwhile.
func TestPlannedMove(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	day := today.AddDays(20)
	filed := c.plan(who.Person, day)
	if filed.Planned != day || filed.Version != 0 || !c.planOf(who.Person) {
		t.Errorf("filed: %+v", filed)
	}
	if _, err := c.o.File(as(t, "clerk-aoki"), MinorAmendment{Filing: c.filing(who.Person, "rule-21-2-2"), Name: name("高𠮷 葛子")}); err != nil {
		t.Fatal(err)
	}
	c.run(day.Start().Sub(c.clk.Now()) - time.Second)
	if len(c.invalidations) != 0 || !c.now(who.Person).Present() {
		t.Fatal("it happened before the day")
	}
	c.run(2 * time.Second)
	v := c.now(who.Person)
	if v.Present() || v.Number != 3 || v.Change.Arose != day || v.Trace != filed.Trace || v.Record.Name != name("高𠮷 葛子") || v.EnteredBy != "clerk-aoki" {
		t.Errorf("on the day: version %d, %s", v.Number, v.Change.Reason)
	}
	if len(c.invalidations) != 1 || c.invalidations[0].Since != day || len(c.changes) != 3 || c.changes[2].Before != c.changes[1].After.StateHash() {
		t.Errorf("%d invalidations, %d changes", len(c.invalidations), len(c.changes))
	}
	if c.planOf(who.Person) {
		t.Error("the plan is still there")
	}
	items := must[[]item](t)(c.o.Exchange.Traced(t.Context(), filed.Trace))
	if len(items) != 2 {
		t.Errorf("%d messages under the trace of the notice", len(items))
	}
}

// TestPlanOvertaken: a plan that is cancelled, or overtaken by a death, does nothing.
func TestPlanOvertaken(t *testing.T) {
	c := newCountry(t, "memory:")
	cancelled, died := c.register(movedIn()), c.register(movedIn())
	day := today.AddDays(5)
	c.plan(cancelled.Person, day)
	c.plan(died.Person, day)
	f := c.filing(cancelled.Person, "law-24")
	f.Arose = day.AddDays(1)
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveOut{Filing: f, To: address("東京都足立区中央本町1番")}); !slices.Equal(fieldsOf(t, err), []string{"arose"}) {
		t.Errorf("a second plan: %v", err)
	}
	if err := c.o.CancelPlan(as(t, "clerk-inoue"), cancelled.Person); err != nil {
		t.Fatal(err)
	}
	if err := c.o.CancelPlan(as(t, "clerk-inoue"), cancelled.Person); !slices.Equal(fieldsOf(t, err), []string{"person"}) {
		t.Errorf("cancelled twice: %v", err)
	}
	if _, err := c.o.File(as(t, "clerk-aoki"), Death{c.filing(died.Person, "family-86")}); err != nil {
		t.Fatal(err)
	}
	c.run(10 * 24 * time.Hour)
	if v := c.now(cancelled.Person); !v.Present() || v.Number != 1 {
		t.Error("a cancelled move happened")
	}
	if v := c.now(died.Person); v.Change.Reason != resident.Death || v.Number != 2 {
		t.Errorf("after the death came %s", v.Change.Reason)
	}
}
