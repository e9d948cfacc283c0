package municipality

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Placement is where somebody stands after a household act. An empty household is the new one, which the act begins.
type Placement struct {
	Person    PersonID
	Household resident.HouseholdID
	Relation  resident.Relation // to the head of that household
}

// HouseholdAct is 世帯変更 (法25条) in one of its kinds: 世帯分離, 世帯合併, 世帯変更, 世帯主変更 or 続柄の変更. It is one act over
// everybody concerned. Nothing of it leaves the municipality, and it makes no version of anybody's record.
type HouseholdAct struct {
	Event  string
	Arose  resident.Date
	Basis  string
	By     Filer  // zero: not said
	Base   string // Arrangement.Stamp of what the clerk saw
	Places []Placement

	On PersonID // on whose page it was filed; zero: the first of those who are placed
	Notified
}

// Stood is somebody before and after a household act.
type Stood struct {
	Before, After store.Version
	restated      bool // the relation is stated anew, be it in the same words
}

// Arrangement is what a household act leads to.
type Arrangement struct {
	Event  Event
	People []Stood // everybody of the households concerned, those who stay as they are among them
	Late   plain.Sentence
	Stamp  string // changes with any of the records that it was made from

	act HouseholdAct
}

// HouseholdFiled is what became of a household act.
type HouseholdFiled struct {
	Household resident.HouseholdID // the new one; empty when none began
	Trace     string
	Waits     bool // for another person's check (CheckFiling): nobody is placed
}

// PreviewHousehold checks a household act and writes nothing but that somebody looked.
func (o *Municipality) PreviewHousehold(ctx context.Context, act HouseholdAct) (Arrangement, error) {
	who, err := clerk(ctx, access.FileChange)
	if err != nil {
		return Arrangement{}, err
	}
	var a Arrangement
	var refusal error // beside the transaction: what it shows of people is written down also when it is refused
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		var ps problems
		var err error
		if a, err = o.arrange(ctx, tx, act, 0, &ps); err != nil {
			return nil, err
		}
		for _, p := range a.People {
			if err := o.admits(ctx, tx, protection.Register, who, p.Before.Person); err != nil {
				return nil, err
			}
			if err := o.looked(ctx, tx, p.Before.Record.Code, look.Four|itemsOf(p.Before.Record), "preview of "+act.Event); err != nil {
				return nil, err
			}
		}
		refusal = ps.Err()
		return nil, nil
	})
	if err == nil {
		err = refusal
	}
	return a, err
}

// FileHousehold files a household act for the clerk in the context: places and audit entries of everybody, or problems and
// nothing; or it waits for another person's check.
func (o *Municipality) FileHousehold(ctx context.Context, act HouseholdAct) (filed HouseholdFiled, err error) {
	if _, err := clerk(ctx, access.FileChange); err != nil {
		return HouseholdFiled{}, err
	}
	if act.On == 0 && len(act.Places) > 0 {
		act.On = act.Places[0].Person
	}
	d := o.arranging(act, &filed)
	trace, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) (outs []message.Out, err error) {
		filed = HouseholdFiled{}
		t := store.Taken{Case: trace, Kind: takenHousehold, Person: act.On}
		if t.Version, err = versionOf(ctx, tx, act.On); err != nil {
			return nil, err
		}
		outs, filed.Waits, err = o.takeNotice(ctx, tx, act.Basis, t, act.Notified, d)
		return outs, err
	})
	filed.Trace = trace
	return filed, err
}

// versionOf is the version of a person's record as it is; 0 of nobody.
func versionOf(ctx context.Context, tx *store.Tx, who PersonID) (resident.Version, error) {
	now, _, err := tx.Current(ctx, who)
	return now.Number, err
}

// arranging is what a household act asks for. filed becomes what has become of it.
func (o *Municipality) arranging(act HouseholdAct, filed *HouseholdFiled) deed {
	return func(ctx context.Context, tx *store.Tx, by, trace string, do bool) ([]message.Out, error) {
		var ps problems
		a, err := o.arrange(ctx, tx, act, 0, &ps)
		if err != nil {
			return nil, err
		}
		for _, p := range a.People {
			if err := o.admits(ctx, tx, protection.Register, by, p.Before.Person); err != nil {
				return nil, err
			}
		}
		if len(ps.Problems) == 0 && a.Stamp != act.Base {
			ps.bad("base",
				"画面を開いた後に、この世帯のどなたかの記録が変わりました。今の記録を確かめてから、もう一度届け出てください。",
				"The record of somebody in the household has changed since the page was opened: look at it as it is now, then file again.")
		}
		if err := ps.Err(); err != nil || !do {
			return nil, err
		}
		filed.Household, err = o.settle(ctx, tx, a, by, trace)
		return nil, err
	}
}

