package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// The old municipality's word on a move, at the new one: 転出証明書情報, and that the person has changed their mind.

// onMoveOut keeps who is to come, and decides a cancellation: whoever is registered here has moved.
func (o *Municipality) onMoveOut(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.MoveOut) ([]message.Out, error) {
	if n.To != o.code || org(n.From) != d.Sender {
		return nil, errNotOurMove
	}
	m, found, err := tx.MoveHereOf(ctx, n.Move)
	if err != nil {
		return nil, err
	}
	first, err := tx.Tell(ctx, d.Sender, false, n, d.Trace)
	if err != nil {
		return nil, err
	}
	if first {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.moveout", Subject: n.Code.Reveal(), Case: d.ID.String(), Detail: n.Move + " " + string(n.Step)})
	}
	switch {
	case n.Step == message.MoveClosed || n.Step == message.MoveUnmade:
		if !found { // it may be known here by its certificate on paper alone; of what nothing has come nobody waits
			if m, found, err = o.paperOf(ctx, tx, n); err != nil || !found {
				return nil, err
			}
		}
		return o.closedThere(ctx, tx, m, n, d.Trace)
	case n.Step == message.MoveVoid && !found:
		return o.voidUnknown(ctx, tx, n, d)
	case n.Step == message.MoveVoid:
		return o.decideVoid(ctx, tx, m, d)
	case !first && n.Again && !m.Waits():
		return o.answerAgain(ctx, tx, m, d.Trace)
	case !first:
		return nil, nil
	case (m.State == store.InEarly || m.State == store.InDiffers) && n.Step == message.MoveLeft:
		return nil, o.agree(ctx, tx, m, n)
	case !found:
		return nil, o.arrived(ctx, tx, n, d)
	case m.Waits():
		// A family leaves on its day one after the other, and whoever is left alone for that moment becomes the head there by itself. What the
		// relation was when they filed is what the clerk begins with here.
		if m.Info != nil && n.Step == message.MoveLeft && n.Person.Relation == resident.Head {
			n.Person.Relation = m.Info.Person.Relation
		}
		m.Code, m.Version, m.Planned, m.Info = n.Code, n.Version, n.Planned, &n
		if n.Step == message.MoveLeft {
			m.State = store.InLeft
		}
		return nil, tx.PutMoveHere(ctx, m)
	}
	return nil, o.toldAfterClosing(ctx, tx, m, n) // else given up here, or settled: the old municipality has been told so
}

// arrived opens the item of somebody who is to come, or joins it with the one that was registered from a certificate on paper.
func (o *Municipality) arrived(ctx context.Context, tx *store.Tx, n message.MoveOut, d exchange.Delivery) error {
	m := store.MoveHere{Move: n.Move, Family: n.Family, From: n.From, Code: n.Code, Version: n.Version, Planned: n.Planned, Filed: n.Filed, Special: n.Special,
		State: store.InPlanned, Info: &n, ArrivedAt: tx.Now(), Trace: d.Trace}
	if n.Step == message.MoveLeft {
		m.State = store.InLeft
	}
	p, typed, err := o.paperOf(ctx, tx, n)
	if err != nil {
		return err
	}
	if typed {
		if err := o.takeOver(ctx, tx, &m, p); err != nil {
			return err
		}
		return o.agree(ctx, tx, m, n)
	}
	if n.Special {
		due.Add(tx.Tx, specialUntil(n.Planned).AddDays(1).Start(), dueSpecialVoid, n.Move, []byte(n.Move))
	}
	return tx.PutMoveHere(ctx, m)
}

// paperOf is the item of a certificate on paper that the information is of, also one that was closed by hand meanwhile: what comes is of the
// moving in that was typed when the person is in the register by it, or when the record there ended before ours began. Whoever has left
// since and comes again moves anew.
func (o *Municipality) paperOf(ctx context.Context, tx *store.Tx, n message.MoveOut) (p store.MoveHere, found bool, err error) {
	papers, err := tx.PapersHere(ctx, n.Code, n.From)
	if err != nil || len(papers) == 0 {
		return p, false, err
	}
	p = papers[0]
	now, found, err := tx.Current(ctx, p.Person)
	return p, found && (now.Present() || n.Version < p.First), err
}

