package municipality

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// sealOf is an application that is in order, with a seal of its own for each face.
func (c *country) sealOf(who PersonID, face uint64) SealApplication {
	c.t.Helper()
	return SealApplication{Person: who, Base: c.now(who).Number, Scan: imprinttest.Seal{Millimetres: 13.5, Face: face, DPI: 300}.Scan(), Text: "髙𠮷", Way: SealByPhotoID, Evidence: licence}
}

// answered is the answer to a letter, with a document of the holder's.
var answered = identity.Evidence{identity.Inquiry, identity.HealthInsurance}

func (c *country) liveSeal(who PersonID) (s store.Seal, live bool) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		s, live, err = tx.LiveSeal(ctx, who)
		return err
	})
	return s, live
}

// TestSeal: registered at once, or after the answer to a letter; one at a time; each number of a card once; ended by its holder.
func TestSeal(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		clerk := as(t, "clerk-aoki")
		who := c.register(movedIn()).Person
		s := must[store.Seal](t)(c.o.RegisterSeal(clerk, c.sealOf(who, 1)))
		kept, live := c.liveSeal(who)
		if !live || s.State != store.SealRegistered || kept.Card != 1 || kept.Text != "髙𠮷" || !slices.Equal(kept.Imprint, s.Imprint) || kept.RegisteredBy != "clerk-aoki" || !kept.EndedAt.IsZero() {
			t.Errorf("registered: %+v", kept)
		}
		if _, err := c.o.RegisterSeal(clerk, c.sealOf(who, 2)); !slices.Equal(fieldsOf(t, err), []string{"person"}) || !strings.Contains(err.Error(), "この方には、登録または照会中の印鑑があります。登録できるのは一人一つです") {
			t.Errorf("a second seal: %v", err)
		}
		if err := c.o.EndSeal(clerk, who, SealRenamed); !slices.Equal(fieldsOf(t, err), []string{"ground"}) || !strings.Contains(err.Error(), "廃止の理由を選んでください") {
			t.Errorf("a ground that nobody brings: %v", err)
		}
		if err := c.o.EndSeal(clerk, who, SealCardLost); err != nil {
			t.Fatal(err)
		}
		if _, live := c.liveSeal(who); live {
			t.Error("it goes on")
		}
		if err := c.o.EndSeal(clerk, who, SealLost); !slices.Equal(fieldsOf(t, err), []string{"person"}) || !strings.Contains(err.Error(), "廃止する印鑑登録がありません") {
			t.Errorf("ended twice: %v", err)
		}

		// By letter.
		a := c.sealOf(who, 2)
		a.Way, a.Agent = SealByInquiry, true
		s = must[store.Seal](t)(c.o.RegisterSeal(clerk, a))
		if today := resident.DateOf(c.clk.Now()); s.State != store.SealInquired || s.Card != 0 || s.AnswerUntil != today.AddDays(30) {
			t.Errorf("inquired: %+v", s)
		}
		c.clk.Set(s.AnswerUntil.AddDays(1).Start().Add(-time.Microsecond)) // the end of the last day
		c.run(0)
		s = must[store.Seal](t)(c.o.AnswerSeal(clerk, who, answered))
		if kept, _ = c.liveSeal(who); kept.State != store.SealRegistered || kept.Card != 2 {
			t.Errorf("answered: %+v", kept)
		}
		if _, err := c.o.AnswerSeal(clerk, who, answered); !slices.Equal(fieldsOf(t, err), []string{"person"}) || !strings.Contains(err.Error(), "照会中の印鑑がありません") {
			t.Errorf("answered twice: %v", err)
		}
		c.run(48 * time.Hour)
		if _, live := c.liveSeal(who); !live {
			t.Error("what was answered lapsed")
		}
	})
}

