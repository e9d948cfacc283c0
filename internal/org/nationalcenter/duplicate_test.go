package nationalcenter_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/inspection/inspectiontest"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// found are the rules of the open findings, in order.
func (c *country) found() (rules []string) {
	c.t.Helper()
	rules = inspectiontest.Open(c.t, c.center.Store, func(f inspection.Finding) string { return f.Rule })
	slices.Sort(rules)
	return rules
}

func (c *country) finds(what string, rules ...string) {
	c.t.Helper()
	c.runFor(2 * time.Minute) // two rounds
	if got := c.found(); !slices.Equal(got, rules) {
		c.t.Errorf("%s: found %q, want %q", what, got, rules)
	}
}

// TestDuplicates: each thing that must not be is found within a round, named to nobody, and ends when it is right again.
func TestDuplicates(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b, d := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "松本　花子"), newPerson(t, 3, "髙橋　辰男")
		b.Birth = must(resident.ParsePartialDate("birth", "1980-05-02"))
		want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn), d.change(resident.MoveIn)), "applied", "applied", "applied")
		c.number("r-1", a.Code)
		c.number("r-2", b.Code)
		c.finds("two namesakes of different birth")

		// The same person once more, under another code.
		again := newPerson(t, 4, "松本　花子")
		want(t, c.tell(nagano, again.change(resident.MoveIn, at("長野県松本市大手1番1号"))), "applied")
		c.finds("one person twice", "same-person")
		open := must(c.openFindings())
		if f := open[0]; strings.Contains(f.Item+f.Says.JA+f.Says.EN, "松本　花子") || strings.Contains(f.Item+f.Says.JA, again.Code.Reveal()) || strings.Contains(f.Says.JA+f.Says.EN, "松本市") ||
			!strings.Contains(f.Says.JA, "氏名（空白と異体字の違いを除く）・生年月日・性別が同じ") {
			t.Errorf("the finding says %s: %+v", f.Item, f.Says)
		}
		if s := must(c.center.DuplicatesAlarm().Signals(t.Context(), c.clk.Now())); len(s) != 1 || s[0].Code != alarm.DuplicatePerson || s[0].Value != 1 || s[0].Href != "/duplicates" {
			t.Errorf("the alarm rings %+v", s)
		}
		want(t, c.tell(nagano, again.change(resident.DeletionExOfficio)), "applied")
		c.finds("deleted again")
		if s := must(c.center.DuplicatesAlarm().Signals(t.Context(), c.clk.Now())); len(s) != 0 {
			t.Errorf("the alarm still rings %+v", s)
		}

		for _, x := range []struct {
			what, change, back string
			rules              []string
		}{
			{"one number, two men", `UPDATE resident SET number = (SELECT number FROM individual_number WHERE code = '` + a.Code.Reveal() + `') WHERE code IN ('` + a.Code.Reveal() + `', '` + d.Code.Reveal() + `')`,
				`UPDATE resident SET number = ''`, []string{"number-of-another", "one-number"}},
			{"another number than was given", `UPDATE resident SET number = '983205673214' WHERE code = '` + a.Code.Reveal() + `'`, `UPDATE resident SET number = ''`, []string{"another-number"}},
			{"a number that is none", `UPDATE resident SET number = '983205673215' WHERE code = '` + d.Code.Reveal() + `'`, `UPDATE resident SET number = ''`, []string{"number"}},
			{"a code that is none", `UPDATE resident SET code = '` + wrongCode + `' WHERE code = '` + d.Code.Reveal() + `'`, `UPDATE resident SET code = '` + d.Code.Reveal() + `' WHERE code = '` + wrongCode + `'`, []string{"code"}},
			{"no code at all", `UPDATE resident SET code = 'what somebody wrote into it' WHERE code = '` + d.Code.Reveal() + `'`, `UPDATE resident SET code = '` + d.Code.Reveal() + `' WHERE code LIKE 'what%'`, []string{"code"}},
			{"a retired code", `INSERT INTO code(code, allotted_to, request, successor, at) VALUES ('` + d.Code.Reveal() + `', '', '', '` + b.Code.Reveal() + `', 0)`,
				`DELETE FROM code WHERE code = '` + d.Code.Reveal() + `'`, []string{"retired-code"}},
		} {
			c.tamper(x.change)
			c.finds(x.what, x.rules...)
			c.tamper(x.back)
			c.finds("mended: " + x.what)
		}
	})
}

const wrongCode = "00000000031" // its check digit is another one

func (c *country) openFindings() (open []inspection.Finding, err error) {
	err = c.center.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		open, err = inspection.Open(ctx, tx, 100)
		return err
	})
	return open, err
}

