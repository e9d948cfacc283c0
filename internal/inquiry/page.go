package inquiry

import (
	"embed"
	"fmt"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed html
var files embed.FS

// Nav is the page's entry in an organisation's menu.
var Nav = webui.NavItem{Path: "/search", Name: plain.Sentence{JA: "本人確認情報の照会", EN: "Search"}, Act: access.LookAtPerson}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

type pages struct {
	desk   *Desk
	ui     *webui.UI
	search *webui.Page
}

// Mount adds the page to an organisation's, which webui.UI.Serve serves.
func (d *Desk) Mount(mux *http.ServeMux, ui *webui.UI) (err error) {
	p := &pages{desk: d, ui: ui}
	if p.search, err = ui.Page(files, "search"); err != nil {
		return err
	}
	mux.Handle("GET /search", ui.Only(access.LookAtPerson, p.show))
	mux.Handle("POST /search", ui.Only(access.LookAtPerson, p.run))
	return nil
}

type searchPage struct {
	*webui.Form
	Own      bool // a prefecture: its own residents
	Purposes []webui.Choice
	Sexes    []webui.Choice
	Found    *foundPart
}

type foundPart struct {
	Notices []webui.Notice
	Table   webui.Table
}

// Sexes are the choices of a form.
var Sexes = []webui.Choice{
	{Value: "1", Name: say("男", "Male")}, {Value: "2", Name: say("女", "Female")}, {Value: "3", Name: say("不明", "Unknown")},
}

// Purposes are the choices of a form: what persons are looked at for at a role, each with its article.
func Purposes(role message.Role) (all []webui.Choice) {
	for _, r := range look.Purposes(role) {
		all = append(all, webui.Choice{Value: string(r.Purpose), Name: plain.Sentence{JA: r.Name.JA + "（" + r.Law.JA + "）", EN: r.Name.EN + " (" + r.Law.EN + ")"}})
	}
	return all
}

func (p *pages) page(f *webui.Form) searchPage {
	role := p.desk.Host.Self.Role()
	return searchPage{Form: f, Own: role == message.Prefecture, Purposes: Purposes(role), Sexes: Sexes}
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) {
	p.ui.Render(w, r, p.search, http.StatusOK, p.page(webui.NewForm(nil)))
}

// run answers a search. It is a POST, so that what was looked for stays in no address, history or log.
func (p *pages) run(w http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	page := p.page(f)
	g := look.Ground{Purpose: look.Purpose(f.Value("purpose")), Case: f.Value("case")}
	q := ReadQuestion(f)
	var a Answer
	if f.OK() {
		var err error
		a, err = p.desk.Ask(r.Context(), access.From(r.Context()), g, q)
		if err := f.Take(err); err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	}
	if !f.OK() {
		p.ui.Render(w, r, p.search, http.StatusUnprocessableEntity, page)
		return
	}
	page.Found = &foundPart{Notices: Notices(a, q.Code.Valid()), Table: Table(a)}
	p.ui.Render(w, r, p.search, http.StatusOK, page)
}

// ReadQuestion reads the fields code, name, birth, sex and address.
func ReadQuestion(f *webui.Form) (q Question) {
	q.Code = entry(f, "code", resident.ParseRecordCode)
	q.Asked = resident.BasicFour{Name: entry(f, "name", resident.ParseName), Birth: entry(f, "birth", resident.ParsePartialDate),
		Sex: entry(f, "sex", resident.ParseSex), Address: entry(f, "address", resident.ParseAddress)}
	return q
}

func entry[T any](f *webui.Form, name string, parse func(field, s string) (T, error)) (v T) {
	if f.Value(name) == "" {
		return v
	}
	v, err := parse(name, f.Value(name))
	if err != nil {
		f.Take(err) // a Parse function refuses with a plain.Problem and nothing else
	}
	return v
}

// Notices are what must be read before the candidates are.
func Notices(a Answer, byCode bool) (all []webui.Notice) {
	switch {
	case len(a.Candidates) == 0:
	case byCode:
		all = append(all, webui.Notice{Kind: webui.Info, Title: say("この住民票コードの記録です", "The record under this code"),
			Text: say("目の前の人がこの記録の人かどうかは、書類で確かめてください。", "Whether the person before you is the one of this record, papers must show.")})
	default:
		n := webui.Notice{Kind: webui.Info, Title: say("候補です。本人とは限りません", "Candidates, not an identity"),
			Text: say("一人だけでも、本人とは決まりません。書類と住民票コードで確かめてください。", "Even a single one need not be the person: check papers and the resident record code.")}
		if a.More {
			n.Kind = webui.Warn
			n.Text.JA += "ほかにも候補があります。住所などを加えて絞ってください。"
			n.Text.EN += " There are others: add what you know, such as the address."
		}
		all = append(all, n)
	}
	weak := 0
	for _, c := range a.Candidates {
		if c.Weak() {
			weak++
		}
	}
	if weak > 0 {
		all = append(all, webui.Notice{Kind: webui.Warn, Title: say(fmt.Sprintf("縮退・一部不詳で合う記録が%d件あります", weak), fmt.Sprintf("Records that agree only after replacement, or in part: %d", weak)),
			Text: say("異体字を置き換えて合った、または生年月日の一部が不詳の記録は、同じ人の証拠になりません。理由の欄を確かめてください。",
				"What agrees after a variant was replaced, or with a birth that is partly unknown, is no proof: read the reasons.")})
	}
	if a.Withheld > 0 {
		all = append(all, webui.Notice{Kind: webui.Warn, Title: say(fmt.Sprintf("ここでは表示できない記録が%d件あります", a.Withheld), fmt.Sprintf("Records that are not shown here: %d", a.Withheld)),
			Text: say("住所地の市区町村に問い合わせてください。", "Ask the municipality of residence.")})
	}
	if a.Unreadable > 0 {
		all = append(all, webui.Notice{Kind: webui.Bad, Title: say(fmt.Sprintf("壊れていて読めない記録が%d件あります", a.Unreadable), fmt.Sprintf("Records that are damaged and cannot be read: %d", a.Unreadable)),
			Text: say("探している人の記録かもしれません。運用員に知らせてください。", "One may be the person's: tell an operator.")})
	}
	return all
}

var gradeBadges = map[match.Grade]webui.BadgeKind{match.All: webui.OK, match.Close: webui.Warn, match.Part: webui.Off}

// Table lists the candidates of an answer, the closest first, with what agrees and why.
func Table(a Answer) webui.Table {
	t := webui.Table{
		Caption: say("候補", "Candidates"),
		Columns: []webui.Column{{Name: say("氏名", "Name")}, {Name: say("一致の度合い", "Match")}, {Name: say("理由", "Reasons")}, {Name: say("生年月日", "Date of birth")}, {Name: say("性別", "Sex")},
			{Name: say("住所", "Address")}, {Name: say("住民票コード", "Record code")}, {Name: say("記録", "Record")}},
		Empty: webui.Empty{Text: say("該当する記録はありません。字体・生年月日・住民票コードを確かめて、もう一度探してください。", "There is no such record: check the characters, the date and the code, and search again.")},
	}
	for _, c := range a.Candidates {
		record := webui.Badge{Kind: webui.OK, Text: say("住民", "resident")}
		if c.Deleted() {
			record = webui.Badge{Kind: webui.Off, Text: say("消除（"+c.Change.Reason.In(plain.JA)+"）", "deleted ("+c.Change.Reason.In(plain.EN)+")")}
		}
		var grade, why any
		if len(c.Result) > 0 {
			grade, why = webui.Badge{Kind: gradeBadges[c.Grade()], Text: c.Grade().Name()}, Why(c.Result)
		}
		t.Rows = append(t.Rows, []any{webui.Name(c.Name.Reveal()), grade, why, birthWords(c.Birth), sexWords(c.Sex), webui.Name(c.Address.Reveal()), webui.Code(c.Code.Reveal()), record})
	}
	return t
}

// birthWords is a date of birth as clerks read it, in the Japanese calendar, with the other beside it.
func birthWords(b resident.PartialDate) plain.Sentence {
	return say(b.Wareki()+"（"+b.String()+"）", b.String())
}

func sexWords(s resident.Sex) plain.Sentence {
	for _, c := range Sexes {
		if c.Value == string('0'+rune(s)) {
			return c.Name
		}
	}
	return plain.Sentence{}
}