// TestSealUnanswered: a letter that nobody answers ends the application after its last day, and not before.
func TestSealUnanswered(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	a := c.sealOf(who, 1)
	a.Way = SealByInquiry
	s := must[store.Seal](t)(c.o.RegisterSeal(as(t, "clerk-aoki"), a))
	last := s.AnswerUntil.AddDays(1).Start()
	c.run(last.Add(-time.Second).Sub(c.clk.Now()))
	if _, live := c.liveSeal(who); !live {
		t.Error("it ended before its day did")
	}
	c.run(2 * time.Second)
	if _, live := c.liveSeal(who); live {
		t.Error("it is still waited for")
	}
	if _, err := c.o.AnswerSeal(as(t, "clerk-aoki"), who, answered); !slices.Equal(fieldsOf(t, err), []string{"person"}) {
		t.Errorf("a late answer: %v", err)
	}
	if _, err := c.o.RegisterSeal(as(t, "clerk-aoki"), c.sealOf(who, 1)); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestRefusedSeals(t *testing.T) {
	c := newCountry(t, "memory:")
	mother := c.register(movedIn()).Person
	household := c.now(mother).Record.Household
	child := c.register(born(household)).Person
	brother := movedIn()
	brother.Another = true
	brother.Record.Household, brother.Record.Relation = household, relation("弟")
	uncle := c.register(brother).Person
	must[store.Seal](t)(c.o.RegisterSeal(as(t, "clerk-aoki"), c.sealOf(mother, 1)))
	gone := movedIn()
	gone.Another = true
	left := c.register(gone).Person
	if _, err := c.o.File(as(t, "clerk-aoki"), Death{c.filing(left, "family-86")}); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		who    PersonID
		change func(*SealApplication)
		field  string
		says   string
	}{
		"a child":              {child, func(a *SealApplication) {}, "person", "15歳未満の方の印鑑は登録できません"},
		"somebody who died":    {left, func(a *SealApplication) {}, "person", "消除されています"},
		"nobody":               {999, func(a *SealApplication) {}, "person", "登録されていません"},
		"an older state":       {uncle, func(a *SealApplication) { a.Base = 7 }, "base", "第1版に変わりました"},
		"no picture":           {uncle, func(a *SealApplication) { a.Scan = []byte("x") }, fieldSeal, "PNG形式"},
		"too small":            {uncle, func(a *SealApplication) { a.Scan = imprinttest.Seal{Millimetres: 7, DPI: 300}.Scan() }, fieldSeal, "小さすぎます"},
		"no text":              {uncle, func(a *SealApplication) { a.Text = "" }, fieldSealText, "入力してください"},
		"another name":         {uncle, func(a *SealApplication) { a.Text = "佐藤" }, fieldSealText, "表した印鑑ではありません"},
		"an ending alone":      {uncle, func(a *SealApplication) { a.Text = "印" }, fieldSealText, "表した印鑑ではありません"},
		"no way":               {uncle, func(a *SealApplication) { a.Way = "" }, fieldSealWay, "本人の意思をどう確かめたかを選んでください"},
		"no photograph":        {uncle, func(a *SealApplication) { a.Evidence = identity.Evidence{identity.HealthInsurance, identity.Pension} }, identity.FieldDocument, "その場の登録には、顔写真付きの書類が要ります"},
		"an agent at once":     {uncle, func(a *SealApplication) { a.Agent = true }, fieldSealWay, "代理人による申請は、その場で登録できません"},
		"nobody's guarantee":   {uncle, func(a *SealApplication) { a.Way = SealByGuarantor }, fieldGuarantor, "保証人は、ここに印鑑を登録している別の方です"},
		"one's own guarantee":  {uncle, func(a *SealApplication) { a.Way, a.Guarantor = SealByGuarantor, uncle }, fieldGuarantor, "別の方"},
		"without a seal":       {uncle, func(a *SealApplication) { a.Way, a.Guarantor = SealByGuarantor, child }, fieldGuarantor, "別の方"},
		"a guarantor for none": {uncle, func(a *SealApplication) { a.Guarantor = mother }, fieldGuarantor, "保証人は、保証書で登録するときだけ入力します"},
		"the mother's seal": {uncle, func(a *SealApplication) {
			a.Scan = imprinttest.Seal{Millimetres: 13.5, Face: 1, Press: 5, DPI: 300}.Scan()
		}, fieldCompared, "が登録した印鑑に似ています。同じ印鑑は登録できません"},
	} {
		a := c.sealOf(uncle, 4)
		if a.Person = x.who; x.who == left {
			a.Base = 2
		}
		x.change(&a)
		before := c.footprint()
		_, err := c.o.RegisterSeal(as(t, "clerk-aoki"), a)
		if err == nil {
			t.Fatalf("%s: registered", name)
		}
		if got := fieldsOf(t, err); !slices.Equal(got, []string{x.field}) || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v: %v", name, got, err)
		}
		if after := c.footprint(); after != before {
			t.Errorf("%s: something was written", name)
		}
	}
	a := c.sealOf(uncle, 1)
	a.Compared, a.Way, a.Guarantor = true, SealByGuarantor, mother
	if _, err := c.o.RegisterSeal(as(t, "clerk-aoki"), a); err != nil {
		t.Errorf("compared, and vouched for: %v", err)
	}
	for _, who := range []string{"operator-ueda", "auditor-onishi"} {
		_, err := c.o.RegisterSeal(as(t, who), c.sealOf(uncle, 1))
		_, err2 := c.o.AnswerSeal(as(t, who), uncle, answered)
		_, _, err3 := c.o.LookAtSeal(as(t, who), uncle, 1)
		for _, err := range []error{err, err2, err3, c.o.EndSeal(as(t, who), uncle, SealLost)} {
			if _, ok := err.(*access.Refused); !ok {
				t.Errorf("%s: %v", who, err)
			}
		}
	}
}

