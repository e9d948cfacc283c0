package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
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
}

func (f Filing) common() Filing { return f }

// Change is a notice about somebody in the register (届出): MoveWithin, MinorAmendment, Amendment, MoveOut, Death, Removal
// or Recode.
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
}

// Filed is what became of a notice.
type Filed struct {
	Person  PersonID
	Code    resident.RecordCode
	Version resident.Version // zero when only planned
	Trace   string
	Kills   resident.Effect
	Planned resident.Date // the day to come; zero when it has taken effect
}

// Preview is what a notice would do.
type Preview struct {
	Before, After store.Version
	Kills         resident.Effect
	Planned       resident.Date
}

// File files a notice for the clerk in the context: new version, messages and audit entry, or problems and nothing.
func (o *Municipality) File(ctx context.Context, c Change) (Filed, error) {
	who, err := clerk(ctx, access.FileChange)
	if err != nil {
		return Filed{}, err
	}
	var filed Filed
	trace, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		if err := o.admits(ctx, tx, protection.Register, who, c.common().Person); err != nil {
			return nil, err
		}
		m, v, err := o.judge(ctx, tx, c, true)
		if err != nil {
			return nil, err
		}
		v.EnteredBy, v.EnteredAt, v.Trace = who, tx.Now(), trace
		filed = Filed{Person: v.Person, Code: v.Record.Code, Version: v.Number, Kills: v.Kills}
		ahead, err := o.flagsAhead(ctx, tx, c, v)
		if err != nil {
			return nil, err
		}
		if out, planned := c.(MoveOut); planned && v.Change.Arose.After(m.today) {
			filed.Version, filed.Planned = 0, v.Change.Arose
			return ahead, o.plan(ctx, tx, out, v)
		}
		outs, err := o.enter(ctx, tx, v, false)
		return append(ahead, outs...), err
	})
	filed.Trace = trace
	return filed, err
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
		p = Preview{Before: m.now, After: v, Kills: v.Kills}
		if c.reason() == resident.MoveOut && v.Change.Arose.After(m.today) {
			p.Planned = v.Change.Arose
		}
		looked(tx, who, m.now.Record.Code, "preview of "+c.reason().Code())
		return nil, nil
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
	if err := open(now, f.Base); err != nil {
		return nil, store.Version{}, err
	}
	m := &matter{Municipality: o, ctx: ctx, tx: tx, now: now, today: resident.DateOf(tx.Now()), filing: filing}
	if m.before, err = tx.Versions(ctx, f.Person); err != nil {
		return nil, store.Version{}, err
	}
	ps.note(checkBasis(f.Basis, c.reason()))
	ps.need(f.Arose.Valid(), "arose", "事由の生じた年月日", "the day on which it happened")
	m.filing = filing && len(ps.Problems) == 0
	next, err := c.next(m, &ps)
	if err != nil {
		return nil, store.Version{}, err
	}
	if len(ps.Problems) == 0 {
		ps.Problems = next.Check()
	}
	if err := ps.Err(); err != nil {
		return nil, store.Version{}, err
	}
	v := store.Version{Person: now.Person, Number: now.Number + 1, Record: next, Basis: f.Basis, Before: now.Hash(),
		Change: resident.ChangeInfo{Reason: c.reason(), Arose: f.Arose}, Kills: c.kills(now.Record.Diff(next.BasicFour))}
	if next.Code != now.Record.Code || c.reason().Act() == resident.CodeAmendment {
		v.Change.OldCode = now.Record.Code
	}
	if out, ok := c.(MoveOut); ok {
		v.Place = out.To
	}
	return m, v, nil
}

var errNobody = plain.Bad("person",
	"この宛名番号の住民は登録されていません。検索からやり直してください。",
	"The register has nobody under this number: search again.")

// open refuses a notice about somebody who is no resident any more, and one that was written in front of an older state.
func open(now store.Version, base resident.Version) error {
	if !now.Present() {
		return plain.Bad("person",
			fmt.Sprintf("この方の住民票は%sに%sのため消除されています。異動は届け出られません。再び住民となったときは「住民の登録」で届け出てください。", now.Change.Arose.Wareki(), now.Change.Reason.In(plain.JA)),
			fmt.Sprintf("This person's record was deleted on %s (%s), so no change can be filed: someone who has become a resident again is registered.", now.Change.Arose, now.Change.Reason.In(plain.EN)))
	}
	if base != now.Number {
		return plain.Bad("base",
			fmt.Sprintf("画面を開いた後に、この方の記録が第%d版に変わりました（%s、%s）。今の記録を確かめてから、もう一度届け出てください。入力した内容は残っています。", now.Number, now.Change.Reason.In(plain.JA), now.EnteredBy),
			fmt.Sprintf("The record has become version %d since the page was opened (%s, by %s): look at it as it is now, then file again. What you entered is kept.", now.Number, now.Change.Reason.In(plain.EN), now.EnteredBy))
	}
	return nil
}

// enter writes a version and gives the messages that tell of it. All checks have passed.
func (o *Municipality) enter(ctx context.Context, tx *store.Tx, v store.Version, first bool) ([]message.Out, error) {
	told, err := tx.Put(ctx, v, first)
	if err != nil {
		return nil, err
	}
	if err := o.watch(ctx, tx, v); err != nil {
		return nil, err
	}
	act := "file-change"
	if v.Change.Reason.Act() == resident.Entry {
		act = "register"
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: v.EnteredBy, Act: act, Subject: v.Record.Code.Reveal(), Case: v.Trace,
		Detail: fmt.Sprintf("%s, version %d, %s", v.Change.Reason.Code(), v.Number, v.Basis)})
	if !v.Present() {
		// Whatever was planned is overtaken.
		if err := tx.Unplan(ctx, v.Person); err != nil {
			return nil, err
		}
		if _, err := due.Remove(ctx, tx.Tx, dueMoveOut, v.Person.String()); err != nil {
			return nil, err
		}
	}
	flags, err := o.carryFlags(ctx, tx, v)
	return append(flags, o.tell(told, v.Trace)...), err
}

// tell makes the messages that tell the prefecture of a version (法30条の5): of every entry, deletion and amendment.
func (o *Municipality) tell(told []message.Booked, trace string) (outs []message.Out) {
	for _, t := range told {
		outs = append(outs, message.Out{To: o.prefecture, Body: t, Trace: trace})
	}
	return outs
}

// looked writes down that somebody saw a person's data.
func looked(tx *store.Tx, who string, code resident.RecordCode, why string) {
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: auditlog.ActLook, Subject: code.Reveal(), Detail: why})
}
