package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// The new municipality's word on a move, at the old one: 転入通知 (法9条), or that the move is given up.

var errNotOurMove = exchange.Reject("not-your-move",
	"この転出入は、送信した市区町村のものではありません。市区町村コードを確かめてください。",
	"this move is not between the sender and this municipality: check the municipality codes")

// onMoveIn settles a move, or takes it back.
func (o *Municipality) onMoveIn(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.MoveIn) ([]message.Out, error) {
	if n.From != o.code || org(n.To) != d.Sender {
		return nil, errNotOurMove
	}
	m, found, err := o.moveOf(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	byHand := n.Step == message.MoveClosed || n.Step == message.MoveUnmade
	if !found && byHand {
		_, err := tx.Tell(ctx, d.Sender, false, n, d.Trace) // nobody waits for it here
		return nil, err
	}
	if !found {
		return nil, exchange.Reject("no-such-move",
			"この番号の転出の届出も、この住民票コードの住民もありません。番号と住民票コードを確かめて、届け直してください。",
			"there is no move of this name here, and nobody with this record code: check both and tell again")
	}
	first, err := tx.Tell(ctx, d.Sender, false, n, d.Trace)
	if err != nil {
		return nil, err
	}
	if n.Step == message.MoveLapsed {
		if !first {
			return nil, nil
		}
		return o.lapsedThere(ctx, tx, m, n, d)
	}
	if byHand {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.movein", Subject: m.Code.Reveal(), Case: d.ID.String(), Detail: m.Move + " " + string(n.Step)})
		return o.closedAtTheNew(ctx, tx, m, n, d.Trace)
	}
	if !first && m.State != store.OutCancelling {
		if !n.Again {
			return nil, nil
		}
		outs, _, err := o.tellAgain(ctx, tx, m.Move, true, message.MoveLeft, false, d.Trace)
		return outs, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.movein", Subject: m.Code.Reveal(), Case: d.ID.String(), Detail: m.Move + " " + string(n.Step)})
	if !m.Open() {
		// A step that was lost from our books and is told again, or that is heard when the person is back; anything else would open what is closed, or delete a record by a move that
		// was given up.
		if n.Step == message.MoveRegistered && m.State == store.OutSettled && (m.MovedOn == n.Day || !m.MovedOn.Valid()) || n.Step == message.MoveVoid && m.State == store.OutCancelled {
			return nil, nil
		}
		if hand, err := closedByHand(ctx, tx, m.Move); err != nil {
			return nil, err
		} else if hand {
			return o.contradicted(ctx, tx, m, n)
		}
		return nil, exchange.Reject("move-closed",
			"この転出は、もう終わっています（"+string(m.State)+"）。双方の記録を確かめてください。",
			"this move is closed here ("+string(m.State)+"): compare both records")
	}
	if n.Step == message.MoveVoid {
		return o.givenUp(ctx, tx, m, d.Trace)
	}
	return o.movedIn(ctx, tx, m, n)
}

// moveOf finds the move that a notice is about. Of a person who was registered from a certificate on paper the new municipality knows no
// name of the move: it is the open one there, or one that nobody filed here, which becomes an item for the counter.
func (o *Municipality) moveOf(ctx context.Context, tx *store.Tx, n message.MoveIn) (m store.MoveAway, found bool, err error) {
	if n.Move != "" {
		return tx.MoveAwayOf(ctx, n.Move)
	}
	holder, found, err := tx.ByCode(ctx, n.Code)
	if err != nil || !found {
		return m, false, err
	}
	moves, err := tx.OpenMovesAway(ctx, holder.Person)
	if err != nil {
		return m, false, err
	}
	for _, m := range moves {
		if m.To == n.To {
			return m, true, nil
		}
	}
	if m, found, err := tx.SettledMoveAway(ctx, holder.Person, n.To, n.Day); err != nil || found { // it is told again
		return m, found, err
	}
	now, found, err := tx.Current(ctx, holder.Person)
	if err != nil || !found {
		return m, false, err
	}
	m = store.MoveAway{Move: o.newMove(tx), Person: holder.Person, Code: now.Record.Code, To: n.To, Planned: n.Day, Filed: resident.DateOf(tx.Now()), State: store.OutUnfiled,
		FiledAt: tx.Now(), FiledBy: string(org(n.To)), Trace: now.Trace, Version: now.Number}
	m.Family = m.Move
	if !now.Present() { // by a notice that named another place, or none that exchanges with us
		m.State = store.OutLeft
	}
	return m, true, nil
}

// movedIn follows the notice that the person is registered there: since a day that may lie before the planned one, and then the record
// ends here on that day.
func (o *Municipality) movedIn(ctx context.Context, tx *store.Tx, m store.MoveAway, n message.MoveIn) ([]message.Out, error) {
	m.MovedOn = n.Day
	now, found, err := tx.Current(ctx, m.Person)
	if err != nil || !found {
		return nil, err
	}
	if m.State == store.OutCancelling {
		m.Why = both("取消しは間に合いませんでした。新しい市区町村で、先に転入が登録されています。", "The cancellation came too late: the person was registered at the new municipality first.")
	}
	switch {
	case m.State == store.OutUnfiled:
		m.Why = both("転出の届出がないまま、新しい市区町村で転入が登録されました。本人に確かめ、転出を届け出てください。",
			"The person is registered at the new municipality and filed no moving out here: ask them, and file it.")
		return nil, tx.PutMoveAway(ctx, m)
	case !now.Present() && now.Change.Reason != resident.MoveOut:
		reason := now.Change.Reason
		m.State = store.OutUnfiled
		m.Why = both("ここでは"+reason.In("ja")+"のため消除された方が、新しい市区町村で登録されました。双方で確かめてください。",
			"Somebody whose record was deleted here ("+reason.In("en")+") is registered at the new municipality: find out together which is right.")
		return o.tellEnded(ctx, tx, m, now)
	case now.Present() && now.Number+1 >= n.Version:
		m.State = store.OutUnfiled
		m.Why = both(fmt.Sprintf("新しい市区町村の記録（第%s版）が、この記録（第%s版）より後の版になりません。新しい市区町村に知らせてください。", n.Version, now.Number),
			fmt.Sprintf("The record there (version %s) does not come after ours (version %s): tell the new municipality.", n.Version, now.Number))
		return nil, tx.PutMoveAway(ctx, m)
	case !now.Present():
		m.State, m.SettledAt = store.OutSettled, tx.Now()
		return nil, tx.PutMoveAway(ctx, m)
	}
	plan, planned, err := tx.PlanOf(ctx, m.Person)
	if err != nil {
		return nil, err
	}
	if !planned {
		plan = store.Planned{Basis: "law-24", FiledBy: m.FiledBy}
	}
	v := store.Version{Person: now.Person, Number: now.Number + 1, Record: now.Record, Basis: plan.Basis, Before: now.Hash(), Place: plan.Place,
		Change: resident.ChangeInfo{Reason: resident.MoveOut, Arose: n.Day}, Kills: resident.EffectOf(resident.MoveOut, 0),
		EnteredBy: plan.FiledBy, EnteredAt: tx.Now(), Trace: m.Trace}
	outs, err := o.enter(ctx, tx, v, false)
	if err != nil {
		return nil, err
	}
	told, err := o.tellLeft(ctx, tx, m, v)
	return append(outs, told...), err
}

// givenUp follows the word that there will be no move: the plan is taken back, or the record that was deleted is restored (回復) when
// that was asked for here. Otherwise the counter has to ask the person.
func (o *Municipality) givenUp(ctx context.Context, tx *store.Tx, m store.MoveAway, trace string) ([]message.Out, error) {
	now, found, err := tx.Current(ctx, m.Person)
	if err != nil || !found {
		return nil, err
	}
	asked := m.State == store.OutCancelling
	if !asked {
		m.Why = both("新しい市区町村で取り消されました。", "It was given up at the new municipality.")
	}
	if !now.Present() && now.Change.Reason == resident.MoveOut {
		if !asked {
			m.State = store.OutVoided
			m.Why = both("転出の後に、新しい市区町村で取り消されました。本人に確かめ、住民票を回復してください。", "It was given up at the new municipality after the record was deleted here: ask the person, and restore the record.")
			return nil, tx.PutMoveAway(ctx, m)
		}
		return o.restore(ctx, tx, m, now, m.FiledBy, trace)
	}
	if plan, planned, err := tx.PlanOf(ctx, m.Person); err != nil {
		return nil, err
	} else if planned {
		if err := o.dropPlan(ctx, tx, now, plan, m.FiledBy); err != nil {
			return nil, err
		}
	}
	m.State, m.SettledAt = store.OutCancelled, tx.Now()
	return nil, tx.PutMoveAway(ctx, m)
}

// restore goes on with a record that was deleted for a move that is not made (回復). What the deletion has killed stays dead.
func (o *Municipality) restore(ctx context.Context, tx *store.Tx, m store.MoveAway, now store.Version, by, trace string) ([]message.Out, error) {
	back, stands, err := o.comeBack(ctx, tx, now.Person, now.Record.Household, now.Record.Relation, false)
	if err != nil {
		return nil, err
	}
	if back == backToOther || back == backToNone && stands == resident.Head {
		m.State = store.OutVoided
		m.Why = both("世帯主がその後に替わったため、自動では回復していません。いまの世帯主との続柄を聞き、「回復」で届け出てください。",
			"The household has had another head since, so nothing was restored by itself: ask for the relation to the present one, and file a restoration.")
		return nil, tx.PutMoveAway(ctx, m)
	}
	record := now.Record
	record.Relation = stands
	v := store.Version{Person: now.Person, Number: now.Number + 1, Record: record, Basis: "found-wrong", Before: now.Hash(),
		Change: resident.ChangeInfo{Reason: resident.EntryExOfficio, Arose: resident.DateOf(tx.Now())}, EnteredBy: by, EnteredAt: tx.Now(), Trace: trace}
	m.State, m.SettledAt = store.OutCancelled, tx.Now()
	if err := tx.PutMoveAway(ctx, m); err != nil {
		return nil, err
	}
	return o.enter(ctx, tx, v, false)
}
