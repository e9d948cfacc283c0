package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// PersonID is the number under which the register keeps somebody (宛名番号).
type PersonID = store.Person

// Filing is what every notice about somebody in the register has in common.
type Filing struct {
	Person PersonID
	Base   resident.Version // the version that the clerk saw
	Arose  resident.Date    // the day on which the reason arose; of a planned move, the day planned
	Basis  string           // a Key of BasesOf
	Event  string           // a Key of Events; empty: the plainest one of the notice's reason
	By     Filer            // who files it; zero: not said

	// Rest is how those stand to their new head who remain in a household which this notice takes somebody from. Empty: nothing
	// is said of them, and when several remain without a head that becomes a task.
	Rest []Placement

	Notified
}

func (f Filing) common() Filing { return f }

// Change is a notice about somebody in the register (届出): MoveWithin, MinorAmendment, Amendment, MoveOut, Death, Removal,
// Recode, or one that puts an earlier entry right: Correction, Cancellation, Restoration.
type Change interface {
	common() Filing
	reason() resident.ChangeReason
	// next gives the record after the change and what is wrong with the notice. It writes only when m.filing is set,
	// and then only after all its checks have passed.
	next(m *matter, ps *problems) (resident.Record, error)
	// kills is what dies by it; changed are the attributes that it alters.
	kills(changed resident.Attributes) resident.Effect
}

// matter is a notice in hand: what a change may look at.
type matter struct {
	*Municipality
	ctx    context.Context
	tx     *store.Tx
	now    store.Version   // the state that the notice is about
	before []store.Version // all states, the newest first
	today  resident.Date
	filing bool // it is being filed; otherwise only looked at
	event  Event
	rest   *Arrangement // of those who remain in the household; nil: nothing is said of them
}

// Filed is what became of a notice.
type Filed struct {
	Person  PersonID
	Code    resident.RecordCode
	Version resident.Version // zero when only planned
	Trace   string
	Kills   resident.Effect
	Planned resident.Date // the day to come; zero when it has taken effect
	Waits   bool          // for another person's check (CheckFiling): nothing is entered
}

// Preview is what a notice would do.
type Preview struct {
	Before, After store.Version
	Event         Event
	Kills         resident.Effect
	Planned       resident.Date
	Late          plain.Sentence // what to say of a notice after its term; empty: it is in time
	Rest          []Stood        // those who remain in the household
	Headless      int            // how many remain in the household without a head, if nothing is said of them
}

// File files a notice for the clerk in the context: new version, messages and audit entry, or problems and nothing; or it waits for another
// person's check.
func (o *Municipality) File(ctx context.Context, c Change) (filed Filed, err error) {
	if _, err := clerk(ctx, actOfChange(c)); err != nil {
		return Filed{}, err
	}
	f, d := c.common(), o.changing(c, &filed)
	trace, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) (outs []message.Out, err error) {
		filed = Filed{Person: f.Person}
		outs, filed.Waits, err = o.takeNotice(ctx, tx, f.Basis, store.Taken{Case: trace, Kind: takenChange, Person: f.Person, Version: f.Base}, f.Notified, d)
		return outs, err
	})
	filed.Trace = trace
	return filed, err
}

// actOfChange is what somebody does who files a notice: putting an earlier entry right takes a passkey that was shown a moment ago.
func actOfChange(c Change) access.Act {
	if _, corrects := c.(corrector); corrects {
		return access.CorrectRecord
	}
	return access.FileChange
}

// changing is what a notice asks for. filed becomes what has become of it.
func (o *Municipality) changing(c Change, filed *Filed) deed {
	return func(ctx context.Context, tx *store.Tx, by, trace string, do bool) ([]message.Out, error) {
		if err := o.admits(ctx, tx, protection.Register, by, c.common().Person); err != nil {
			return nil, err
		}
		m, v, err := o.judge(ctx, tx, c, do)
		if err != nil || !do {
			return nil, err
		}
		v.EnteredBy, v.EnteredAt, v.Trace = by, tx.Now(), trace
		*filed = Filed{Person: v.Person, Code: v.Record.Code, Version: v.Number, Kills: v.Kills, Trace: trace}
		ahead, err := o.flagsAhead(ctx, tx, c, v)
		if err != nil {
			return nil, err
		}
		outs, err := o.carryOut(ctx, tx, c, m, v, filed)
		return append(ahead, outs...), err
	}
}

