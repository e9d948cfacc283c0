package municipality

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
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
	others, heads, elsewhere := 0, 0, false
	for _, v := range members {
		if v.Person == who {
			continue
		}
		others++
		if isHead(v) {
			heads++
		}
		if v.Record.Address != r.Address {
			// Of somebody whose record is not open to the clerk nothing is said: it would tell whether a guess is right.
			err := o.admits(ctx, tx, protection.Register, access.From(ctx).ID, v.Person)
			if err != nil && !errors.Is(err, errProtected) {
				return err
			}
			if err == nil && r.Address.Valid() {
				elsewhere, err = true, o.tells(ctx, tx, v.Record.Code, look.Household, "refusal: where a household lives")
				if err != nil {
					return err
				}
			}
		}
		if r.Relation == resident.Head && v.Record.Relation == resident.Head {
			if err := o.tells(ctx, tx, v.Record.Code, look.Household, "refusal: the head of a household"); err != nil {
				return err
			}
			ps.bad("relation",
				"この世帯には世帯主がいます。続柄を「妻」「子」などで入力するか、世帯番号を空けて新しい世帯にしてください。",
				"This household has a head: enter another relation, or leave the household empty to begin a new one.")
		}
	}
	if elsewhere {
		ps.bad("household",
			"この世帯の住所は、入力された住所と違います。世帯は同じ住所に住む方の集まりです。世帯番号を確かめるか、その世帯の記録と同じ書き方で住所を入力するか、世帯番号を空けて新しい世帯にしてください。",
			"This household lives at another address than the one entered, and a household is of people who live together: check its id, enter the address as its record has it, or leave the household empty to begin a new one.")
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
