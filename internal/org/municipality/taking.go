package municipality

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// What is filed at the counter is done at once where the municipality's rule has one of the staff check who files it. Where it has two, the
// same rule is called twice: when the first has checked it judges, and when the second has it judges again and does it. Between them it
// waits as it was typed, and nothing is registered, told or sent.

// deed is what a form asks for, ready to be judged, or to be judged and done. by is who took it, and trace its trace.
type deed func(ctx context.Context, tx *store.Tx, by, trace string, do bool) ([]message.Out, error)

// The kinds of what waits, by the form that it came by.
const (
	takenSeal         = "seal"
	takenAnswer       = "seal-answer"
	takenChange       = "change"
	takenHousehold    = "household"
	takenRegistration = "register"
	takenArrival      = "arrival"
)

// actOfTaken is the act that each of them is of.
func actOfTaken(kind string) (access.Act, error) {
	switch kind {
	case takenSeal, takenAnswer:
		return access.KeepSeal, nil
	case takenChange, takenHousehold, takenRegistration, takenArrival:
		return access.FileChange, nil
	}
	return "", fmt.Errorf("a filing of the kind %q waits, of which there is none", kind)
}

// deedOf reads what was typed as its form has read it. whose tells, when it is done, on whose page it stands.
func (o *Municipality) deedOf(ctx context.Context, t store.Taken, e identity.Evidence) (d deed, whose func() PersonID, err error) {
	f := webui.NewForm(t.Typed)
	whose = func() PersonID { return t.Person }
	switch t.Kind {
	case takenSeal:
		d = o.sealing(readSeal(f, t.Person, t.Picture, e), new(store.Seal))
	case takenAnswer:
		d = o.answering(t.Person, e, new(store.Seal))
	case takenChange:
		d, err = o.changeTyped(ctx, t, f)
	case takenHousehold:
		var placed PersonID
		d, placed, err = o.householdTyped(ctx, t, f)
		whose = func() PersonID { return placed }
	case takenRegistration:
		var filed Filed
		r := registration(f)
		// The center is asked again, as when it is filed: what it agreed to before may be over.
		if err = f.Problems().Err(); err == nil {
			r, err = o.askToAttach(ctx, t.TakenBy, r)
		}
		d, whose = o.registering(r, &filed), func() PersonID { return filed.Person }
	case takenArrival:
		var all []Filed
		var c MoveIn
		if c, _, err = o.arrivalTyped(ctx, t, f); err == nil {
			c, err = o.askForArrivals(ctx, t.TakenBy, c)
		}
		d, whose = o.arriving(c, &all), func() PersonID { return all[0].Person }
	default:
		_, err = actOfTaken(t.Kind)
	}
	if err == nil {
		err = f.Problems().Err()
	}
	return d, whose, err
}

// formOpened is the record on whose page a form was typed, and fails when the form has what the page has not. known tells whether there is such a form.
func (o *Municipality) formOpened(ctx context.Context, t store.Taken, known bool, f *webui.Form) (Dossier, error) {
	if !known {
		return Dossier{}, fmt.Errorf("the filing %s is of the form %q, of which there is none", t.Case, t.Subject)
	}
	d, err := o.LookOpened(ctx, t.Person, "check of what was filed")
	if err == nil {
		err = d.knows(f)
	}
	return d, err
}

// changeTyped is the notice that was typed: of one person, or of all who move out together.
func (o *Municipality) changeTyped(ctx context.Context, t store.Taken, f *webui.Form) (deed, error) {
	act, known := actOf(t.Subject)
	d, err := o.formOpened(ctx, t, known, f)
	if err != nil {
		return nil, err
	}
	c := readChange(act, f, d)
	if _, err := clerk(ctx, actOfChange(c)); err != nil { // who checks again does it too
		return nil, err
	}
	if out, leaves := c.(MoveOut); leaves {
		if base, people := together(f, d, c.common().Base); len(people) > 1 {
			return o.leavingTogether(out, base, people, new([]Filed)), nil
		}
	}
	return o.changing(c, new(Filed)), nil
}

