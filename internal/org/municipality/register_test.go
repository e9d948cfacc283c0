package municipality

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// born is the registration of a child in somebody's household.
func born(household resident.HouseholdID) Registration {
	return Registration{Reason: resident.Birth, Basis: "family-49", Record: resident.Record{
		BasicFour: resident.BasicFour{Name: name("髙𠮷 さくら"), Birth: birth("2026-03-30"), Sex: resident.Female, Address: address(home)},
		Kana:      kana("タカヨシ サクラ"), Household: household, Relation: relation("子"), BecameResident: resident.MustDate(2026, 3, 30)}}
}

// fromElsewhere is the registration of somebody with a moving-out certificate of another municipality.
func fromElsewhere(code resident.RecordCode, prior resident.Version) Registration {
	r := movedIn()
	r.From, r.Prior, r.Record.Code = body("131211"), prior, code
	return r
}

func TestRegister(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		mother := c.register(movedIn())
		v := c.now(mother.Person)
		if v.Number != 1 || v.Before != (resident.StateHash{}) || !v.Record.Code.Valid() || v.Record.Household == "" || v.Record.Municipality != c.o.Code() {
			t.Errorf("the first version is %d, before %s", v.Number, short(v.Before))
		}
		child := c.register(born(v.Record.Household))
		if c.now(child.Person).Record.Code == v.Record.Code {
			t.Error("two people with one code")
		}
		there := resident.RecordCodeOf(42)
		comer := c.register(fromElsewhere(there, 7))
		if got := c.now(comer.Person); got.Number != 8 || got.Record.Code != there {
			t.Errorf("somebody from elsewhere begins with version %d", got.Number)
		}
		if len(c.changes) != 3 || len(c.invalidations) != 0 || c.changes[2].After.Change.Reason != resident.MoveIn || c.changes[1].After.Change.Reason != resident.Birth {
			t.Errorf("the prefecture has %d changes, %d invalidations", len(c.changes), len(c.invalidations))
		}
		for i, n := range c.changes {
			if n.Before != (resident.StateHash{}) {
				t.Errorf("change %d is not a first one", i)
			}
		}
		d := must[Dossier](t)(c.o.Look(as(t, "clerk-aoki"), child.Person, "test"))
		if len(d.Household) != 2 || d.Household[0].Person != mother.Person {
			t.Errorf("%d people in the household", len(d.Household))
		}
		if acts := c.audited(d.Now.Record.Code); !slices.Equal(acts, []string{"clerk-aoki look", "clerk-aoki register"}) {
			t.Errorf("audited: %v", acts)
		}
	})
}

// TestBackAgain: somebody who left comes back under the same code, and the versions go on.
func TestBackAgain(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	code := c.now(who.Person).Record.Code
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveOut{Filing: c.filing(who.Person, "law-24"), To: address("東京都足立区中央本町1番")}); err != nil {
		t.Fatal(err)
	}
	gone := c.now(who.Person)
	c.run(10 * 24 * time.Hour)
	r := fromElsewhere(code, 5)
	r.Record.BecameResident = today.AddDays(9)
	back := c.register(r)
	v := c.now(who.Person)
	if back.Person != who.Person || v.Number != 6 || v.Before != (resident.StateHash{}) {
		t.Errorf("came back as person %d, version %d, before %s", back.Person, v.Number, short(v.Before))
	}
	// Removed by mistake, and entered again: that joins the chain.
	if _, err := c.o.File(as(t, "clerk-aoki"), Removal{Filing{Person: who.Person, Base: 6, Arose: today.AddDays(10), Basis: "order-12"}}); err != nil {
		t.Fatal(err)
	}
	removed := c.now(who.Person)
	r = movedIn()
	r.Reason, r.Basis, r.Record.Code, r.Record.BecameResident = resident.EntryExOfficio, "found-wrong", code, today.AddDays(10)
	c.register(r)
	if v := c.now(who.Person); v.Number != 8 || v.Before != removed.Hash() {
		t.Errorf("entered again as version %d, before %s, want %s", v.Number, short(v.Before), short(removed.Hash()))
	}
	if gone.Number != 2 || len(c.versions(who.Person)) != 5 {
		t.Errorf("%d versions", len(c.versions(who.Person)))
	}
	if len(c.changes) != 5 {
		t.Errorf("the prefecture applied %d changes", len(c.changes))
	}
}

