package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// comeback is what somebody finds who comes back into a household: by a restoration (回復), by the cancellation of a move.
type comeback uint8

const (
	backAsBefore comeback = iota
	backToOther           // there is another head by now, and to that one nothing was stated
	backToNone            // there is none, so that nothing can be stated
)

// comeBack says what somebody finds, and as what they stand there. A relation in the record is to the head of its time (法7条4号): to
// another head it would say that somebody is the child of a stranger. stated tells that it was asked for anew.
func (o *Municipality) comeBack(ctx context.Context, tx *store.Tx, who PersonID, id resident.HouseholdID, stands resident.Relation, stated bool) (comeback, resident.Relation, error) {
	members, err := tx.Household(ctx, id)
	if err != nil {
		return 0, stands, err
	}
	var head PersonID
	others := 0
	for _, v := range members {
		if v.Person == who {
			continue
		}
		if others++; isHead(v) {
			head = v.Person
		}
	}
	if others == 0 {
		return backAsBefore, resident.Head, nil // whoever is alone in a household is its head
	}
	to, known, err := tx.StoodTo(ctx, who, id)
	if err != nil {
		return 0, stands, err
	}
	if head != 0 {
		if stands == resident.Head || !stated && known && to != head {
			return backToOther, stands, nil
		}
		return backAsBefore, stands, nil
	}
	gone, err := tx.HeadGone(ctx, id)
	if err != nil {
		return 0, stands, err
	}
	if gone == who && (!known || to == who) {
		return backAsBefore, resident.Head, nil // it was this head that the household lost, and nothing was stated of another one
	}
	return backToNone, stands, nil
}