// persona is one of the people of the test country.
func persona(t *testing.T, id string) access.Person {
	t.Helper()
	for _, p := range access.Personas() {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("no persona %s", id)
	return access.Person{}
}

// TestDuplicateIsClosedByTwo: one operator proposes and another confirms; who looks at the records is staff who answer inquiries, and is recorded.
// What was closed comes again when somebody else agrees.
func TestDuplicateIsClosedByTwo(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "松本　花子")
		want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
		c.finds("namesakes", "same-person")
		id := nationalcenter.IDOfFinding(must(c.openFindings())[0])
		ueda, egawa, aoki := persona(t, "operator-ueda"), persona(t, "operator-egawa"), persona(t, "clerk-aoki")
		for what, x := range map[string]struct {
			err  error
			says string
		}{
			"nothing is proposed":    {c.center.ConfirmDuplicate(t.Context(), egawa, id), "この件には、閉じる提案がありません"},
			"without a reason":       {c.center.ProposeDuplicate(t.Context(), ueda, id, " "), "閉じるわけを、1,000文字以内で書いてください"},
			"a clerk proposes":       {c.center.ProposeDuplicate(t.Context(), aoki, id, "別の人"), ""},
			"a finding of elsewhere": {c.center.ProposeDuplicate(t.Context(), ueda, "nothing", "別の人"), "この件は、もう閉じているか、ありません。「重複の点検」の"},
		} {
			if x.err == nil || !strings.Contains(x.err.Error(), x.says) {
				t.Errorf("%s: %v, want %q", what, x.err, x.says)
			}
		}
		if err := c.center.ProposeDuplicate(t.Context(), ueda, id, "松本市に確かめた。別の人。"); err != nil {
			t.Fatal(err)
		}
		if err := c.center.ConfirmDuplicate(t.Context(), ueda, id); err == nil {
			t.Error("one person closed it alone")
		}
		confirm := look.Ground{Purpose: look.Confirm, Case: "照会12"}
		if _, err := c.center.LookAtAlike(t.Context(), ueda, id, confirm); err == nil {
			t.Error("an operator saw the records")
		}
		for _, no := range []look.Ground{{}, {Purpose: look.Confirm}, {Purpose: look.Confirm, Case: "松本さん"}, {Purpose: look.Notice, Case: "12"}} {
			if all, err := c.center.LookAtAlike(t.Context(), aoki, id, no); err == nil || all != nil {
				t.Errorf("the records are shown on the ground %+v", no)
			}
		}
		if all, err := c.center.LookAtAlike(t.Context(), aoki, id, confirm); err != nil || len(all) != 2 || all[0].Name != a.Name {
			t.Errorf("%d records: %v", len(all), err)
		}
		for _, p := range []*person{a, b} {
			if n := c.audited(auditlog.ActLook, p.Code); n != 1 {
				t.Errorf("%d looks at a person, want 1", n)
			}
		}
		if err := c.center.ConfirmDuplicate(t.Context(), egawa, id); err != nil {
			t.Fatal(err)
		}
		c.finds("closed: they are two people")
		d := newPerson(t, 0, "松本　花子") // under a smaller code: whom the second one agrees with now
		want(t, c.tell(nagano, d.change(resident.MoveIn)), "applied")
		c.finds("a third one", "same-person", "same-person")
	})
}

// TestDuplicateOfAnotherWriting: who is written with another blank, without one, or with a variant of a character is found twice all the same.
func TestDuplicateOfAnotherWriting(t *testing.T) {
	for _, written := range []string{"高橋 花子", "高橋花子", "髙橋　花子"} {
		c := newCountry(t, "memory:")
		want(t, c.tell(nagano, newPerson(t, 1, "高橋　花子").change(resident.MoveIn), newPerson(t, 2, written).change(resident.MoveIn)), "applied", "applied")
		c.finds(written, "same-person")
	}
}

