package org_test

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// codesOf are the record codes of people.
func (v *movers) codesOf(at message.Org, people ...municipality.PersonID) (codes []resident.RecordCode) {
	for _, p := range people {
		codes = append(codes, v.look(at, p).Now.Record.Code)
	}
	return codes
}

// TestFamilyMoves is the whole way: filed in advance, deleted on the day, registered in one act from what came, settled by the notice.
func TestFamilyMoves(t *testing.T) {
	v := newMovers(t, false)
	people := v.family(4)
	codes := v.codesOf(matsumoto, people...)
	day := v.today().AddDays(5)
	v.leaves(matsumoto, adachi, day, people...)
	v.run(time.Second)
	coming := v.coming(adachi)
	if len(coming) != 4 || coming[0].Info.Person.Name != v.look(matsumoto, people[0]).Now.Record.Name || coming[0].Planned != day || coming[0].Family != coming[3].Family {
		t.Fatalf("%d are to come: %+v", len(coming), coming)
	}
	for _, c := range codes {
		if in, open := v.registers(c); len(in) != 1 || in[0] != matsumoto || len(open) != 2 {
			t.Errorf("before the day in %v, open at %v", in, open)
		}
	}
	v.run(day.Start().Sub(v.clk.Now()) + time.Minute)
	coming = v.coming(adachi)
	for _, m := range coming {
		if m.State != "left" || m.Version != 3 {
			t.Errorf("on the day %s at version %s", m.State, m.Version)
		}
	}
	filed, err := v.arrives(adachi, day, coming...)
	check(t, err)
	if len(filed) != 4 || filed[0].Version != 4 { // entered, the individual number, moved out, moved in
		t.Errorf("filed %+v", filed)
	}
	home := v.look(adachi, filed[0].Person)
	if len(home.Household) != 4 || home.Now.Record.Relation != resident.Head || home.Now.Record.Kana != coming[0].Info.Person.Kana {
		t.Errorf("a household of %d", len(home.Household))
	}
	v.run(time.Minute)
	v.settled(adachi, codes...)
	for _, p := range people {
		if d := v.look(matsumoto, p); d.Now.Change.Reason != resident.MoveOut || d.Now.Change.Arose != day {
			t.Errorf("at the old municipality: %s", d.Now.Change.Reason)
		}
	}
	if _, err := v.arrives(adachi, day, coming...); err == nil {
		t.Error("they were registered twice")
	}
}

// TestRegisteredBeforeTheDay: who is registered before the planned day leaves the old register on the day of moving in, whichever of the two
// prefectures is heard first.
func TestRegisteredBeforeTheDay(t *testing.T) {
	for what, slow := range map[string]message.Org{"the deletion comes late": nagano, "the entry comes late": tokyo} {
		t.Run(what, func(t *testing.T) {
			v := newMovers(t, false)
			who := v.family(1)[0]
			code := v.codesOf(matsumoto, who)[0]
			v.leaves(matsumoto, adachi, v.today().AddDays(20), who)
			v.run(time.Second)
			v.cut(slow)
			moved := v.today().AddDays(1)
			v.run(24 * time.Hour)
			filed, err := v.arrives(adachi, moved, v.coming(adachi)...)
			check(t, err)
			v.run(time.Hour)
			if d := v.look(matsumoto, who); d.Now.Present() || d.Now.Change.Arose != moved || d.Plan != nil {
				t.Errorf("the old record: %s on %s, version %s", d.Now.Change.Reason, d.Now.Change.Arose, d.Now.Number)
			}
			v.join()
			v.run(time.Hour)
			v.settled(adachi, code)
			if filed[0].Version <= v.look(matsumoto, who).Now.Number {
				t.Error("the versions of the record go back")
			}
			v.run(30 * 24 * time.Hour) // the planned day has nothing left to do
			v.settled(adachi, code)
		})
	}
}

