package prefecture

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// filingNav is the entry of the navigation.
var filingNav = webui.NavItem{Path: "/verifiers", Name: say("署名検証者", "Verifiers"), Act: access.ViewMessages}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// filingPages are the pages on which the prefecture decides about filings of signature verifiers.
type filingPages struct {
	o         *Prefecture
	ui        *webui.UI
	list, one *webui.Page
}

func (o *Prefecture) mountFilings(mux *http.ServeMux, ui *webui.UI) (err error) {
	p := &filingPages{o: o, ui: ui}
	if p.list, err = ui.Page(files, "verifiers"); err != nil {
		return err
	}
	if p.one, err = ui.Page(files, "filing"); err != nil {
		return err
	}
	mux.Handle("GET /verifiers", ui.Only(access.ViewMessages, p.showList))
	mux.Handle("GET /verifiers/{verifier}/{number}", ui.Only(access.ViewMessages, p.getOne))
	mux.Handle("POST /verifiers/{verifier}/{number}/propose", ui.Only(access.DecideFiling, p.takeProposal))
	mux.Handle("POST /verifiers/{verifier}/{number}/confirm", ui.Only(access.DecideFiling, p.takeConfirmation))
	return nil
}

var stateBadges = map[store.FilingState]webui.Badge{
	store.Waiting:  {Kind: webui.Wait, Text: say("審査待ち", "to be decided")},
	store.Accepted: {Kind: webui.OK, Text: say("受理", "accepted")},
	store.Refused:  {Kind: webui.Bad, Text: say("不受理", "refused")},
	store.Ended:    {Kind: webui.Off, Text: say("終了", "ended")},
	store.Replaced: {Kind: webui.Off, Text: say("新しい届出に置換え", "replaced by a later one")},
}

var actNames = map[string]plain.Sentence{
	"accept": say("受理する", "accept it"), "refuse": say("受理しない", "refuse it"), "end": say("受理を終える", "end it"),
}

type filingListPage struct {
	Waiting []webui.Notice
	Table   webui.Table
}

func (p *filingPages) showList(w http.ResponseWriter, r *http.Request) {
	var all []store.Filing
	err := p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = p.o.in(tx).Filings(ctx, maxFilings)
		return err
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	page := filingListPage{Table: webui.Table{
		Caption: say("署名検証者の届出（新しい順）", "Filings of verifiers, the newest first"),
		Columns: []webui.Column{{Name: say("機関", "Office")}, {Name: say("届出", "Filing")}, {Name: say("状態", "State")},
			{Name: say("届出の時刻", "Filed at")}, {Name: say("決めた時刻", "Decided at")}},
		Empty: webui.Empty{Text: say("届出はありません。署名検証者が届け出ると、ここに出ます。", "Nobody has filed. A filing appears here when a verifier sends it.")},
	}}
	waiting := 0
	for _, f := range all {
		state := stateBadges[f.State]
		if f.Act != "" {
			state = webui.Badge{Kind: webui.Warn, Text: say("承認待ち", "waits for a second person")}
		}
		if f.State == store.Waiting {
			waiting++
		}
		page.Table.Rows = append(page.Table.Rows, []any{f.Office,
			webui.Link{Href: p.ui.URL(pathOf(f)), Text: webui.Code(subjectOf(f))}, state, f.FiledAt, instantOrNone(f.DecidedAt)})
	}
	if waiting > 0 {
		page.Waiting = []webui.Notice{{Kind: webui.Warn, Title: say(fmt.Sprintf("決めていない届出が%d件あります", waiting), fmt.Sprintf("Filings to be decided: %d", waiting)),
			Text: say("受理するまで、届け出た機関は失効情報の提供を受けられません。", "Until it is accepted, the office is not told of revocations.")}}
	}
	p.ui.Render(w, r, p.list, http.StatusOK, page)
}

func pathOf(f store.Filing) string { return fmt.Sprintf("/verifiers/%s/%d", f.Verifier, f.Number) }

