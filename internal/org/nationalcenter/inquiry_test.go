package nationalcenter_test

import (
	"context"
	"testing"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

var clerk = access.Personas()[0]

func ground(number string) look.Ground { return look.Ground{Purpose: look.Confirm, Case: number} }

// looks lists what was written down of looks under a case.
func (c *country) looks(number string) (rows []look.Row) {
	c.t.Helper()
	if err := c.center.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := look.List(ctx, tx, look.Filter{})
		for _, r := range all {
			if r.Ground.Case == number {
				rows = append(rows, r)
			}
		}
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return rows
}

func TestSearchGivesCandidates(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		one := newPerson(t, 1, "髙橋　太郎")
		other := newPerson(t, 2, "髙橋　太郎") // the same name and date of birth: two men were once one number
		variant := newPerson(t, 3, "高橋　太郎")
		stranger := newPerson(t, 4, "別人　次郎")
		stranger.Birth = must(resident.ParsePartialDate("birth", "1990-01-01"))
		want(t, c.tell(nagano, one.change(resident.MoveIn), other.change(resident.MoveIn, at("長野県松本市大手1番1号")),
			variant.change(resident.MoveIn), stranger.change(resident.MoveIn)), "applied", "applied", "applied", "applied")

		a, err := c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-17"), inquiry.Question{Asked: one.BasicFour})
		if err != nil || a.More || len(a.Candidates) != 3 {
			t.Fatalf("%d candidates, more: %v, %v", len(a.Candidates), a.More, err)
		}
		for i, w := range []struct {
			code  resident.RecordCode
			grade match.Grade
			weak  bool
		}{{one.Code, match.All, false}, {variant.Code, match.Close, true}, {other.Code, match.Part, false}} {
			if got := a.Candidates[i]; got.Code != w.code || got.Grade() != w.grade || got.Weak() != w.weak {
				t.Errorf("candidate %d is of grade %v, weak: %v; want another one", i, got.Grade(), got.Weak())
			}
		}
		if rows := c.looks("受付-17"); len(rows) != 3 || rows[0].Operator != clerk.ID || rows[0].Ground.Purpose != look.Confirm || rows[0].Items != look.Four|look.Code {
			t.Errorf("looks recorded: %+v, want one for each candidate", rows)
		}

		a, err = c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-18"), inquiry.Question{Code: variant.Code})
		if err != nil || len(a.Candidates) != 1 || a.Candidates[0].Code != variant.Code || len(a.Candidates[0].Result) != 0 {
			t.Errorf("by code: %d candidates, %v", len(a.Candidates), err)
		}
		a, err = c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-19"), inquiry.Question{Code: variant.Code, Asked: one.BasicFour})
		if err != nil || len(a.Candidates) != 1 || a.Candidates[0].Degree(resident.AttrName) != match.Degraded {
			t.Errorf("by code, compared with attributes: %+v, %v", a.Candidates, err)
		}
		if a, err := c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-20"), inquiry.Question{Code: resident.RecordCodeOf(99)}); err != nil || len(a.Candidates) != 0 {
			t.Errorf("a code that nobody has: %d candidates, %v", len(a.Candidates), err)
		}
	})
}

