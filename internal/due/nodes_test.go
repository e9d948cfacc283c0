package due_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestLooksForWhatOthersLeft: what another process added to the same database, and did not live to do, is done within a look, and a list that finds nothing sleeps
// until the next one.
func TestLooksForWhatOthersLeft(t *testing.T) {
	gone := open(t, "memory:")
	c := &country{T: t, clock: gone.clock, store: sqlstoretest.Open(t, "memory:", sqlstore.Options{Clock: gone.clock, Beside: gone.store}, due.Schema, doneSchema)}
	l := c.list(due.Rule{Kind: "plan", Finish: finish})
	l.Look = 5 * time.Second
	c.drive(l, time.Second)
	step := func(want time.Duration) {
		t.Helper()
		for next := c.clock.Now(); ; {
			var err error
			if next, err = l.Tasks()[0].Step(t.Context()); err != nil {
				t.Fatal(err)
			}
			if next.Equal(c.clock.Now()) { // it has done something
				continue
			}
			if next.Sub(c.clock.Now()) != want {
				t.Errorf("sleeps until %v, want %v from %v", next, want, c.clock.Now())
			}
			return
		}
	}
	gone.add("plan", 0, "a") // which rings no bell of c's
	step(5 * time.Second)
	gone.add("plan", 3*time.Second, "b")
	step(2 * time.Second)
	driver := clock.NewDriver(c.clock, l.Tasks())
	for at := 10; at <= 30; at += 10 {
		if err := driver.Until(t.Context(), start.Add(time.Duration(at)*time.Second)); err != nil {
			t.Fatal(err)
		}
		gone.add("plan", 0, fmt.Sprint("c", at))
	}
	c.wantDone("a+1 <nil>", "b+3 <nil>", "c10+13 <nil>", "c20+23 <nil>")
}