// householdTyped is the change of a household (世帯変更) that was typed, and on whose page it stands when it is done: of one who is placed by it,
// who need not be the one on whose page it was filed.
func (o *Municipality) householdTyped(ctx context.Context, t store.Taken, f *webui.Form) (deed, PersonID, error) {
	e, known := EventOf(t.Subject)
	d, err := o.formOpened(ctx, t, known, f)
	if err != nil {
		return nil, 0, err
	}
	act := readHousehold(e, f, d)
	return o.arranging(act, new(HouseholdFiled)), shownPlace(act.Places, d), nil
}

// arrivalTyped is the moving in that was typed, and the family. Nobody is left out of it unsaid: each for whom it was filed has to wait still.
func (o *Municipality) arrivalTyped(ctx context.Context, t store.Taken, f *webui.Form) (MoveIn, []MoveHere, error) {
	family, err := o.familyOf(ctx, t.Subject)
	if err != nil {
		return MoveIn{}, nil, err
	}
	c := arrivals(f, family)
	if leavesOut(f, c) {
		return MoveIn{}, family, plain.Bad("people", "届け出た方の中に、もう転入の登録を待っていない方がいます。「転出入」の画面で確かめ、この届出を却下して受け付け直してください。",
			"Somebody for whom this was filed does not wait to be registered any more: look among the moves, refuse this, and take it anew.")
	}
	return c, family, nil
}

// typedFor is for how long what was typed is kept of what was not done, so that it can be filed again: the day of the counter.
const typedFor = 24 * time.Hour

// dueForget is the kind of due item that forgets what was typed.
const dueForget = "municipality.forget-typed"

// take does what was filed by somebody whom the clerk in the context has checked; or, where the municipality's rule has another person check
// too, judges it and keeps it for that.
func (o *Municipality) take(ctx context.Context, tx *store.Tx, act access.Act, t store.Taken, e identity.Evidence, d deed) (outs []message.Out, waits bool, err error) {
	by := access.From(ctx)
	if _, err := e.Way(); err != nil {
		return nil, false, err
	}
	checks := identity.In(tx.Tx)
	need, err := checks.Needed(ctx, act, resident.DateOf(tx.Now()))
	if err != nil {
		return nil, false, err
	}
	if waits = need > 1; waits {
		another, err := checks.Waits(ctx, act, t.Holder())
		if err == nil && another {
			err = errWaitsAlready
		}
		if err != nil {
			return nil, false, err
		}
	}
	if outs, err = d(ctx, tx, by.ID, t.Case, !waits); err != nil {
		return nil, false, err
	}
	c, err := checks.Record(act, t.Case, t.Holder(), by, e)
	if err != nil || !waits {
		return outs, false, err
	}
	if len(t.Typed) == 0 {
		return nil, false, errors.New("what is to wait for a second check has no form")
	}
	t.TakenAt, t.TakenBy = tx.Now(), by.ID
	if t.Person != 0 {
		now, _, err := tx.Current(ctx, t.Person)
		if err != nil {
			return nil, false, err
		}
		t.Code = now.Record.Code
	}
	if err := tx.Take(t); err != nil {
		return nil, false, err
	}
	checks.Begin(act, t.Case, t.Holder())
	due.Add(tx.Tx, t.TakenAt.Add(typedFor), dueForget, t.Case, binary.BigEndian.AppendUint64(nil, uint64(tx.Serial())))
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "take-filing", Subject: t.Code.Reveal(), Case: t.Case,
		Detail: fmt.Sprintf("%s, version %d, identity checked by %s (%s)", t.Kind, t.Version, c.Way, c.Documents)})
	return nil, true, nil
}

var errWaitsAlready = plain.Bad("person",
	"この方の届出・申請が、もう一人の職員の本人確認を待っています。「二人目の本人確認」の画面で、先にそれを終えてください。",
	"Something that was filed for this person waits for another person's check: finish that first, on the page of second checks.")

var errNotTaken = plain.Bad("case",
	"この番号の届出・申請は、本人確認を待っていません。番号を確かめてください。",
	"Nothing of this number waits for a check: look at the number again.")

