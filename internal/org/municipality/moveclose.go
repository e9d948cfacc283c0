package municipality

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// A move that no message ends is closed by two people, who have found out with the other municipality what has become of it. The other end is
// told; and what a message says is stronger than what was closed: if it contradicts, the move is open again at the end that it reaches.

// Closing is what somebody has found out about a move that no message ends.
type Closing struct {
	Move    string
	Outcome store.MoveOutcome
	Unknown bool   // it is not known whether the other end has a record by this move
	Said    string // what was found out, and with whom
}

// earlyWaits is for how many days after the planned day the message about the deletion is waited for, until people may end the move. After as
// many both ends have the alarm move-unsettled.
const earlyWaits = 30

// awayByHand tells whether a moving out waits for people, or for an answer that may never come; hereByHand the same of a moving in.
func awayByHand(m store.MoveAway) bool {
	return m.State == store.OutUnfiled || m.State == store.OutVoided || m.State == store.OutCancelling
}

func hereByHand(m store.MoveHere, today resident.Date) bool {
	return m.State == store.InPaper || m.State == store.InDiffers || m.State == store.InEarly && today.After(m.Planned.AddDays(earlyWaits))
}

// ending is a move that can be closed by hand, at the one end or the other.
type ending struct {
	away *store.MoveAway
	here *store.MoveHere
}

// closable finds a move that waits for people, or for an answer that may never come.
func (o *Municipality) closable(ctx context.Context, tx *store.Tx, by, move string) (e ending, err error) {
	if m, found, err := tx.MoveAwayOf(ctx, move); err != nil {
		return e, err
	} else if found && awayByHand(m) {
		return ending{away: &m}, o.admitsMove(ctx, tx, by, m.Person, m.Code)
	}
	if m, found, err := tx.MoveHereOf(ctx, move); err != nil {
		return e, err
	} else if found && hereByHand(m, resident.DateOf(tx.Now())) {
		return ending{here: &m}, o.admitsMove(ctx, tx, by, m.Person, m.Code)
	}
	return e, plain.Bad("move", "この転出入は、電文で終わるのを待っているか、終わっています。人が閉じるものではありません。", "This move is ended by a message, or has ended: it is not closed by hand.")
}

// seen is where the move stands: whatever a message has changed since a proposal was read shows in it.
func (e ending) seen() string {
	if m := e.away; m != nil {
		return fmt.Sprint(m.State, "/", m.Version, "/", m.MovedOn, "/", m.Why.EN)
	}
	return fmt.Sprint(e.here.State, "/", e.here.Version, "/", e.here.Planned, "/", e.here.Why.EN)
}

// named is the version of the record that the other end has by this move, as a message from there has named it; 0: none has.
func (e ending) named(ctx context.Context, tx *store.Tx) (resident.Version, error) {
	move, code := "", resident.RecordCode{}
	if e.away != nil {
		move, code = e.away.Move, e.away.Code
	} else {
		move, code = e.here.Move, e.here.Code
	}
	steps, err := tx.StepsOf(ctx, move)
	if err != nil {
		return 0, err
	}
	more, err := tx.StepsWithoutMove(ctx, code)
	if err != nil {
		return 0, err
	}
	var version resident.Version
	for _, t := range append(steps, more...) {
		if !t.Told && t.Version != 0 && t.Step != message.MoveUnmade && (e.away == nil || t.Step == message.MoveRegistered || t.Step == message.MoveClosed) {
			version = t.Version
		}
	}
	return version, nil
}

// checkClosing refuses what the registers contradict.
func (o *Municipality) checkClosing(ctx context.Context, tx *store.Tx, e ending, c Closing) error {
	var ps problems
	if c.Outcome != store.MoveIsRegistered && c.Outcome != store.MoveIsUnmade {
		ps.bad("outcome", "確かめた結果を選んでください。", "Choose what was found out.")
	}
	said := strings.TrimSpace(c.Said)
	ps.need(said != "" && len([]rune(said)) <= mostReason, "text", "確かめたことと、確かめた相手（300字まで）", "what was found out and with whom, in at most 300 characters")
	version, err := e.named(ctx, tx)
	if err != nil {
		return err
	}
	if c.Outcome == store.MoveIsRegistered && version == 0 && !c.Unknown {
		ps.bad("unknown", "相手の市区町村の記録が、電文でまだ届いていません。「相手の記録は分からない」を選ぶか、「もう一度知らせる」で確かめてください。",
			"No message has named a record of the other municipality: say that it is not known, or tell it again and wait for the answer.")
	}
	if c.Outcome == store.MoveIsRegistered && version != 0 && c.Unknown {
		ps.bad("unknown", fmt.Sprintf("相手の市区町村の記録は第%s版と知らされています。「分からない」を外してください。", version), fmt.Sprintf("The other municipality has named version %s of its record: it is known.", version))
	}
	if e.away != nil {
		now, found, err := tx.Current(ctx, e.away.Person)
		if err != nil {
			return err
		}
		if c.Outcome == store.MoveIsRegistered && found && now.Present() && e.away.State != store.OutCancelling {
			ps.bad("outcome", "この方の住民票は、ここでまだ有効です。転出を届け出るか、職権で消除してください。", "The record is still in force here: file the moving out, or delete it ex officio.")
		}
	} else if c.Outcome == store.MoveIsUnmade {
		_, holds, err := o.inForce(ctx, tx, e.here.Code)
		if err != nil {
			return err
		}
		if holds {
			ps.bad("outcome", "この住民票コードの住民票が、ここで有効です。先に訂正するか消除してください。", "A record under this code is in force here: correct or delete it first.")
		}
	}
	return ps.Err()
}