// TestCancelled: a cancellation is decided where the person would be registered; crossing with a registration exactly one of the two wins, and
// the other side is told.
func TestCancelled(t *testing.T) {
	for what, x := range map[string]struct {
		after    bool // the day has passed
		register bool // at the same moment
		line     bool // the cancellation is cut off, and comes later
		stays    bool // at the old municipality, in the end
	}{
		"before the day":                         {stays: true},
		"after the day":                          {after: true, stays: true},
		"crossing, before the day":               {register: true, line: true},
		"crossing, after the day":                {after: true, register: true, line: true},
		"just before somebody registers":         {register: true, stays: true},
		"after the day, just before it":          {after: true, register: true, stays: true},
		"the new municipality is off for a week": {line: true, stays: true},
	} {
		t.Run(what, func(t *testing.T) {
			v := newMovers(t, false)
			who := v.family(1)[0]
			code := v.codesOf(matsumoto, who)[0]
			day := v.today().AddDays(3)
			if x.after {
				day = v.today()
			}
			v.leaves(matsumoto, adachi, day, who)
			v.run(time.Minute)
			coming := v.coming(adachi)
			if x.line {
				v.cut(matsumoto)
				v.cut(adachi)
			}
			check(t, v.at[matsumoto].CancelPlan(v.clerk, who))
			if in, open := v.registers(code); len(open) != 2 || x.after == (len(in) == 1) {
				t.Errorf("while it is asked: in %v, open at %v", in, open)
			}
			if err := v.at[matsumoto].CancelPlan(v.clerk, who); err == nil {
				t.Error("it was asked twice")
			}
			if !x.line {
				v.run(time.Minute)
			} else if !x.register {
				v.run(7 * 24 * time.Hour) // the planned day comes and goes
				if !v.look(matsumoto, who).Now.Present() {
					t.Error("deleted while a cancellation was asked for")
				}
			}
			if x.register {
				if _, err := v.arrives(adachi, v.today(), coming...); (err == nil) == x.stays {
					t.Errorf("the registration: %v", err)
				}
			}
			v.join()
			v.run(time.Hour)
			at := adachi
			if x.stays {
				at = matsumoto
			}
			v.settled(at, code)
			l, err := v.at[matsumoto].Moves(v.clerk)
			check(t, err)
			if len(l.Closed) != 1 || (l.Closed[0].Why.JA == "") != x.stays {
				t.Errorf("the clerk is told %+v", l.Closed)
			}
			v.run(10 * 24 * time.Hour)
			v.settled(at, code)
		})
	}
}

// TestGivenUpThere: the new municipality can end a move that nobody filed there; a record that was deleted meanwhile becomes an item of the
// old one, and is closed when it is restored.
func TestGivenUpThere(t *testing.T) {
	for _, after := range []bool{false, true} {
		v := newMovers(t, false)
		who := v.family(1)[0]
		code := v.codesOf(matsumoto, who)[0]
		day := v.today().AddDays(3)
		if after {
			day = v.today()
		}
		v.leaves(matsumoto, adachi, day, who)
		v.run(time.Minute)
		move := v.coming(adachi)[0].Move
		check(t, v.at[adachi].GiveUpMove(v.clerk, move))
		v.run(time.Minute)
		if !after {
			v.settled(matsumoto, code)
			if v.look(matsumoto, who).Plan != nil {
				t.Error("the plan is still there")
			}
			continue
		}
		if in, open := v.registers(code); len(in) != 0 || len(open) != 1 || open[0] != matsumoto {
			t.Errorf("in %v, open at %v", in, open)
		}
		d := v.look(matsumoto, who)
		r := municipality.Registration{Reason: resident.EntryExOfficio, Basis: "found-wrong", Another: true, Record: d.Now.Record}
		r.Record.Household, r.Record.BecameResident = "", v.today()
		_, err := v.at[matsumoto].Register(v.clerk, r)
		check(t, err)
		v.run(time.Minute)
		v.settled(matsumoto, code)
	}
}

// TestOnPaper: what is typed while the line is down stays open until the message has come and agreed; what differs from the old record the
// center does not agree to, and then the person moves by the message.
func TestOnPaper(t *testing.T) {
	for _, wrong := range []bool{false, true} {
		onPaper(t, wrong, false)
	}
}

