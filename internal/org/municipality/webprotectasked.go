package municipality

import (
	"net/http"

	"github.com/akashi-id/akashi/internal/webui"
)

// askedPage is who has asked about the codes of those whom a measure protects.
type askedPage struct {
	Back  string
	Asked webui.Table
}

func (p *protectScreens) showAskedAbout(rw http.ResponseWriter, r *http.Request) {
	number := r.PathValue("measure")
	all, err := p.o.QuestionsAbout(r.Context(), number)
	if err != nil {
		p.ui.Fail(rw, r, err)
		return
	}
	page := askedPage{Back: p.measureURL(number, ""), Asked: webui.Table{Caption: both("全国センターへの照会（新しい順）", "Asked of the national center, newest first"),
		Columns: []webui.Column{{Name: both("時刻", "At")}, {Name: both("照会した団体", "Asked by")}, {Name: both("答え", "Answer")}},
		Empty:   webui.Empty{Text: both("照会はありません。", "Nobody has asked.")}}}
	for _, q := range all {
		by, answer := any(webui.Code(string(q.AskedBy))), badge(webui.Warn, "断った・取り置いた", "refused or set aside")
		if q.Agreed {
			// Whom the center agreed with says where she has gone: nobody needs it here.
			by, answer = both("ほかの市区町村", "another municipality"), badge(webui.Info, "転入に同意した", "agreed to a moving in")
		}
		page.Asked.Rows = append(page.Asked.Rows, []any{q.At, by, answer})
	}
	p.ui.Render(rw, r, p.asked, http.StatusOK, page)
}