// inForce is whose record is in force under a code.
func (o *Municipality) inForce(ctx context.Context, tx *store.Tx, code resident.RecordCode) (PersonID, bool, error) {
	holder, found, err := tx.ByCode(ctx, code)
	return holder.Person, found && holder.Present && !holder.Former, err
}

// ProposeClosing writes down, for the clerk in the context, how a move that no message ends is to be closed. Nothing happens to it yet. A
// proposal that was made before it is dropped.
func (o *Municipality) ProposeClosing(ctx context.Context, c Closing) error {
	by, err := clerk(ctx, access.CloseMove)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		e, err := o.closable(ctx, tx, by, c.Move)
		if err != nil {
			return nil, err
		}
		if err := o.checkClosing(ctx, tx, e, c); err != nil {
			return nil, err
		}
		before, err := tx.ClosingsOf(ctx, c.Move)
		if err != nil {
			return nil, err
		}
		for _, b := range before {
			if _, err := tx.DecideClosing(ctx, b.ID, by, false); err != nil {
				return nil, err
			}
		}
		tx.AddClosing(store.MoveClosing{ID: tx.Serial(), Move: c.Move, Outcome: c.Outcome, Unknown: c.Unknown, Said: strings.TrimSpace(c.Said), Seen: e.seen(), ProposedAt: tx.Now(), ProposedBy: by})
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "move-close-proposed", Subject: e.code().Reveal(), Case: c.Move, Detail: string(c.Outcome)})
		return nil, nil
	})
	return err
}

func (e ending) code() resident.RecordCode {
	if e.away != nil {
		return e.away.Code
	}
	return e.here.Code
}

// DecideClosing closes a move as another person has proposed, or drops the proposal, which its proposer may too. id is the proposal that the
// clerk in the context has read.
func (o *Municipality) DecideClosing(ctx context.Context, move string, id int64, approve bool) error {
	by, err := clerk(ctx, access.CloseMove)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		proposed, err := tx.ClosingsOf(ctx, move)
		if err != nil {
			return nil, err
		}
		if len(proposed) == 0 || proposed[0].ID != id || !proposed[0].Open() {
			return nil, plain.Bad("move", "この提案は、取り下げられたか、もう決まっています。画面を開き直してください。", "This proposal was dropped or decided: open the page again.")
		}
		c := proposed[0]
		if !approve {
			auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "move-close-dropped", Case: move})
			_, err := tx.DecideClosing(ctx, id, by, false)
			return nil, err
		}
		if err := access.SecondPerson(access.Person{ID: c.ProposedBy}, access.From(ctx)); err != nil {
			return nil, err
		}
		e, err := o.closable(ctx, tx, by, move)
		if err != nil {
			return nil, err
		}
		if e.seen() != c.Seen {
			return nil, plain.Bad("move", "提案の後に電文が届き、この転出入が変わりました。いまの内容を確かめて、提案し直してください。", "A message has changed this move since it was proposed: look at it as it is now, and propose anew.")
		}
		if err := o.checkClosing(ctx, tx, e, Closing{Move: move, Outcome: c.Outcome, Unknown: c.Unknown, Said: c.Said}); err != nil {
			return nil, err
		}
		if _, err := tx.DecideClosing(ctx, id, by, true); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "move-closed", Subject: e.code().Reveal(), Case: move, Detail: "proposed by " + c.ProposedBy + ", " + string(c.Outcome)})
		if e.away != nil {
			return o.closeAway(ctx, tx, *e.away, c, trace)
		}
		return o.closeHere(ctx, tx, *e.here, c, trace)
	})
	return err
}

