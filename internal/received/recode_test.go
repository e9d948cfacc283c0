package received_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func TestSnapshotAfterAChangeOfCode(t *testing.T) {
	first, recoded, later := state(1, 1, resident.Birth), state(7, 2, resident.CodeChangeRequested, formerly(1)), state(7, 3, resident.MoveWithin)
	for _, c := range []struct {
		name string
		held []resident.IdentificationInfo
		key  uint64
		left []message.Payload
	}{
		{"the new code, only the old one is held", []resident.IdentificationInfo{first}, 7, []message.Payload{change(recoded)}},
		{"the new code, both are held", []resident.IdentificationInfo{first, later}, 7, []message.Payload{change(recoded)}},
		{"the old code, both are held", []resident.IdentificationInfo{first, later}, 1, []message.Payload{change(later)}},
		{"the old code, only it is held", []resident.IdentificationInfo{first}, 1, nil},
		{"the old code, nothing is held", nil, 1, nil},
		{"the new code, nothing is held", nil, 7, []message.Payload{change(recoded)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGround(t, "memory:")
			g.must(func(_ context.Context, states received.States, _ received.Notices) error {
				for _, i := range c.held {
					states.PutFirst(i, matsumoto)
				}
				return nil
			})
			if _, err := g.take(matsumoto, c.key, recoded); err != nil {
				t.Fatal(err)
			}
			g.holds(0, []message.Org{matsumoto, center}, c.left...)
		})
	}
}

// TestSnapshotGivesUpSomebodyElsesCode: who came from another municipality and changed the code, of whom the coming and the
// change were lost. Whose resident the old code's holder is, both must say first: those who are told of the new code take the
// old one out of force.
func TestSnapshotGivesUpSomebodyElsesCode(t *testing.T) {
	first, left, recoded := state(1, 1, resident.Birth), state(1, 2, resident.MoveOut), state(7, 4, resident.CodeChangeRequested, formerly(1))
	for _, c := range []struct {
		name    string
		old     resident.IdentificationInfo
		by      message.Org
		refused string
		left    []message.Payload // for those who are told
	}{
		{"resides elsewhere", first, iida, "held-elsewhere", []message.Payload{change(first)}},
		{"left that one", left, iida, "", []message.Payload{change(recoded)}},
		{"left that one after", state(1, 4, resident.MoveOut), iida, "version-not-after", nil},
		{"nobody is known to have told of it", first, "", "", []message.Payload{change(recoded)}},
	} {
		for _, held := range [][]resident.IdentificationInfo{nil, {state(7, 3, resident.MoveWithin)}} {
			t.Run(fmt.Sprintf("%s, %d under the new code", c.name, len(held)), func(t *testing.T) {
				g := newGround(t, "memory:")
				left := c.left
				g.must(func(_ context.Context, states received.States, _ received.Notices) error {
					states.PutFirst(c.old, max(c.by, iida))
					for _, i := range held {
						states.PutFirst(i, matsumoto)
						if c.refused != "" {
							left = append([]message.Payload{change(i)}, left...)
						}
					}
					return nil
				})
				g.exec(`UPDATE resident SET told_by = $1 WHERE code = $2`, string(c.by), c.old.Code.Reveal())
				taken, err := g.take(matsumoto, 7, recoded)
				var refused *exchange.Rejected
				if errors.As(err, &refused) != (c.refused != "") || refused != nil && refused.Code != c.refused || taken.Changed != (c.refused == "") {
					t.Errorf("%+v, %v; want %q", taken, err, c.refused)
				}
				g.holds(0, []message.Org{center}, left...)
			})
		}
	}
}
