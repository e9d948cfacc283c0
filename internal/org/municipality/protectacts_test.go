package municipality

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// TestKeyOfAProtectedPerson: the private key is handed over by the clerk whose release issued the document, and by nobody else.
func TestKeyOfAProtectedPerson(t *testing.T) {
	c := newCountry(t, "memory:")
	_, her := c.couple()
	c.protect(Protecting{Applicant: her.Person})
	c.release(her.Person, protection.Document)
	applied := c.apply(her.Person, cert.Signature, nil)
	if key, err := c.o.HolderKey(as(t, "clerk-inoue"), applied.Request); err != errProtected || key != nil {
		t.Errorf("another clerk takes it: %v", err)
	}
	if key, err := c.o.HolderKey(as(t, "clerk-aoki"), applied.Request); err != nil || len(key) == 0 {
		t.Errorf("it cannot be handed over: %v", err)
	}
}

// TestSealOfAProtectedPersonEnds: on a release alone.
func TestSealOfAProtectedPersonEnds(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	must[store.Seal](t)(c.o.RegisterSeal(as(t, "clerk-aoki"), c.sealOf(who, 1)))
	c.protect(Protecting{Applicant: who})
	if err := c.o.EndSeal(as(t, "clerk-aoki"), who, SealLost); err != errProtected {
		t.Errorf("ended without a release: %v", err)
	}
	if _, live := c.liveSeal(who); !live {
		t.Error("it has ended")
	}
	c.release(who, protection.Look)
	if err := c.o.EndSeal(as(t, "clerk-aoki"), who, SealLost); err != nil {
		t.Errorf("a release does not end it: %v", err)
	}
}

// TestNumberNoticeOfAProtectedPerson: it is sent on a release alone.
func TestNumberNoticeOfAProtectedPerson(t *testing.T) {
	c := newCountry(t, "memory:")
	c.numbers.give = counting()
	who := c.register(movedIn()).Person
	request := c.numbers.asked[0].Request
	c.run(time.Second)
	c.protect(Protecting{Applicant: who})
	if err := c.o.SendNumberNotice(as(t, "clerk-aoki"), request); err != errProtected {
		t.Errorf("sent without a release: %v", err)
	}
	c.release(who, protection.Look)
	if err := c.o.SendNumberNotice(as(t, "clerk-aoki"), request); err != nil {
		t.Errorf("a release does not send it: %v", err)
	}
}

// TestMoveOfAProtectedPersonIsGivenUp where the person is in a register.
func TestMoveOfAProtectedPersonIsGivenUp(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.leave(today.AddDays(3), false)
	l := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	n.elsewhere(message.ResidentProtection{Code: l.Here[0].Code, Owner: "municipality-131211", Version: 1, Measure: "S1", Until: today.AddDays(300)})
	if err := n.o.GiveUpMove(as(t, "clerk-aoki"), l.Here[0].Move); err != errProtectedMove {
		t.Errorf("given up: %v", err)
	}
	if err := n.o.GiveUpMove(as(t, "clerk-aoki"), l.Here[1].Move); err != nil {
		t.Errorf("that of somebody else: %v", err)
	}
}

// TestMoveOfAProtectedPersonIsClosed on a release alone, at either end.
func TestMoveOfAProtectedPersonIsClosed(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.leave(today.AddDays(3), false)
	l := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki")))
	h := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	away, here := l.Away[0], h.Here[0]
	away.State, here.State, here.Person = store.OutUnfiled, store.InPaper, n.register(movedIn()).Person
	put := func(o *Municipality, put func(context.Context, *store.Tx) error) {
		t.Helper()
		if err := o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return put(ctx, o.in(tx)) }); err != nil {
			t.Fatal(err)
		}
	}
	put(n.there, func(ctx context.Context, tx *store.Tx) error { return tx.PutMoveAway(ctx, away) })
	put(n.o, func(ctx context.Context, tx *store.Tx) error { return tx.PutMoveHere(ctx, here) })
	must[string](t)(n.there.Protect(as(t, "clerk-aoki"), Protecting{Applicant: away.Person, Evidence: licence}))
	n.protect(Protecting{Applicant: here.Person})
	if err := n.there.ProposeClosing(as(t, "clerk-aoki"), Closing{Move: away.Move, Outcome: store.MoveIsUnmade, Said: "電話で確かめた"}); err != errProtected {
		t.Errorf("closed without a release where she left: %v", err)
	}
	close := Closing{Move: here.Move, Outcome: store.MoveIsRegistered, Unknown: true, Said: "電話で確かめた"}
	if err := n.o.ProposeClosing(as(t, "clerk-aoki"), close); err != errProtected {
		t.Errorf("closed without a release where she came: %v", err)
	}
	if err := n.o.TellMoveAgain(as(t, "clerk-aoki"), here.Move); err != errProtected {
		t.Errorf("told again without a release: %v", err)
	}
	n.release(here.Person, protection.Look)
	err := n.o.ProposeClosing(as(t, "clerk-aoki"), close)
	for _, f := range fieldsOf(t, err) { // the old municipality has named its record: nothing else stands against it
		if f != "unknown" || !strings.Contains(err.Error(), "版と知らされています。「分からない」を外してください") {
			t.Errorf("a release does not close it: %v", err)
		}
	}
	close.Unknown = false
	if err := n.o.ProposeClosing(as(t, "clerk-aoki"), close); err != nil {
		t.Fatal(err)
	}
	if err := n.o.DecideClosing(as(t, "clerk-inoue"), here.Move, n.proposed(n.o, here.Move).ID, true); err != errProtected {
		t.Errorf("approved without a release to the second: %v", err)
	}
}
