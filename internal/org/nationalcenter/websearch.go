package nationalcenter

import (
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// searchPage is the data of the search.
type searchPage struct {
	*webui.Form
	Sexes []webui.Choice
	Found *foundPart
}

type foundPart struct {
	Notice webui.Notice
	Table  webui.Table
}

var sexes = []webui.Choice{
	{Value: "1", Name: plain.Sentence{JA: "男", EN: "Male"}}, {Value: "2", Name: plain.Sentence{JA: "女", EN: "Female"}},
	{Value: "3", Name: plain.Sentence{JA: "不明", EN: "Unknown"}},
}

func (w *web) showSearch(rw http.ResponseWriter, r *http.Request) {
	w.ui.Render(rw, r, w.search, http.StatusOK, searchPage{Form: webui.NewForm(nil), Sexes: sexes})
}

func (w *web) runSearch(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	page := searchPage{Form: f, Sexes: sexes}
	q, ground := readQuery(f)
	if !f.OK() {
		w.ui.Render(rw, r, w.search, http.StatusUnprocessableEntity, page)
		return
	}
	found, more, err := w.Search(r.Context(), access.From(r.Context()), ground, q)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	page.Found = w.found(found, more)
	w.ui.Render(rw, r, w.search, http.StatusOK, page)
}

func readQuery(f *webui.Form) (q resident.BasicFour, ground string) {
	if f.Need("name", plain.Sentence{JA: "氏名", EN: "the name"}) != "" {
		q.Name = entry(f, "name", resident.ParseName)
	}
	if f.Need("birth", plain.Sentence{JA: "生年月日", EN: "the date of birth"}) != "" {
		q.Birth = entry(f, "birth", resident.ParsePartialDate)
	}
	if f.Value("sex") != "" {
		q.Sex = entry(f, "sex", resident.ParseSex)
	}
	if f.Value("address") != "" {
		q.Address = entry(f, "address", resident.ParseAddress)
	}
	return q, f.Need("ground", plain.Sentence{JA: "照会の根拠", EN: "the ground of the search"})
}

func entry[T any](f *webui.Form, name string, parse func(field, s string) (T, error)) T {
	v, err := parse(name, f.Value(name))
	if err != nil {
		f.Take(err) // a Parse function refuses with a plain.Problem and nothing else
	}
	return v
}

func (w *web) found(candidates []Candidate, more bool) *foundPart {
	p := &foundPart{
		Notice: webui.Notice{Kind: webui.Info, Title: plain.Sentence{JA: "候補です。本人とは限りません", EN: "Candidates, not an identity"},
			Text: plain.Sentence{JA: "一人だけでも、本人とは決まりません。書類と住民票コードで確かめてください。", EN: "Even a single one need not be the person: check papers and the resident record code."}},
		Table: webui.Table{
			Caption: plain.Sentence{JA: "候補", EN: "Candidates"},
			Columns: []webui.Column{
				{Name: plain.Sentence{JA: "住民票コード", EN: "Record code"}}, {Name: plain.Sentence{JA: "氏名", EN: "Name"}},
				{Name: plain.Sentence{JA: "生年月日", EN: "Date of birth"}}, {Name: plain.Sentence{JA: "住所", EN: "Address"}},
				{Name: plain.Sentence{JA: "合うところ", EN: "Agrees"}}, {Name: plain.Sentence{JA: "違うところ", EN: "Differs"}},
				{Name: plain.Sentence{JA: "記録", EN: "Record"}},
			},
			Empty: webui.Empty{Text: plain.Sentence{JA: "候補はありません。字体や生年月日を確かめて、もう一度探してください。", EN: "There is no candidate: check the characters and the date, and search again."}},
		},
	}
	if more {
		p.Notice.Kind = webui.Warn
		p.Notice.Text.JA += "ほかにも候補があります。住所などを加えて絞ってください。"
		p.Notice.Text.EN += " There are others: add what you know, such as the address."
	}
	for _, c := range candidates {
		record := webui.Badge{Kind: webui.OK, Text: plain.Sentence{JA: "住民", EN: "resident"}}
		if c.Protected {
			record = webui.Badge{Kind: webui.Warn, Text: plain.Sentence{JA: "支援措置中（住所などは表示しません）", EN: "protected: no address is shown"}}
		} else if c.Deleted() {
			record = webui.Badge{Kind: webui.Off, Text: plain.Sentence{JA: c.Change.Reason.In(plain.JA), EN: c.Change.Reason.In(plain.EN)}}
		}
		p.Table.Rows = append(p.Table.Rows, []any{webui.Code(c.Code.Reveal()), webui.Name(c.Name.Reveal()), c.Birth.String(),
			webui.Name(c.Address.Reveal()), attributes(c.Agrees), attributes(c.Differs), record})
	}
	return p
}

// attributes names a set of attributes; nil when it is empty.
func attributes(set resident.Attributes) any {
	var s plain.Sentence
	for _, a := range []struct {
		one resident.Attributes
		plain.Sentence
	}{
		{resident.AttrName, plain.Sentence{JA: "氏名", EN: "name"}}, {resident.AttrBirth, plain.Sentence{JA: "生年月日", EN: "date of birth"}},
		{resident.AttrSex, plain.Sentence{JA: "性別", EN: "sex"}}, {resident.AttrAddress, plain.Sentence{JA: "住所", EN: "address"}},
	} {
		if set&a.one == 0 {
			continue
		}
		if s.JA != "" {
			s.JA, s.EN = s.JA+"、", s.EN+", "
		}
		s.JA, s.EN = s.JA+a.JA, s.EN+a.EN
	}
	if s.JA == "" {
		return nil
	}
	return s
}
