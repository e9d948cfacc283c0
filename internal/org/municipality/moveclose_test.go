package municipality

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// TestClosingFollowsTheMove: what was found out ends a move only as it was then, and only by a second person.
func TestClosingFollowsTheMove(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.leave(today.AddDays(3), false)
	here := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here[0]
	here.Person = n.register(movedIn()).Person
	put := func(state store.MoveState, early int) {
		t.Helper()
		m := here
		m.State, m.Planned = state, today.AddDays(-early)
		if err := n.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return n.o.in(tx).PutMoveHere(ctx, m) }); err != nil {
			t.Fatal(err)
		}
	}
	propose := func() error { return n.o.ProposeClosing(as(t, "clerk-aoki"), here.Move, "足立区に確かめた") }
	refused := func(what string, err error, field string) {
		t.Helper()
		if err == nil || !slices.Equal(fieldsOf(t, err), []string{field}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	put(store.InPaper, 0)
	if err := propose(); err != nil {
		t.Fatal(err)
	}
	refused("by one person", n.o.DecideClosing(as(t, "clerk-aoki"), here.Move, true), "confirmer")
	put(store.InDiffers, 0)
	refused("a message has changed it since", n.o.DecideClosing(as(t, "clerk-inoue"), here.Move, true), "move")
	if err := propose(); err != nil {
		t.Fatal(err)
	}
	if err := n.o.DecideClosing(as(t, "clerk-inoue"), here.Move, true); err != nil {
		t.Fatal(err)
	}
	refused("twice", n.o.DecideClosing(as(t, "clerk-inoue"), here.Move, true), "move")
	for days, ends := range map[int]bool{0: false, earlyWaits: false, earlyWaits + 1: true} {
		put(store.InEarly, days)
		if err := propose(); (err == nil) != ends {
			t.Errorf("%d days after the planned day, registered before it: %v", days, err)
		}
	}
}
