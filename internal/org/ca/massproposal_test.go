package ca_test

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// TestMassProposalsThatCannotBe name what is wrong.
func TestMassProposalsThatCannotBe(t *testing.T) {
	c := newCountry(t, "memory:")
	good := ca.MassProposal{Profile: cert.Signature, Ground: cert.CAExposed, Since: arose, Why: "鍵"}
	serial := must[cert.Serial](t)(cert.ParseSerial("4711"))
	for field, spoil := range map[string]func(*ca.MassProposal){
		"municipality": func(p *ca.MassProposal) { p.Profile = 0 },
		"serials":      func(p *ca.MassProposal) { p.Serials = []cert.Serial{serial} },
		"issuer":       func(p *ca.MassProposal) { p.Issuer = "ab" },
		"until":        func(p *ca.MassProposal) { p.From, p.Until = start, start },
		"ground":       func(p *ca.MassProposal) { p.Ground = cert.Renewed },
		"since":        func(p *ca.MassProposal) { p.Since = resident.DateOf(start).AddDays(1) },
		"why":          func(p *ca.MassProposal) { p.Why = " " },
	} {
		p := good
		spoil(&p)
		_, err := c.ProposeMass(as(t, first), p)
		refusedOn(t, err, field)
	}
	undated := good
	undated.Since = resident.Date{}
	_, err := c.ProposeMass(as(t, first), undated)
	refusedOn(t, err, "since")
	for _, who := range []string{"clerk-aoki", "auditor-onishi"} {
		if _, err := c.ProposeMass(as(t, who), good); err == nil {
			t.Errorf("%s has proposed one", who)
		}
	}
	many := make([]cert.Serial, ca.MaxListed+1)
	_, err = c.ProposeMass(as(t, first), ca.MassProposal{Serials: many, Ground: cert.CAExposed, Since: arose, Why: "鍵"})
	refusedOn(t, err, "serials")
	if all := must[[]ca.MassRevocation](t)(c.Masses(as(t, first), 10)); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// TestReadSerials as people keep them.
func TestReadSerials(t *testing.T) {
	got, err := ca.ReadSerials("serials", []byte("\ufeff4711\r\n\n  # a remark\nserial=0A:0B # of the counter\n"))
	if err != nil || len(got) != 2 || got[0].String() != "4711" || got[1].String() != "0A0B" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = ca.ReadSerials("serials", []byte("4711\nxyz\n-1\n"))
	ps, ok := plain.AsProblems(err)
	if !ok || len(ps) != 2 || ps[0].Line != 2 || ps[1].Line != 3 {
		t.Errorf("%v", err)
	}
	for _, none := range []string{"", "\n", "# to be written\n"} {
		_, err := ca.ReadSerials("serials", []byte(none))
		refusedOn(t, err, "serials")
	}
	for text, want := range map[string]time.Time{
		"":                          {},
		"2026-04-01":                start.Add(-9 * time.Hour),
		"2026-04-01T09:00":          start,
		"2026-04-01T00:00:00Z":      start,
		"2026-04-01T09:00:00+09:00": start,
	} {
		if at, err := ca.ReadMoment("from", text); err != nil || !at.Equal(want) {
			t.Errorf("%q is %s, %v", text, at, err)
		}
	}
	_, err = ca.ReadMoment("from", "yesterday")
	refusedOn(t, err, "from")
}
