package municipality

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
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
	Documents    []store.Document // the last ones, the newest first, without their bytes
	Plan         *store.Planned   // a move out that is planned; nil: none
	Household    []store.Version
	Places       []store.Place // changes of the household alone, the newest first

	Protection protection.Standing // 支援措置
	Hidden     bool                // the person is protected, and no release opens the record to this clerk: of it only the name is here

	veil []byte // the key under which forms name a member of whom nothing is shown
}

// documentsShown is how many documents a dossier has.
const documentsShown = 10

// Look opens a person's record for the clerk in the context, on the ground of the context (look.With) or of the clerk's
// visit, and writes down that it was opened. why is the page that is opened: "record", "form death".
func (o *Municipality) Look(ctx context.Context, who PersonID, why string) (Dossier, error) {
	by, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return Dossier{}, err
	}
	var d Dossier
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		d = Dossier{veil: o.Secrets(o.prefecture)}
		var found bool
		var err error
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
		if d.Documents, err = tx.Documents(ctx, who, documentsShown); err != nil {
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
		if d.Places, err = tx.Places(ctx, who); err != nil {
			return nil, err
		}
		ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
		if err != nil {
			return nil, err
		}
		code, items, household := d.Now.Record.Code, look.Four|itemsOf(d.Now.Record), codesOf(d.Household)
		if err := o.hide(ctx, tx, by, &d); err != nil {
			return nil, err
		}
		if d.Hidden {
			return nil, o.lookedOn(ctx, tx, ground, code, look.Name, why)
		}
		if strings.HasPrefix(why, "form ") {
			return nil, o.lookedOn(ctx, tx, ground, code, items, why)
		}
		// The page of the record shows who lives there too, and has looked at them.
		for i := range d.Household {
			if d.Household[i].Person == who || isUnnamed(d.Household[i]) { // of whom nothing is shown
				continue
			}
			if err := o.listed(ctx, tx, ground, household[i], &d.Household[i], "with a member of the household"); err != nil {
				return nil, err
			}
		}
		return nil, o.lookedOn(ctx, tx, ground, code, items|look.History|look.Certificates, why)
	})
	return d, err
}

// itemsOf are the items beside the basic four that the counter shows of a record.
func itemsOf(r resident.Record) look.Items {
	items := look.Kana | look.Code | look.Household
	if r.CommonName.Valid() {
		items |= look.CommonName
	}
	if r.FormerName.Valid() {
		items |= look.CommonName
	}
	if r.Nationality.Valid() {
		items |= look.Foreign
	} else {
		items |= look.Origin
	}
	if r.Number.Valid() {
		items |= look.Number
	}
	if r.Qualified != (resident.Qualifications{}) {
		items |= look.Insurance
	}
	return items
}

// looked writes down that the person of the context saw somebody's data, in the transaction that gives them. Without a
// ground it is refused, and nothing is given.
func (o *Municipality) looked(ctx context.Context, tx *store.Tx, code resident.RecordCode, items look.Items, how string) error {
	ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
	if err != nil {
		return err
	}
	return o.lookedOn(ctx, tx, ground, code, items, how)
}

// lookedOn refuses a look at somebody on the list for attention that was not confirmed.
func (o *Municipality) lookedOn(ctx context.Context, tx *store.Tx, ground look.Ground, code resident.RecordCode, items look.Items, how string) error {
	unconfirmed, err := look.Unconfirmed(ctx, tx.Tx, access.From(ctx).ID, code, ground.Case)
	if err != nil {
		return err
	}
	if unconfirmed {
		return look.ErrUnconfirmed
	}
	return o.record(ctx, tx, ground, code, items, how)
}

// codesOf are the codes of people in a list, kept before any of them is masked.
func codesOf(list []store.Version) (codes []resident.RecordCode) {
	for _, v := range list {
		codes = append(codes, v.Record.Code)
	}
	return codes
}

// listed writes down that somebody, whose code is given, was shown in a list: masked, of a protected person (hide, hideFound). Of
// somebody on the list for attention it leaves the name, by which the record can be opened once it is confirmed.
func (o *Municipality) listed(ctx context.Context, tx *store.Tx, ground look.Ground, code resident.RecordCode, v *store.Version, how string) error {
	if isMasked(*v) {
		return o.record(ctx, tx, ground, code, look.Name, how)
	}
	unconfirmed, err := look.Unconfirmed(ctx, tx.Tx, access.From(ctx).ID, code, ground.Case)
	if err != nil {
		return err
	}
	items := look.Four | look.Kana
	if unconfirmed {
		v.Record, items = resident.Record{BasicFour: resident.BasicFour{Name: v.Record.Name}}, look.Name
	}
	return o.record(ctx, tx, ground, code, items, how)
}

func (o *Municipality) record(ctx context.Context, tx *store.Tx, ground look.Ground, code resident.RecordCode, items look.Items, how string) error {
	return look.Record(tx.Tx, look.Look{By: access.From(ctx), Office: o.Self, Subject: code, Ground: ground, Items: items, How: how})
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
	if _, err := clerk(ctx, access.LookAtPerson); err != nil {
		return nil, false, err
	}
	if !q.Code.Valid() && q.Name == "" && q.Kana == "" && !q.Birth.Valid() {
		return nil, false, plain.Bad("name",
			"住民票コード、氏名、振り仮名、生年月日のどれかを入力してください。",
			"Enter a record code, a name, a reading or a date of birth.")
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		found, more = nil, false
		// Before anything is looked for: also that nobody was found says something.
		ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
		if err == nil {
			err = ground.Check(access.From(ctx), o.Self)
		}
		if err != nil {
			return nil, err
		}
		if q.Code.Valid() {
			v, known, err := tx.CurrentOf(ctx, q.Code)
			if err != nil || !known {
				return nil, err
			}
			found = []store.Version{v}
		} else if found, err = tx.Search(ctx, store.Query{Name: q.Name, Kana: q.Kana, Birth: q.Birth}, maxFound+1); err != nil {
			return nil, err
		}
		if len(found) > maxFound {
			found, more = found[:maxFound], true
		}
		codes := codesOf(found)
		if err := o.hideFound(ctx, tx, found); err != nil {
			return nil, err
		}
		for i := range found {
			if err := o.listed(ctx, tx, ground, codes[i], &found[i], fmt.Sprintf("search, %d of %d", i+1, len(found))); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	return found, more, err
}
