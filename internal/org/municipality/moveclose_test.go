package municipality

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// proposed is the newest proposal to close a move.
func (c *country) proposed(o *Municipality, move string) (newest store.MoveClosing) {
	c.t.Helper()
	if err := o.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := o.in(tx).ClosingsOf(ctx, move)
		if len(all) > 0 {
			newest = all[0]
		}
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return newest
}

// closes closes a move as one clerk proposes and another approves, and lets the messages arrive.
func (c *country) closes(o *Municipality, x Closing) {
	c.t.Helper()
	x.Said = "相手の窓口の係長に電話で確かめた"
	if err := o.ProposeClosing(as(c.t, "clerk-aoki"), x); err != nil {
		c.t.Fatal(err)
	}
	if err := o.DecideClosing(as(c.t, "clerk-inoue"), x.Move, c.proposed(o, x.Move).ID, true); err != nil {
		c.t.Fatal(err)
	}
	c.run(time.Second)
}

// first is the move of the first of the family at the old municipality.
func (n *neighbours) first() MoveAway {
	n.t.Helper()
	l := must[MoveList](n.t)(n.there.Moves(as(n.t, "clerk-aoki")))
	for _, m := range append(l.Away, l.Closed...) {
		if m.Person == n.away[0] {
			return m
		}
	}
	return MoveAway{}
}

// TestClosingTakesTwo: nobody closes a move alone, nobody approves what they have not read, and a proposal can be dropped or replaced.
func TestClosingTakesTwo(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.typed("葛󠄂西　一郎")
	move := n.here()[0].Move
	x := Closing{Move: move, Outcome: store.MoveIsRegistered, Unknown: true, Said: "電話で確かめた"}
	for field, x := range map[string]struct {
		bad  Closing
		says string
	}{
		"text":    {Closing{Move: move, Outcome: store.MoveIsRegistered, Unknown: true, Said: " "}, "確かめたことと、確かめた相手（300字まで）を入力してください"},
		"outcome": {Closing{Move: move, Said: "電話で確かめた"}, "確かめた結果を選んでください"},
		"unknown": {Closing{Move: move, Outcome: store.MoveIsRegistered, Said: "電話で確かめた"}, "電文でまだ届いていません"},
	} {
		if err := n.o.ProposeClosing(as(t, "clerk-aoki"), x.bad); !slices.Equal(fieldsOf(t, err), []string{field}) || !strings.Contains(err.Error(), x.says) {
			t.Errorf("without the %s: %v", field, err)
		}
	}
	unmade := x
	unmade.Outcome, unmade.Unknown = store.MoveIsUnmade, false
	if err := n.o.ProposeClosing(as(t, "clerk-aoki"), unmade); !slices.Equal(fieldsOf(t, err), []string{"outcome"}) || !strings.Contains(err.Error(), "この住民票コードの住民票が、ここで有効です") {
		t.Errorf("nobody moved, who is in the register: %v", err)
	}
	if err := n.o.ProposeClosing(as(t, "clerk-aoki"), x); err != nil {
		t.Fatal(err)
	}
	before := n.proposed(n.o, move).ID
	if err := n.o.DecideClosing(as(t, "clerk-aoki"), move, before, true); !slices.Equal(fieldsOf(t, err), []string{"confirmer"}) {
		t.Errorf("approved by the one who proposed it: %v", err)
	}
	if err := n.o.ProposeClosing(as(t, "clerk-aoki"), x); err != nil {
		t.Fatal(err)
	}
	if err := n.o.DecideClosing(as(t, "clerk-inoue"), move, before, true); err == nil || !strings.Contains(err.Error(), "この提案は、取り下げられたか、もう決まっています") {
		t.Errorf("what was replaced was approved: %v", err)
	}
	if err := n.o.DecideClosing(as(t, "clerk-aoki"), move, n.proposed(n.o, move).ID, false); err != nil {
		t.Errorf("its proposer drops it: %v", err)
	}
	if err := n.o.DecideClosing(as(t, "clerk-inoue"), move, n.proposed(n.o, move).ID, true); err == nil {
		t.Error("what was dropped was approved")
	}
	if m := n.here()[0]; !m.Open() {
		t.Fatalf("closed without two: %+v", m)
	}
	n.closes(n.o, x)
	if m := n.here()[0]; m.Open() || !strings.Contains(m.Why.JA, "係長") {
		t.Errorf("closed by two: %+v", m)
	}
	if err := n.o.ProposeClosing(as(t, "clerk-aoki"), x); err == nil {
		t.Error("closed twice")
	}
}