func instantOrNone(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// filingPage is the data of the page of one filing.
type filingPage struct {
	*webui.Form
	Base     string
	Failed   string // which of the forms was refused
	State    webui.Badge
	Facts    []webui.Term
	Proposal []webui.Term
	Seen     string
	Confirm  bool // this person may confirm
	Danger   bool
	Ways     []webui.Choice
}

func (p *filingPages) getOne(w http.ResponseWriter, r *http.Request) {
	p.showOne(w, r, nil, "", http.StatusOK)
}

func (p *filingPages) showOne(w http.ResponseWriter, r *http.Request, form *webui.Form, failed string, status int) {
	d, err := p.decisionOf(r)
	var f store.Filing
	if err == nil {
		err = p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			f, err = filingOf(ctx, p.o.in(tx), d)
			return err
		})
	}
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	if form == nil {
		form = webui.NewForm(nil)
	}
	page := filingPage{Form: form, Failed: failed, Base: p.ui.URL(pathOf(f)), State: stateBadges[f.State], Facts: []webui.Term{
		{Label: say("状態", "State"), Value: stateBadges[f.State]},
		{Label: say("機関", "Office"), Value: f.Office},
		{Label: say("団体の名前", "Organisation"), Value: webui.Code(f.Verifier)},
		{Label: say("手続", "Procedures"), Value: f.Procedures},
		{Label: say("手続を行う所", "Where they are made"), Value: f.Address},
		{Label: say("届け出た人", "Filed by"), Value: webui.Code(f.FiledBy)},
		{Label: say("届出の時刻", "Filed at"), Value: f.FiledAt},
	}}
	if !f.DecidedAt.IsZero() {
		page.Facts = append(page.Facts, webui.Term{Label: say("決めた人", "Decided by"), Value: webui.Code(f.DecidedBy)},
			webui.Term{Label: say("承認した人", "Confirmed by"), Value: codeOrNone(f.Second)},
			webui.Term{Label: say("決めた時刻", "Decided at"), Value: f.DecidedAt}, webui.Term{Label: say("わけ", "Why"), Value: f.Why})
	}
	person := access.From(r.Context())
	may := access.May(person, access.DecideFiling, p.o.Self.Role()) == nil
	if f.Act != "" {
		page.Proposal = []webui.Term{{Label: say("提案", "Proposed"), Value: actNames[f.Act]}, {Label: say("わけ", "Why"), Value: f.Why},
			{Label: say("提案した人", "Proposed by"), Value: webui.Code(f.ProposedBy)}, {Label: say("提案した時", "Proposed at"), Value: f.ProposedAt}}
		page.Seen, page.Danger = SeenAs(f.Act, f.ProposedBy, f.ProposedAt), f.Act != "accept"
		page.Confirm = may && access.SecondPerson(access.Person{ID: f.ProposedBy}, person) == nil
	}
	if may {
		for _, act := range []string{"accept", "refuse", "end"} {
			if decisions[act].from == f.State {
				page.Ways = append(page.Ways, webui.Choice{Value: act, Name: webui.Capital(actNames[act])})
			}
		}
	}
	p.ui.Render(w, r, p.one, status, page)
}

func codeOrNone(s string) any {
	if s == "" {
		return nil
	}
	return webui.Code(s)
}

func (p *filingPages) decisionOf(r *http.Request) (Decision, error) {
	number, err := strconv.ParseUint(r.PathValue("number"), 10, 63)
	if err != nil {
		return Decision{}, plain.Bad("", "この届出はありません。一覧から選び直してください。", "There is no such filing: choose one of the list.")
	}
	return Decision{Verifier: message.Org(r.PathValue("verifier")), Number: number}, nil
}

func (p *filingPages) takeProposal(w http.ResponseWriter, r *http.Request) { p.take(w, r, "propose") }

func (p *filingPages) takeConfirmation(w http.ResponseWriter, r *http.Request) {
	p.take(w, r, "confirm")
}

// take does what a form asks for. What is refused comes back on the page.
func (p *filingPages) take(w http.ResponseWriter, r *http.Request, what string) {
	form, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	d, err := p.decisionOf(r)
	if err == nil && form.OK() {
		d.Act, d.Why, d.Seen = form.Value("act"), form.Value("why"), form.Value("seen")
		if what == "propose" {
			err = p.o.Propose(r.Context(), access.From(r.Context()), d)
		} else {
			_, err = p.o.Confirm(r.Context(), access.From(r.Context()), d)
		}
	}
	if err := form.Take(err); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	if !form.OK() {
		p.showOne(w, r, form, what, http.StatusUnprocessableEntity)
		return
	}
	http.Redirect(w, r, p.ui.URL(fmt.Sprintf("/verifiers/%s/%d", d.Verifier, d.Number)), http.StatusSeeOther)
}