// takeOver gives the item of a certificate on paper the name that the old municipality has for the move.
func (o *Municipality) takeOver(ctx context.Context, tx *store.Tx, m *store.MoveHere, p store.MoveHere) error {
	m.Person, m.Became, m.Registered, m.First, m.By, m.Reason, m.ArrivedAt = p.Person, p.Became, p.Registered, p.First, p.By, p.Reason, p.ArrivedAt
	if err := tx.RenameClosings(ctx, p.Move, m.Move); err != nil {
		return err
	}
	return tx.DropMoveHere(ctx, p.Move)
}

// agree compares what the old municipality tells with what was registered before it came.
func (o *Municipality) agree(ctx context.Context, tx *store.Tx, m store.MoveHere, n message.MoveOut) error {
	versions, err := tx.Versions(ctx, m.Person)
	if err != nil {
		return err
	}
	var entered resident.Record
	for _, v := range versions {
		if v.Number == m.First {
			entered = v.Record
		}
	}
	m.Info, m.Version, m.Planned = &n, n.Version, n.Planned
	if m.State == store.InDiffers { // compared anew
		m.Why = plain.Sentence{}
	}
	switch {
	case entered.Code != n.Code || entered.Birth != n.Person.Birth || entered.Sex != n.Person.Sex || entered.Name != n.Person.Name:
		m.State = store.InDiffers
		m.Why = both("届いた転出証明書情報と、登録した住民票コード・氏名・生年月日・性別のどれかが違います。別の方の住民票コードでないか、前の市区町村と確かめてください。",
			"Record code, name, birth or sex differ from the information that has come: find out with the old municipality whether it is another person's code.")
	case endedThere(n) == resident.Death.In(plain.JA):
		m.State = store.InDiffers
		m.Why = both("前の市区町村の住民票は、転出ではなく死亡のため消除されています。どちらが正しいか、前の市区町村と確かめてください。",
			"The old municipality deleted the record because of a death, and not for this move: find out together which is right.")
	case n.Step == message.MoveLeft && n.Version >= m.First:
		m.State = store.InDiffers
		m.Why = both(fmt.Sprintf("前の市区町村は第%s版で消除しましたが、ここは第%s版から始めています。前の市区町村と確かめてください。", n.Version, m.First),
			fmt.Sprintf("The old municipality deleted the record at version %s, and ours begins with version %s: find out with them.", n.Version, m.First))
	case n.Step == message.MoveLeft:
		m.State, m.SettledAt = store.InRegistered, tx.Now()
		if by := endedThere(n); by != "" {
			m.Why = both("前の市区町村の住民票は、転出ではなく"+by+"のため消除されていました。", "The old municipality had deleted the record for another reason ("+by+").")
		}
	default:
		m.State = store.InEarly
	}
	return tx.PutMoveHere(ctx, m)
}

// decideVoid answers the old municipality, which asks whether a move can be given up: not when the person is registered here, of which it
// has been told, and otherwise it is, from this moment on.
func (o *Municipality) decideVoid(ctx context.Context, tx *store.Tx, m store.MoveHere, d exchange.Delivery) ([]message.Out, error) {
	if m.Waits() {
		m.Why = both("前の市区町村で取り消されました。", "It was cancelled at the old municipality.")
		return o.giveUp(ctx, tx, m, d.Trace)
	}
	if m.State != store.InVoid && m.State != store.InDiffers { // what differs is on the item, and is to be read there
		m.Why = both("前の市区町村から取消しの申出が届きましたが、先に転入を登録していたため、転入のままです。", "The old municipality asked to cancel it after the person had been registered here: the moving in stands.")
		if err := tx.PutMoveHere(ctx, m); err != nil {
			return nil, err
		}
	}
	return o.answerAgain(ctx, tx, m, d.Trace)
}