// stepOf is what the other end is told of an outcome.
func stepOf(x store.MoveOutcome) message.MoveStep {
	if x == store.MoveIsRegistered {
		return message.MoveClosed
	}
	return message.MoveUnmade
}

// closeAway closes a move at the old municipality. While it was asked for a cancellation the record follows: it ends by the notice that was
// filed, or the plan is dropped and the record restored.
func (o *Municipality) closeAway(ctx context.Context, tx *store.Tx, m store.MoveAway, c store.MoveClosing, trace string) (outs []message.Out, err error) {
	asked := m.State == store.OutCancelling
	switch {
	case asked && c.Outcome == store.MoveIsRegistered:
		day := m.Planned
		if today := resident.DateOf(tx.Now()); day.After(today) {
			day = today
		}
		outs, err = o.movedIn(ctx, tx, m, message.MoveIn{Move: m.Move, Step: message.MoveRegistered, Day: day, Version: m.Version + earlyRoom})
	case asked:
		outs, err = o.givenUp(ctx, tx, m, trace)
	case c.Outcome == store.MoveIsRegistered:
		m.State, m.SettledAt, m.Why = store.OutSettled, tx.Now(), both(c.Said, c.Said)
		err = tx.PutMoveAway(ctx, m)
	default:
		m.State, m.SettledAt, m.Why = store.OutCancelled, tx.Now(), both(c.Said, c.Said)
		err = tx.PutMoveAway(ctx, m)
	}
	if err != nil {
		return nil, err
	}
	now, found, err := tx.MoveAwayOf(ctx, m.Move)
	if err != nil || !found {
		return nil, err
	}
	if asked && !now.Open() {
		now.Why = both(c.Said, c.Said)
	}
	told, err := o.tellMove(ctx, tx, now, stepOf(c.Outcome), resident.Record{}, resident.Address{}, trace)
	return append(outs, told...), err
}

// closeHere closes a move at the new municipality.
func (o *Municipality) closeHere(ctx context.Context, tx *store.Tx, m store.MoveHere, c store.MoveClosing, trace string) ([]message.Out, error) {
	name := m.Move
	if m.State == store.InPaper { // of which only the code is known there
		name = ""
	}
	m.State, m.SettledAt, m.Why = store.InRegistered, tx.Now(), both(c.Said, c.Said)
	if c.Outcome == store.MoveIsUnmade {
		m.State = store.InVoid
	}
	if err := tx.PutMoveHere(ctx, m); err != nil {
		return nil, err
	}
	return o.tellBack(ctx, tx, message.MoveIn{Move: name, Step: stepOf(c.Outcome), From: m.From, To: o.code, Code: m.Code, Day: m.Became, Filed: m.Registered, Version: m.First}, trace)
}

// closedByHand tells whether two people, and no message, have ended a move.
func closedByHand(ctx context.Context, tx *store.Tx, move string) (bool, error) {
	all, err := tx.ClosingsOf(ctx, move)
	for _, c := range all {
		if c.Approved {
			return true, err
		}
	}
	return false, err
}

// closedThere follows at the new municipality what two people of the old one have found out.
func (o *Municipality) closedThere(ctx context.Context, tx *store.Tx, m store.MoveHere, n message.MoveOut, trace string) ([]message.Out, error) {
	holder, holds, err := o.inForce(ctx, tx, m.Code)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Step == message.MoveClosed && m.Person == 0: // which is not so: nobody is registered here by this move
		day := resident.DateOf(tx.Now())
		return o.tellBack(ctx, tx, message.MoveIn{Move: m.Move, Step: message.MoveUnmade, From: m.From, To: o.code, Code: m.Code, Day: day, Filed: day, Version: n.Version}, trace)
	case n.Step == message.MoveClosed && (m.State == store.InEarly || m.State == store.InPaper):
		m.State, m.SettledAt, m.Why = store.InRegistered, tx.Now(), both("前の市区町村が、二人で確かめて閉じました。", "Two people of the old municipality have found it out, and closed it.")
		return nil, tx.PutMoveHere(ctx, m)
	case n.Step == message.MoveClosed:
		return nil, nil
	case m.Waits():
		m.Why = both("前の市区町村が、転出しないと二人で確かめて閉じました。", "Two people of the old municipality have found out that nobody moves.")
		return o.giveUp(ctx, tx, m, trace)
	case m.State == store.InVoid:
		return nil, nil
	case holds && holder == m.Person:
		m.State = store.InDiffers
		m.Why = both("前の市区町村は、この方は転出していないと二人で確かめて閉じました。ここの登録が正しいか、前の市区町村と確かめてください。",
			"Two people of the old municipality have found out that this person did not move: find out with them whether the registration here is right.")
	default:
		m.State = store.InVoid
		m.Why = both("前の市区町村が、転出していないと二人で確かめて閉じました。", "Two people of the old municipality have found out that nobody moved.")
	}
	if m.SettledAt = tx.Now(); m.State == store.InDiffers {
		m.SettledAt = time.Time{}
	}
	return nil, tx.PutMoveHere(ctx, m)
}

