package municipality

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// MoveOut is 転出 (法24条): somebody moves to another municipality or abroad. The notice is filed in advance; its day, the
// planned one, may lie ahead, and the record is deleted on that day (令8条).
type MoveOut struct {
	Filing
	To resident.Address // 転出先
	// ToCode is the municipality of To; zero: that with whose name To begins, when there is one.
	ToCode    resident.MunicipalityCode
	Special   bool // 特例転入: moves by the card, without a certificate on paper
	Abroad    bool // 国外転出
	Continued bool // abroad: the card's use is continued (継続利用)
}

func (MoveOut) reason() resident.ChangeReason { return resident.MoveOut }

func (c MoveOut) kills(changed resident.Attributes) resident.Effect {
	if c.Abroad {
		return resident.EffectOfMovingAbroad(c.Arose, c.Continued)
	}
	return resident.EffectOf(resident.MoveOut, changed)
}

// farthestPlan is how far ahead a planned day may lie. The law sets no bound; a day more than a year ahead is a slip.
const farthestPlan = 366

func (c MoveOut) next(m *matter, ps *problems) (resident.Record, error) {
	next := m.now.Record
	ps.need(c.To.Valid(), "place", "転出先", "where the person moves to")
	if err := m.checkDestination(c, ps); err != nil || !c.Arose.Valid() {
		return next, err
	}
	since, what := settledOn(m.before)
	ps.notBefore("arose", c.Arose, since, what.JA, what.EN)
	if c.Arose.After(m.today.AddDays(farthestPlan)) {
		ps.bad("arose", "転出予定日が1年より先です。年を確かめてください。", "The planned day is more than a year ahead: check the year.")
	}
	plan, planned, err := m.tx.PlanOf(m.ctx, m.now.Person)
	if err != nil {
		return next, err
	}
	if planned {
		ps.bad("arose",
			"この方には"+plan.Day.Wareki()+"の転出予定があります。日を変えるときは、先に予定を取り消してください。",
			"A move out is planned for "+plan.Day.String()+": to change the day, cancel that plan first.")
	}
	return next, nil
}

// dueMoveOut is the kind of due item that carries a planned move out.
const dueMoveOut = "municipality.move-out"

// leave files a notice of moving out that has passed its checks: now, or as a plan. family is common to those of one notice.
func (o *Municipality) leave(ctx context.Context, tx *store.Tx, c MoveOut, v store.Version, family string) (outs []message.Out, err error) {
	planned := v.Change.Arose.After(resident.DateOf(tx.Now()))
	if planned {
		err = o.plan(ctx, tx, c, v)
	} else {
		outs, err = o.enter(ctx, tx, v, false)
	}
	if err != nil {
		return nil, err
	}
	told, err := o.tellOfLeaving(ctx, tx, c, v, family, planned)
	return append(outs, told...), err
}

// plan writes down a move whose day has not come. Until it has, the person is a resident and the certificates live.
func (o *Municipality) plan(ctx context.Context, tx *store.Tx, c MoveOut, v store.Version) error {
	tx.Plan(store.Planned{Person: v.Person, Day: c.Arose, Place: c.To, Abroad: c.Abroad, Continued: c.Continued, Basis: c.Basis,
		FiledAt: v.EnteredAt, FiledBy: v.EnteredBy, Trace: v.Trace})
	due.Add(tx.Tx, c.Arose.Start(), dueMoveOut, v.Person.String(), binary.BigEndian.AppendUint64(nil, uint64(v.Person)))
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: v.EnteredBy, Act: "file-change", Subject: v.Record.Code.Reveal(), Case: v.Trace,
		Detail: "move-out planned for " + c.Arose.String()})
	return nil
}

// plannedDay deletes the record of somebody whose planned day has come, whatever was amended since the notice.
func (o *Municipality) plannedDay(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	if len(item.Payload) != 8 {
		return nil, fmt.Errorf("the planned move of person %s cannot be read", item.Ref)
	}
	who := store.Person(binary.BigEndian.Uint64(item.Payload))
	plan, planned, err := tx.PlanOf(ctx, who)
	if err != nil || !planned {
		return nil, err // cancelled, or overtaken by a death
	}
	moves, err := tx.OpenMovesAway(ctx, who)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		if m.State == store.OutCancelling {
			return nil, nil // whether the person goes, the new municipality is about to say
		}
	}
	now, found, err := tx.Current(ctx, who)
	if err != nil || !found || !now.Present() {
		return nil, err
	}
	if err := tx.Unplan(ctx, who); err != nil { // else the notice would be refused for its own plan
		return nil, err
	}
	c := MoveOut{Filing: Filing{Person: who, Base: now.Number, Arose: plan.Day, Basis: plan.Basis}, To: plan.Place,
		Abroad: plan.Abroad, Continued: plan.Continued}
	_, v, err := o.judge(ctx, tx, c, true)
	if err != nil {
		return nil, err
	}
	v.EnteredBy, v.EnteredAt, v.Trace = plan.FiledBy, tx.Now(), plan.Trace
	outs, err := o.enter(ctx, tx, v, false)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		if m.State != store.OutPlanned {
			continue
		}
		m.State = store.OutLeft
		told, err := o.tellLeft(ctx, tx, m, v)
		if err != nil {
			return nil, err
		}
		outs = append(outs, told...)
	}
	return outs, nil
}

// CancelPlan takes back a move out (転出取消). Where the new municipality was told of it, that one is asked first: it may be registering
// the person at this moment, and then the move stands. Without one, a plan whose day has not come is taken back at once.
func (o *Municipality) CancelPlan(ctx context.Context, who PersonID) error {
	by, err := clerk(ctx, access.FileChange)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		if err := o.admits(ctx, tx, protection.Register, by, who); err != nil {
			return nil, err
		}
		now, found, err := tx.Current(ctx, who)
		if err != nil {
			return nil, err
		}
		if outs, asked, err := o.askToCancel(ctx, tx, who, by, trace); err != nil || asked {
			return outs, err
		}
		plan, planned, err := tx.PlanOf(ctx, who)
		if err != nil {
			return nil, err
		}
		if !planned || !found {
			return nil, plain.Bad("person",
				"取り消せる転出予定がありません。すでに転出の日を過ぎたか、取り消されています。",
				"There is no planned move to cancel: its day has come, or it was cancelled.")
		}
		return nil, o.dropPlan(ctx, tx, now, plan, by)
	})
	return err
}

// dropPlan takes a plan off the list of what falls due.
func (o *Municipality) dropPlan(ctx context.Context, tx *store.Tx, now store.Version, plan store.Planned, by string) error {
	if err := tx.Unplan(ctx, now.Person); err != nil {
		return err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "file-change", Subject: now.Record.Code.Reveal(), Case: plan.Trace,
		Detail: "move-out planned for " + plan.Day.String() + " cancelled"})
	if _, err := due.Remove(ctx, tx.Tx, dueMoveOut, now.Person.String()); err != nil {
		return err
	}
	// Those who were to leave with this one may have left: who stays has a head, or is asked who it is.
	return o.mind(ctx, tx, now.Record.Household, occasion{Person: now.Person, By: by, Trace: plan.Trace, Arose: resident.DateOf(tx.Now())})
}
