package municipality

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// A move to another municipality is a talk of two registers. The old one tells who leaves, when it is filed and again when the record is
// deleted; the new one tells who is registered. Whether somebody moves is decided where the person stands: at the new municipality, in one
// transaction. So the old one, when the person changes their mind, asks there and goes by the answer, and two clerks who act at the same
// moment cannot leave the person in two registers, or in none.

// org is the name under which a municipality exchanges.
func org(code resident.MunicipalityCode) message.Org {
	return message.Org(string(message.Municipality) + "-" + code.String())
}

// neighbour is the municipality with which we exchange that keeps the register of a place, its own or a ward's.
func (o *Municipality) neighbour(place resident.MunicipalityCode, on resident.Date) (resident.MunicipalityCode, bool) {
	if !place.Valid() {
		return place, false
	}
	for _, p := range o.Peers {
		if p.Role() == message.Municipality && received.Keeps(p, place, on) {
			code, err := resident.ParseMunicipalityCode("to", p.Code())
			return code, err == nil
		}
	}
	return place, false
}

// destination is the municipality that somebody moves to; zero when it is abroad, or the address names none.
func destination(c MoveOut, on resident.Date) resident.MunicipalityCode {
	if c.Abroad || c.ToCode.Valid() || !c.To.Valid() {
		return c.ToCode
	}
	var best resident.Municipality
	for _, m := range resident.Municipalities(on) {
		if name := m.FullName(); !m.NoAdministration && strings.HasPrefix(c.To.Reveal(), name) && len(name) > len(best.FullName()) {
			best = m
		}
	}
	return best.Code
}

// checkDestination refuses a municipality that keeps no register, and our own.
func (m *matter) checkDestination(c MoveOut, ps *problems) error {
	to := destination(c, m.today)
	if !to.Valid() {
		return nil
	}
	if c.Abroad {
		ps.bad("to", "国外への転出では、転出先の市区町村を空けてください。", "Of a move abroad, leave the municipality empty.")
		return nil
	}
	if received.Keeps(m.Self, to, m.today) {
		ps.bad("to", "転出先がこの市区町村です。この市区町村の中の引っ越しは「転居」で届け出てください。", "This is our own municipality: file a move within it instead.")
		return nil
	}
	place, err := resident.Lookup("to", to, m.today)
	if err != nil {
		return ps.take(err)
	}
	if place.NoAdministration || to.IsPrefecture() {
		ps.bad("to", place.FullName()+"には住民基本台帳がありません。転出先の市区町村を確かめてください。", place.Romaji()+" keeps no resident register: check where the person moves to.")
	}
	return nil
}

// tellOfLeaving begins the move of somebody whose notice has just been filed, when the new municipality exchanges with us. v is the
// state that the notice leads to.
func (o *Municipality) tellOfLeaving(ctx context.Context, tx *store.Tx, c MoveOut, v store.Version, family string, planned bool) ([]message.Out, error) {
	today := resident.DateOf(tx.Now())
	to, ok := o.neighbour(destination(c, today), today)
	if !ok {
		return nil, nil
	}
	m := store.MoveAway{Move: o.newMove(tx), Family: family, Person: v.Person, Code: v.Record.Code, To: to, Filed: today, Special: c.Special, State: store.OutLeft,
		FiledAt: v.EnteredAt, FiledBy: v.EnteredBy, Trace: v.Trace}
	if m.Family == "" {
		m.Family = m.Move
	}
	open, err := tx.OpenMovesAway(ctx, v.Person)
	if err != nil {
		return nil, err
	}
	for _, before := range open {
		if before.State == store.OutUnfiled && before.To == to { // the person is there already: what was missing is this notice
			m = before
			m.Filed, m.FiledBy = today, v.EnteredBy
		}
	}
	m.Planned = c.Arose
	if !planned {
		return o.tellLeft(ctx, tx, m, v)
	}
	m.State, m.Version = store.OutPlanned, v.Number-1
	return o.tellMove(ctx, tx, m, message.MovePlanned, v.Record, c.To, v.Trace)
}

// newMove names a move, or the family that moves by one notice.
func (o *Municipality) newMove(tx *store.Tx) string { return fmt.Sprintf("%s-%d", o.code, tx.Serial()) }

// tellLeft tells the new municipality that the record is deleted, with the version at which it ended. Somebody who is registered there
// already has moved.
func (o *Municipality) tellLeft(ctx context.Context, tx *store.Tx, m store.MoveAway, v store.Version) ([]message.Out, error) {
	if m.MovedOn.Valid() {
		m.State, m.SettledAt = store.OutSettled, tx.Now()
	}
	m.Code, m.Version, m.Planned = v.Record.Code, v.Number, v.Change.Arose
	return o.tellMove(ctx, tx, m, message.MoveLeft, v.Record, v.Place, m.Trace)
}

