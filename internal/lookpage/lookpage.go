// Package lookpage shows an organisation's auditors who looks at persons, for what and when, and lets them close what the
// watch found, with a reason (閲覧の確認の画面). It shows record codes and no names; who reads it is in the audit log.
package lookpage

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

//go:embed html
var files embed.FS

// Nav is the entry in an organisation's menu.
var Nav = webui.NavItem{Path: "/looks", Name: both("閲覧の確認", "Looks"), Act: access.ReviewLooks, Within: []string{"/looks"}}

func both(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// actRead is the act of reading the looks: they name persons by their codes.
const actRead = "audit.read"

// mostShown is how many looks of an operator's day a page shows.
const mostShown = 200

type pages struct {
	*host.Host
	ui *webui.UI

	report, finding, attention *webui.Page
}

// Mount adds the pages to an organisation's, which webui.UI.Serve serves. Its errors are mistakes of the program.
func Mount(mux *http.ServeMux, h *host.Host, ui *webui.UI) (err error) {
	p := &pages{Host: h, ui: ui}
	for name, page := range map[string]**webui.Page{"report": &p.report, "finding": &p.finding, "attention": &p.attention} {
		if *page, err = ui.Page(files, name); err != nil {
			return err
		}
	}
	for pattern, one := range map[string]struct {
		act  access.Act
		show http.HandlerFunc
	}{
		"GET /looks":                 {access.ReviewLooks, p.showReport},
		"GET /looks/finding":         {access.ReviewLooks, p.showFinding},
		"POST /looks/finding":        {access.ReviewLooks, p.review},
		"GET /looks/attention":       {access.KeepAttention, p.showAttention},
		"POST /looks/attention":      {access.KeepAttention, p.keep},
		"POST /looks/attention/drop": {access.KeepAttention, p.drop},
	} {
		mux.Handle(pattern, ui.Only(one.act, one.show))
	}
	return nil
}

// read opens a transaction that shows what somebody may see, and writes down that it was seen.
func (p *pages) read(r *http.Request, what string, fn func(context.Context, *sqlstore.Tx) error) error {
	return p.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: actRead, Detail: what})
		return fn(ctx, tx)
	})
}

type reportPage struct {
	Day            any
	Before, After  string
	Open, Closed   webui.Table
	Purpose, Hours webui.Table
	Attention      string
}

// showReport is the looks of a day, and what was found on all.
func (p *pages) showReport(w http.ResponseWriter, r *http.Request) {
	day := resident.DateOf(p.Clock.Now())
	if asked, err := resident.ParseDate("day", r.URL.Query().Get("day")); err == nil {
		day = asked
	}
	var findings []look.Finding
	var purposes, hours []look.Count
	err := p.read(r, "looks of "+day.String(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if findings, err = look.Findings(ctx, tx); err != nil {
			return err
		}
		if purposes, err = look.ByPurpose(ctx, tx, day.Start(), day.AddDays(1).Start()); err != nil {
			return err
		}
		hours, err = look.ByHour(ctx, tx, day.Start(), day.AddDays(1).Start())
		return err
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	at := func(d resident.Date) string { return p.ui.URL("/looks?day=" + d.String()) }
	page := reportPage{Day: webui.Day(day.Start()), Before: at(day.AddDays(-1)), After: at(day.AddDays(1)), Attention: p.ui.URL("/looks/attention"),
		Open:   findingsTable(both("確認していない所見", "Findings to look into"), both("確認していない所見はありません。", "There is nothing to look into.")),
		Closed: findingsTable(both("確認した所見", "Findings that were closed"), both("まだありません。", "None yet."))}
	for _, f := range findings {
		t := &page.Closed
		if f.Open() {
			t = &page.Open
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: p.url(f), Text: codeName(f.Code)}, webui.Code(f.Operator), dayOf(f.Day), f.N, f.Since})
	}
	page.Purpose, page.Hours = byPurpose(purposes), byHour(hours)
	p.ui.Render(w, r, p.report, http.StatusOK, page)
}

func (p *pages) url(f look.Finding) string {
	return p.ui.URL("/looks/finding?" + url.Values{"code": {string(f.Code)}, "operator": {f.Operator}, "day": {f.Day}}.Encode())
}

func findingsTable(caption, empty plain.Sentence) webui.Table {
	return webui.Table{Caption: caption, Empty: webui.Empty{Text: empty},
		Columns: []webui.Column{{Name: both("所見", "Finding")}, {Name: both("操作者", "Operator")}, {Name: both("日", "Day")}, {Name: both("件数", "How many"), Right: true}, {Name: both("最初の閲覧", "First look")}}}
}

func codeName(c alarm.Code) plain.Sentence {
	if d, ok := alarm.DefinitionOf(c); ok {
		return d.Name
	}
	return both(string(c), string(c))
}

// dayOf is a day as it is written in a row; what cannot be read is shown as it stands.
func dayOf(s string) any {
	if d, err := resident.ParseDate("day", s); err == nil {
		return webui.Day(d.Start())
	}
	return webui.Code(s)
}

func byPurpose(counts []look.Count) webui.Table {
	t := webui.Table{Caption: both("操作者と目的ごと", "By operator and purpose"), Empty: webui.Empty{Text: both("この日の閲覧はありません。", "Nobody was looked at on this day.")},
		Columns: []webui.Column{{Name: both("操作者", "Operator")}, {Name: both("目的", "Purpose")}, {Name: both("閲覧", "Looks"), Right: true}, {Name: both("見られた人", "Persons"), Right: true}}}
	for _, c := range counts {
		t.Rows = append(t.Rows, []any{webui.Code(c.Operator), c.Purpose.Name(), c.Looks, c.Persons})
	}
	return t
}