// TestEarlyWaitsForTheMessage: who was registered before the day is no business of people until the old municipality had thirty days from it.
func TestEarlyWaitsForTheMessage(t *testing.T) {
	for days, byHand := range map[int]bool{-3: false, earlyWaits: false, earlyWaits + 1: true} {
		if got := hereByHand(MoveHere{State: store.InEarly, Planned: today}, today.AddDays(days)); got != byHand {
			t.Errorf("%d days after the planned day: %v", days, got)
		}
	}
}

// TestClosingOvertaken: what a message has decided since a proposal stands, and the proposal is no more.
func TestClosingOvertaken(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.typed("葛󠄂西　一朗")
	paper := n.here()[0].Move
	if err := n.o.ProposeClosing(as(t, "clerk-aoki"), Closing{Move: paper, Outcome: store.MoveIsRegistered, Unknown: true, Said: "電話で確かめた"}); err != nil {
		t.Fatal(err)
	}
	away := n.first()
	n.closes(n.there, Closing{Move: away.Move, Outcome: store.MoveIsUnmade})
	if err := n.o.DecideClosing(as(t, "clerk-inoue"), paper, n.proposed(n.o, paper).ID, true); err == nil || !strings.Contains(err.Error(), "提案の後に電文が届き、この転出入が変わりました") {
		t.Errorf("what the other end has told was overwritten by a word from before it: %v", err)
	}
	if m := n.here()[0]; m.State != store.InDiffers {
		t.Errorf("%s", m.State)
	}
	n.leave(today, false) // and the information comes after all
	if m := n.here(); len(m) != 1 || m[0].State != store.InDiffers || m[0].Move == paper {
		t.Errorf("%+v", m)
	}
}

// TestClosingOvertakenThere is the same at the old municipality.
func TestClosingOvertakenThere(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.typed("葛󠄂西　一郎")
	away := n.first()
	here := Closing{Move: away.Move, Outcome: store.MoveIsRegistered, Unknown: true, Said: "電話で確かめた"}
	if err := n.there.ProposeClosing(as(t, "clerk-aoki"), here); err == nil || !strings.Contains(err.Error(), "この方の住民票は、ここでまだ有効です") {
		t.Errorf("closed as gone, who is in the register: %v", err)
	}
	if err := n.there.ProposeClosing(as(t, "clerk-aoki"), Closing{Move: away.Move, Outcome: store.MoveIsUnmade, Said: "電話で確かめた"}); err != nil {
		t.Fatal(err)
	}
	n.closes(n.o, Closing{Move: n.here()[0].Move, Outcome: store.MoveIsRegistered, Unknown: true})
	if err := n.there.DecideClosing(as(t, "clerk-inoue"), away.Move, n.proposed(n.there, away.Move).ID, true); err == nil || n.first().State != store.OutUnfiled {
		t.Errorf("what the other end has told since was overwritten: %v, %s", err, n.first().State)
	}
}

// TestClosingIsTold: the other end, when it still waits for something, learns what two people have found out at this one.
func TestClosingIsTold(t *testing.T) {
	for what, x := range map[string]struct {
		act   func(*testing.T, *neighbours)
		there store.MoveState // at the old municipality
		here  store.MoveState
	}{
		"paper, of somebody who lives here and filed nothing there": {func(t *testing.T, n *neighbours) {
			n.closes(n.o, Closing{Move: n.here()[0].Move, Outcome: store.MoveIsRegistered, Unknown: true})
			if why := n.first().Why.JA; !strings.Contains(why, "二人で確かめて") {
				t.Errorf("the old municipality reads %s", why)
			}
		}, store.OutUnfiled, store.InRegistered},
		"paper, and the record there was deleted": {func(t *testing.T, n *neighbours) {
			must[Filed](t)(n.there.File(as(t, "clerk-aoki"), Removal{Filing{Person: n.away[0], Base: 4, Arose: today, Basis: "found-wrong"}}))
			n.run(time.Second)
		}, store.OutUnfiled, store.InRegistered},
		"paper under another's code, whose registration is taken back": {func(t *testing.T, n *neighbours) {
			m := n.here()[0]
			must[Filed](t)(n.o.File(as(t, "clerk-aoki"), Removal{n.filing(m.Person, "found-wrong")}))
			n.closes(n.o, Closing{Move: m.Move, Outcome: store.MoveIsUnmade})
		}, store.OutCancelled, store.InVoid},
		"there, that nobody moved": {func(t *testing.T, n *neighbours) {
			n.closes(n.there, Closing{Move: n.first().Move, Outcome: store.MoveIsUnmade})
		}, store.OutCancelled, store.InDiffers},
		"there, that they live here": {func(t *testing.T, n *neighbours) {
			must[Filed](t)(n.there.File(as(t, "clerk-aoki"), Death{Filing{Person: n.away[0], Base: 4, Arose: today, Basis: "family-86"}}))
			n.run(time.Second)
			if m := n.here()[0]; m.State != store.InDiffers || !strings.Contains(m.Why.JA, "死亡") {
				t.Errorf("of the death there: %s, %s", m.State, m.Why.JA)
			}
			n.closes(n.there, Closing{Move: n.first().Move, Outcome: store.MoveIsRegistered})
		}, store.OutSettled, store.InDiffers},
	} {
		t.Run(what, func(t *testing.T) {
			n := newNeighbours(t, rand.Reader)
			n.typed("葛󠄂西　一郎")
			x.act(t, n)
			if m := n.first(); m.State != x.there {
				t.Errorf("at the old municipality it is %s", m.State)
			}
			if m := n.here()[0]; m.State != x.here {
				t.Errorf("at the new one it is %s", m.State)
			}
		})
	}
}

