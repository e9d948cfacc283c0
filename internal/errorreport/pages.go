package errorreport

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed html
var files embed.FS

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// Nav is the pages' entry in an organisation's menu.
var Nav = webui.NavItem{Path: "/errors", Name: say("記録の誤り", "Errors in records"), Act: access.ViewErrors}

type pages struct {
	d         *Desk
	ui        *webui.UI
	list, one *webui.Page
}

// Mount adds the pages to an organisation's, which webui.UI.Serve serves.
func (d *Desk) Mount(mux *http.ServeMux, ui *webui.UI) (err error) {
	p := &pages{d: d, ui: ui}
	if p.list, err = ui.Page(files, "errors"); err != nil {
		return err
	}
	if p.one, err = ui.Page(files, "error"); err != nil {
		return err
	}
	mux.Handle("GET /errors", ui.Only(access.ViewErrors, func(w http.ResponseWriter, r *http.Request) { p.showList(w, r, webui.NewForm(nil), http.StatusOK) }))
	mux.Handle("GET /errors/one", ui.Only(access.ViewErrors, func(w http.ResponseWriter, r *http.Request) {
		p.showOne(w, r, r.URL.Query().Get("report"), webui.NewForm(nil), http.StatusOK)
	}))
	if d.keeps() {
		mux.Handle("POST /errors/take", ui.Only(access.AnswerError, p.take))
		mux.Handle("POST /errors/answer", ui.Only(access.AnswerError, p.answer))
	} else {
		mux.Handle("POST /errors", ui.Only(access.ReportError, p.report))
	}
	return nil
}

type box struct {
	Field string
	Name  plain.Sentence
	one   resident.Attributes
}

var boxes = []box{{"doubt-name", say("氏名", "Name"), resident.AttrName}, {"doubt-birth", say("生年月日", "Date of birth"), resident.AttrBirth},
	{"doubt-sex", say("性別", "Sex"), resident.AttrSex}, {"doubt-address", say("住所", "Address"), resident.AttrAddress}}

type listPage struct {
	*webui.Form
	May, Keeps     bool
	Boxes          []box
	Open, Answered webui.Table
}

func (p *pages) may(r *http.Request, act access.Act) bool {
	return access.May(access.From(r.Context()), act, p.d.Host.Self.Role()) == nil
}

func (p *pages) showList(w http.ResponseWriter, r *http.Request, f *webui.Form, status int) {
	var waiting, done []Entry
	if err := p.d.Host.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if waiting, err = Open(ctx, tx); err != nil {
			return err
		}
		done, err = answered(ctx, tx)
		return err
	}); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	now := p.d.Host.Clock.Now()
	page := listPage{Form: f, Keeps: p.d.keeps(), May: !p.d.keeps() && p.may(r, access.ReportError), Boxes: boxes,
		Open: webui.Table{Caption: say("回答を待っているもの（古い順）", "Not answered, the oldest first"),
			Columns: []webui.Column{{Name: say("通知", "Report")}, {Name: say("経過", "Age")}, {Name: say("通知した機関", "From")}, {Name: say("待っている相手", "Waits for")}, {Name: say("担当者", "Owner")}},
			Empty:   webui.Empty{Text: say("回答を待っている通知はありません。", "No report waits for an answer.")}},
		Answered: webui.Table{Caption: say("回答があったもの（新しい順）", "Answered, the newest first"),
			Columns: []webui.Column{{Name: say("通知", "Report")}, {Name: say("結果", "Outcome")}, {Name: say("通知した機関", "From")}, {Name: say("回答した時刻", "Answered at")}},
			Empty:   webui.Empty{Text: say("回答があった通知はありません。", "No report has been answered.")}}}
	for _, e := range waiting {
		page.Open.Rows = append(page.Open.Rows, []any{p.link(e), now.Sub(e.NotedAt).Truncate(time.Minute), p.orgName(e.From), p.waitsFor(e), codeOrNone(e.Owner)})
	}
	for _, e := range done {
		page.Answered.Rows = append(page.Answered.Rows, []any{p.link(e), outcomes[e.Outcome], p.orgName(e.From), e.AnsweredAt})
	}
	p.ui.Render(w, r, p.list, status, page)
}

var outcomes = map[string]webui.Badge{
	message.ErrorCorrected: {Kind: webui.OK, Text: say("訂正した", "corrected")},
	message.ErrorNone:      {Kind: webui.Off, Text: say("記録は正しい", "the record is right")},
}

func (p *pages) link(e Entry) webui.Link {
	return webui.Link{Href: p.ui.URL("/errors/one?report=" + url.QueryEscape(e.Report)), Text: webui.Code(e.Report)}
}

func (p *pages) orgName(o message.Org) any {
	if o == "" {
		return nil
	}
	return webui.NameOf(o, p.d.Host.Clock.Now())
}

func (p *pages) waitsFor(e Entry) any {
	if e.To == "" {
		return say("こちらの調査", "our own investigation")
	}
	return p.orgName(e.To)
}

func codeOrNone(s string) any {
	if s == "" {
		return nil
	}
	return webui.Code(s)
}