func byHour(counts []look.Count) webui.Table {
	t := webui.Table{Caption: both("操作者と時刻ごと", "By operator and hour"), Empty: webui.Empty{Text: both("この日の閲覧はありません。", "Nobody was looked at on this day.")},
		Columns: []webui.Column{{Name: both("操作者", "Operator")}, {Name: both("時", "Hour"), Right: true}, {Name: both("閲覧", "Looks"), Right: true}, {Name: both("見られた人", "Persons"), Right: true}}}
	for _, c := range counts {
		t.Rows = append(t.Rows, []any{webui.Code(c.Operator), both(strconv.Itoa(c.Hour)+"時台", fmt.Sprintf("%02d:00", c.Hour)), c.Looks, c.Persons})
	}
	return t
}

type findingPage struct {
	*webui.Form
	Name, Means plain.Sentence
	Terms       []webui.Term
	Open        bool
	Action      string
	Back        string
	Looks       webui.Table
}

// findingOf is the finding that a request names, and the looks of its operator on its day.
func (p *pages) findingOf(ctx context.Context, tx *sqlstore.Tx, v url.Values) (f look.Finding, rows []look.Row, err error) {
	all, err := look.Findings(ctx, tx)
	if err != nil {
		return f, nil, err
	}
	for _, one := range all {
		if string(one.Code) == v.Get("code") && one.Operator == v.Get("operator") && one.Day == v.Get("day") {
			f = one
		}
	}
	day, err := resident.ParseDate("day", f.Day)
	if err != nil {
		return f, nil, plain.Bad("", "この所見はありません。「閲覧の確認」の一覧から選び直してください。", "There is no such finding: choose from the list of looks.")
	}
	rows, err = look.List(ctx, tx, look.Filter{Operator: f.Operator, Since: day.Start(), Until: day.AddDays(1).Start(), Limit: mostShown})
	return f, rows, err
}

func (p *pages) showFinding(w http.ResponseWriter, r *http.Request) {
	p.renderFinding(w, r, http.StatusOK, webui.NewForm(nil), r.URL.Query())
}

func (p *pages) renderFinding(w http.ResponseWriter, r *http.Request, status int, form *webui.Form, named url.Values) {
	var f look.Finding
	var rows []look.Row
	err := p.read(r, "looks of "+named.Get("operator")+" on "+named.Get("day"), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		f, rows, err = p.findingOf(ctx, tx, named)
		return err
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	for field, value := range map[string]string{"code": string(f.Code), "operator": f.Operator, "day": f.Day, "n": strconv.FormatInt(f.N, 10)} {
		form.Set(field, value)
	}
	d, _ := alarm.DefinitionOf(f.Code)
	page := findingPage{Form: form, Name: codeName(f.Code), Means: d.Means, Open: f.Open(), Action: p.ui.URL("/looks/finding"), Back: p.ui.URL("/looks"),
		Terms: []webui.Term{{Label: both("操作者", "Operator"), Value: webui.Code(f.Operator)}, {Label: both("日", "Day"), Value: dayOf(f.Day)},
			{Label: both("件数", "How many"), Value: f.N}, {Label: both("確認済み", "Of these closed"), Value: f.Reviewed}, {Label: both("最初の閲覧", "First look"), Value: f.Since}},
		Looks: webui.Table{Caption: both("この操作者のこの日の閲覧（新しい順）", "This operator's looks of the day, newest first"), Empty: webui.Empty{Text: both("保存期間が過ぎ、閲覧の記録は消えています。監査記録には残っています。", "The looks have been deleted at the end of their time; the audit log still has them.")},
			Columns: []webui.Column{{Name: both("日時", "When")}, {Name: both("住民票コードなど", "At whom")}, {Name: both("目的", "Purpose")}, {Name: both("番号", "Case")}, {Name: both("見た項目", "Items")}}}}
	for _, l := range rows {
		page.Looks.Rows = append(page.Looks.Rows, []any{l.At, webui.Code(l.Subject), l.Ground.Purpose.Name(), codeOrNone(l.Ground.Case), l.Items.Name()})
	}
	p.ui.Render(w, r, p.finding, status, page)
}

func codeOrNone(s string) any {
	if s == "" {
		return nil
	}
	return webui.Code(s)
}

func (p *pages) review(w http.ResponseWriter, r *http.Request) {
	form, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	named := url.Values{"code": {form.Value("code")}, "operator": {form.Value("operator")}, "day": {form.Value("day")}}
	if !form.OK() { // the language switch
		p.renderFinding(w, r, http.StatusOK, form, named)
		return
	}
	n, _ := strconv.ParseInt(form.Value("n"), 10, 64) // of none there is no finding
	err := p.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return look.Review(ctx, tx, access.From(ctx), p.Self, look.Finding{Code: alarm.Code(named.Get("code")), Operator: named.Get("operator"), Day: named.Get("day"), N: n}, form.Value("reason"))
	})
	if err == nil {
		http.Redirect(w, r, p.ui.URL("/looks"), http.StatusSeeOther)
		return
	}
	if err = form.Take(err); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	p.renderFinding(w, r, http.StatusUnprocessableEntity, form, named)
}