// voidUnknown answers about a move of which nothing has come, since what told of it was withdrawn: it is given up before it begins, so that
// nobody can be registered by it later. Whoever was registered from its certificate on paper has moved.
func (o *Municipality) voidUnknown(ctx context.Context, tx *store.Tx, n message.MoveOut, d exchange.Delivery) ([]message.Out, error) {
	m := store.MoveHere{Move: n.Move, Family: n.Family, From: n.From, Code: n.Code, Version: n.Version, Planned: n.Planned, Filed: n.Filed, Special: n.Special,
		State: store.InVoid, ArrivedAt: tx.Now(), Trace: d.Trace, Why: both("前の市区町村で取り消されました。", "It was cancelled at the old municipality.")}
	p, typed, err := o.paperOf(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	if !typed {
		return o.giveUp(ctx, tx, m, d.Trace)
	}
	if err := o.takeOver(ctx, tx, &m, p); err != nil {
		return nil, err
	}
	m.State = store.InEarly // until the old municipality tells of the deletion
	return o.decideVoid(ctx, tx, m, d)
}

// answerAgain says once more what was decided of a move: that the person is registered here, or that it is given up.
func (o *Municipality) answerAgain(ctx context.Context, tx *store.Tx, m store.MoveHere, trace string) ([]message.Out, error) {
	return o.sayAgain(ctx, tx, m, false, trace)
}

// sayAgain is answerAgain, or, when this end waits, what it waits to have answered.
func (o *Municipality) sayAgain(ctx context.Context, tx *store.Tx, m store.MoveHere, waits bool, trace string) ([]message.Out, error) {
	n := message.MoveIn{Move: m.Move, Step: message.MoveRegistered, From: m.From, To: o.code, Code: m.Code, Day: m.Became, Filed: m.Registered, Version: m.First, Again: waits}
	if m.State == store.InVoid {
		day := resident.DateOf(m.SettledAt)
		n.Step, n.Day, n.Filed, n.Version = message.MoveVoid, day, day, 0
	}
	if m.State == store.InPaper { // of which only the code is known there
		n.Move = ""
		return o.tellBack(ctx, tx, n, trace)
	}
	outs, told, err := o.tellAgain(ctx, tx, m.Move, false, n.Step, waits, trace)
	if err != nil || told {
		return outs, err
	}
	return o.tellBack(ctx, tx, n, trace) // it was told before the name of the move was known
}

// tellAgain sends a step of a move that was told before once more, as the same fact; false when it was not told. One who waits has it answered,
// whether or not it is news there; an answer is not, or the two would go on for ever.
func (o *Municipality) tellAgain(ctx context.Context, tx *store.Tx, move string, leaving bool, step message.MoveStep, waits bool, trace string) ([]message.Out, bool, error) {
	steps, err := tx.StepsOf(ctx, move)
	if err != nil {
		return nil, false, err
	}
	for _, t := range steps {
		if !t.Told || t.Leaving != leaving || t.Step != step {
			continue
		}
		n, err := o.stepTold(ctx, tx.Tx, t.Peer, t.Fact)
		if err != nil || n == nil {
			return nil, false, err
		}
		switch told := n.(type) {
		case message.MoveOut:
			told.Again = waits
			n = told
		case message.MoveIn:
			told.Again = waits
			n = told
		}
		return []message.Out{{To: t.Peer, Body: n, Trace: trace}}, true, nil
	}
	return nil, false, nil
}

// giveUp ends a move that nobody has filed here, and says so to the old municipality.
func (o *Municipality) giveUp(ctx context.Context, tx *store.Tx, m store.MoveHere, trace string) ([]message.Out, error) {
	m.State, m.SettledAt = store.InVoid, tx.Now()
	if err := tx.PutMoveHere(ctx, m); err != nil {
		return nil, err
	}
	if _, err := due.Remove(ctx, tx.Tx, dueSpecialVoid, m.Move); err != nil {
		return nil, err
	}
	today := resident.DateOf(tx.Now())
	return o.tellBack(ctx, tx, message.MoveIn{Move: m.Move, Step: message.MoveVoid, From: m.From, To: o.code, Code: m.Code, Day: today, Filed: today}, trace)
}

// tellBack tells the old municipality of a step.
func (o *Municipality) tellBack(ctx context.Context, tx *store.Tx, n message.MoveIn, trace string) ([]message.Out, error) {
	if _, err := tx.Tell(ctx, org(n.From), true, n, trace); err != nil {
		return nil, err
	}
	return []message.Out{{To: org(n.From), Body: n, Trace: trace}}, nil
}