// TestWhatIsRefusedShowsNobody: without a ground, a right or a question, a sentence and not a single look.
func TestWhatIsRefusedShowsNobody(t *testing.T) {
	c := newCountry(t, "memory:")
	p := newPerson(t, 1, "松本　花子")
	want(t, c.tell(nagano, p.change(resident.MoveIn)), "applied")
	whole := inquiry.Question{Asked: p.BasicFour}
	for name, test := range map[string]struct {
		by    access.Person
		g     look.Ground
		q     inquiry.Question
		field string
	}{
		"without a purpose":        {clerk, look.Ground{Case: "受付-1"}, whole, "purpose"},
		"for a prefecture's work":  {clerk, look.Ground{Purpose: look.Passport, Case: "受付-1"}, whole, "purpose"},
		"without a case":           {clerk, look.Ground{Purpose: look.Confirm}, whole, "case"},
		"with a word for a case":   {clerk, ground("テスト"), whole, "case"},
		"for nobody":               {clerk, ground("受付-1"), inquiry.Question{}, "code"},
		"by a name alone":          {clerk, ground("受付-1"), inquiry.Question{Asked: resident.BasicFour{Name: p.Name}}, "name"},
		"by sex and birth":         {clerk, ground("受付-1"), inquiry.Question{Asked: resident.BasicFour{Birth: p.Birth, Sex: p.Sex}}, "name"},
		"by an address and a sex":  {clerk, ground("受付-1"), inquiry.Question{Asked: resident.BasicFour{Address: p.Address, Sex: p.Sex}}, "name"},
		"nobody there, no purpose": {clerk, look.Ground{Case: "受付-1"}, inquiry.Question{Code: resident.RecordCodeOf(99)}, "purpose"},
	} {
		_, err := c.center.Inquiry.Ask(t.Context(), test.by, test.g, test.q)
		problems, ok := plain.AsProblems(err)
		if !ok || problems[0].Field != test.field || problems[0].JA == "" || problems[0].EN == "" {
			t.Errorf("%s: %v, want a sentence about %s", name, err, test.field)
		}
	}
	for _, by := range []access.Person{{}, access.Personas()[2], access.Personas()[4]} {
		if _, err := c.center.Inquiry.Ask(t.Context(), by, ground("受付-1"), whole); err == nil {
			t.Errorf("%q may search", by.ID)
		}
	}
	if rows := c.looks("受付-1"); len(rows) != 0 {
		t.Errorf("%d looks at what was refused", len(rows))
	}
}

// TestWhoIsWithheldIsNotShown: counted, not shown, and nobody has looked; also under the code.
func TestWhoIsWithheldIsNotShown(t *testing.T) {
	c := newCountry(t, "memory:")
	p, q := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "松本　花子")
	want(t, c.tell(nagano, p.change(resident.MoveIn), q.change(resident.MoveIn)), "applied", "applied")
	c.center.Inquiry.Withheld = func(_ context.Context, _ *sqlstore.Tx, code resident.RecordCode) (bool, error) {
		return code == p.Code, nil
	}
	for _, question := range []inquiry.Question{{Asked: p.BasicFour}, {Code: p.Code}} {
		a, err := c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-2"), question)
		if err != nil || a.Withheld != 1 {
			t.Errorf("%d withheld, %v", a.Withheld, err)
		}
		for _, found := range a.Candidates {
			if found.Code == p.Code {
				t.Error("somebody who is withheld is shown")
			}
		}
	}
	// Whether a guess of the address is right is not told, neither by name nor by birth.
	elsewhere := must(resident.ParseAddress("address", "長野県松本市大手1番1号"))
	c.center.Inquiry.Withheld = func(context.Context, *sqlstore.Tx, resident.RecordCode) (bool, error) { return true, nil }
	for what, asked := range map[string][2]resident.BasicFour{
		"name":           {{Name: p.Name, Address: p.Address}, {Name: p.Name, Address: elsewhere}},
		"birth":          {{Birth: p.Birth, Address: p.Address}, {Birth: p.Birth, Address: elsewhere}},
		"name and birth": {{Name: p.Name, Birth: p.Birth, Address: p.Address}, {Name: p.Name, Birth: p.Birth, Address: elsewhere}},
	} {
		right, err := c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-3"), inquiry.Question{Asked: asked[0]})
		if err != nil {
			t.Fatal(err)
		}
		wrong, err := c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-3"), inquiry.Question{Asked: asked[1]})
		if err != nil || right.Withheld != wrong.Withheld || len(right.Candidates)+len(wrong.Candidates) > 0 {
			t.Errorf("by %s: %d withheld with the right address, %d with a wrong one, %v", what, right.Withheld, wrong.Withheld, err)
		}
	}
	for _, r := range c.looks("受付-2") {
		if r.Subject == p.Code.Reveal() {
			t.Error("a look at somebody who was not shown")
		}
	}
}

func TestSearchIsBounded(t *testing.T) {
	c := newCountry(t, "memory:")
	for i := range uint64(25) {
		c.send(nagano, newPerson(t, i, "多田　多子").change(resident.MoveIn))
	}
	c.run()
	a, err := c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-21"), inquiry.Question{Asked: newPerson(t, 1, "多田　多子").BasicFour})
	if err != nil || len(a.Candidates) != 20 || !a.More {
		t.Errorf("%d of 25 candidates, more: %v, %v", len(a.Candidates), a.More, err)
	}
}
