package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// newHousehold names a household that begins.
func newHousehold(tx *store.Tx) resident.HouseholdID {
	return resident.HouseholdID(fmt.Sprintf("H%d", tx.Serial()))
}

// checkHousehold refuses a household that nobody is in, one that has no head (世帯主), and a second head.
func (o *Municipality) checkHousehold(ctx context.Context, tx *store.Tx, who PersonID, r resident.Record, ps *problems) error {
	members, err := tx.Household(ctx, r.Household)
	if err != nil {
		return err
	}
	others, heads := 0, 0
	for _, v := range members {
		if v.Person == who {
			continue
		}
		others++
		if isHead(v) {
			heads++
		}
		if r.Relation == resident.Head && v.Record.Relation == resident.Head {
			ps.bad("relation",
				"この世帯には世帯主がいます。続柄を「妻」「子」などで入力するか、世帯番号を空けて新しい世帯にしてください。",
				"This household has a head: enter another relation, or leave the household empty to begin a new one.")
		}
	}
	if others > 0 && heads == 0 {
		// To whom would the relation be? And those who are in it are stated to somebody who is gone.
		ps.bad("household",
			"この世帯には、いま世帯主がいません。先に世帯主変更を届け出るか、世帯番号を空けて新しい世帯にしてください。",
			"This household has no head: file another head first, or leave the household empty to begin a new one.")
	}
	if others == 0 {
		ps.bad("household",
			"この世帯番号の世帯はありません。番号を確かめるか、空けて新しい世帯にしてください。",
			"There is no household with this id: check it, or leave it empty to begin a new one.")
	}
	return nil
}
