package municipality

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
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

// TestListsAndRefusalsNameNoProtectedPerson: neither the notices to be sent, the households without a head, the likeness of a seal nor the
// refusal of a day says the number of a protected person, when she left, or from where her protection was taken over.
func TestListsAndRefusalsNameNoProtectedPerson(t *testing.T) {
	c := newCountry(t, "memory:")
	c.numbers.give = counting()
	him, her := c.couple()
	aoki, v := as(t, "clerk-aoki"), c.counter("clerk-aoki")
	number := her.Person.String()
	r := movedIn()
	r.Record.Household, r.Record.Relation = c.now(him.Person).Record.Household, relation("子")
	child := c.register(r)
	a := c.sealOf(her.Person, 1)
	a.Text = "山田"
	must[store.Seal](t)(c.o.RegisterSeal(aoki, a))
	alike := c.sealOf(him.Person, 1)
	alike.Text = "山田"
	gone := c.register(fromElsewhere(resident.RecordCodeOf(42), 7))
	must[Filed](t)(c.o.File(aoki, Removal{c.filing(gone.Person, "found-wrong")}))
	again := fromElsewhere(gone.Code, 9)
	again.Record.BecameResident = c.now(gone.Person).Change.Arose.AddDays(-1)
	day := c.now(gone.Person).Change.Arose

	notices := func() string { return text(v.get("/numbers", http.StatusOK)) }
	seal := func() string { _, err := c.o.RegisterSeal(aoki, alike); return fmt.Sprint(err) }
	entry := func() string { return fmt.Sprint(c.o.CheckRegistration(aoki, again)) }
	if !strings.Contains(notices(), number) || !strings.Contains(seal(), number) || !strings.Contains(entry(), day.Wareki()) {
		t.Fatalf("before she is protected: %s; %s; %s", notices(), seal(), entry())
	}
	c.protect(Protecting{Applicant: her.Person})
	c.elsewhere(message.ResidentProtection{Code: gone.Code, Owner: "municipality-272183", Version: 1, Measure: "S1", Until: today.AddDays(300)})
	if list := notices(); strings.Contains(list, number) || !strings.Contains(list, him.Person.String()) || !strings.Contains(list, "表示しません") {
		t.Errorf("the notices to be sent: %s", list)
	}
	if says := seal(); strings.Contains(says, number) || !strings.Contains(says, "同じ世帯の方が登録した印鑑に似ています") {
		t.Errorf("the seal: %s", says)
	}
	if says := entry(); strings.Contains(says, day.Wareki()) || !strings.Contains(says, "前の住民票が消除された日より前です") {
		t.Errorf("the entry: %s", says)
	}

	// The head is gone, and is protected: the household is opened by her who remains, or by nobody when she is not shown.
	c.elsewhere(message.ResidentProtection{Code: him.Code, Owner: "municipality-272183", Version: 1, Measure: "S2", Until: today.AddDays(300)})
	c.release(him.Person, protection.Look)
	must[Filed](t)(c.o.File(aoki, Death{c.filing(him.Person, "family-86")}))
	c.run(time.Hour)
	if list := v.get("/headless", http.StatusOK); !strings.Contains(list, "/resident/"+child.Person.String()+`"`) || strings.Contains(list, him.Person.String()) || strings.Contains(list, number) {
		t.Errorf("the households without a head: %s", text(list))
	}
}
