package lookpage

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

type attentionPage struct {
	*webui.Form
	Categories   []webui.Choice
	List         webui.Table
	Action, Drop string
	Back         string
}

func (p *pages) showAttention(w http.ResponseWriter, r *http.Request) {
	p.renderAttention(w, r, http.StatusOK, webui.NewForm(nil))
}

func (p *pages) renderAttention(w http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	var all []look.Attention
	err := p.read(r, "list for attention", func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = look.Attended(ctx, tx)
		return err
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	page := attentionPage{Form: f, Action: p.ui.URL("/looks/attention"), Drop: p.ui.URL("/looks/attention/drop"), Back: p.ui.URL("/looks"),
		List: webui.Table{Caption: both("注意対象の名簿", "The list"), Empty: webui.Empty{Text: both("まだだれもいません。", "Nobody yet.")},
			Columns: []webui.Column{{Name: both("区分", "Category")}, {Name: both("住民票コード", "Record code")}, {Name: both("だれの家族か", "Whose family")}}}}
	for _, c := range look.Categories {
		page.Categories = append(page.Categories, webui.Choice{Value: string(c), Name: c.Name()})
	}
	for _, a := range all {
		page.List.Rows = append(page.List.Rows, []any{a.Category.Name(), webui.Code(a.Subject.Reveal()), codeOrNone(a.Operator)})
	}
	p.ui.Render(w, r, p.attention, status, page)
}

func (p *pages) keep(w http.ResponseWriter, r *http.Request) { p.change(w, r, look.Keep) }
func (p *pages) drop(w http.ResponseWriter, r *http.Request) { p.change(w, r, look.Drop) }

// change adds what the form names to the list, or takes it off.
func (p *pages) change(w http.ResponseWriter, r *http.Request, do func(context.Context, *sqlstore.Tx, access.Person, message.Org, look.Attention) error) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	if !f.OK() { // the language switch
		p.renderAttention(w, r, http.StatusOK, f)
		return
	}
	a := look.Attention{Category: look.Category(f.Value("category")), Operator: f.Value("operator")}
	var err error
	if a.Subject, err = resident.ParseRecordCode("subject", f.Value("subject")); err == nil {
		err = p.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return do(ctx, tx, access.From(ctx), p.Self, a) })
	}
	if err == nil {
		http.Redirect(w, r, p.ui.URL("/looks/attention"), http.StatusSeeOther)
		return
	}
	if err = f.Take(err); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	p.renderAttention(w, r, http.StatusUnprocessableEntity, f)
}
