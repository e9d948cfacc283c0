package municipality

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// typed registers the first of the family from a certificate on paper, under a name.
func (n *neighbours) typed(who string) Filed {
	n.t.Helper()
	r := movedIn()
	r.From, r.Prior, r.Paper, r.Another = n.there.Code(), 5, "回線の障害", true
	r.Record.Code, r.Record.Name, r.Record.Birth, r.Record.Sex = resident.RecordCodeOf(7_000_000_001), name(who), birth("1980-05-01"), resident.Male
	f := must[Filed](n.t)(n.o.Register(as(n.t, "clerk-aoki"), r))
	n.run(time.Second)
	return f
}

// here are the moves of the first of the family at the new municipality, the open ones first.
func (n *neighbours) here() (moves []MoveHere) {
	l := must[MoveList](n.t)(n.o.Moves(as(n.t, "clerk-aoki")))
	for _, m := range append(l.Here, l.ClosedHere...) {
		if m.Code == resident.RecordCodeOf(7_000_000_001) {
			moves = append(moves, m)
		}
	}
	return moves
}

// TestPaperClosedBeforeTheMessage: the information that comes after a typed moving in was closed by hand joins it: it stays closed when both
// agree, and is opened with what differs when they do not.
func TestPaperClosedBeforeTheMessage(t *testing.T) {
	for who, state := range map[string]string{"葛󠄂西　一郎": "registered", "葛󠄂西　一朗": "differs"} {
		n := newNeighbours(t, rand.Reader)
		f := n.typed(who)
		n.closes(n.o, Closing{Move: n.here()[0].Move, Outcome: store.MoveIsRegistered, Unknown: true})
		n.leave(today, false)
		moves := n.here()
		if len(moves) != 1 || string(moves[0].State) != state || moves[0].Person != f.Person || moves[0].Open() != (state == "differs") || moves[0].Reason != "回線の障害" {
			t.Fatalf("typed as %s: %+v", who, moves)
		}
		if moves[0].Open() && moves[0].Why.JA == "" {
			t.Error("the clerk is not told what differs")
		}
	}
}

// TestPaperOfAnEarlierMove: who has left since the moving in that was typed, and comes again, moves anew.
func TestPaperOfAnEarlierMove(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	f := n.typed("葛󠄂西　一郎")
	n.closes(n.o, Closing{Move: n.here()[0].Move, Outcome: store.MoveIsRegistered, Unknown: true})
	must[Filed](t)(n.o.File(as(t, "clerk-aoki"), MoveOut{Filing: n.filing(f.Person, "law-24"), To: address("東京都足立区中央本町1丁目17番1号")}))
	d := must[Dossier](t)(n.there.Look(as(t, "clerk-aoki"), n.away[0], "test"))
	for version, items := range map[resident.Version]int{f.Version - 1: 1, f.Version + 9: 2} { // of the first move, late; and of another
		m := message.MoveOut{Move: fmt.Sprint("131211-", 900+version), Family: "131211-900", Step: message.MoveLeft, From: n.there.Code(), To: n.o.Code(), Code: f.Code, Version: version,
			Planned: today, Filed: today, Person: moving(d.Now.Record, resident.Address{})}
		var moves []MoveHere
		rolled := errors.New("tried")
		if err := n.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			if _, err = n.o.onMoveOut(ctx, n.o.in(tx), exchange.Delivery{ID: message.ID{Sender: n.there.Self, Receiver: n.o.Self, Node: "1", Epoch: 1, Seq: 99}, CreatedAt: tx.Now()}, m); err != nil {
				return err
			}
			if moves, err = n.o.in(tx).OpenMovesHere(ctx, f.Code); err != nil {
				return err
			}
			papers, err := n.o.in(tx).PapersHere(ctx, f.Code, m.From)
			if len(papers)+1 != items {
				t.Errorf("version %s: %d are left of paper", version, len(papers))
			}
			return errors.Join(err, rolled)
		}); !errors.Is(err, rolled) {
			t.Fatal(err)
		}
		if waits := len(moves) == 1 && moves[0].Waits(); waits != (items == 2) {
			t.Errorf("version %s: %+v", version, moves)
		}
	}
}

// TestPaperToldAgain: the notice of a typed moving in that is sent once more opens no second item at the old municipality, which tells of the
// deletion again when it has told of it.
func TestPaperToldAgain(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	f := n.typed("葛󠄂西　一郎")
	again := func() []MoveAway {
		t.Helper()
		if err := n.o.TellMoveAgain(as(t, "clerk-aoki"), n.here()[0].Move); err != nil {
			t.Fatal(err)
		}
		n.run(time.Second)
		l := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki")))
		return append(l.Away, l.Closed...)
	}
	if l := again(); len(l) != 1 || l[0].State != "unfiled" {
		t.Fatalf("nobody has filed there: %+v", l)
	}
	paper := n.here()[0]
	n.leave(today, false)
	if m := n.here()[0]; m.Open() {
		t.Fatalf("%+v", m)
	}
	var outs []message.Out
	rolled := errors.New("tried")
	if err := n.there.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		outs, err = n.there.onMoveIn(ctx, n.there.in(tx), exchange.Delivery{ID: message.ID{Sender: n.o.Self, Receiver: n.there.Self, Node: "1", Epoch: 1, Seq: 99}, CreatedAt: tx.Now()},
			message.MoveIn{Step: message.MoveRegistered, From: n.there.Code(), To: n.o.Code(), Code: f.Code, Day: paper.Became, Filed: paper.Registered, Version: paper.First, Again: true})
		return errors.Join(err, rolled)
	}); !errors.Is(err, rolled) {
		t.Fatal(err)
	}
	if left, ok := outs[0].Body.(message.MoveOut); !ok || left.Step != message.MoveLeft || left.Move != n.here()[0].Move {
		t.Errorf("told again: %+v", outs)
	}
	if err := n.o.TellMoveAgain(as(t, "clerk-aoki"), n.here()[0].Move); err == nil {
		t.Error("a move that waits for nothing was told again")
	}
}

// TestCancelledAfterTheyAreRegistered: somebody who is registered from paper files the moving out late, for a day to come, and takes it back:
// the new municipality answers that they are there, though it had said so before.
func TestCancelledAfterTheyAreRegistered(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.typed("葛󠄂西　一郎")
	n.leave(today.AddDays(3), false)
	if err := n.there.CancelPlan(as(t, "clerk-aoki"), n.away[0]); err != nil {
		t.Fatal(err)
	}
	n.run(time.Second)
	l := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki")))
	if len(l.Away) != 2 || len(l.Closed) != 1 || l.Closed[0].State != "settled" || l.Closed[0].Person != n.away[0] {
		t.Errorf("there %+v, closed %+v", l.Away, l.Closed)
	}
	if m := n.here(); len(m) != 1 || m[0].State != "registered" {
		t.Errorf("here %+v", m)
	}
}
