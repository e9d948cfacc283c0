package municipality

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// numbering is what the scripted center does about individual numbers; it gives none unless the test says so.
type numbering struct {
	asked []message.NumberRequest
	give  func(message.NumberRequest) resident.IndividualNumber
}

func (c *country) numbered(_ context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.NumberRequest) ([]message.Out, error) {
	tx.OnCommit(func() { c.numbers.asked = append(c.numbers.asked, n) })
	if c.numbers.give == nil {
		return nil, nil
	}
	return []message.Out{{To: d.Sender, Body: message.NumberAssignment{Request: n.Request, Code: n.Code, Number: c.numbers.give(n)}}}, nil
}

// numbers one after the other.
func counting() func(message.NumberRequest) resident.IndividualNumber {
	var n uint64
	return func(message.NumberRequest) resident.IndividualNumber { n++; return resident.IndividualNumberOf(n) }
}

// TestNumber: who is entered without a number is given one: a version of its own that ends nothing, that everybody is told of, and of which a
// notice has to go to the person.
func TestNumber(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.numbers.give = counting()
		mother := c.register(movedIn())
		v := c.now(mother.Person)
		if v.Number != 2 || v.Record.Number != resident.IndividualNumberOf(1) || v.Basis != numberBasis || v.EnteredBy != "nationalcenter" || !v.Kills.Nothing() {
			t.Errorf("version %d, %s by %s, ends %+v", v.Number, v.Basis, v.EnteredBy, v.Kills)
		}
		if len(c.changes) != 2 || c.changes[1].After.Number != v.Record.Number || c.changes[1].Before != c.changes[0].After.StateHash() ||
			c.changes[1].After.Change.Reason != resident.AmendmentExOfficio || len(c.invalidations) != 0 {
			t.Errorf("the prefecture has %d changes and %d invalidations", len(c.changes), len(c.invalidations))
		}
		child := c.register(born(v.Record.Household))
		comer := fromElsewhere(resident.RecordCodeOf(42), 7)
		comer.Record.Number = resident.IndividualNumberOf(4711)
		c.register(comer)
		if len(c.numbers.asked) != 2 || c.numbers.asked[1].Code != child.Code {
			t.Errorf("%d numbers were asked for, want 2: who brings a number keeps it", len(c.numbers.asked))
		}
		// A change of code leaves the number as it is, and asks for none.
		if _, err := c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(mother.Person, "law-30-3")}); err != nil {
			t.Fatal(err)
		}
		c.run(1e9)
		if now := c.now(mother.Person); now.Record.Number != v.Record.Number || now.Record.Code == v.Record.Code || len(c.numbers.asked) != 2 {
			t.Error("a change of code changed the number, or asked for one")
		}
		c.view(func(ctx context.Context, tx *store.Tx) error {
			all, err := tx.NoticesToSend(ctx, 10)
			if len(all) != 2 || all[0].Person != mother.Person || all[1].Person != child.Person || all[0].Version != 2 {
				t.Errorf("%d notices are to be sent", len(all))
			}
			return err
		})
		if acts := c.audited(child.Code); !slices.Equal(acts, []string{"nationalcenter receive-number", "clerk-aoki register"}) {
			t.Errorf("audited: %v", acts)
		}
	})
}

// TestNumberWhileAFormIsOpen: the number comes a moment after the registration. A form that was opened before is filed all the same, and one
// that was opened before anything else is refused.
func TestNumberWhileAFormIsOpen(t *testing.T) {
	c := newCountry(t, "memory:")
	c.numbers.give = counting()
	who := c.register(movedIn())
	open := c.filing(who.Person, "law-23")
	open.Base = 1
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: open, Address: address("長野県松本市大手1番")}); err != nil {
		t.Fatal(err)
	}
	for _, base := range []resident.Version{1, 2} {
		open.Base = base
		if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: open, Address: address("長野県松本市大手2番")}); !slices.Equal(fieldsOf(t, err), []string{"base"}) {
			t.Errorf("on version %d: %v", base, err)
		}
	}
}

// TestNumberKeepsCertificates: a certificate that was applied for before the number came stays, and so does the card.
func TestNumberKeepsCertificates(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	a := c.apply(who.Person, cert.Signature, publicPEM(t, broughtKey.Public()))
	c.give(c.numbers.asked[0], resident.IndividualNumberOf(1), "")
	d := must[Dossier](t)(c.o.Look(as(t, "clerk-aoki"), who.Person, "test"))
	if len(d.Applications) != 1 || d.Applications[0].Request != a.Request || standing(d.Applications[0], d.Versions, c.clk.Now()) != StandsAlive || len(c.invalidations) != 0 {
		t.Errorf("the certificate stands as %v", standing(d.Applications[0], d.Versions, c.clk.Now()))
	}
}

// give lets the center assign a number, and expects the outcome: the code of a refusal, or none.
func (c *country) give(n message.NumberRequest, number resident.IndividualNumber, outcome string) {
	c.t.Helper()
	var refusal error
	err := c.o.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var outs []message.Out
		outs, refusal = c.o.onNumberAssignment(ctx, c.o.in(tx), exchange.Delivery{ID: message.ID{Sender: "nationalcenter"}, Trace: "t-number"},
			message.NumberAssignment{Request: n.Request, Code: n.Code, Number: number})
		if refusal != nil {
			return refusal
		}
		_, err := c.o.Exchange.Send(ctx, tx, outs, "t-number")
		return err
	})
	if outcome == "" && err != nil || outcome != "" && (refusal == nil || !strings.Contains(refusal.Error(), outcome)) {
		c.t.Errorf("a number for %s: %v, want %q", n.Request, err, outcome)
	}
	c.run(1e9)
}

// TestNumbersThatDoNotFit: a second number, one for nobody, one that comes twice, one for somebody who has left.
func TestNumbersThatDoNotFit(t *testing.T) {
	c := newCountry(t, "memory:")
	who, left := c.register(movedIn()), c.register(movedIn())
	asked := c.numbers.asked
	c.give(asked[0], resident.IndividualNumberOf(1), "")
	c.give(asked[0], resident.IndividualNumberOf(1), "")
	c.give(asked[0], resident.IndividualNumberOf(2), "another-number")
	c.give(message.NumberRequest{Request: "r", Code: resident.RecordCodeOf(99)}, resident.IndividualNumberOf(3), "nobody-here")
	if v := c.now(who.Person); v.Number != 2 || v.Record.Number != resident.IndividualNumberOf(1) {
		t.Errorf("version %d", v.Number)
	}
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveOut{Filing: c.filing(left.Person, "law-24"), To: address("東京都足立区中央本町1番")}); err != nil {
		t.Fatal(err)
	}
	c.give(asked[1], resident.IndividualNumberOf(4), "")
	if v := c.now(left.Person); v.Number != 2 || v.Record.Number.Valid() {
		t.Error("a number was entered in a record that was deleted")
	}
	c.view(func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.CountNotices(ctx)
		open, e := tx.OpenNumbers(ctx, left.Person)
		if n != 1 || open != 0 {
			t.Errorf("%d notices to be sent, %d open requests of who has left", n, open)
		}
		return errors.Join(err, e)
	})
}
