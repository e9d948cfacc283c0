package prefecture

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// delegationNav is the entry of the navigation.
var delegationNav = webui.NavItem{Path: "/delegation", Name: say("委任した認証局", "Delegated CA"), Act: access.LookAtDelegation}

// delegationPages show how the CA stands to which the prefecture has delegated certification.
type delegationPages struct {
	o    *Prefecture
	ui   *webui.UI
	page *webui.Page
}

func (o *Prefecture) mountDelegation(mux *http.ServeMux, ui *webui.UI) (err error) {
	p := &delegationPages{o: o, ui: ui}
	if p.page, err = ui.Page(files, "delegation"); err != nil {
		return err
	}
	mux.Handle("GET /delegation", ui.Only(access.LookAtDelegation, p.get))
	mux.Handle("GET /delegation.csv", ui.Only(access.LookAtDelegation, p.sendCSV))
	mux.Handle("POST /delegation/ask", ui.Only(access.AskReport, p.ask))
	return nil
}

// delegationPage is the data of the page.
type delegationPage struct {
	*webui.Form
	Base    string
	May     bool // this person may ask for a report
	Failed  bool // what was asked was refused
	Notices []webui.Notice
	Report  *reportView // nil: there is none as of the day
	Own     []webui.Term
	History webui.Table
}

// shownReports is how many reports the list names.
const shownReports = 40

func (p *delegationPages) get(w http.ResponseWriter, r *http.Request) {
	form := webui.NewForm(map[string]string{"as-of": r.URL.Query().Get("as-of")})
	status := http.StatusOK
	if p.asOf(form); !form.OK() {
		status = http.StatusUnprocessableEntity
	}
	p.show(w, r, form, false, status)
}

// asOf reads up to which moment a report is wanted: the end of the day that was entered, or any.
func (p *delegationPages) asOf(form *webui.Form) (day resident.Date, until time.Time) {
	now := p.o.Clock.Now()
	text := form.Value("as-of")
	if text == "" {
		return day, now.Add(time.Minute)
	}
	day, err := resident.ParseDate("as-of", text)
	_ = form.Take(err) // it refuses with plain.Problems alone
	if err == nil && day.After(resident.DateOf(now)) {
		form.Bad("as-of", "これから来る日です。今日までの日を入力してください。", "That day is still to come: enter today or a day before.")
	}
	if !form.OK() {
		return resident.Date{}, now.Add(time.Minute)
	}
	return day, day.AddDays(1).Start()
}

func (p *delegationPages) ask(w http.ResponseWriter, r *http.Request) {
	form, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	_, err := p.o.AskReport(r.Context(), access.From(r.Context()))
	if err == nil {
		http.Redirect(w, r, p.ui.URL("/delegation"), http.StatusSeeOther)
		return
	}
	if err = form.Take(err); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	p.show(w, r, form, true, http.StatusUnprocessableEntity)
}

func (p *delegationPages) show(w http.ResponseWriter, r *http.Request, form *webui.Form, failed bool, status int) {
	ca := p.o.delegate()
	page := delegationPage{Form: form, Failed: failed, Base: p.ui.URL("/delegation"),
		May: ca != "" && access.May(access.From(r.Context()), access.AskReport, p.o.Self.Role()) == nil}
	if ca == "" {
		page.Notices = []webui.Notice{{Kind: webui.Info, Title: say("委任した認証局がありません", "No CA is delegated to"),
			Text: say("この国の設定で、この都道府県と電文をやり取りする認証局がありません。", "In this country no CA exchanges messages with this prefecture.")}}
		p.ui.Render(w, r, p.page, status, page)
		return
	}
	day, until := p.asOf(form)
	err := p.read(r.Context(), &page, ca, day, until)
	if err == nil {
		page.Own, err = p.own(r.Context(), ca)
	}
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	p.ui.Render(w, r, p.page, status, page)
}

// read fills in what the reports say.
func (p *delegationPages) read(ctx context.Context, page *delegationPage, ca message.Org, day resident.Date, until time.Time) error {
	return p.o.Store.View(ctx, func(ctx context.Context, plainTx *sqlstore.Tx) error {
		tx := p.o.in(plainTx)
		page.Notices, page.Report = nil, nil
		missing, err := missingReports(ctx, tx, ca, plainTx.Now())
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			page.Notices = append(page.Notices, webui.Notice{Kind: webui.Warn, Title: say("届いていない報告があります", "A report is missing"),
				Text: say(fmt.Sprintf("%s の分から、%d日分がありません。認証局の運用員に確かめてください。", missing[0], len(missing)),
					fmt.Sprintf("%d days are missing, the oldest is %s: ask the CA's operators.", len(missing), missing[0]))})
		}
		history, err := tx.Reports(ctx, ca, shownReports)
		if err != nil {
			return err
		}
		page.History = p.history(history)
		r, found, err := tx.LastReport(ctx, ca, until)
		if err != nil {
			return err
		}
		if !found {
			page.Notices = append(page.Notices, webui.Notice{Kind: webui.Info, Title: say("報告はまだありません", "There is no report yet"),
				Text: say("認証局は、毎日午前0時に報告します。いま知りたいときは、報告を求めてください。", "The CA reports at midnight. To know now, ask for a report.")})
			return nil
		}
		return p.readOne(ctx, tx, page, r, day)
	})
}