// TestDuplicateOfProtected: a finding about a protected person says on no page where she lives or what she is called, and not that of whoever may be the
// same; of somebody else it says where. Who was protected only after it was found is hidden all the same. What is shown is a look that the person is told of.
func TestDuplicateOfProtected(t *testing.T) {
	c := newCountry(t, "memory:")
	her, again := newPerson(t, 1, "山田　花子"), newPerson(t, 2, "山田　花子")
	want(t, c.tell(nagano, her.change(resident.MoveIn), again.change(resident.MoveIn, at("長野県松本市大手1番1号"))), "applied", "applied")
	c.finds("twins", "same-person")
	id := nationalcenter.IDOfFinding(must(c.openFindings())[0])
	one := "/duplicates/" + id
	pages := func() (all string) {
		all = c.page("operator-ueda", "GET", "/duplicates", nil).Body.String() + c.page("operator-ueda", "GET", one, nil).Body.String()
		return all + c.page("clerk-aoki", "POST", one+"/records", url.Values{"purpose": {"confirm"}, "case": {"照会12"}}).Body.String()
	}
	looks := func(p *person) (n int) {
		c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
			all, err := look.List(ctx, tx, look.Filter{Subject: p.Code.Reveal()})
			n = len(all)
			return err
		})
		return n
	}
	if before := pages(); !strings.Contains(before, "長野県松本市") || !strings.Contains(before, her.Name.Reveal()) || looks(her) != 1 || looks(again) != 1 {
		t.Errorf("nobody is protected: %d and %d looks", looks(her), looks(again))
	}
	want(t, c.tell(nagano, message.ResidentProtection{Code: her.Code, Owner: matsumoto, Version: 1, Measure: "S202029-1", Provisional: true}), "applied")
	all := must(c.center.LookAtAlike(t.Context(), persona(t, "clerk-aoki"), id, look.Ground{Purpose: look.Confirm, Case: "照会13"}))
	if len(all) != 2 || !all[0].Protected && !all[1].Protected || looks(her) != 1 || looks(again) != 2 {
		t.Errorf("protected: %d and %d looks", looks(her), looks(again))
	}
	for _, r := range all {
		if r.Protected && (r.Code.Valid() || r.Name.Valid() || r.Municipality.Valid() || r.Address.Valid()) {
			t.Error("something of a protected person is told")
		}
	}
	operators := c.page("operator-ueda", "GET", "/duplicates", nil).Body.String() + c.page("operator-ueda", "GET", one, nil).Body.String()
	if strings.Contains(operators, "松本市") || strings.Contains(operators, "山田") || !strings.Contains(operators, "支援措置中の方") {
		t.Error("a page of the operators says where a protected person lives, or her name")
	}
	if staff := c.page("clerk-aoki", "POST", one+"/records", url.Values{"purpose": {"confirm"}, "case": {"照会12"}}).Body.String(); strings.Contains(staff, her.Code.Reveal()) {
		t.Error("the page of the staff has her code")
	}
}

// TestDuplicatesPoison: rows of which somebody made nonsense stop nobody: those behind them are compared in the same round.
func TestDuplicatesPoison(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		var bad []*person
		for n := range 12 {
			p := newPerson(t, uint64(n), fmt.Sprintf("見本　%s子", string([]rune("一二三四五六七八九十千万")[n])))
			p.Birth = must(resident.ParsePartialDate("birth", fmt.Sprintf("1980-06-%02d", n+1)))
			want(t, c.tell(nagano, p.change(resident.MoveIn)), "applied")
			bad = append(bad, p)
		}
		for n, p := range bad {
			c.tamper([]string{`UPDATE resident SET code = '0' || code WHERE code = $1`, `UPDATE resident SET municipality = 'x', birth = '' WHERE code = $1`,
				`UPDATE resident SET hash = '' WHERE code = $1`, `UPDATE resident SET sex = '9', number = 'x' || code WHERE code = $1`}[n%4], p.Code.Reveal())
		}
		a, b := newPerson(t, 8_000_000_000, "松本　花子"), newPerson(t, 9_000_000_000, "松本　花子")
		want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
		c.finds("behind the bad ones", "code", "code", "code", "number", "number", "number", "same-person")
	})
}

// TestDuplicateNames: what a resident is called in findings tells nobody the code, and leads back to it here.
func TestDuplicateNames(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range []string{"", "0", resident.RecordCodeOf(42).Reveal(), strings.Repeat("x", 15), resident.RecordCodeOf(43).Reveal()} {
		name := nationalcenter.NameOf(testKey(), code)
		if back, ok := nationalcenter.Named(testKey(), name); !ok || back != code || seen[name] || len(name) != 32 || code != "" && strings.Contains(name, code) && len(code) > 3 {
			t.Errorf("%q is called %s, which leads to %q, %v", code, name, back, ok)
		}
		seen[name] = true
	}
	for _, no := range []string{"", "12", strings.Repeat("zz", 16), strings.Repeat("00", 16), strings.Repeat("00", 17)} {
		if back, ok := nationalcenter.Named(testKey(), no); ok && nationalcenter.NameOf(testKey(), back) != no {
			t.Errorf("%q leads to %q", no, back)
		}
	}
}