// TestClosedAgainstTheOther: both ends, of a move in every state, follow what people of the other have found out, and what they would break
// by it opens the move instead.
func TestClosedAgainstTheOther(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	f := n.typed("葛󠄂西　一郎")
	n.leave(today, false)
	here, away := n.here()[0], n.first()
	gone := must[Dossier](t)(n.there.Look(as(t, "clerk-aoki"), n.away[0], "test"))
	stays := must[Filed](t)(n.there.Register(as(t, "clerk-aoki"), Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, Prior: 3, Record: resident.Record{Code: resident.RecordCodeOf(7_000_000_009),
		BasicFour: resident.BasicFour{Name: name("足立　太郎"), Birth: birth("1970-01-01"), Sex: resident.Male, Address: address("東京都足立区中央本町1丁目17番1号")}, Kana: kana("アダチ タロウ"), Relation: resident.Head,
		BecameResident: resident.MustDate(2020, 4, 1)}}))
	try := func(o *Municipality, do func(context.Context, *store.Tx) error) {
		t.Helper()
		if err := o.Store.Update(t.Context(), func(ctx context.Context, raw *sqlstore.Tx) error {
			if err := do(ctx, o.in(raw)); err != nil {
				return err
			}
			return errTried
		}); err != errTried {
			t.Error(err)
		}
	}
	for _, x := range []struct {
		what    string
		state   store.MoveState
		person  PersonID
		step    message.MoveStep
		want    store.MoveState
		open    bool
		answers message.MoveStep
	}{
		{"early, they say it stands", store.InEarly, f.Person, message.MoveClosed, store.InRegistered, false, ""},
		{"differs, they say it stands", store.InDiffers, f.Person, message.MoveClosed, store.InDiffers, true, ""},
		{"nobody has come, they say it stands", store.InLeft, 0, message.MoveClosed, store.InLeft, true, message.MoveUnmade},
		{"registered, they say nobody moved", store.InRegistered, f.Person, message.MoveUnmade, store.InDiffers, true, ""},
		{"early, they say nobody moved", store.InEarly, f.Person, message.MoveUnmade, store.InDiffers, true, ""},
		{"nobody has come, they say nobody moves", store.InPlanned, 0, message.MoveUnmade, store.InVoid, false, message.MoveVoid},
		{"given up, they say nobody moves", store.InVoid, 0, message.MoveUnmade, store.InVoid, false, ""},
	} {
		try(n.o, func(ctx context.Context, tx *store.Tx) error {
			m := here
			m.State, m.Person, m.SettledAt = x.state, x.person, time.Time{}
			if x.state == store.InRegistered || x.state == store.InVoid {
				m.SettledAt = tx.Now()
			}
			if err := tx.PutMoveHere(ctx, m); err != nil {
				return err
			}
			outs, err := n.o.closedThere(ctx, tx, m, message.MoveOut{Move: m.Move, Step: x.step, From: m.From, To: n.o.code, Code: m.Code, Version: 5}, "t")
			if err != nil {
				return err
			}
			var told message.MoveStep
			if len(outs) > 0 {
				told = outs[0].Body.(message.MoveIn).Step
			}
			after, _, err := tx.MoveHereOf(ctx, m.Move)
			if after.State != x.want || after.Open() != x.open || after.SettledAt.IsZero() != x.open || told != x.answers {
				t.Errorf("%s: %s, open %v, told %q", x.what, after.State, after.SettledAt.IsZero(), told)
			}
			return err
		})
	}
	for what, x := range map[string]struct {
		state   store.MoveState
		version resident.Version // of the deletion
		want    store.MoveState
		hand    bool
	}{
		"closed as unmade, and they leave":               {store.InVoid, 5, store.InLeft, true},
		"given up by message, and they leave":            {store.InVoid, 5, store.InVoid, false},
		"closed as registered, and the deletion fits":    {store.InRegistered, 5, store.InRegistered, true},
		"closed as registered, and it does not":          {store.InRegistered, 90, store.InDiffers, true},
		"registered, and told so again by a damaged end": {store.InRegistered, 90, store.InRegistered, false},
	} {
		try(n.o, func(ctx context.Context, tx *store.Tx) error {
			m := here
			m.Move = n.there.code.String() + "-77"
			m.State, m.SettledAt = x.state, tx.Now()
			if err := tx.PutMoveHere(ctx, m); err != nil {
				return err
			}
			tx.AddClosing(store.MoveClosing{ID: 1, Move: m.Move, Outcome: store.MoveIsUnmade, ProposedAt: tx.Now(), DecidedAt: tx.Now(), Approved: x.hand})
			left := message.MoveOut{Move: m.Move, Family: m.Move, Step: message.MoveLeft, From: m.From, To: n.o.code, Code: m.Code, Version: x.version, Planned: today, Filed: today, Person: moving(gone.Now.Record, resident.Address{})}
			if _, err := n.o.onMoveOut(ctx, tx, exchange.Delivery{ID: message.ID{Sender: n.there.Self, Receiver: n.o.Self, Node: "1", Epoch: 1, Seq: 99}, CreatedAt: tx.Now()}, left); err != nil {
				return err
			}
			after, _, err := tx.MoveHereOf(ctx, m.Move)
			if after.State != x.want || after.Open() != after.SettledAt.IsZero() || after.State == store.InLeft && after.Person != 0 {
				t.Errorf("%s: %s", what, after.State)
			}
			return err
		})
	}
	try(n.there, func(ctx context.Context, tx *store.Tx) error {
		m := away
		m.State, m.SettledAt = store.OutCancelling, time.Time{}
		if err := tx.PutMoveAway(ctx, m); err != nil {
			return err
		}
		if _, err := n.there.onMoveIn(ctx, tx, exchange.Delivery{ID: message.ID{Sender: n.o.Self, Receiver: n.there.Self, Node: "1", Epoch: 1, Seq: 99}, CreatedAt: tx.Now()},
			message.MoveIn{Step: message.MoveRegistered, From: n.there.code, To: n.o.code, Code: f.Code, Day: here.Became, Filed: here.Registered, Version: here.First}); err != nil {
			return err
		}
		after, _, err := tx.MoveAwayOf(ctx, m.Move)
		if after.State != store.OutSettled {
			t.Errorf("a notice that was heard before does not end the waiting for it: %s", after.State)
		}
		return err
	})
	for _, x := range []struct {
		what    string
		state   store.MoveState
		present bool
		step    message.MoveStep
		want    store.MoveState
	}{
		{"the notice is waited for, they say it stands", store.OutLeft, false, message.MoveClosed, store.OutSettled},
		{"to be restored, they say it stands", store.OutVoided, false, message.MoveClosed, store.OutSettled},
		{"closed as unmade, they say it stands", store.OutCancelled, true, message.MoveClosed, store.OutUnfiled},
		{"closed as unmade and gone, they say it stands", store.OutCancelled, false, message.MoveClosed, store.OutUnfiled},
		{"not filed, they say it stands", store.OutUnfiled, true, message.MoveClosed, store.OutUnfiled},
		{"not filed, they say nobody moved", store.OutUnfiled, true, message.MoveUnmade, store.OutCancelled},
		{"settled, they say nobody moved", store.OutSettled, false, message.MoveUnmade, store.OutVoided},
		{"the notice is waited for, they say nobody moved", store.OutLeft, false, message.MoveUnmade, store.OutVoided},
		{"cancelled, they say nobody moved", store.OutCancelled, true, message.MoveUnmade, store.OutCancelled},
	} {
		try(n.there, func(ctx context.Context, tx *store.Tx) error {
			m := away
			m.State, m.SettledAt = x.state, time.Time{}
			if x.present {
				m.Person = stays.Person
			}
			if !m.Open() {
				m.SettledAt = tx.Now()
			}
			if err := tx.PutMoveAway(ctx, m); err != nil {
				return err
			}
			if _, err := n.there.closedAtTheNew(ctx, tx, m, message.MoveIn{Move: m.Move, Step: x.step, From: n.there.code, To: m.To, Code: m.Code, Day: today, Version: 200}, "t"); err != nil {
				return err
			}
			after, _, err := tx.MoveAwayOf(ctx, m.Move)
			if after.State != x.want || after.Open() != after.SettledAt.IsZero() {
				t.Errorf("%s: %s, open %v", x.what, after.State, after.SettledAt.IsZero())
			}
			return err
		})
	}
}

// errTried undoes what a test has tried.
var errTried = plain.Bad("", "試した。", "Tried.")