// readOne fills in one report, and what it says beside the one before.
func (p *delegationPages) readOne(ctx context.Context, tx *store.Tx, page *delegationPage, r store.Report, day resident.Date) error {
	n, err := r.Read()
	if bad, ok := plain.AsProblems(err); ok {
		page.Notices = append(page.Notices, webui.Notice{Kind: webui.Bad, Title: say("報告が読めません", "The report cannot be read"), Text: bad[0].Sentence})
		return nil
	}
	if day.Valid() && n.Day() != day {
		page.Notices = append(page.Notices, webui.Notice{Kind: webui.Warn, Title: say("この日の報告はありません", "There is no report of that day"),
			Text: say(fmt.Sprintf("その前で最も新しい、%s の報告を示します。", n.Day()), fmt.Sprintf("Shown is the last one before, of %s.", n.Day()))})
	}
	before, found, err := tx.LastReport(ctx, r.CA, r.Until.Add(-time.Microsecond))
	if err != nil {
		return err
	}
	if found {
		if was, err := before.Read(); err == nil {
			page.Notices = append(page.Notices, p.contradicted(contradictions(was, n))...)
		}
	}
	page.Report = p.view(r, n)
	return nil
}

// contradicted names the figures that cannot be; the first few, because one cause mostly has many.
func (p *delegationPages) contradicted(all []contradiction) []webui.Notice {
	if len(all) == 0 {
		return nil
	}
	const named = 5
	var ja, en strings.Builder
	for _, c := range all[:min(len(all), named)] {
		place := p.place(c.Municipality)
		fmt.Fprintf(&ja, "%sの%s、%s: 前は%d、今回は%d。", place.JA, c.Profile.Name().JA, c.What.JA, c.Was, c.Is)
		fmt.Fprintf(&en, "%s, %s, %s: %d before, %d now. ", place.EN, c.Profile.Name().EN, c.What.EN, c.Was, c.Is)
	}
	if more := len(all) - named; more > 0 {
		fmt.Fprintf(&ja, "ほかに%d件。", more)
		fmt.Fprintf(&en, "And %d more. ", more)
	}
	return []webui.Notice{{Kind: webui.Bad, Title: say("前の報告と合わない数があります", "Figures contradict the report before"),
		Text: say(ja.String()+"認証局にわけを尋ねてください。", en.String()+"Ask the CA why.")}}
}

// history is the list of reports; each leads to its day.
func (p *delegationPages) history(all []store.Report) webui.Table {
	t := webui.Table{Caption: say("届いた報告（新しい順）", "Reports, the newest first"),
		Columns: []webui.Column{{Name: say("日", "Day")}, {Name: say("種類", "Kind")}, {Name: say("数の時点", "Figures of")}, {Name: say("受けた時刻", "Received")}, {Name: say("前の報告と", "With the one before")}},
		Empty:   webui.Empty{Text: say("まだ届いていません。", "None has come yet.")}}
	for _, r := range all {
		day := resident.DateOf(r.Until.Add(-time.Microsecond))
		kind, agrees := say("日の締め", "close of the day"), webui.Badge{Kind: webui.OK, Text: say("合う", "fits")}
		if r.Asked {
			kind = say("求めて届いた", "asked for")
		}
		if r.Differs > 0 {
			agrees = webui.Badge{Kind: webui.Bad, Text: say(fmt.Sprintf("%d件合わない", r.Differs), fmt.Sprintf("%d figures do not", r.Differs))}
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: p.ui.URL("/delegation") + "?as-of=" + day.String(), Text: webui.Code(day.String())}, kind, r.Until, r.ReceivedAt, agrees})
	}
	return t
}

// own is what the prefecture can know of the CA without its word: how the two exchange, and whether their own statements agree.
func (p *delegationPages) own(ctx context.Context, ca message.Org) (terms []webui.Term, err error) {
	pairs, err := p.o.Exchange.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		if pair.Peer == ca {
			terms = append(terms, webui.Term{Label: say("通信", "Connection"), Value: pairBadges[pair.State]},
				webui.Term{Label: say("最後に受けた電文", "Last message received"), Value: instantOrNone(pair.LastReceived)},
				webui.Term{Label: say("保留している電文", "Messages that wait for people"), Value: pair.Parked + pair.InParked})
		}
	}
	var last []statement.Statement
	if err := p.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		last, err = p.o.Statements.List(ctx, tx, ca, message.Day, tx.Now(), 1)
		return err
	}); err != nil {
		return nil, err
	}
	for _, s := range last {
		label := say("認証局から受けた電文の締め", "Statement of what the CA sent us")
		if s.Out {
			label = say("認証局へ送った電文の締め", "Statement of what we sent the CA")
		}
		b := statementBadge(string(s.State))
		terms = append(terms, webui.Term{Label: label, Value: webui.Badge{Kind: b.Kind, Text: say(s.Date().String()+" "+b.Text.JA, s.Date().String()+", "+b.Text.EN)}})
	}
	view, err := p.o.Alarms.View(ctx, 0)
	if err != nil {
		return nil, err
	}
	var open int64
	for _, a := range view.Open {
		if a.Peer == ca && !a.Drill {
			open++
		}
	}
	return append(terms, webui.Term{Label: say("この認証局についての、こちらの警報", "Our own alarms about this CA"), Value: open}), nil
}

// place names a municipality as it is called today, or as it was last called.
func (p *delegationPages) place(code resident.MunicipalityCode) plain.Sentence {
	if m, err := resident.Lookup("municipality", code, resident.DateOf(p.o.Clock.Now())); err == nil {
		return say(m.City+m.Name, m.Romaji())
	}
	return say(code.String(), code.String())
}