// tellEnded tells the new municipality, which has registered the person, that the record ended here for another reason than this move. It
// waits for nothing more; that the counter here has to find out stays.
func (o *Municipality) tellEnded(ctx context.Context, tx *store.Tx, m store.MoveAway, v store.Version) ([]message.Out, error) {
	m.Code, m.Version, m.Planned = v.Record.Code, v.Number, v.Change.Arose
	return o.tellMove(ctx, tx, m, message.MoveLeft, v.Record, v.Place, m.Trace, ended(v)...)
}

// tellMove keeps where a move stands and tells the new municipality of a step.
func (o *Municipality) tellMove(ctx context.Context, tx *store.Tx, m store.MoveAway, step message.MoveStep, r resident.Record, place resident.Address, trace string, more ...message.MoveItem) ([]message.Out, error) {
	n := message.MoveOut{Move: m.Move, Family: m.Family, Step: step, From: o.code, To: m.To, Code: m.Code, Version: m.Version, Planned: m.Planned, Filed: m.Filed, Special: m.Special}
	if step == message.MovePlanned || step == message.MoveLeft {
		n.Person, n.Items = moving(r, place), append(itemsTold(r), more...)
	} else {
		n.Filed = resident.DateOf(tx.Now())
	}
	if err := tx.PutMoveAway(ctx, m); err != nil {
		return nil, err
	}
	if _, err := tx.Tell(ctx, org(m.To), true, n, trace); err != nil {
		return nil, err
	}
	return []message.Out{{To: org(m.To), Body: n, Trace: trace}}, nil
}

// moving is who moves, as the new municipality is told.
func moving(r resident.Record, place resident.Address) message.Moving {
	return message.Moving{BasicFour: r.BasicFour, Kana: r.Kana, CommonName: r.CommonName, Nationality: r.Nationality, Relation: r.Relation, Number: r.Number, Place: place}
}

// FileMoveOut files one notice for several people of a household, or all: each of them, or none. base says which version of each the clerk saw.
func (o *Municipality) FileMoveOut(ctx context.Context, c MoveOut, base map[PersonID]resident.Version, people []PersonID) (all []Filed, err error) {
	if _, err := clerk(ctx, access.FileChange); err != nil {
		return nil, err
	}
	d := o.leavingTogether(c, base, people, &all)
	trace, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		all = nil
		if len(people) == 0 {
			var ps problems
			ps.bad("people", "転出する方を選んでください。", "Choose who moves.")
			return nil, ps.Err()
		}
		outs, waits, err := o.takeNotice(ctx, tx, c.Basis, store.Taken{Case: trace, Kind: takenChange, Person: people[0], Version: base[people[0]]}, c.Notified, d)
		if waits {
			all = []Filed{{Person: people[0], Waits: true}}
		}
		return outs, err
	})
	for i := range all {
		all[i].Trace = trace
	}
	return all, err
}

// leavingTogether is what the notice of several asks for. all becomes what has become of each.
func (o *Municipality) leavingTogether(c MoveOut, base map[PersonID]resident.Version, people []PersonID, all *[]Filed) deed {
	return func(ctx context.Context, tx *store.Tx, by, trace string, do bool) (outs []message.Out, err error) {
		var ps problems
		type ready struct {
			c MoveOut
			v store.Version
		}
		var each []ready
		for _, p := range people {
			c := c
			c.Person, c.Base = p, base[p]
			if err := o.admits(ctx, tx, protection.Register, by, p); err != nil {
				return nil, err
			}
			_, v, err := o.judge(ctx, tx, c, do)
			if err = ps.take(err); err != nil {
				return nil, err
			}
			v.EnteredBy, v.EnteredAt, v.Trace = by, tx.Now(), trace
			each = append(each, ready{c, v})
		}
		if err := ps.Err(); err != nil || !do {
			return nil, err
		}
		*all = nil
		family := o.newMove(tx)
		for _, x := range each {
			ahead, err := o.flagsAhead(ctx, tx, x.c, x.v)
			if err != nil {
				return nil, err
			}
			outs = append(outs, ahead...)
			if !x.v.Change.Arose.After(resident.DateOf(tx.Now())) {
				// Until its turn comes each of them is one who leaves today, and no head of what is left.
				tx.Plan(store.Planned{Person: x.v.Person, Day: x.v.Change.Arose, Place: x.c.To, Abroad: x.c.Abroad, Basis: x.c.Basis, FiledAt: x.v.EnteredAt, FiledBy: x.v.EnteredBy, Trace: x.v.Trace})
			}
		}
		for _, x := range each {
			more, err := o.leave(ctx, tx, x.c, x.v, family)
			if err != nil {
				return nil, err
			}
			outs = append(outs, more...)
			f := Filed{Person: x.v.Person, Code: x.v.Record.Code, Version: x.v.Number, Kills: x.v.Kills}
			if x.v.Change.Arose.After(resident.DateOf(tx.Now())) {
				f.Version, f.Planned = 0, x.v.Change.Arose
			}
			*all = append(*all, f)
		}
		return outs, nil
	}
}

