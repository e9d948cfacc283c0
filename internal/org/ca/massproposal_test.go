package ca_test

import (
	"strings"
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
	for field, x := range map[string]struct {
		spoil func(*ca.MassProposal)
		says  string
	}{
		"municipality": {func(p *ca.MassProposal) { p.Profile = 0 }, "対象を選んでください。市区町村、種別、発行した期間"},
		"serials":      {func(p *ca.MassProposal) { p.Serials = []cert.Serial{serial} }, "発行番号の一覧は、ほかの条件と一緒に使えません"},
		"issuer":       {func(p *ca.MassProposal) { p.Issuer = "ab" }, "その認証局の鍵はありません"},
		"until":        {func(p *ca.MassProposal) { p.From, p.Until = start, start }, "期間の終わりが、始めより前です"},
		"ground":       {func(p *ca.MassProposal) { p.Ground = cert.Renewed }, "失効の事由を選んでください"},
		"since":        {func(p *ca.MassProposal) { p.Since = resident.DateOf(start).AddDays(1) }, "事由の生じた日が、今日より後です"},
		"why":          {func(p *ca.MassProposal) { p.Why = " " }, "わけを書いてください。もう一人の担当者と監査人が読みます"},
	} {
		p := good
		x.spoil(&p)
		_, err := c.ProposeMass(as(t, first), p)
		refusedSaying(t, err, field, x.says)
	}
	undated := good
	undated.Since = resident.Date{}
	_, err := c.ProposeMass(as(t, first), undated)
	refusedSaying(t, err, "since", "事由の生じた日を入力してください")
	for _, who := range []string{"clerk-aoki", "auditor-onishi"} {
		if _, err := c.ProposeMass(as(t, who), good); err == nil {
			t.Errorf("%s has proposed one", who)
		}
	}
	many := make([]cert.Serial, ca.MaxListed+1)
	_, err = c.ProposeMass(as(t, first), ca.MassProposal{Serials: many, Ground: cert.CAExposed, Since: arose, Why: "鍵"})
	refusedSaying(t, err, "serials", "件までです。一覧を分けてください")
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
	if !ok || len(ps) != 2 || ps[0].Line != 2 || ps[1].Line != 3 || !strings.Contains(ps[0].JA, "2行目は発行番号ではありません") {
		t.Errorf("%v", err)
	}
	for _, none := range []string{"", "\n", "# to be written\n"} {
		_, err := ca.ReadSerials("serials", []byte(none))
		refusedSaying(t, err, "serials", "一覧に発行番号がありません")
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
	refusedSaying(t, err, "from", "日付（2026-04-01）か、日時（2026-04-01T09:00、日本時間）で入力してください")
}