// carryOut does what a notice that was judged says.
func (o *Municipality) carryOut(ctx context.Context, tx *store.Tx, c Change, m *matter, v store.Version, filed *Filed) ([]message.Out, error) {
	if out, leaves := c.(MoveOut); leaves {
		if v.Change.Arose.After(m.today) {
			filed.Version, filed.Planned = 0, v.Change.Arose
		}
		return o.leave(ctx, tx, out, v, "")
	}
	if m.rest != nil {
		for _, s := range m.rest.People {
			if err := o.admits(ctx, tx, protection.Register, v.EnteredBy, s.Before.Person); err != nil {
				return nil, err
			}
		}
		if _, err := o.settle(ctx, tx, *m.rest, v.EnteredBy, v.Trace); err != nil {
			return nil, err
		}
	}
	return o.follow(ctx, tx, m, v)
}

// follow enters a version, and sees to the household that the person has left by it.
func (o *Municipality) follow(ctx context.Context, tx *store.Tx, m *matter, v store.Version) ([]message.Out, error) {
	outs, err := o.enter(ctx, tx, v, false)
	if was := m.now.Record; err == nil && m.now.Present() && v.Present() && was.Household != v.Record.Household {
		by := occasionOf(v)
		if err = o.mind(ctx, tx, v.Record.Household, by); err == nil {
			by.Stood = was.Relation
			err = o.mind(ctx, tx, was.Household, by)
		}
	}
	return outs, err
}

// Preview checks a notice as File does and writes nothing but that somebody looked.
func (o *Municipality) Preview(ctx context.Context, c Change) (Preview, error) {
	who, err := clerk(ctx, access.FileChange)
	if err != nil {
		return Preview{}, err
	}
	var p Preview
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		if err := o.admits(ctx, tx, protection.Register, who, c.common().Person); err != nil {
			return nil, err
		}
		m, v, err := o.judge(ctx, tx, c, false)
		if err != nil {
			return nil, err
		}
		p = Preview{Before: m.now, After: v, Event: m.event, Kills: v.Kills}
		if c.reason() == resident.MoveOut && v.Change.Arose.After(m.today) {
			p.Planned = v.Change.Arose
		}
		p.Late, _ = m.event.Clock.Late(v.Change.Arose, m.today)
		if err := o.looked(ctx, tx, m.now.Record.Code, look.Four|itemsOf(m.now.Record), "preview of "+c.reason().Code()); err != nil {
			return nil, err
		}
		if m.rest != nil {
			p.Rest = m.rest.People
			for _, s := range p.Rest {
				if err := o.admits(ctx, tx, protection.Register, who, s.Before.Person); err != nil {
					return nil, err
				}
				if err := o.looked(ctx, tx, s.Before.Record.Code, look.Four|itemsOf(s.Before.Record), "preview of "+c.reason().Code()); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}
		p.Headless, err = m.headless(v)
		return nil, err
	})
	return p, err
}

// judge checks a notice and gives the version that it would lead to.
func (o *Municipality) judge(ctx context.Context, tx *store.Tx, c Change, filing bool) (*matter, store.Version, error) {
	f := c.common()
	now, found, err := tx.Current(ctx, f.Person)
	if err != nil {
		return nil, store.Version{}, err
	}
	if !found {
		return nil, store.Version{}, errNobody
	}
	var ps problems
	if err := openFor(c, now); err != nil {
		return nil, store.Version{}, err
	}
	m := &matter{Municipality: o, ctx: ctx, tx: tx, now: now, today: resident.DateOf(tx.Now()), filing: filing}
	if m.before, err = tx.Versions(ctx, f.Person); err != nil {
		return nil, store.Version{}, err
	}
	key := eventFor(c)
	if bad := checkBasis(f.Basis, c.reason()); bad != nil {
		ps.note(bad)
	} else {
		m.event, _ = checkEvent(key, c, &ps)
	}
	ps.need(f.Arose.Valid(), "arose", "事由の生じた年月日", "the day on which it happened")
	m.filing = filing && len(ps.Problems) == 0
	next, err := c.next(m, &ps)
	if err != nil {
		return nil, store.Version{}, err
	}
	next = itemsAfter(&ps, now.Record, next, c, m.today)
	if next.Address != now.Record.Address {
		if err := m.checkTown(c, next, &ps); err != nil {
			return nil, store.Version{}, err
		}
	}
	if len(ps.Problems) == 0 {
		ps.Problems = next.Check()
	}
	if len(ps.Problems) == 0 {
		checkItems(m.event, now.Record, next, &ps)
	}
	if len(f.Rest) > 0 && len(ps.Problems) == 0 {
		if err := m.remain(c, next, &ps); err != nil {
			return nil, store.Version{}, err
		}
	}
	if err := ps.Err(); err != nil {
		return nil, store.Version{}, err
	}
	v := store.Version{Person: now.Person, Number: now.Number + 1, Record: next, Basis: f.Basis, Before: now.Hash(), Event: key,
		Change: resident.ChangeInfo{Reason: c.reason(), Arose: f.Arose}, Kills: c.kills(now.Record.Diff(next.BasicFour))}
	if next.Code != now.Record.Code || c.reason().Act() == resident.CodeAmendment {
		v.Change.OldCode = now.Record.Code
	}
	if out, ok := c.(MoveOut); ok {
		v.Place = out.To
	}
	if right, ok := c.(corrector); ok {
		v.Corrects = right.corrects()
	}
	return m, v, nil
}