// takenOf finds what waits, or has waited.
func (o *Municipality) takenOf(ctx context.Context, ref string) (t store.Taken, w identity.Wait, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		found := false
		if t, found, err = o.in(raw).TakenOf(ctx, ref); err == nil && found {
			w, found, err = identity.In(raw).Wait(ctx, ref)
		}
		if err == nil && !found {
			err = errNotTaken
		}
		return err
	})
	return t, w, err
}

// CheckFiling records the check of the clerk in the context, another person than whoever checked before, and does what was filed:
// "複数職員によるチェック体制". What the record says has to be what it said when the first person checked.
func (o *Municipality) CheckFiling(ctx context.Context, ref string, e identity.Evidence) error {
	t, _, err := o.takenOf(ctx, ref)
	if err != nil {
		return err
	}
	act, err := actOfTaken(t.Kind)
	if err != nil {
		return err
	}
	if _, err := clerk(ctx, act); err != nil {
		return err
	}
	if _, err := e.Way(); err != nil {
		return err
	}
	// Before the transaction: a picture takes as long as many of them.
	d, whose, unread := o.deedOf(ctx, t, e)
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		by, checks := access.From(ctx), identity.In(tx.Tx)
		if _, err := checks.Second(ctx, ref, by); err != nil {
			return nil, err
		}
		if unread != nil { // what has been done or forgotten since is told first
			return nil, unread
		}
		if err := unchanged(ctx, tx, t); err != nil {
			return nil, err
		}
		outs, err := d(ctx, tx, t.TakenBy, ref, true)
		if err != nil {
			return nil, err
		}
		c, err := checks.Record(act, ref, t.Holder(), by, e)
		if err != nil {
			return nil, err
		}
		if err := checks.Close(ctx, ref, identity.Checked, by.ID, ""); err != nil {
			return nil, err
		}
		if _, err := due.Remove(ctx, tx.Tx, dueForget, ref); err != nil {
			return nil, err
		}
		if err := tx.DoneTaken(ctx, ref, whose()); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "check-filing-again", Subject: t.Code.Reveal(), Case: ref,
			Detail: fmt.Sprintf("%s, taken by %s, identity checked by %s (%s)", t.Kind, t.TakenBy, c.Way, c.Documents)})
		return traced(outs, ref), nil
	})
	return err
}

// unchanged refuses what was filed about a record that has changed since. Of somebody who is not in the register the deed itself judges.
func unchanged(ctx context.Context, tx *store.Tx, t store.Taken) error {
	if t.Person == 0 {
		return nil
	}
	now, found, err := tx.Current(ctx, t.Person)
	if err == nil && (!found || !now.Present() || fresh(now, t.Version) != nil) {
		err = errRecordChanged
	}
	return err
}

// RefuseFiling ends what waits: either of the staff may, with a reason. Nothing of it was done.
func (o *Municipality) RefuseFiling(ctx context.Context, ref, reason string) error {
	t, _, err := o.takenOf(ctx, ref)
	if err != nil {
		return err
	}
	act, err := actOfTaken(t.Kind)
	if err != nil {
		return err
	}
	who, err := clerk(ctx, act)
	if err != nil {
		return err
	}
	if reason, err = whyRefused(reason); err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		checks := identity.In(tx.Tx)
		if _, err := checks.Open(ctx, ref); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "refuse-filing", Subject: t.Code.Reveal(), Case: ref})
		return nil, checks.Close(ctx, ref, identity.Refused, who, reason)
	})
	return err
}

// takenLapsed ends what nobody else has checked in time. What was typed stays for a day, to be filed again.
func (o *Municipality) takenLapsed(ctx context.Context, tx *store.Tx, ref string) error {
	t, found, err := tx.TakenOf(ctx, ref)
	if err == nil && !found {
		err = fmt.Errorf("the filing %s waits for a check, and was not taken", ref)
	}
	if err != nil {
		return err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: message.System, Act: "filing-lapsed", Subject: t.Code.Reveal(), Case: ref})
	return identity.In(tx.Tx).Close(ctx, ref, identity.Lapsed, message.System, "")
}

// forgetTyped forgets what was typed of what was not done.
func (o *Municipality) forgetTyped(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	return nil, o.in(raw).ForgetTyped(ctx, item.Ref)
}
