package validation

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

type impactsPage struct {
	*webui.Form
	Sums  []webui.Term
	Table webui.Table
	Older string // address of the page behind this one; empty: there is none
	CSV   string
}

// shownCases is how many cases a page has.
var shownCases = 200

// placeOf reads where a page begins. One that means nothing begins at the beginning.
func placeOf(r *http.Request) (at store.ImpactPlace) {
	told, id, _ := strings.Cut(r.URL.Query().Get("before"), "-")
	us, err := strconv.ParseInt(told, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if err == nil && err2 == nil {
		at = store.ImpactPlace{ToldAt: sqlstore.FromMicros(us), ID: n}
	}
	return at
}

// windowOf reads the window of a request. A form with what is wrong with it is nil when nothing is.
func windowOf(r *http.Request) (form *webui.Form, w ImpactWindow) {
	q := r.URL.Query()
	form = webui.NewForm(map[string]string{"from": q.Get("from"), "to": q.Get("to"), "serial": q.Get("serial")})
	w, err := ParseImpactWindow(form.Value("from"), form.Value("to"), form.Value("serial"))
	_ = form.Take(err) // it refuses with plain.Problems alone
	return form, w
}

func (p *verifierPages) showImpacts(w http.ResponseWriter, r *http.Request) {
	form, window := windowOf(r)
	status := http.StatusOK
	var lines []store.ImpactLine
	var sums store.ImpactSums
	if form.OK() {
		err := p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			if sums, err = p.o.in(tx).ImpactSums(ctx, store.Window(window)); err != nil {
				return err
			}
			lines, err = p.o.in(tx).Impacts(ctx, store.Window(window), placeOf(r), shownCases+1)
			return err
		})
		if err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	} else {
		status = http.StatusUnprocessableEntity
	}
	page := impactsPage{Form: form, Table: webui.Table{
		Caption: say("失効が遅れた電子証明書（新しい順、200件まで）", "Certificates that were revoked late, the newest first, up to 200"),
		Columns: []webui.Column{{Name: say("発行番号", "Serial")}, {Name: say("確認", "Acknowledged")}, {Name: say("誤りの始まり", "Wrong from")}, {Name: say("知った時刻", "Learnt at")},
			{Name: say("誤った回答", "Wrong answers"), Right: true}, {Name: say("署名検証者", "Verifiers"), Right: true}, {Name: say("知らせられない回答", "To others"), Right: true}},
		Empty: webui.Empty{Text: say("この範囲に、誤って「失効していない」と答えた電子証明書はありません。", "In this window no certificate was answered for wrongly as good.")},
	}}
	asked := url.Values{"from": {form.Value("from")}, "to": {form.Value("to")}, "serial": {form.Value("serial")}}
	page.CSV = p.ui.URL("/impact.csv") + "?" + asked.Encode()
	if len(lines) > shownCases {
		lines = lines[:shownCases]
		last := lines[shownCases-1]
		asked.Set("before", fmt.Sprintf("%d-%d", last.ToldAt.UnixMicro(), last.ID))
		page.Older = p.ui.URL("/impact") + "?" + asked.Encode()
	}
	for _, l := range lines {
		page.Table.Rows = append(page.Table.Rows, []any{webui.Link{Href: p.ui.URL("/impact/" + strconv.FormatInt(l.ID, 10)), Text: webui.Code(l.Serial.String())},
			acknowledgedBadge(l), l.WrongFrom, l.ToldAt, l.Answers, l.Verifiers, l.Others})
	}
	page.Sums = []webui.Term{{Label: say("電子証明書", "Certificates"), Value: sums.Cases}, {Label: say("誤った回答", "Wrong answers"), Value: sums.Answers},
		{Label: say("送った通知", "Notices sent"), Value: sums.Notices}, {Label: say("確認された通知", "Notices acknowledged"), Value: sums.Acknowledged}}
	p.ui.Render(w, r, p.impacts, status, page)
}

func acknowledgedBadge(l store.ImpactLine) webui.Badge {
	n := strconv.FormatInt(l.Acknowledged, 10) + "/" + strconv.FormatInt(l.Notices, 10)
	switch {
	case l.Untold > 0:
		return webui.Badge{Kind: webui.Warn, Text: say("知らせていない相手あり "+n, "some are not told, "+n)}
	case l.Notices == 0:
		return webui.Badge{Kind: webui.Info, Text: say("知らせる相手なし", "nobody to tell")}
	case l.Acknowledged < l.Notices:
		return webui.Badge{Kind: webui.Warn, Text: say("確認待ち "+n, "waits "+n)}
	}
	return webui.Badge{Kind: webui.OK, Text: say("確認済み "+n, "all "+n)}
}