// closedAtTheNew follows at the old municipality what two people of the new one have found out.
func (o *Municipality) closedAtTheNew(ctx context.Context, tx *store.Tx, m store.MoveAway, n message.MoveIn, trace string) ([]message.Out, error) {
	now, found, err := tx.Current(ctx, m.Person)
	if err != nil || !found {
		return nil, err
	}
	waits := m.State == store.OutPlanned || m.State == store.OutLeft || m.State == store.OutCancelling
	switch {
	case n.Step == message.MoveClosed && waits:
		return o.movedIn(ctx, tx, m, n)
	case n.Step == message.MoveClosed && (m.State == store.OutVoided || m.State == store.OutUnfiled && !now.Present()):
		m.State, m.SettledAt, m.MovedOn = store.OutSettled, tx.Now(), n.Day
		m.Why = both("新しい市区町村が、住んでいると二人で確かめて閉じました。", "Two people of the new municipality have found out that the person lives there.")
	case n.Step == message.MoveClosed && (m.State == store.OutUnfiled || m.State == store.OutCancelled):
		m.State, m.SettledAt, m.MovedOn = store.OutUnfiled, time.Time{}, n.Day
		m.Why = both("新しい市区町村が、住んでいると二人で確かめて閉じました。本人に確かめ、転出を届け出てください。", "Two people of the new municipality have found out that the person lives there: ask them, and file the moving out.")
	case n.Step == message.MoveClosed:
		return nil, nil
	case m.State == store.OutSettled && !now.Present():
		m.State, m.SettledAt = store.OutVoided, time.Time{}
		m.Why = both("新しい市区町村では、この転出による登録がありません。本人に確かめ、住民票を回復してください。", "Nobody is registered at the new municipality by this move: ask the person, and restore the record.")
	case m.Open():
		return o.givenUp(ctx, tx, m, trace)
	default:
		return nil, nil
	}
	return nil, tx.PutMoveAway(ctx, m)
}

// contradicted opens a move at the old municipality that two people had closed, and about which the new one says otherwise.
func (o *Municipality) contradicted(ctx context.Context, tx *store.Tx, m store.MoveAway, n message.MoveIn) ([]message.Out, error) {
	now, found, err := tx.Current(ctx, m.Person)
	if err != nil || !found {
		return nil, err
	}
	switch {
	case n.Step == message.MoveVoid && !now.Present():
		m.State, m.SettledAt = store.OutVoided, time.Time{}
		m.Why = both("二人で確かめて閉じた後に、新しい市区町村で取り消されました。本人に確かめ、住民票を回復してください。", "After two people had closed it here it was given up at the new municipality: ask the person, and restore the record.")
	case n.Step == message.MoveVoid:
		m.State = store.OutCancelled
	case now.Present():
		m.State, m.SettledAt, m.MovedOn = store.OutUnfiled, time.Time{}, n.Day
		m.Why = both("二人で確かめて閉じた後に、新しい市区町村で転入が登録されました。本人に確かめ、転出を届け出てください。", "After two people had closed it here the person was registered at the new municipality: ask them, and file the moving out.")
	default:
		m.State, m.MovedOn = store.OutSettled, n.Day
	}
	return nil, tx.PutMoveAway(ctx, m)
}

// toldAfterClosing follows at the new municipality what the old one tells of a move that two people have closed here.
func (o *Municipality) toldAfterClosing(ctx context.Context, tx *store.Tx, m store.MoveHere, n message.MoveOut) error {
	hand, err := closedByHand(ctx, tx, m.Move)
	if err != nil || !hand || n.Step != message.MoveLeft {
		return err
	}
	switch {
	case m.State == store.InVoid: // the person is on the way all the same
		m.State, m.SettledAt, m.Info, m.Person, m.Became, m.Registered, m.First = store.InLeft, time.Time{}, &n, 0, resident.Date{}, resident.Date{}, 0
		m.Code, m.Version, m.Planned = n.Code, n.Version, n.Planned
		return tx.PutMoveHere(ctx, m)
	case n.Version >= m.First || endedThere(n) == resident.Death.In(plain.JA):
		m.SettledAt = time.Time{}
		return o.agree(ctx, tx, m, n)
	}
	return nil
}