func (p *pages) report(w http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	doubt := Doubt{Case: f.Value("case"), Text: f.Value("text")}
	if v := f.Value("code"); v != "" {
		code, err := resident.ParseRecordCode("code", v)
		if err != nil {
			f.Take(err) // a Parse function refuses with a plain.Problem and nothing else
		}
		doubt.Code = code
	}
	for _, b := range boxes {
		if f.Value(b.Field) != "" {
			doubt.Attributes |= b.one
		}
	}
	var report string
	if f.OK() {
		var err error
		report, err = p.d.Report(r.Context(), access.From(r.Context()), doubt)
		if err := f.Take(err); err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	}
	if !f.OK() {
		p.showList(w, r, f, http.StatusUnprocessableEntity)
		return
	}
	http.Redirect(w, r, p.ui.URL("/errors/one?report="+url.QueryEscape(report)), http.StatusSeeOther)
}

type onePage struct {
	*webui.Form
	Report       string
	Facts        []webui.Term
	Mine, ToTake bool
	Outcomes     []webui.Choice
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, report string, f *webui.Form, status int) {
	var e Entry
	var held Held
	var there bool
	// It names a person, and quotes what somebody wrote about one, which may be an address: to open it is a look, for which the gate is asked.
	err := p.d.Host.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		var found bool
		if e, found, err = find(ctx, tx, report); err != nil {
			return err
		}
		if !found {
			return plain.Bad("", "この通知はありません。一覧から選び直してください。", "There is no such report: choose one of the list.")
		}
		if held, there, err = p.d.Record(ctx, tx, e.Code); err != nil || !e.Code.Valid() {
			return err
		}
		ground, err := p.d.Host.Admits(ctx, tx, look.Ground{Purpose: look.Correction, Case: e.Report + " v" + e.Version.String()}, []resident.RecordCode{e.Code})
		if err != nil {
			return err
		}
		return look.Record(tx, look.Look{By: access.From(ctx), Office: p.d.Host.Self, Subject: e.Code, Items: look.Four | look.Code, How: "error report " + e.Report, Ground: ground})
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	page := onePage{Form: f, Report: e.Report, Facts: []webui.Term{
		{Label: say("通知", "Report"), Value: webui.Code(e.Report)}, {Label: say("通知した機関", "From"), Value: p.orgName(e.From)},
		{Label: say("住民票コード", "Record code"), Value: codeOrNone(e.Code.Reveal())}, {Label: say("疑いのある版", "Version in doubt"), Value: e.Version},
		{Label: say("疑いのある項目", "In doubt"), Value: doubted(e.Attributes)}, {Label: say("内容", "What was found"), Value: e.Text},
		{Label: say("見つけた人", "Found by"), Value: webui.Code(e.FoundBy)}, {Label: say("見つけた時刻", "Found at"), Value: e.FoundAt}, {Label: say("番号", "Case"), Value: codeOrNone(e.Case)},
	}}
	switch {
	case e.Outcome != "":
		page.Facts = append(page.Facts, webui.Term{Label: say("結果", "Outcome"), Value: outcomes[e.Outcome]}, webui.Term{Label: say("正しい版", "Version that is right"), Value: e.AnswerVersion},
			webui.Term{Label: say("回答", "Answer"), Value: e.Answer}, webui.Term{Label: say("回答した人", "Answered by"), Value: webui.Code(e.AnsweredBy)}, webui.Term{Label: say("回答した時刻", "Answered at"), Value: e.AnsweredAt})
		if e.Outcome == message.ErrorCorrected && (!there || held.Version < e.AnswerVersion) {
			page.Facts = append(page.Facts, webui.Term{Label: say("訂正", "Correction"), Value: webui.Badge{Kind: webui.Wait, Text: say("訂正した版はまだ届いていません", "the corrected version has not come yet")}})
		}
	default:
		page.Facts = append(page.Facts, webui.Term{Label: say("待っている相手", "Waits for"), Value: p.waitsFor(e)}, webui.Term{Label: say("担当者", "Owner"), Value: codeOrNone(e.Owner)})
		may := p.may(r, access.AnswerError) && e.To == ""
		page.Mine = may && e.Owner == access.From(r.Context()).ID
		page.ToTake = may && !page.Mine
	}
	page.Outcomes = []webui.Choice{{Value: message.ErrorCorrected, Name: say("記録を訂正した", "The record was corrected"), Note: say("先に訂正してください。いまの版が回答に入ります。", "Correct it first: the present version goes into the answer.")},
		{Value: message.ErrorNone, Name: say("記録は正しい", "The record is right")}}
	p.ui.Render(w, r, p.one, status, page)
}

func doubted(set resident.Attributes) plain.Sentence {
	var s plain.Sentence
	for _, b := range boxes {
		if set&b.one == 0 {
			continue
		}
		if s.JA != "" {
			s.JA, s.EN = s.JA+"、", s.EN+", "
		}
		s.JA, s.EN = s.JA+b.Name.JA, s.EN+b.Name.EN
	}
	if s.JA == "" {
		return say("記録があること自体", "that the record is there at all")
	}
	return s
}

func (p *pages) take(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(f *webui.Form) error { return p.d.Take(r.Context(), access.From(r.Context()), f.Value("report")) })
}

func (p *pages) answer(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(f *webui.Form) error {
		return p.d.Answer(r.Context(), access.From(r.Context()), Finding{Report: f.Value("report"), Outcome: f.Value("outcome"), Text: f.Value("text")})
	})
}

func (p *pages) act(w http.ResponseWriter, r *http.Request, do func(*webui.Form) error) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	if f.OK() {
		if err := f.Take(do(f)); err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	}
	if !f.OK() {
		p.showOne(w, r, f.Value("report"), f, http.StatusUnprocessableEntity)
		return
	}
	http.Redirect(w, r, p.ui.URL(fmt.Sprintf("/errors/one?report=%s", url.QueryEscape(f.Value("report")))), http.StatusSeeOther)
}
