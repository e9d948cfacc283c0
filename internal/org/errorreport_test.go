package org_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var aoki, inoue, ueda = access.Personas()[0], access.Personas()[1], access.Personas()[2]

// waiting are the reports that wait at an organisation.
func (v *offices) waiting(at message.Org) (all []errorreport.Entry) {
	v.Helper()
	check(v, v.hosts[at].Store.View(v.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = errorreport.Open(ctx, tx)
		return err
	}))
	return all
}

// rings tells whether the alarm about reports that nobody has answered would open at an organisation.
func (v *offices) rings(at message.Org) bool {
	v.Helper()
	signals, err := v.errs[at].Unanswered().Signals(v.Context(), v.clk.Now())
	check(v, err)
	d, _ := alarm.DefinitionOf(alarm.ErrorReportUnanswered)
	for _, s := range signals {
		if s.Code == alarm.ErrorReportUnanswered && s.Value >= d.Raise {
			return true
		}
	}
	return false
}

// no fails unless an act was refused by a sentence with these words.
func (v *offices) no(what string, err error, words string) {
	v.Helper()
	ps, ok := plain.AsProblems(err)
	if !ok || !strings.Contains(ps[0].JA, words) || ps[0].EN == "" {
		v.Errorf("%s: %v, want a sentence with %q", what, err, words)
	}
}

// TestAnErrorIsReportedFoundOutAndAnswered: from the center by the prefecture to the municipality, and back; what is not answered rings at
// each of them.
func TestAnErrorIsReportedFoundOutAndAnswered(t *testing.T) {
	v := newOffices(t, theCA)
	p := v.resident(1)
	v.run(time.Minute)
	ctx := t.Context()
	doubt := errorreport.Doubt{Code: p.code, Attributes: resident.AttrName, Case: "照会-17", Text: "旅券の申請書と名の字が違う。"}
	if _, err := v.errs[center].Report(ctx, ueda, doubt); err == nil {
		t.Error("an operator reports")
	}
	v.no("no words", func() error { _, err := v.errs[center].Report(ctx, aoki, errorreport.Doubt{Code: p.code}); return err }(), "何が、何と違うのかを入力してください")
	v.no("about nobody", func() error { _, err := v.errs[center].Report(ctx, aoki, errorreport.Doubt{Text: "x"}); return err }(), "住民票コードを入力してください。")
	v.no("nobody", func() error {
		_, err := v.errs[center].Report(ctx, aoki, errorreport.Doubt{Code: resident.RecordCodeOf(99), Text: "x"})
		return err
	}(), "ここにありません")
	v.no("control characters", func() error {
		_, err := v.errs[center].Report(ctx, aoki, errorreport.Doubt{Code: p.code, Text: "a\x1bb"})
		return err
	}(), "表示されない制御文字（U+001B）が入っています")
	report, err := v.errs[center].Report(ctx, aoki, doubt)
	check(t, err)
	v.run(time.Minute)
	for at, waits := range map[message.Org]message.Org{center: tokyo, tokyo: adachi, adachi: ""} {
		if got := v.waiting(at); len(got) != 1 || got[0].Report != report || got[0].To != waits || got[0].Text != doubt.Text || got[0].Code != p.code {
			t.Errorf("%s holds %+v", at, got)
		}
		if v.rings(at) {
			t.Errorf("%s rings at once", at)
		}
	}
	if len(v.waiting(matsumoto))+len(v.waiting(nagano)) > 0 {
		t.Error("others were told")
	}
	v.clk.Set(v.clk.Now().Add(7 * 24 * time.Hour))
	for _, at := range []message.Org{center, tokyo, adachi} {
		if !v.rings(at) {
			t.Errorf("after a week, %s does not ring", at)
		}
	}

	desk := v.errs[adachi]
	right := errorreport.Finding{Report: report, Outcome: message.ErrorCorrected, Text: "届出書を確かめ、訂正した。"}
	if err := desk.Answer(ctx, ueda, right); err == nil {
		t.Error("an operator answers")
	}
	v.no("nobody owns it", desk.Answer(ctx, aoki, right), "この件の担当者ではありません。先に引き受けてください")
	check(t, desk.Take(ctx, inoue, report))
	v.no("another owns it", desk.Answer(ctx, aoki, right), "この件の担当者ではありません。先に引き受けてください")
	check(t, desk.Take(ctx, aoki, report))
	v.no("no outcome", desk.Answer(ctx, aoki, errorreport.Finding{Report: report, Text: "x"}), "調べた結果を選んでください")
	v.no("no words", desk.Answer(ctx, aoki, errorreport.Finding{Report: report, Outcome: message.ErrorNone}), "何を確かめ、何をしたかを入力してください")
	v.no("not corrected", desk.Answer(ctx, aoki, right), "まだ訂正されていません")
	if err := v.errs[center].Take(ctx, aoki, report); err == nil {
		t.Error("the center finds out about it")
	}

	p.file("found-wrong", func(f municipality.Filing) municipality.Change {
		return municipality.Amendment{Filing: f, Name: parsed("松本　華子", resident.ParseName)}
	})
	check(t, desk.Answer(ctx, aoki, right))
	v.no("answered twice", desk.Answer(ctx, aoki, right), "この通知には、すでに回答したか、ここで回答するものではありません")
	v.no("one that is not there", desk.Answer(ctx, aoki, errorreport.Finding{Report: "x", Outcome: message.ErrorNone, Text: "x"}), "この通知はありません。一覧から選び直してください")
	v.run(time.Minute)
	for _, at := range []message.Org{center, tokyo, adachi} {
		if len(v.waiting(at)) > 0 || v.rings(at) {
			t.Errorf("%s still waits", at)
		}
	}

	// A prefecture's own goes no further up.
	report, err = v.errs[tokyo].Report(ctx, aoki, doubt)
	check(t, err)
	v.run(time.Minute)
	if len(v.waiting(center)) > 0 || len(v.waiting(adachi)) != 1 {
		t.Error("it went the wrong way")
	}
	check(t, desk.Take(ctx, aoki, report))
	check(t, desk.Answer(ctx, aoki, errorreport.Finding{Report: report, Outcome: message.ErrorNone, Text: "届出書のとおり。"}))
	v.run(time.Minute)
	if len(v.waiting(tokyo)) > 0 {
		t.Error("the prefecture still waits")
	}
}

