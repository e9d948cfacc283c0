package org_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// spoil damages the messages of a kind that an organisation has not sent yet, as a fault of the disk does.
func (v *movers) spoil(o message.Org, kind message.Kind) (n int64) {
	v.Helper()
	check(v, v.hosts[o].Store.Update(v.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE x_out SET envelope = $1 WHERE kind = $2 AND state IN ('ready', 'deferred')`, []byte{1}, string(kind))
		return err
	}))
	return n
}

// withdraw takes back what was spoilt, by two operators, and gives how many they were.
func (v *movers) withdraw() (n int) {
	v.Helper()
	for _, h := range v.hosts {
		stuck, err := h.Exchange.Stuck(v.Context(), 100)
		check(v, err)
		for _, i := range stuck {
			if i.Out && i.Code == "damaged" {
				check(v, h.Exchange.Propose(v.Context(), i.ID, exchange.Withdraw, "壊れている", "operator-ueda"))
				check(v, h.Exchange.Confirm(v.Context(), i.ID, "operator-egawa"))
				n++
			}
		}
	}
	return n
}

// standingAt is the open move of a code at a municipality, and where it stands.
func (v *movers) standingAt(at message.Org, code resident.RecordCode) (move, state string) {
	v.Helper()
	l, err := v.at[at].Moves(v.clerk)
	check(v, err)
	for _, m := range l.Away {
		if m.Code == code {
			return m.Move, string(m.State)
		}
	}
	for _, m := range l.Here {
		if m.Code == code {
			return m.Move, string(m.State)
		}
	}
	return "", ""
}

// TestLostOnTheWay: whatever two municipalities tell each other of a move may be damaged and withdrawn. A clerk of the end that waits for it
// tells the other end once more, which answers as it did, and nobody needs a hand at a database.
func TestLostOnTheWay(t *testing.T) {
	arrive := func(t *testing.T, v *movers, _ municipality.PersonID) {
		_, err := v.arrives(adachi, v.today(), v.coming(adachi)...)
		check(t, err)
	}
	cancel := func(t *testing.T, v *movers, who municipality.PersonID) {
		check(t, v.at[matsumoto].CancelPlan(v.clerk, who))
	}
	for what, x := range map[string]struct {
		deaf      message.Org // hears nothing of what is lost
		act       func(*testing.T, *movers, municipality.PersonID)
		waits     message.Org // where it is told again; empty: what follows tells it
		state     string      // what waits there
		then      func(*testing.T, *movers, municipality.PersonID)
		at        message.Org // where the person is in the end
		neverCame bool        // what was lost is not told again: the books mend that (TestMoveBooks)
	}{
		"the question whether it can be cancelled":    {deaf: adachi, act: cancel, waits: matsumoto, state: "cancelling", at: matsumoto},
		"that question, of somebody who then arrives": {deaf: adachi, act: cancel, then: arrive, at: adachi, neverCame: true},
		"the answer that it can":                      {deaf: matsumoto, act: cancel, waits: matsumoto, state: "cancelling", at: matsumoto},
		"the information of a move":                   {deaf: adachi, waits: matsumoto, state: "planned", then: arrive, at: adachi},
		"the information of one that is cancelled":    {deaf: adachi, then: cancel, at: matsumoto, neverCame: true},
		"the notice of moving in":                     {deaf: matsumoto, act: arrive, waits: adachi, state: "early", at: adachi},
		"the deletion":                                {deaf: adachi, act: arrive, waits: adachi, state: "early", at: adachi},
	} {
		t.Run(what, func(t *testing.T) {
			v := newMovers(t, false)
			who := v.family(1)[0]
			code := v.codesOf(matsumoto, who)[0]
			if x.act == nil {
				v.cut(x.deaf)
			}
			v.leaves(matsumoto, adachi, v.today().AddDays(20), who)
			v.run(time.Second)
			if x.act != nil {
				v.cut(x.deaf)
				x.act(t, v, who)
				v.run(time.Second)
			}
			if v.spoil(matsumoto, message.KindMoveOut)+v.spoil(adachi, message.KindMoveIn) != 1 {
				t.Fatal("nothing was lost")
			}
			v.join()
			v.run(time.Hour)
			if v.withdraw() != 1 {
				t.Fatal("nothing was withdrawn")
			}
			v.run(time.Hour)
			if x.waits != "" {
				move, state := v.standingAt(x.waits, code)
				if state != x.state {
					t.Fatalf("there it is %q", state)
				}
				check(t, v.at[x.waits].TellMoveAgain(v.clerk, move))
				v.run(time.Hour)
			}
			if x.then != nil {
				x.then(t, v, who)
				v.run(time.Hour)
			}
			if !x.neverCame {
				v.settled(x.at, code)
			} else if in, open := v.registers(code); len(in) != 1 || in[0] != x.at || len(open) > 0 {
				t.Errorf("in %v, open at %v", in, open)
			}
			v.quiet()
		})
	}
}

// TestEarlyAndDeletedThere: somebody is registered before the day, and before that is heard the old record is deleted for another reason. The
// new end waits no more; who has died there and lives here is found out by people.
func TestEarlyAndDeletedThere(t *testing.T) {
	for state, deletion := range map[string]func(municipality.Filing) municipality.Change{
		"": func(f municipality.Filing) municipality.Change {
			f.Basis = "found-wrong"
			return municipality.Removal{Filing: f}
		},
		"differs": func(f municipality.Filing) municipality.Change {
			f.Basis = "family-86"
			return municipality.Death{Filing: f}
		},
	} {
		v := newMovers(t, false)
		who := v.family(1)[0]
		code := v.codesOf(matsumoto, who)[0]
		v.leaves(matsumoto, adachi, v.today().AddDays(20), who)
		v.run(time.Second)
		v.cut(matsumoto)
		_, err := v.arrives(adachi, v.today(), v.coming(adachi)...)
		check(t, err)
		v.run(time.Minute)
		if _, state := v.standingAt(adachi, code); state != "early" {
			t.Fatalf("registered before the day: %q", state)
		}
		_, err = v.at[matsumoto].File(v.clerk, deletion(municipality.Filing{Person: who, Base: v.look(matsumoto, who).Now.Number, Arose: v.today()}))
		check(t, err)
		v.join()
		v.run(time.Hour)
		if _, got := v.standingAt(adachi, code); got != state {
			t.Errorf("there it is %q, and not %q", got, state)
		}
		if _, got := v.standingAt(matsumoto, code); got != "unfiled" {
			t.Errorf("at the old municipality it is %q", got)
		}
		v.quiet()
	}
}

// closes closes a move by hand: one clerk proposes, and another approves.
func (v *movers) closes(at message.Org, x municipality.Closing) error {
	v.Helper()
	x.Said = "相手の窓口に電話で確かめた"
	if err := v.at[at].ProposeClosing(v.clerk, x); err != nil {
		return err
	}
	s, _, err := v.at[at].Move(v.clerk, x.Move)
	check(v, err)
	return v.at[at].DecideClosing(v.other, x.Move, s.Hand[0].ID, true)
}

// TestClosedWhileTheOtherIsSilent: a cancellation that is never answered is closed by two people. When the new municipality speaks again, and
// says otherwise, the move is open again; nobody ends in two registers or in none unseen.
func TestClosedWhileTheOtherIsSilent(t *testing.T) {
	for what, x := range map[string]struct {
		day     int // of leaving
		closing municipality.Closing
		arrives bool // there, unheard, before it
		at      []message.Org
		states  [2]string // at the old and the new municipality in the end
	}{
		"not moved, and they agree":       {2, municipality.Closing{Outcome: "unmade"}, false, []message.Org{matsumoto}, [2]string{"", ""}},
		"left, not moved, and they agree": {0, municipality.Closing{Outcome: "unmade"}, false, []message.Org{matsumoto}, [2]string{"", ""}},
		"not moved, and they have":        {2, municipality.Closing{Outcome: "unmade"}, true, []message.Org{adachi, matsumoto}, [2]string{"unfiled", "differs"}},
		"moved, and they agree":           {2, municipality.Closing{Outcome: "registered", Unknown: true}, true, []message.Org{adachi}, [2]string{"", ""}},
		"moved, and they say not":         {2, municipality.Closing{Outcome: "registered", Unknown: true}, false, nil, [2]string{"voided", ""}},
	} {
		t.Run(what, func(t *testing.T) {
			v := newMovers(t, false)
			who := v.family(1)[0]
			code := v.codesOf(matsumoto, who)[0]
			v.leaves(matsumoto, adachi, v.today().AddDays(x.day), who)
			v.run(time.Second)
			v.cut(matsumoto)
			if x.arrives {
				_, err := v.arrives(adachi, v.today(), v.coming(adachi)...)
				check(t, err)
			}
			v.cut(adachi)
			check(t, v.at[matsumoto].CancelPlan(v.clerk, who))
			v.run(time.Minute)
			x.closing.Move, _ = v.standingAt(matsumoto, code)
			check(t, v.closes(matsumoto, x.closing))
			if _, state := v.standingAt(matsumoto, code); state != "" {
				t.Errorf("closed, and %s", state)
			}
			if d := v.look(matsumoto, who); d.Now.Present() != (x.closing.Outcome == "unmade") || d.Plan != nil {
				t.Errorf("the record: %s", d.Now.Change.Reason)
			}
			v.join()
			v.run(time.Minute)
			in, _ := v.registers(code)
			_, there := v.standingAt(matsumoto, code)
			_, here := v.standingAt(adachi, code)
			if !slices.Equal(in, x.at) || there != x.states[0] || here != x.states[1] {
				t.Errorf("in %v, open as %q and %q", in, there, here)
			}
			if there == "unfiled" { // what is asked of its counter ends it
				v.leaves(matsumoto, adachi, v.today(), who)
				v.run(time.Minute)
				v.settled(adachi, code)
			}
			v.quiet()
		})
	}
}

// TestBackBeforeTheNotice: somebody moves away and back, and the notice of the first move is lost: that they are back ends it, and nobody is
// asked to delete the record of somebody who lives here.
func TestBackBeforeTheNotice(t *testing.T) {
	v := newMovers(t, false)
	who := v.family(1)[0]
	code := v.codesOf(matsumoto, who)[0]
	v.leaves(matsumoto, adachi, v.today(), who)
	v.run(time.Minute)
	v.cut(matsumoto)
	filed, err := v.arrives(adachi, v.today(), v.coming(adachi)...)
	check(t, err)
	if v.spoil(adachi, message.KindMoveIn) != 1 {
		t.Fatal("nothing was lost")
	}
	v.join()
	v.run(time.Hour)
	v.withdraw()
	v.leaves(adachi, matsumoto, v.today(), filed[0].Person)
	v.run(time.Minute)
	if _, state := v.standingAt(matsumoto, code); state != "left" {
		t.Fatalf("the first move is %q", state)
	}
	_, err = v.arrives(matsumoto, v.today(), v.coming(matsumoto)...)
	check(t, err)
	v.run(time.Hour)
	if in, open := v.registers(code); !slices.Equal(in, []message.Org{matsumoto}) || len(open) > 0 {
		t.Errorf("in %v, open at %v", in, open)
	}
	v.quiet()
}