// settle writes an arrangement down. All checks have passed.
func (o *Municipality) settle(ctx context.Context, tx *store.Tx, a Arrangement, who, trace string) (begun resident.HouseholdID, err error) {
	concerned := map[resident.HouseholdID]occasion{}
	for _, p := range a.People {
		was, is := p.Before.Record, p.After.Record
		if !p.restated && was == is {
			continue
		}
		if is.Household == "" {
			if begun == "" {
				begun = newHousehold(tx)
			}
			is.Household = begun
		}
		by := occasion{Person: p.Before.Person, By: who, Trace: trace, Arose: a.act.Arose}
		concerned[was.Household], concerned[is.Household] = by, by
		if err := tx.Settle(ctx, p.Before, store.Place{Household: is.Household, Relation: is.Relation, Event: a.act.Event, Arose: a.act.Arose, Basis: a.act.Basis,
			EnteredAt: tx.Now(), EnteredBy: who, Trace: trace}); err != nil {
			return "", err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "file-change", Subject: is.Code.Reveal(), Case: trace,
			Detail: fmt.Sprintf("%s, version %d stays, %s", a.act.Event, p.Before.Number, a.act.Basis)})
	}
	for _, id := range slices.Sorted(maps.Keys(concerned)) {
		if err := o.mind(ctx, tx, id, concerned[id]); err != nil {
			return "", err
		}
	}
	return begun, nil
}

// occasion is what changed who is in a household, or whether they stay.
type occasion struct {
	Person PersonID // whom it is about
	By     string
	Trace  string
	Arose  resident.Date
	Stood  resident.Relation // of somebody who has left: how they stood; else zero
}

func occasionOf(v store.Version) occasion {
	return occasion{Person: v.Person, By: v.EnteredBy, Trace: v.Trace, Arose: v.Change.Arose}
}

// mind sees to a household after every act that changes who is in it, or who of them stays, and in its transaction: it has a head, or is on
// the list of those without one in the charge of whoever entered what left it so, or nobody is in it. One who remains alone is its head:
// there is nobody else to ask about, and no notice is wanted (令25条, from memory).
func (o *Municipality) mind(ctx context.Context, tx *store.Tx, id resident.HouseholdID, by occasion) error {
	members, err := tx.Household(ctx, id)
	if err != nil {
		return err
	}
	if by.Stood.Valid() {
		if err := stoodTo(ctx, tx, id, members, by); err != nil {
			return err
		}
	}
	if len(members) == 0 || slices.ContainsFunc(members, isHead) {
		return tx.CloseHeadless(ctx, id)
	}
	last := members[0]
	if leaves, err := leaving(ctx, tx, last.Person); err != nil {
		return err
	} else if len(members) > 1 || leaves {
		return tx.OpenHeadless(ctx, store.Headless{Household: id, OpenedAt: tx.Now(), Owner: by.By, Person: by.Person, Trace: by.Trace})
	}
	if err := tx.Settle(ctx, last, store.Place{Household: id, Relation: resident.Head, Event: "head-change", Arose: by.Arose, Basis: "order-12",
		EnteredAt: tx.Now(), EnteredBy: by.By, Trace: by.Trace}); err != nil {
		return err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.By, Act: "file-change", Subject: last.Record.Code.Reveal(), Case: by.Trace,
		Detail: fmt.Sprintf("head-change, version %d stays, the only one who remains", last.Number)})
	return tx.CloseHeadless(ctx, id)
}

// stoodTo keeps to which head somebody stood who has left: the relation in the record says "child", and not whose.
func stoodTo(ctx context.Context, tx *store.Tx, id resident.HouseholdID, members []store.Version, by occasion) error {
	head := by.Person
	if by.Stood != resident.Head {
		var err error
		if head, err = tx.HeadGone(ctx, id); err != nil {
			return err
		}
		for _, v := range members {
			if isHead(v) {
				head = v.Person
			}
		}
	}
	return tx.StandTo(ctx, by.Person, id, head)
}

func isHead(v store.Version) bool { return v.Record.Relation == resident.Head }

// stampOf changes whenever one of the records does.
func stampOf(people []Stood) string {
	h := sha256.New()
	for _, p := range people {
		fmt.Fprintf(h, "%d/%d/%d;", p.Before.Person, p.Before.Number, p.Before.Placed)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func byPerson(a, b Stood) int { return cmp.Compare(a.Before.Person, b.Before.Person) }
