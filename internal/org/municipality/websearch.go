package municipality

import (
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

type searchPage struct {
	*webui.Form
	Results *webui.Table // nil: nothing was looked for
	More    bool
}

func (w *screens) showSearch(rw http.ResponseWriter, r *http.Request) {
	w.ui.Render(rw, r, w.search, http.StatusOK, searchPage{Form: webui.NewForm(nil)})
}

// doSearch finds people. It is a POST, so that what was looked for stays in no address, history or log.
func (w *screens) doSearch(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	f.KeepsNothing()
	q := Query{Code: entry(f, "code", resident.ParseRecordCode), Name: f.Value("name"), Kana: f.Value("kana"),
		Birth: entry(f, "birth", resident.ParsePartialDate)}
	p := searchPage{Form: f}
	var found []store.Version
	var err error
	if len(f.Problems()) == 0 {
		found, p.More, err = w.o.Search(r.Context(), q)
	}
	if err = refused(f, err); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if len(f.Problems()) > 0 {
		w.ui.Render(rw, r, w.search, http.StatusUnprocessableEntity, p)
		return
	}
	p.Results = w.people(found)
	w.ui.Render(rw, r, w.search, http.StatusOK, p)
}

// people is a table of persons, each leading to the record.
func (w *screens) people(list []store.Version) *webui.Table {
	t := &webui.Table{
		Caption: both("見つかった住民", "Found"),
		Columns: []webui.Column{{Name: both("氏名", "Name")}, {Name: both("振り仮名", "Reading")}, {Name: both("生年月日", "Born")}, {Name: both("性別", "Sex")},
			{Name: both("住所", "Address")}, {Name: both("状態", "Status")}},
		Empty: webui.Empty{Text: both("見つかりませんでした。氏名の字形や生年月日を変えて、もう一度検索してください。", "Nobody was found: try another form of the name, or the date of birth.")},
	}
	for _, v := range list {
		if isUnnamed(v) {
			continue
		}
		if isMasked(v) {
			t.Rows = append(t.Rows, []any{webui.Link{Href: w.personURL(v.Person, ""), Text: webui.Name(v.Record.Name.Reveal())}, nil, nil, nil, nil, presence(v)})
			continue
		}
		if !v.Record.Address.Valid() { // on the list for attention: the name alone
			t.Rows = append(t.Rows, []any{webui.Link{Href: w.personURL(v.Person, ""), Text: webui.Name(v.Record.Name.Reveal())}, nil, nil, nil, nil,
				badge(webui.Warn, "開く前に確認します", "asks to be confirmed")})
			continue
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.personURL(v.Person, ""), Text: webui.Name(v.Record.Name.Reveal())}, nameText(v.Record.Kana.Reveal()),
			bornText(v.Record.Birth), sexName(v.Record.Sex), webui.Name(v.Record.Address.Reveal()), presence(v)})
	}
	if n := withheld(list); n > 0 {
		t.Rows = append(t.Rows, []any{othersText(n), nil, nil, nil, nil, nil})
	}
	return t
}

// othersText stands for people of whom nothing is shown, not even why.
func othersText(n int) plain.Sentence {
	return both("ほか"+strconv.Itoa(n)+"人（表示しません）", strconv.Itoa(n)+" more (not shown)")
}

// memberName is somebody of a household on a form.
func memberName(v store.Version) string {
	if isUnnamed(v) {
		return "ほかの方（表示しません） / another person (not shown)"
	}
	return v.Record.Name.Reveal()
}

// memberWords is memberName where a page has a sentence for it.
func memberWords(v store.Version) plain.Sentence {
	if isUnnamed(v) {
		return both("ほかの方（表示しません）", "another person (not shown)")
	}
	return both(v.Record.Name.Reveal(), v.Record.Name.Reveal())
}

// presence is whether somebody is a resident.
func presence(v store.Version) webui.Badge {
	if isMasked(v) {
		return badge(webui.Warn, "支援措置中（住所などは表示しません）", "protected: no address is shown")
	}
	if v.Present() {
		return badge(webui.OK, "住民", "resident")
	}
	n := reasonName(v.Change.Reason)
	return badge(webui.Off, "消除（"+n.JA+"）", "deleted ("+n.EN+")")
}
