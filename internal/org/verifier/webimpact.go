package verifier

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

var (
	openBadge = webui.Badge{Kind: webui.Warn, Text: say("確認が要る", "to be acknowledged")}
	doneBadge = webui.Badge{Kind: webui.OK, Text: say("確認済み", "acknowledged")}
)

func (d *duties) showImpacts(w http.ResponseWriter, r *http.Request) {
	const shown = 200
	var all []store.Impact
	err := d.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = d.o.in(tx).Impacts(ctx, shown)
		return err
	})
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	t := webui.Table{
		Caption: say("失効の遅れの影響の通知（未確認が先）", "Notices of late revocations, those to be acknowledged first"),
		Columns: []webui.Column{{Name: say("通知", "Notice")}, {Name: say("状態", "State")}, {Name: say("発行番号", "Serial")},
			{Name: say("誤りの始まり", "Wrong from")}, {Name: say("失効を知った時", "Learnt at")}, {Name: say("誤った回答", "Wrong answers"), Right: true}},
		Empty: webui.Empty{Text: say("通知はありません。この機関に誤って「失効していない」と答えられた電子証明書は、知られていません。",
			"There is no notice: no certificate is known of which this office was told wrongly that it was good.")},
	}
	for _, i := range all {
		badge := openBadge
		if i.AcknowledgedBy != "" {
			badge = doneBadge
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: d.ui.URL("/impact/" + i.Notice), Text: webui.Code(i.Notice)}, badge,
			webui.Code(i.Serial.String()), i.WrongFrom, i.ToldAt, i.Count})
	}
	d.ui.Render(w, r, d.impacts, http.StatusOK, struct{ Table webui.Table }{t})
}

type impactPage struct {
	*webui.Form
	Notice   string
	State    webui.Badge
	Facts    []webui.Term
	Answers  webui.Table
	Records  webui.Link
	MayClose bool
}

func (d *duties) getImpact(w http.ResponseWriter, r *http.Request) {
	d.showImpact(w, r, nil, http.StatusOK)
}

func (d *duties) showImpact(w http.ResponseWriter, r *http.Request, form *webui.Form, status int) {
	var i store.Impact
	missing := plain.Bad("", "この通知はありません。一覧から選び直してください。", "There is no such notice: choose one of the list.")
	err := d.o.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		var found bool
		if i, found, err = d.o.in(tx).Impact(ctx, r.PathValue("notice")); err == nil && !found {
			err = missing
		}
		if err == nil {
			auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: i.Serial.String()})
		}
		return err
	})
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	if form == nil {
		form = webui.NewForm(nil)
	}
	page := impactPage{Form: form, Notice: i.Notice, State: openBadge, Facts: impactTerms(i.ImpactNotice),
		Records: webui.Link{Href: d.ui.URL("/records") + "?what=" + i.Serial.String(), Text: say("この発行番号の検証の記録を開く", "Open the checks of this serial")},
		Answers: webui.Table{Caption: say("誤って「失効していない」と答えられた時刻（100件まで）", "When \"good\" was answered wrongly, the first 100"),
			Columns: []webui.Column{{Name: say("問い合わせた時刻", "Asked at")}, {Name: say("回答の根拠の時刻", "State known since")}}}}
	for _, a := range i.Answers {
		page.Answers.Rows = append(page.Answers.Rows, []any{a.AskedAt, instantOrNone(a.BasedAt)})
	}
	if i.AcknowledgedBy != "" {
		page.State = doneBadge
		page.Facts = append(page.Facts, webui.Term{Label: say("確認した人", "Acknowledged by"), Value: webui.Code(i.AcknowledgedBy)},
			webui.Term{Label: say("確認した時刻", "Acknowledged at"), Value: i.AcknowledgedAt}, webui.Term{Label: say("調べたことと行ったこと", "What was found and done"), Value: i.Text})
	}
	page.MayClose = i.AcknowledgedBy == "" && access.May(access.From(r.Context()), access.AcknowledgeImpact, d.o.Self.Role()) == nil
	d.ui.Render(w, r, d.impact, status, page)
}

func impactTerms(n message.ImpactNotice) []webui.Term {
	terms := []webui.Term{
		{Label: say("発行番号", "Serial"), Value: webui.Code(n.Serial.String())},
		{Label: say("種別", "Kind"), Value: n.Profile.Name()},
		{Label: say("失効理由", "Reason"), Value: n.Reason.Name()},
	}
	if n.Since.Valid() {
		terms = append(terms, webui.Term{Label: say("事実の生じた日", "Untrue since"), Value: webui.Day(n.Since.Start())})
	}
	return append(terms,
		webui.Term{Label: say("「失効していない」が誤りとなった時刻", "\"Good\" was wrong from"), Value: n.WrongFrom},
		webui.Term{Label: say("失効した時刻", "Revoked at"), Value: n.RevokedAt},
		webui.Term{Label: say("失効情報提供センターが知った時刻", "The validation authority learnt of it at"), Value: n.ToldAt},
		webui.Term{Label: say("誤った回答", "Wrong answers"), Value: n.Count})
}

func (d *duties) takeAcknowledgement(w http.ResponseWriter, r *http.Request) {
	form, ok := d.ui.ReadForm(w, r)
	if !ok {
		return
	}
	var err error
	if form.OK() {
		_, err = d.o.Acknowledge(r.Context(), access.From(r.Context()), r.PathValue("notice"), form.Value("text"))
	}
	if err := form.Take(err); err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	if !form.OK() {
		d.showImpact(w, r, form, http.StatusUnprocessableEntity)
		return
	}
	http.Redirect(w, r, d.ui.URL("/impact/"+r.PathValue("notice")), http.StatusSeeOther)
}
