package municipality

import (
	"crypto/rand"
	"testing"

	"github.com/akashi-id/akashi/internal/look"
)

// TestMovesOfThoseOnTheList: the lists of moves say of somebody on the list for attention neither where from nor where to.
func TestMovesOfThoseOnTheList(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.leave(today.AddDays(3), false)
	clerk := as(t, "clerk-aoki")
	code := must[MoveList](t)(n.o.Moves(clerk)).Here[0].Code
	n.attend(look.Attention{Subject: code, Category: look.Known})
	l := must[MoveList](t)(n.o.Moves(clerk))
	if l.Here[0].From.Valid() || !l.Here[1].From.Valid() || !l.Here[0].Info.Person.Name.Valid() || l.Here[0].Info.Person.Address.Valid() {
		t.Errorf("moving in: %+v", l.Here[0])
	}
	if rows := n.looks(code); rows[0].Items != look.Name {
		t.Errorf("looked at: %+v", rows[0])
	}
}