// askToCancel asks the new municipality to give up a person's move; false when none waits there.
func (o *Municipality) askToCancel(ctx context.Context, tx *store.Tx, who PersonID, by, trace string) (outs []message.Out, asked bool, err error) {
	moves, err := tx.OpenMovesAway(ctx, who)
	if err != nil {
		return nil, false, err
	}
	for _, m := range moves {
		switch m.State {
		case store.OutCancelling:
			return nil, false, plain.Bad("person",
				"この転出の取消しは、新しい市区町村に確かめているところです。返事を待ってください。",
				"The new municipality has been asked to give this move up: wait for its answer.")
		case store.OutPlanned, store.OutLeft:
			auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "file-change", Subject: m.Code.Reveal(), Case: m.Move, Detail: "cancellation of a move out asked for"})
			more, err := o.askVoid(ctx, tx, m, m.State == store.OutPlanned, trace)
			if err != nil {
				return nil, false, err
			}
			outs, asked = append(outs, more...), true
		}
	}
	return outs, asked, nil
}

// askVoid asks the new municipality whether a move can be given up. Until it answers, the day that was planned does nothing.
func (o *Municipality) askVoid(ctx context.Context, tx *store.Tx, m store.MoveAway, present bool, trace string) ([]message.Out, error) {
	m.State, m.Present = store.OutCancelling, present
	return o.tellMove(ctx, tx, m, message.MoveVoid, resident.Record{}, resident.Address{}, trace)
}

// TellMoveAgain sends what the other municipality was told last of a move once more, at either end: what was told may have been withdrawn, or
// its answer. Whoever gets it answers as to the first, so that neither end waits for what will not come.
func (o *Municipality) TellMoveAgain(ctx context.Context, move string) error {
	by, err := clerk(ctx, access.FileChange)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) (outs []message.Out, err error) {
		var told bool
		var who PersonID
		var code resident.RecordCode
		if m, found, err := tx.MoveAwayOf(ctx, move); err != nil {
			return nil, err
		} else if step, waits := lastTold[m.State]; found && waits {
			who, code = m.Person, m.Code
			if outs, told, err = o.tellAgain(ctx, tx, move, true, step, true, trace); err != nil {
				return nil, err
			}
		}
		if m, found, err := tx.MoveHereOf(ctx, move); err != nil {
			return nil, err
		} else if found && (m.State == store.InEarly || m.State == store.InPaper) {
			who, code, told = m.Person, m.Code, true
			if outs, err = o.sayAgain(ctx, tx, m, true, trace); err != nil {
				return nil, err
			}
		}
		if !told {
			return nil, plain.Bad("move", "この転出入では、相手の市区町村の返事を待っていません。もう一度知らせることはありません。", "Nothing is waited for from the other municipality: there is nothing to tell again.")
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "file-change", Subject: code.Reveal(), Case: move, Detail: "move told again"})
		return outs, o.admitsMove(ctx, tx, by, who, code)
	})
	return err
}

// lastTold is what the new municipality was told last of a move that waits for it.
var lastTold = map[store.MoveState]message.MoveStep{store.OutPlanned: message.MovePlanned, store.OutLeft: message.MoveLeft, store.OutCancelling: message.MoveVoid}

// movesOvertaken follows in the moves of somebody what else befell them: a death asks the new municipality to give up what was planned, and a
// record that was restored by hand needs nobody any more.
func (o *Municipality) movesOvertaken(ctx context.Context, tx *store.Tx, v store.Version, first bool) (outs []message.Out, err error) {
	if first || v.Change.Reason == resident.MoveOut {
		return nil, nil
	}
	reason := v.Change.Reason
	if v.Present() && reason.Act() != resident.Entry {
		return nil, nil
	}
	moves, err := tx.OpenMovesAway(ctx, v.Person)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		switch {
		case !v.Present() && m.State == store.OutPlanned:
			m.Why = both("住民票を"+reason.In(plain.JA)+"のため消除しました。", "The record was deleted: "+reason.In(plain.EN)+".")
			more, err := o.askVoid(ctx, tx, m, false, v.Trace)
			if err != nil {
				return nil, err
			}
			outs = append(outs, more...)
		case !v.Present() && m.State == store.OutUnfiled:
			more, err := o.tellEnded(ctx, tx, m, v)
			if err != nil {
				return nil, err
			}
			outs = append(outs, more...)
		case v.Present() && reason == resident.MoveIn:
			// Whatever the new municipality has yet to say of the move, its person has come back from there since.
			m.State, m.SettledAt = store.OutSettled, tx.Now()
			m.Why = both("その後、転入して戻りました。", "The person has moved in again since.")
			if err := tx.PutMoveAway(ctx, m); err != nil {
				return nil, err
			}
		case v.Present() && m.State == store.OutVoided:
			m.State, m.SettledAt = store.OutCancelled, tx.Now()
			if err := tx.PutMoveAway(ctx, m); err != nil {
				return nil, err
			}
		}
	}
	return outs, nil
}
