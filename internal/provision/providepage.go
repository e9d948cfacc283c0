package provision

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

type providePage struct {
	*webui.Form
	Nothing *webui.Notice  // nobody approved a use for this person
	Mine    []webui.Choice // the uses under which this person may ask today
	Items   []itemBox
	Sexes   []webui.Choice
	Columns string
	Found   *foundPart
}

type foundPart struct {
	Notices []webui.Notice
	Table   webui.Table
}

func (p *pages) showProvide(w http.ResponseWriter, r *http.Request, f *webui.Form, found *foundPart, status int) {
	page := providePage{Form: f, Found: found, Items: boxes("want-"), Sexes: inquiry.Sexes}
	for i, c := range BulkColumns {
		if i > 0 {
			page.Columns += ","
		}
		page.Columns += c
	}
	if err := p.view(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := Uses(ctx, tx)
		for _, u := range all {
			if u.permits(access.From(ctx), 0, p.today()) == nil {
				name := u.Body + "・" + u.Name
				page.Mine = append(page.Mine, webui.Choice{Value: strconv.FormatUint(u.Number, 10), Name: plain.Sentence{JA: name + "（" + u.Items.Name().JA + "）", EN: name + " (" + u.Items.Name().EN + ")"}})
			}
		}
		return err
	}); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	if len(page.Mine) == 0 {
		page.Nothing = &webui.Notice{Kind: webui.Info, Title: say("いま提供を受けられる事務がありません", "There is no use under which you may ask"),
			Text: say("あなたを担当者として承認された事務が始まると、ここから照会できます。「提供する事務」で、承認と始まる日を確かめてください。", "You can ask from here when a use that names you has been approved and has begun: look under Uses.")}
	}
	p.ui.Render(w, r, p.provide, status, page)
}

func (p *pages) takeRequest(w http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	req := Request{Use: useOf(f, "use"), Case: f.Value("case"), Items: checked(f, "want-"), Question: inquiry.ReadQuestion(f)}
	var a Answer
	if f.OK() {
		var err error
		a, err = p.o.Provide(r.Context(), access.From(r.Context()), req)
		if err := f.Take(err); err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	}
	if !f.OK() {
		p.showProvide(w, r, f, nil, http.StatusUnprocessableEntity)
		return
	}
	p.showProvide(w, r, f, answerPart(a, req), http.StatusOK)
}

func useOf(f *webui.Form, field string) uint64 {
	n, err := strconv.ParseUint(f.NeedChoice(field, say("どの事務か", "the use")), 10, 63)
	if err != nil {
		return 0 // no use has this number, which is refused with a sentence
	}
	return n
}

func answerPart(a Answer, req Request) *foundPart {
	part := &foundPart{Table: webui.Table{Caption: say("提供した情報", "What was given"),
		Columns: []webui.Column{{Name: say("一致の度合い", "Match")}, {Name: say("理由", "Reasons")}},
		Empty:   webui.Empty{Text: say("該当する記録はありません。", "There is no such record.")}}}
	set := req.Items
	if set == 0 {
		set = a.Use.Items
	}
	set.each(func(i item) { part.Table.Columns = append(part.Table.Columns, webui.Column{Name: i.name}) })
	kinds := map[bool]webui.BadgeKind{true: webui.Warn, false: webui.OK}
	weak := false
	for _, g := range a.Given {
		row := []any{nil, nil}
		if result := g.Match; len(result) > 0 {
			row[0], row[1] = webui.Badge{Kind: kinds[result.Weak() || result.Grade() == 0], Text: result.Grade().Name()}, inquiry.Why(result)
			weak = weak || result.Weak()
		}
		set.each(func(i item) {
			switch v := g.Of(i.one); i.one {
			case Name, Address, CommonName:
				if v == "" {
					row = append(row, nil)
				} else {
					row = append(row, webui.Name(v))
				}
			case Code:
				row = append(row, webui.Code(v))
			default:
				row = append(row, v)
			}
		})
		part.Table.Rows = append(part.Table.Rows, row)
	}
	if !req.Code.Valid() && len(a.Given) > 0 {
		n := webui.Notice{Kind: webui.Info, Title: say("候補です。本人とは限りません", "Candidates, not an identity"),
			Text: say("一人だけでも、本人とは決まりません。提出された書類で確かめてください。", "Even a single one need not be the person: check the papers.")}
		if a.More {
			n.Kind = webui.Warn
			n.Text.JA += "ほかにも候補があります。"
			n.Text.EN += " There are others."
		}
		part.Notices = append(part.Notices, n)
	}
	if weak {
		part.Notices = append(part.Notices, webui.Notice{Kind: webui.Warn, Title: say("縮退・一部不詳で合う記録があります", "Something agrees only after replacement, or in part"),
			Text: say("同じ人の証拠にはなりません。理由の欄を確かめてください。", "That is no proof: read the reasons.")})
	}
	if a.Withheld > 0 {
		part.Notices = append(part.Notices, webui.Notice{Kind: webui.Warn, Title: say(fmt.Sprintf("提供できない記録が%d件あります", a.Withheld), fmt.Sprintf("Records that cannot be given: %d", a.Withheld)),
			Text: say("住所地の市区町村に照会してください。", "Ask the municipality of residence.")})
	}
	if a.Unreadable > 0 {
		part.Notices = append(part.Notices, webui.Notice{Kind: webui.Bad, Title: say(fmt.Sprintf("壊れていて読めない記録が%d件あります", a.Unreadable), fmt.Sprintf("Records that are damaged: %d", a.Unreadable)),
			Text: say("運用員に知らせてください。", "Tell an operator.")})
	}
	return part
}

// takeFile answers a file with a file. What is wrong with the file as a whole comes back on the page.
func (p *pages) takeFile(w http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	number := useOf(f, "file-use")
	data, _, chosen := f.File("file")
	if !chosen {
		f.Bad("file", "ファイルを選んでください。", "Choose a file.")
	}
	var b Bulk
	if f.OK() {
		var err error
		b, err = p.o.ProvideFile(r.Context(), access.From(r.Context()), number, 0, data)
		if err := f.Take(err); err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	}
	if !f.OK() {
		p.showProvide(w, r, f, nil, http.StatusUnprocessableEntity)
		return
	}
	rows := append([][]string{b.Head}, b.Rows...)
	count := func(what string, n int) { rows = append(rows, []string{"計", "", fmt.Sprintf("%s %d", what, n)}) }
	count("提供", b.Given)
	count("該当なし", b.Nobody)
	count("提供できない", b.Withheld)
	count("読めない記録", b.Unreadable)
	count("不備", b.Bad)
	webui.SendCSV(w, fmt.Sprintf("provision-use-%d.csv", number), rows)
}