// TestOnPaperAndEndedByHand: the message joins what two clerks have ended meanwhile; it opens no item of somebody who is registered long since.
func TestOnPaperAndEndedByHand(t *testing.T) { onPaper(t, false, true) }

func onPaper(t *testing.T, wrong, ended bool) {
	t.Helper()
	v := newMovers(t, false)
	who := v.family(1)[0]
	rec := v.look(matsumoto, who).Now.Record
	v.cut(adachi)
	v.leaves(matsumoto, adachi, v.today(), who)
	v.run(time.Minute)
	r := municipality.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, From: v.at[matsumoto].Code(), Prior: v.look(matsumoto, who).Now.Number, Record: rec}
	r.Record.Address, r.Record.Municipality, r.Record.Household, r.Record.BecameResident = parsed(placesOf[adachi], resident.ParseAddress), resident.MunicipalityCode{}, "", v.today()
	if wrong {
		r.Record.Name = parsed("松本　壱子", resident.ParseName)
	}
	if _, err := v.at[adachi].Register(v.clerk, r); err == nil {
		t.Fatal("it was typed without a reason")
	}
	r.Paper = "回線の障害"
	_, err := v.at[adachi].Register(v.clerk, r)
	if wrong {
		if problems, ok := plain.AsProblems(err); !ok || problems[0].Field != "name" {
			t.Errorf("typed wrongly: %v", err)
		}
		v.join()
		v.run(time.Hour)
		_, err = v.arrives(adachi, v.today(), v.coming(adachi)...)
		check(t, err)
		v.run(time.Hour)
		v.settled(adachi, rec.Code)
		return
	}
	check(t, err)
	if in, open := v.registers(rec.Code); len(in) != 1 || len(open) != 2 {
		t.Errorf("typed: in %v, open at %v", in, open)
	}
	if ended {
		l, err := v.at[adachi].Moves(v.clerk)
		check(t, err)
		check(t, v.closes(adachi, municipality.Closing{Move: l.Here[0].Move, Outcome: "registered", Unknown: true}))
	}
	v.join()
	v.run(time.Hour)
	v.settled(adachi, rec.Code)
}

// TestNobodyFiledThere: the center does not agree to a moving in from a certificate of a moving out that nobody has filed, so that nobody
// stands in two registers; once it is filed, the person moves.
func TestNobodyFiledThere(t *testing.T) {
	v := newMovers(t, false)
	who := v.family(1)[0]
	rec := v.look(matsumoto, who).Now.Record
	r := municipality.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, From: v.at[matsumoto].Code(), Prior: v.look(matsumoto, who).Now.Number + 1, Paper: "停電", Record: rec}
	r.Record.Address, r.Record.Municipality, r.Record.Household, r.Record.BecameResident = parsed(placesOf[adachi], resident.ParseAddress), resident.MunicipalityCode{}, "", v.today()
	_, err := v.at[adachi].Register(v.clerk, r)
	if problems, ok := plain.AsProblems(err); !ok || problems[0].Field != "code" {
		t.Errorf("registered while the person is elsewhere: %v", err)
	}
	v.run(time.Minute)
	v.settled(matsumoto, rec.Code)
	v.leaves(matsumoto, adachi, v.today(), who)
	v.run(time.Minute)
	_, err = v.arrives(adachi, v.today(), v.coming(adachi)...)
	check(t, err)
	v.run(time.Hour)
	v.settled(adachi, rec.Code)
}

// TestDeathBeforeTheDay: a death ends the plan at both ends, and nobody is restored.
func TestDeathBeforeTheDay(t *testing.T) {
	v := newMovers(t, false)
	who := v.family(1)[0]
	code := v.codesOf(matsumoto, who)[0]
	v.leaves(matsumoto, adachi, v.today().AddDays(3), who)
	v.run(time.Minute)
	_, err := v.at[matsumoto].File(v.clerk, municipality.Death{Filing: municipality.Filing{Person: who, Base: 1, Arose: v.today(), Basis: "family-86"}})
	check(t, err)
	v.run(5 * 24 * time.Hour)
	if in, open := v.registers(code); len(in) != 0 || len(open) != 0 {
		t.Errorf("in %v, open at %v", in, open)
	}
	v.quiet()
}