// sendCSV sends the answers of a window. What goes out names serials, so that it is written to the audit log who took it.
func (p *verifierPages) sendCSV(w http.ResponseWriter, r *http.Request) {
	form, window := windowOf(r)
	if !form.OK() {
		p.ui.Fail(w, r, form.Problems())
		return
	}
	// First the record, then the first line: somebody who breaks the connection off has taken what came before.
	err := p.o.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: "impact.csv", Detail: r.URL.RawQuery})
		return nil
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="impact.csv"`)
	if err := p.o.WriteImpact(r.Context(), w, window); err != nil {
		p.o.Log.ErrorContext(r.Context(), "a table of wrong answers was cut short", "error", err)
		panic(http.ErrAbortHandler) // so that half a table is not taken for a whole one
	}
}

type impactPage struct {
	Facts  []webui.Term
	Shares webui.Table
	CSV    string
}

func (p *verifierPages) showImpact(w http.ResponseWriter, r *http.Request) {
	var i store.Impact
	var shares []store.ImpactShare
	missing := plain.Bad("", "この件はありません。一覧から選び直してください。", "There is no such case: choose one of the list.")
	id, err := strconv.ParseInt(r.PathValue("case"), 10, 64)
	if err != nil {
		p.ui.Fail(w, r, missing)
		return
	}
	err = p.o.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		var found bool
		if i, found, err = p.o.in(tx).Impact(ctx, id); err != nil {
			return err
		}
		if !found {
			return missing
		}
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: i.Serial.String()})
		shares, err = p.o.in(tx).Shares(ctx, id, store.Window{}, maxImpacts)
		return err
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	page := impactPage{CSV: p.ui.URL("/impact.csv") + "?serial=" + i.Serial.String(), Facts: []webui.Term{
		{Label: say("発行番号", "Serial"), Value: webui.Code(i.Serial.String())},
		{Label: say("種別", "Kind"), Value: i.Profile.Name()},
		{Label: say("失効理由", "Reason"), Value: i.Reason.Name()},
		{Label: say("事実の生じた日", "Untrue since"), Value: nil},
		{Label: say("「失効していない」が誤りとなった時刻", "\"Good\" was wrong from"), Value: i.WrongFrom},
		{Label: say("失効した時刻（認証局）", "Revoked at, by the CA"), Value: i.RevokedAt},
		{Label: say("ここで知った時刻", "Learnt here at"), Value: i.ToldAt},
	}, Shares: webui.Table{
		Caption: say("誤って「失効していない」と答えた相手", "Who was told \"good\" wrongly"),
		Columns: []webui.Column{{Name: say("相手", "Who")}, {Name: say("確認", "Acknowledged")}, {Name: say("誤った回答", "Wrong answers"), Right: true}, {Name: say("最初の誤り", "First wrong")},
			{Name: say("通知した時刻", "Told at")}, {Name: say("確認した人", "By")}, {Name: say("調べたことと行ったこと", "What was found and done")}},
	}}
	if i.Since.Valid() {
		page.Facts[3].Value = webui.Day(i.Since.Start())
	}
	for _, s := range shares {
		badge := webui.Badge{Kind: webui.Info, Text: say("知らせられない（届出のない相手）", "cannot be told: has not filed")}
		var who any = webui.Code(s.Requester)
		if s.Office != "" {
			who = s.Office
			badge = webui.Badge{Kind: webui.Wait, Text: say("通知の前", "not told yet")}
		}
		switch {
		case s.AcknowledgedBy != "":
			badge = webui.Badge{Kind: webui.OK, Text: say("確認済み", "acknowledged")}
		case s.Notice != "":
			badge = webui.Badge{Kind: webui.Warn, Text: say("確認待ち", "told, and waits")}
		}
		page.Shares.Rows = append(page.Shares.Rows, []any{who, badge, s.Answers, s.First, instantOrNone(s.SentAt), codeOrNone(s.AcknowledgedBy), s.Text})
	}
	p.ui.Render(w, r, p.impact, http.StatusOK, page)
}

func codeOrNone(s string) any {
	if s == "" {
		return nil
	}
	return webui.Code(s)
}
