package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Dossier is what the counter sees of a person.
type Dossier struct {
	Now          store.Version
	Versions     []store.Version // the newest first
	Applications []store.Application
	Plan         *store.Planned // a move out that is planned; nil: none
	Household    []store.Version

	Protection protection.Standing // 支援措置
	Hidden     bool                // the person is protected, and no release opens the record to this clerk: of it only the name is here
}

// Look opens a person's record for the clerk in the context, and writes down that it was opened.
func (o *Municipality) Look(ctx context.Context, who PersonID, why string) (Dossier, error) {
	by, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return Dossier{}, err
	}
	var d Dossier
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		d = Dossier{}
		var found bool
		if d.Now, found, err = tx.Current(ctx, who); err != nil {
			return nil, err
		}
		if !found {
			return nil, errNobody
		}
		if d.Versions, err = tx.Versions(ctx, who); err != nil {
			return nil, err
		}
		if d.Applications, err = tx.Applications(ctx, who); err != nil {
			return nil, err
		}
		if plan, planned, err := tx.PlanOf(ctx, who); err != nil {
			return nil, err
		} else if planned {
			d.Plan = &plan
		}
		if d.Household, err = tx.Household(ctx, d.Now.Record.Household); err != nil {
			return nil, err
		}
		looked(tx, by, d.Now.Record.Code, why)
		return nil, o.hide(ctx, tx, by, &d)
	})
	return d, err
}

// Query says who is looked for: by record code alone, or by the beginnings of name or reading and the birth.
type Query struct {
	Code       resident.RecordCode
	Name, Kana string
	Birth      resident.PartialDate
}

// maxFound is how many people a search shows. Each of them is a look at a person, so that a list is kept short.
const maxFound = 20

// Search finds people for the clerk in the context; more tells that there are others. Somebody who has left is found
// too, and somebody whose code was changed under the old one. That each was seen is written down.
func (o *Municipality) Search(ctx context.Context, q Query) (found []store.Version, more bool, err error) {
	by, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return nil, false, err
	}
	if !q.Code.Valid() && q.Name == "" && q.Kana == "" && !q.Birth.Valid() {
		return nil, false, plain.Bad("name",
			"住民票コード、氏名、振り仮名、生年月日のどれかを入力してください。",
			"Enter a record code, a name, a reading or a date of birth.")
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		found, more = nil, false
		if q.Code.Valid() {
			holder, known, err := tx.ByCode(ctx, q.Code)
			if err != nil || !known {
				return nil, err
			}
			v, _, err := tx.Current(ctx, holder.Person)
			if err != nil {
				return nil, err
			}
			found = []store.Version{v}
		} else if found, err = tx.Search(ctx, store.Query{Name: q.Name, Kana: q.Kana, Birth: q.Birth}, maxFound+1); err != nil {
			return nil, err
		}
		if len(found) > maxFound {
			found, more = found[:maxFound], true
		}
		for i, v := range found {
			looked(tx, by, v.Record.Code, fmt.Sprintf("search, %d of %d", i+1, len(found)))
		}
		return nil, o.hideFound(ctx, tx, found)
	})
	return found, more, err
}