func TestRefusedRegistrations(t *testing.T) {
	c := newCountry(t, "memory:")
	mother := c.register(movedIn())
	known := c.now(mother.Person).Record
	recoded := c.register(movedIn())
	old := c.now(recoded.Person).Record.Code
	if _, err := c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(recoded.Person, "law-30-3")}); err != nil {
		t.Fatal(err)
	}
	left := c.register(movedIn())
	leftCode := c.now(left.Person).Record.Code
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveOut{Filing: c.filing(left.Person, "law-24"), To: address("東京都足立区中央本町1番")}); err != nil {
		t.Fatal(err)
	}
	var free resident.RecordCode
	c.view(func(ctx context.Context, tx *store.Tx) error {
		var s string
		err := tx.QueryRow(ctx, `SELECT code FROM code_pool WHERE given_at = 0 LIMIT 1`).Scan(&s)
		free = ok(resident.ParseRecordCode("code", s))
		return err
	})
	before := c.footprint()
	for _, test := range []struct {
		name   string
		change func(*Registration)
		fields string
		says   string
	}{
		{"no reason", func(r *Registration) { r.Reason = 0 }, "reason", "登録の理由を「転入等」「出生」「職権記載等」から選んでください"},
		{"a reason that is no entry", func(r *Registration) { r.Reason = resident.Death }, "reason", "理由"},
		{"no ground", func(r *Registration) { r.Basis = "" }, "basis", "根拠"},
		{"nothing entered", func(r *Registration) { r.Record = resident.Record{} }, "name birth sex address relation became", "氏名"},
		{"a day to come", func(r *Registration) { r.Record.BecameResident = today.AddDays(1) }, "became", "まだ来ていない"},
		{"before being born", func(r *Registration) { r.Record.BecameResident = resident.MustDate(1992, 2, 28) }, "birth", "より後"},
		{"the same code twice", func(r *Registration) { r.Record.Code, r.Prior = known.Code, 1 }, "code", "重複"},
		{"a code that was given up", func(r *Registration) { r.Record.Code, r.Prior = old, 1 }, "code", "新しい住民票コードを確かめてください"},
		{"a code that nobody has yet", func(r *Registration) { r.Record.Code, r.Prior = free, 1 }, "code", "まだだれにも"},
		{"a code without the version", func(r *Registration) { r.Record.Code = resident.RecordCodeOf(99) }, "prior", "記録の版"},
		{"the code of another person who left", func(r *Registration) {
			r.Record.Code, r.Record.Birth, r.Record.BecameResident = leftCode, birth("1970-01-01"), today
		}, "code", "別の方"},
		{"back before having left", func(r *Registration) { r.Record.Code = leftCode }, "became", "消除された日"},
		{"from elsewhere without a code", func(r *Registration) { r.From = body("131211") }, "code", "転出証明書の住民票コード"},
		{"from a municipality that was no more", func(r *Registration) {
			r.From, r.Prior, r.Record.Code = body("204439"), 1, resident.RecordCodeOf(99)
		}, "from", "もうありません"},
		{"from the northern territories", func(r *Registration) {
			r.From, r.Prior, r.Record.Code = body("016951"), 1, resident.RecordCodeOf(99)
		}, "from", "住民基本台帳がありません"},
		{"an address elsewhere", func(r *Registration) { r.Record.Address = address("長野県飯田市大久保町2534番地") }, "address", "長野県飯田市"},
		{"an address that the center may not read", func(r *Registration) { r.Record.Address = address("松本市丸の内3番7号") }, "as_is", "このまま届け出る"},
		{"another municipality's register", func(r *Registration) { r.Record.Municipality = body("202053") }, "municipality", "長野県飯田市"},
		{"from elsewhere, and not by moving in", func(r *Registration) {
			r.Reason, r.Basis, r.From, r.Prior, r.Record.Code = resident.EntryExOfficio, "order-12", body("131211"), 1, resident.RecordCodeOf(99)
		}, "from", "従前の市区町村は、転入のときだけ入力します"},
		{"just born, with a code", func(r *Registration) {
			*r = born(known.Household)
			r.Prior, r.Record.Code = 1, resident.RecordCodeOf(99)
		}, "code", "出生では、新しい住民票コードを割り当てます"},
		{"resident on another day than born", func(r *Registration) {
			*r = born(known.Household)
			r.Record.BecameResident = r.Record.BecameResident.AddDays(1)
		}, "became", "出生による記載では、住民となった日は生年月日"},
		{"no household to join", func(r *Registration) { r.Record.Relation = relation("子") }, "household", "世帯主でない方は、入る世帯の世帯番号を入力してください"},
		{"a household that is not there", func(r *Registration) { r.Record.Household = "H0" }, "household", "世帯はありません"},
		{"the same person again", func(r *Registration) { r.Another = false }, "another", "すでに登録されています"},
		{"a second head", func(r *Registration) { r.Record.Household = known.Household }, "relation", "世帯主がいます"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := movedIn()
			test.change(&r)
			_, err := c.o.Register(as(t, "clerk-aoki"), r)
			if got := strings.Join(fieldsOf(t, err), " "); got != test.fields || !strings.Contains(err.Error(), test.says) {
				t.Errorf("fields %q, want %q: %v", got, test.fields, err)
			}
			if c.o.CheckRegistration(as(t, "clerk-aoki"), r) == nil {
				t.Error("the check passes what is refused")
			}
			if after := c.footprint(); after != before {
				t.Errorf("something was written: %s, before %s", after, before)
			}
		})
	}
	for _, test := range []struct {
		name   string
		change func(*Registration)
		field  string
	}{
		{"a child with a code", func(r *Registration) { r.Record.Code, r.Prior = resident.RecordCodeOf(99), 1 }, "code"},
		{"a child of another day", func(r *Registration) { r.Record.BecameResident = resident.MustDate(2026, 3, 31) }, "became"},
		{"a child from elsewhere", func(r *Registration) { r.From, r.Prior, r.Record.Code = body("131211"), 1, resident.RecordCodeOf(99) }, "from"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := born(known.Household)
			test.change(&r)
			_, err := c.o.Register(as(t, "clerk-aoki"), r)
			if !slices.Contains(fieldsOf(t, err), test.field) {
				t.Errorf("want %s: %v", test.field, err)
			}
		})
	}
}