var errNobody = plain.Bad("person",
	"この宛名番号の住民は登録されていません。検索からやり直してください。",
	"The register has nobody under this number: search again.")

// openFor is open for a notice; one that restores a deleted record is about somebody who is no resident.
func openFor(c Change, now store.Version) error {
	if _, restores := c.(Restoration); restores {
		return fresh(now, c.common().Base)
	}
	return open(now, c.common().Base)
}

// open refuses a notice about somebody who is no resident any more, and one that was written in front of an older state.
func open(now store.Version, base resident.Version) error {
	if !now.Present() {
		return plain.Bad("person",
			fmt.Sprintf("この方の住民票は%sに%sのため消除されています。異動は届け出られません。再び住民となったときは「住民の登録」で届け出てください。", now.Change.Arose.Wareki(), now.Change.Reason.In(plain.JA)),
			fmt.Sprintf("This person's record was deleted on %s (%s), so no change can be filed: someone who has become a resident again is registered.", now.Change.Arose, now.Change.Reason.In(plain.EN)))
	}
	return fresh(now, base)
}

// fresh refuses a notice that was written in front of an older state.
func fresh(now store.Version, base resident.Version) error {
	if base != now.Number && !onlyNumbered(now, base) {
		return plain.Bad("base",
			fmt.Sprintf("画面を開いた後に、この方の記録が第%d版に変わりました（%s、%s）。今の記録を確かめてから、もう一度届け出てください。入力した内容は残っています。", now.Number, now.Change.Reason.In(plain.JA), now.EnteredBy),
			fmt.Sprintf("The record has become version %d since the page was opened (%s, by %s): look at it as it is now, then file again. What you entered is kept.", now.Number, now.Change.Reason.In(plain.EN), now.EnteredBy))
	}
	return nil
}

// enter writes a version and gives the messages that tell of it. All checks have passed.
func (o *Municipality) enter(ctx context.Context, tx *store.Tx, v store.Version, first bool) ([]message.Out, error) {
	if v.Event == "" {
		v.Event = defaultEvent(v.Change.Reason, v.Basis)
	}
	told, err := tx.Put(ctx, v, first)
	if err != nil {
		return nil, err
	}
	if err := o.watch(ctx, tx, v); err != nil {
		return nil, err
	}
	if v.Change.OldCode.Valid() {
		if err := look.Recoded(ctx, tx.Tx, v.Change.OldCode, v.Record.Code); err != nil {
			return nil, err
		}
	}
	if err := o.sealFollows(ctx, tx, v); err != nil {
		return nil, err
	}
	if v.Present() && v.Change.Reason.Act() == resident.Entry && v.Before != (resident.StateHash{}) { // somebody who comes back
		if err := o.mind(ctx, tx, v.Record.Household, occasionOf(v)); err != nil {
			return nil, err
		}
	}
	act := "file-change"
	if v.Change.Reason.Act() == resident.Entry {
		act = "register"
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: v.EnteredBy, Act: act, Subject: v.Record.Code.Reveal(), Case: v.Trace,
		Detail: fmt.Sprintf("%s, version %d, %s", v.Change.Reason.Code(), v.Number, v.Basis)})
	if !v.Present() {
		by := occasionOf(v)
		by.Stood = v.Record.Relation
		if err := o.mind(ctx, tx, v.Record.Household, by); err != nil {
			return nil, err
		}
		// Whatever was planned is overtaken.
		if err := tx.Unplan(ctx, v.Person); err != nil {
			return nil, err
		}
		if _, err := due.Remove(ctx, tx.Tx, dueMoveOut, v.Person.String()); err != nil {
			return nil, err
		}
	}
	flags, err := o.carryFlags(ctx, tx, v)
	if err != nil {
		return nil, err
	}
	asked, err := o.movesOvertaken(ctx, tx, v, first)
	return append(append(flags, o.tell(told, v.Trace)...), asked...), err
}

// tell makes the messages that tell the prefecture of a version (法30条の5): of every entry, deletion and amendment.
func (o *Municipality) tell(told []message.Booked, trace string) (outs []message.Out) {
	for _, t := range told {
		outs = append(outs, message.Out{To: o.prefecture, Body: t, Trace: trace})
	}
	return outs
}