// TestAReportPassesAChangeThatIsStuck: both kinds are safe, and what is told twice is told once.
func TestAReportPassesAChangeThatIsStuck(t *testing.T) {
	v := newOffices(t, theCA)
	p := v.resident(1)
	v.run(time.Minute)
	// The prefecture refuses a change, which parks; what follows it is held.
	check(t, v.hosts[tokyo].Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE resident SET municipality = '131229' WHERE code = $1`, p.code.Reveal())
		return err
	}))
	p.file("found-wrong", func(f municipality.Filing) municipality.Change {
		return municipality.Amendment{Filing: f, Name: parsed("松本　華子", resident.ParseName)}
	})
	v.run(time.Minute)
	check(t, v.hosts[tokyo].Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE resident SET municipality = '131211' WHERE code = $1`, p.code.Reveal())
		return err
	}))
	report, err := v.errs[tokyo].Report(t.Context(), aoki, errorreport.Doubt{Code: p.code, Text: "名の字が違う。"})
	check(t, err)
	v.run(time.Minute)
	desk := v.errs[adachi]
	check(t, desk.Take(t.Context(), aoki, report))
	check(t, desk.Answer(t.Context(), aoki, errorreport.Finding{Report: report, Outcome: message.ErrorCorrected, Text: "訂正した。"}))
	v.run(time.Minute)
	if len(v.waiting(tokyo)) > 0 {
		t.Error("the answer waits behind a change")
	}
	if got := v.stuck(adachi); got == 0 {
		t.Fatal("the change was to be stuck")
	}
}

// stuck is how many messages of a municipality's are parked or held.
func (v *offices) stuck(at message.Org) int {
	v.Helper()
	items, err := v.x[at].Stuck(v.Context(), 100)
	check(v, err)
	n := 0
	for _, i := range items {
		if i.Out {
			n++
		}
	}
	return n
}
