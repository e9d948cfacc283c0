package org_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/disclosure"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// looked writes down that a clerk of an organisation looked at somebody.
func (v *offices) looked(store *sqlstore.Store, at message.Org, p *somebody, items look.Items) {
	v.Helper()
	check(v, store.Update(v.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
		return look.Record(tx, look.Look{By: access.Person{ID: "clerk-inoue", Job: access.Clerk}, Office: at, Subject: p.code, Ground: look.Ground{Purpose: look.Confirm, Case: "照会7"}, Items: items})
	}))
}

// TestWhoLookedIsToldByAllOffices: at the counter, with what the prefecture and the center have; one that is away is named
// as missing until it has answered, and so long the request stays open.
func TestWhoLookedIsToldByAllOffices(t *testing.T) {
	v := newOffices(t, theCA)
	p := v.resident(1)
	counter := v.at[adachi]
	old := p.code
	p.recode() // who was looked at under the former code is the same person
	v.run(time.Minute)
	v.looked(v.hosts[center].Store, center, p, look.Four|look.Code)
	now := p.code
	p.code = old
	v.looked(v.hosts[center].Store, center, p, look.Four)
	p.code = now

	clerk := look.With(v.clerk, look.Ground{Purpose: look.Disclosure, Case: "開示1"})
	v.net.Join(center, nil)
	id, err := counter.AcceptDisclosure(clerk, p.person, disclosure.Disclose, "", identity.Evidence{identity.MyNumberCard})
	check(t, err)
	v.run(10 * time.Minute)
	read := func() municipality.Disclosed {
		t.Helper()
		d, err := counter.Disclosed(clerk, id)
		check(t, err)
		return d
	}
	got := func(d municipality.Disclosed) (offices []message.Org) {
		for _, part := range d.Parts {
			if part.Got() {
				offices = append(offices, part.Office)
			}
		}
		return offices
	}
	d := read()
	if o := got(d); !slices.Equal(o, []message.Org{tokyo}) || len(d.Parts) != 2 {
		t.Fatalf("the center is away, and these have answered: %v of %d", o, len(d.Parts))
	}
	if len(d.Own) < 2 || d.Own[0].Purpose != look.Disclosure || d.Own[0].Operator != "clerk-aoki" || d.Own[0].Items&look.Looks == 0 {
		t.Errorf("here: %+v", d.Own)
	}
	var missing plain.Problems
	if missing, _ = plain.AsProblems(counter.AnswerDisclosure(clerk, id, "手渡した。")); len(missing) != 1 {
		t.Errorf("closed without the center: %v", missing)
	}
	v.net.Join(center, v.x[center])
	v.run(2 * time.Hour)
	d = read()
	if o := got(d); !slices.Equal(o, []message.Org{center, tokyo}) {
		t.Fatalf("the center is back, and these have answered: %v", o)
	}
	if l := d.Parts[0].Looks; len(l) != 2 || l[0].Operator != "clerk-inoue" || l[0].Purpose != look.Confirm || l[0].Items|l[1].Items != look.Four|look.Code {
		t.Errorf("the center told %+v", l)
	}
	check(t, counter.AnswerDisclosure(clerk, id, "印刷して手渡した。"))
	if read().Open() {
		t.Error("answered, and open")
	}
}

// TestOnlyWhoKeepsThePersonIsTold: another municipality is not, and what nobody signed is not taken.
func TestOnlyWhoKeepsThePersonIsTold(t *testing.T) {
	v := newOffices(t, theCA)
	p := v.resident(1)
	v.run(time.Minute)
	question := []byte(`{"request":"D-1","codes":["` + p.code.Reveal() + `"]}`)
	if _, err := v.net.As(adachi).Ask(t.Context(), center, disclosure.AskKind, question); err != nil {
		t.Errorf("who keeps the person is refused: %v", err)
	}
	for from, to := range map[message.Org]message.Org{matsumoto: center, tokyo: center} {
		if answer, err := v.net.As(from).Ask(t.Context(), to, disclosure.AskKind, question); err == nil {
			t.Errorf("%s is told by %s: %s", from, to, answer)
		}
	}
	for _, bad := range []string{``, `{}`, `{"request":"D-1","codes":[]}`, `{"request":"D-1","codes":["1"]}`, `{"request":"","codes":["` + p.code.Reveal() + `"]}`} {
		if _, err := v.net.As(adachi).Ask(t.Context(), center, disclosure.AskKind, []byte(bad)); err == nil {
			t.Errorf("%s is answered", bad)
		}
	}
	// An answer to another request, which its office has signed, is not taken for this one's.
	stale, err := v.net.As(adachi).Ask(t.Context(), center, disclosure.AskKind, question)
	check(t, err)
	for name, answer := range map[string]func() ([]byte, error){
		"of another request": func() ([]byte, error) { return stale, nil },
		"of no form":         func() ([]byte, error) { return []byte("{}"), nil },
		"none":               func() ([]byte, error) { return nil, errors.New("not now") },
	} {
		v.x[center].Answer(disclosure.AskKind, func(context.Context, message.Org, []byte) ([]byte, error) { return answer() })
		clerk := look.With(v.clerk, look.Ground{Purpose: look.Disclosure, Case: "開示1"})
		id, err := v.at[adachi].AcceptDisclosure(clerk, p.person, disclosure.Disclose, "", identity.Evidence{identity.MyNumberCard})
		check(t, err)
		v.run(time.Minute)
		d, err := v.at[adachi].Disclosed(clerk, id)
		check(t, err)
		if d.Parts[0].Office != center || d.Parts[0].Got() || !d.Parts[1].Got() {
			t.Errorf("%s: %+v", name, d.Parts)
		}
	}
}