// TestSealsEndWithTheRecord: K5 was a seal that its registry had struck out and a copy still certified. Here no change of a record leaves a seal
// standing that it has taken the ground from, and none ends another.
func TestSealsEndWithTheRecord(t *testing.T) {
	for name, x := range map[string]struct {
		change func(Filing) Change
		ground SealGround // empty: it stays
	}{
		"a move out": {func(f Filing) Change {
			f.Basis = "law-24"
			return MoveOut{Filing: f, To: address("東京都足立区中央本町1番")}
		}, SealLeft},
		"a death":   {func(f Filing) Change { f.Basis = "family-86"; return Death{f} }, SealDied},
		"a removal": {func(f Filing) Change { f.Basis = "order-12"; return Removal{f} }, SealRemoved},
		"a move within": {func(f Filing) Change {
			f.Basis = "law-23"
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番")}
		}, ""},
		"another surname": {func(f Filing) Change {
			f.Basis = "family-notice"
			return Amendment{Filing: f, Name: name("山田 花子")}
		}, SealRenamed},
		"another given": {func(f Filing) Change {
			f.Basis = "family-notice"
			return Amendment{Filing: f, Name: name("髙𠮷 次郎")}
		}, ""},
		"a character's form": {func(f Filing) Change {
			f.Basis = "rule-21-2-2"
			return MinorAmendment{Filing: f, Name: name("髙𠮷 葛󠄃子")}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCountry(t, "memory:")
			who := c.register(movedIn()).Person
			s := must[store.Seal](t)(c.o.RegisterSeal(as(t, "clerk-aoki"), c.sealOf(who, 1)))
			if _, err := c.o.File(as(t, "clerk-inoue"), x.change(c.filing(who, ""))); err != nil {
				t.Fatal(err)
			}
			_, live := c.liveSeal(who)
			if live != (x.ground == "") {
				t.Errorf("it stands: %v", live)
			}
			ended, _, err := c.o.LookAtSeal(as(t, "clerk-aoki"), who, s.ID)
			if err != nil || ended.Ground != string(x.ground) || live == (ended.EndedBy == "clerk-inoue") {
				t.Errorf("%q by %q, %v", ended.Ground, ended.EndedBy, err)
			}
		})
	}
}

// TestPlannedMoveKeepsTheSeal until its day, on which the seal ends with the record.
func TestPlannedMoveKeepsTheSeal(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	must[store.Seal](t)(c.o.RegisterSeal(as(t, "clerk-aoki"), c.sealOf(who, 1)))
	f := c.filing(who, "law-24")
	f.Arose = resident.DateOf(c.clk.Now()).AddDays(3)
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveOut{Filing: f, To: address("東京都足立区中央本町1番")}); err != nil {
		t.Fatal(err)
	}
	if _, live := c.liveSeal(who); !live {
		t.Error("it ended when the move was planned")
	}
	c.run(4 * 24 * time.Hour)
	if _, live := c.liveSeal(who); live {
		t.Error("it stands after the move")
	}
}

func TestExpressed(t *testing.T) {
	r := resident.Record{BasicFour: resident.BasicFour{Name: name("髙𠮷 葛󠄂子")}}
	for text, want := range map[string]bool{
		"髙𠮷": true, "葛子": true, "葛󠄂子": true, "髙𠮷葛子": true, "髙葛": true, "髙𠮷之印": true, "髙𠮷印": true, "髙 𠮷": true,
		"高吉": false, "𠮷髙": false, "髙𠮷商店": false, "印": false, "之印": false, "子葛": false, "髙𠮷葛子子": false,
	} {
		if got := expressed(text, r); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if expressed("辻", r) {
		t.Error("a family name that stands nowhere on the record")
	}
	r.FormerName = ok(resident.ParseFormerName("former_name", "辻󠄃"))
	for text, want := range map[string]bool{
		"辻": true, "辻󠄃之印": true, "辻葛子": true, "葛子": true, "髙𠮷": true, "辻󠄃 葛": true, "辻髙": false, "葛辻": false, "辻川": false, "辻葛子子": false,
	} {
		if got := expressed(text, r); got != want {
			t.Errorf("%s, of one with a former family name: %v", text, got)
		}
	}
	foreign := resident.Record{BasicFour: resident.BasicFour{Name: name("SMITH JOHN")}, CommonName: name("山田 ジョン"), Kana: kana("スミス ジョン"), Nationality: ok(resident.ParseNationality("nationality", "カナダ"))}
	for text, want := range map[string]bool{"Smith": true, "JOHN": true, "スミス": true, "山田": true, "SMYTH": false, "Kスミス": false} {
		if got := expressed(text, foreign); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	foreign.Nationality = resident.Nationality{}
	if expressed("スミス", foreign) {
		t.Error("the reading of a Japanese name is taken for the name")
	}
}

// TestSealGroundsHaveWords: what a holder can bring, and what a change brings.
func TestSealGroundsHaveWords(t *testing.T) {
	for _, g := range []SealGround{SealUnwanted, SealLost, SealCardLost, SealUnanswered, SealLeft, SealDied, SealRemoved, SealRenamed} {
		if s := g.Name(); s.JA == string(g) || s.EN == "" || s == (plain.Sentence{}) {
			t.Errorf("%s: %v", g, s)
		}
	}
}
