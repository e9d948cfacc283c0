package nationalcenter

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Candidate is somebody whom a search may have meant: what agrees with what was asked, and what does not.
//
// It is never an answer to the question who somebody is. Two men of one name and date of birth were given one number
// (2016) because a search's only hit was taken for the person.
type Candidate struct {
	resident.IdentificationInfo
	Agrees, Differs resident.Attributes // of those that were asked for
	Protected       bool                // 支援措置中: no more is shown than what was asked with
}

// mostCandidates bounds an answer. Who gets more must ask more precisely.
const mostCandidates = 20

// Search lists the candidates for four attributes, of which sex and address may be absent, the likeliest first: those who
// agree in two or more of name, date of birth and address. more: there are others. Each candidate that is returned is a
// look at that person, on the ground given, and recorded in the same transaction.
func (o *Center) Search(ctx context.Context, by access.Person, ground string, q resident.BasicFour) (found []Candidate, more bool, err error) {
	if !q.Name.Valid() || !q.Birth.Valid() {
		return nil, false, plain.Bad("name",
			"氏名と生年月日の両方を入力してください。",
			"Enter both the name and the date of birth.")
	}
	err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		found, more = nil, false
		t := o.in(tx)
		const most = 500 // of one name, or of one birthday: bounds the search for a name that very many have
		born, err := t.BornOn(ctx, q.Birth, most)
		if err != nil {
			return err
		}
		named, err := t.Named(ctx, q.Name, most)
		if err != nil {
			return err
		}
		seen := map[resident.RecordCode]bool{}
		for _, i := range slices.Concat(born, named) {
			if c := compare(i, q); !seen[i.Code] && likely(c.Agrees) {
				found = append(found, c)
			}
			seen[i.Code] = true
		}
		if found, err = o.hideProtected(ctx, t, found, q); err != nil {
			return err
		}
		slices.SortFunc(found, func(a, b Candidate) int {
			return cmp.Or(bits.OnesCount8(uint8(b.Agrees))-bits.OnesCount8(uint8(a.Agrees)), cmp.Compare(a.Code.Reveal(), b.Code.Reveal()))
		})
		if more = len(found) > mostCandidates || len(born) == most || len(named) == most; len(found) > mostCandidates {
			found = found[:mostCandidates]
		}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "search", Case: ground, Detail: fmt.Sprintf("%d candidates", len(found))})
		for _, c := range found {
			auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: auditlog.ActLook, Subject: c.Code.Reveal(), Case: ground})
		}
		return nil
	})
	return found, more, err
}

func compare(i resident.IdentificationInfo, q resident.BasicFour) Candidate {
	asked := resident.AttrName | resident.AttrBirth
	if q.Sex.Valid() {
		asked |= resident.AttrSex
	}
	if q.Address.Valid() {
		asked |= resident.AttrAddress
	}
	differs := i.Diff(q) & asked
	return Candidate{IdentificationInfo: i, Agrees: asked &^ differs, Differs: differs}
}

// likely asks for two of the three that tell people apart; half of all people agree in sex.
func likely(agrees resident.Attributes) bool {
	return bits.OnesCount8(uint8(agrees&^resident.AttrSex)) >= 2
}