// TestPool: codes are asked for before they run out, are given once each, and an allotment with a known code parks.
func TestPool(t *testing.T) {
	c := newCountry(t, "memory:")
	if len(c.codeRequests) != 1 || c.codeRequests[0].Count != codesAtOnce {
		t.Fatalf("at the start: %d requests", len(c.codeRequests))
	}
	given := map[resident.RecordCode]bool{}
	for range codesAtOnce - lowCodes + 1 {
		f := c.register(movedIn())
		if given[f.Code] {
			t.Fatal("a code was given twice")
		}
		given[f.Code] = true
	}
	if len(c.codeRequests) != 2 {
		t.Errorf("%d requests after %d codes were given", len(c.codeRequests), len(given))
	}
	var free int64
	c.view(func(ctx context.Context, tx *store.Tx) (err error) { free, err = tx.FreeCodes(ctx); return err })
	if free != lowCodes-1+codesAtOnce {
		t.Errorf("%d codes are free", free)
	}

	var taken resident.RecordCode
	for taken = range given {
		break
	}
	var refusal error
	allot := func(d exchange.Delivery) error {
		return c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, refusal = c.o.onCodeAllotment(ctx, c.o.in(tx), d, message.CodeAllotment{Request: "r", Codes: []resident.RecordCode{resident.RecordCodeOf(4242), taken}})
			return refusal
		})
	}
	d := exchange.Delivery{ID: message.ID{Sender: "nationalcenter"}}
	if err := allot(d); err == nil || !strings.Contains(err.Error(), "code-in-use") {
		t.Errorf("a code that is in use: %v", err)
	}
	d.Accepted = true
	if err := allot(d); err != nil {
		t.Errorf("accepted by two persons: %v", err)
	}
	c.view(func(ctx context.Context, tx *store.Tx) error {
		known, open, err := tx.Allotted(ctx, resident.RecordCodeOf(4242))
		if !known || !open {
			t.Error("the new code is not in the pool")
		}
		return err
	})
}

// TestNoCodeLeft: without a code nobody is registered, and nothing is half-written.
func TestNoCodeLeft(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM code_pool WHERE given_at = 0`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	before := c.footprint()
	_, err := c.o.Register(as(t, "clerk-aoki"), movedIn())
	if !slices.Equal(fieldsOf(t, err), []string{"code"}) || !strings.Contains(err.Error(), "割り当てられる住民票コードが残っていません") {
		t.Errorf("%v", err)
	}
	_, err = c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(who.Person, "law-30-3")})
	if !slices.Equal(fieldsOf(t, err), []string{"code"}) {
		t.Errorf("%v", err)
	}
	if after := c.footprint(); after != before {
		t.Errorf("something was written: %s, before %s", after, before)
	}
}
