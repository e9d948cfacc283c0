package look_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

func (o *office) update(fn func(context.Context, *sqlstore.Tx) error) {
	o.Helper()
	if err := o.store.Update(o.Context(), fn); err != nil {
		o.Fatal(err)
	}
}

func (o *office) visit(by access.Person) (v look.Visit, open bool) {
	o.Helper()
	if err := o.store.View(o.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		v, open, err = look.VisitOf(ctx, tx, by.ID)
		return err
	}); err != nil {
		o.Fatal(err)
	}
	return v, open
}

func (o *office) groundOf(ctx context.Context, by access.Person) (g look.Ground) {
	o.Helper()
	if err := o.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		g, err = look.GroundOf(ctx, tx, by.ID)
		return err
	}); err != nil {
		o.Fatal(err)
	}
	return g
}

// TestAVisitLastsWhileSomebodyLooks: it is over when it is closed, and half an hour after the last look, at the border.
func TestAVisitLastsWhileSomebodyLooks(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		if _, there := o.visit(clerk); there {
			t.Error("a visit is open that nobody opened")
		}
		ground := look.Ground{Purpose: look.Notice, Case: "A-17"}
		visit := func(ctx context.Context, tx *sqlstore.Tx) error { return look.OpenVisit(ctx, tx, clerk, town, ground) }
		o.update(visit)
		o.clock.Set(start.Add(look.Idle - time.Microsecond))
		if v, there := o.visit(clerk); !there || v.Ground != ground || !v.Opened.Equal(start) {
			t.Fatalf("open %v: %+v", there, v)
		}
		// A look under it keeps it, another operator's does not.
		l := good()
		l.Ground = o.groundOf(t.Context(), clerk)
		if err := o.record(l); err != nil {
			t.Fatal(err)
		}
		looked := o.clock.Now()
		o.clock.Set(looked.Add(look.Idle - time.Microsecond))
		other := good()
		other.By.ID = "clerk-inoue"
		if err := o.record(other); err != nil {
			t.Fatal(err)
		}
		if v, there := o.visit(clerk); !there || !v.Last.Equal(looked) {
			t.Errorf("open %v, last %v, want %v", there, v.Last, looked)
		}
		o.clock.Set(looked.Add(look.Idle))
		if v, there := o.visit(clerk); there || v.Ground != ground || v.Closed {
			t.Errorf("half an hour after the last look: open %v, %+v", there, v)
		}
		if g := o.groundOf(t.Context(), clerk); g != (look.Ground{}) {
			t.Errorf("looks under a visit that is over: %v", g)
		}
		l.Ground = o.groundOf(t.Context(), clerk)
		if o.record(l) == nil {
			t.Error("a look under a visit that is over is recorded")
		}
		// Taken up again, then closed.
		o.update(visit)
		if _, there := o.visit(clerk); !there {
			t.Error("it cannot be taken up again")
		}
		o.update(func(ctx context.Context, tx *sqlstore.Tx) error { return look.CloseVisit(ctx, tx, clerk) })
		if v, there := o.visit(clerk); there || !v.Closed {
			t.Errorf("closed, and open %v: %+v", there, v)
		}
		// What a context says goes before the visit.
		if g := o.groundOf(look.With(t.Context(), look.Ground{Purpose: look.Copy, Case: "9"}), clerk); g.Purpose != look.Copy {
			t.Errorf("the context's ground is %v", g)
		}
	})
}

// TestAVisitNeedsAGround: what no look may have, no visit has.
func TestAVisitNeedsAGround(t *testing.T) {
	o := open(t, "memory:")
	for name, test := range map[string]struct {
		by access.Person
		g  look.Ground
	}{
		"no purpose": {clerk, look.Ground{Case: "A-17"}},
		"no case":    {clerk, look.Ground{Purpose: look.Notice}},
		"an auditor": {access.Person{ID: "auditor-onishi", Job: access.Auditor}, look.Ground{Purpose: look.Notice, Case: "A-17"}},
	} {
		if o.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return look.OpenVisit(ctx, tx, test.by, town, test.g)
		}) == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if _, there := o.visit(clerk); there {
		t.Error("a refused visit is open")
	}
}
