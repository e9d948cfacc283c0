package nationalcenter

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// asidePath is the page of what is set aside, below the center's base.
const asidePath = "/asides"

var asideNav = webui.NavItem{Path: asidePath, Name: plain.Sentence{JA: "取り置いた照会", EN: "Askings set aside"}, Act: access.ViewMessages}

// mountAsides adds the pages of askings that are set aside. They name the asker, and neither a person nor a code.
func (w *web) mountAsides(mux *http.ServeMux) {
	mux.Handle("GET "+asidePath, w.ui.Only(access.ViewMessages, w.showAsides))
	mux.Handle("GET "+asidePath+"/{aside}", w.ui.Only(access.ViewMessages, func(rw http.ResponseWriter, r *http.Request) {
		w.showAside(rw, r, http.StatusOK, webui.NewForm(nil))
	}))
	mux.Handle("POST "+asidePath+"/{aside}/propose", w.ui.Only(access.ResolvePropose, w.proposeToLet))
	mux.Handle("POST "+asidePath+"/{aside}/confirm", w.ui.Only(access.ResolveConfirm, w.letAsk))
}

func asideWhy(a store.AttachAside) plain.Sentence {
	if a.Why == store.AsideProtected {
		return plain.Sentence{JA: "支援措置中の方で、行き先と聞いていない", EN: "a protected person whom nobody expects there"}
	}
	return plain.Sentence{JA: "断られ続けた", EN: "refused again and again"}
}

type asidesPage struct{ Open, Closed webui.Table }

func (w *web) showAsides(rw http.ResponseWriter, r *http.Request) {
	var open, closed []store.AttachAside
	if err := w.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		if open, err = w.in(raw).Asides(ctx, true, 200); err != nil {
			return err
		}
		closed, err = w.in(raw).Asides(ctx, false, 50)
		return err
	}); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	columns := func(last plain.Sentence) []webui.Column {
		return []webui.Column{{Name: plain.Sentence{JA: "照会", EN: "Asking"}}, {Name: plain.Sentence{JA: "照会した団体", EN: "Asked by"}}, {Name: plain.Sentence{JA: "わけ", EN: "Why"}},
			{Name: plain.Sentence{JA: "取り置いた時", EN: "Set aside"}}, {Name: plain.Sentence{JA: "以後の照会", EN: "Tries since"}, Right: true}, {Name: last}}
	}
	p := asidesPage{
		Open: webui.Table{Caption: plain.Sentence{JA: "取り置いたもの（古い順）", EN: "Set aside, oldest first"}, Columns: columns(plain.Sentence{JA: "提案した人", EN: "Proposed by"}),
			Empty: webui.Empty{Text: plain.Sentence{JA: "ありません。", EN: "None."}}},
		Closed: webui.Table{Caption: plain.Sentence{JA: "認めたもの（新しい順）", EN: "Let ask again, newest first"}, Columns: columns(plain.Sentence{JA: "だれが、なぜ", EN: "By whom, and why"}),
			Empty: webui.Empty{Text: plain.Sentence{JA: "ありません。", EN: "None."}}}}
	for _, a := range open {
		p.Open.Rows = append(p.Open.Rows, []any{webui.Link{Href: w.ui.URL(asidePath + "/" + a.ID), Text: webui.Code(shortName(a.ID))}, webui.Code(string(a.AskedBy)), asideWhy(a), a.OpenedAt, a.Tries, webui.Code(a.ProposedBy)})
	}
	for _, a := range closed {
		p.Closed.Rows = append(p.Closed.Rows, []any{webui.Code(shortName(a.ID)), webui.Code(string(a.AskedBy)), asideWhy(a), a.OpenedAt, a.Tries, webui.Name(a.ProposedBy + "・" + a.LetBy + "：" + a.Proposal)})
	}
	w.ui.Render(rw, r, w.asidesAll, http.StatusOK, p)
}

type asidePage struct {
	*webui.Form
	Facts                      []webui.Term
	Base                       string
	Proposed, Propose, Confirm bool
}

func (w *web) showAside(rw http.ResponseWriter, r *http.Request, status int, form *webui.Form) {
	var a store.AttachAside
	err := w.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		var found bool
		if a, found, err = w.in(raw).Aside(ctx, r.PathValue("aside")); err == nil && !found {
			err = errNoAside
		}
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	by, role := access.From(r.Context()), w.Self.Role()
	p := asidePage{Form: form, Base: w.ui.URL(asidePath + "/" + a.ID), Proposed: a.ProposedBy != "",
		Propose: access.May(by, access.ResolvePropose, role) == nil,
		Confirm: a.ProposedBy != "" && a.ProposedBy != by.ID && access.May(by, access.ResolveConfirm, role) == nil,
		Facts: []webui.Term{{Label: plain.Sentence{JA: "照会した団体", EN: "Asked by"}, Value: webui.Code(string(a.AskedBy))},
			{Label: plain.Sentence{JA: "わけ", EN: "Why"}, Value: asideWhy(a)}, {Label: plain.Sentence{JA: "取り置いた時", EN: "Set aside"}, Value: a.OpenedAt},
			{Label: plain.Sentence{JA: "以後の照会", EN: "Tries since"}, Value: a.Tries}}}
	if p.Proposed {
		p.Facts = append(p.Facts, webui.Term{Label: plain.Sentence{JA: "提案", EN: "Proposed"}, Value: webui.Name(a.ProposedBy + "：" + a.Proposal)})
	}
	w.ui.Render(rw, r, w.asideOne, status, p)
}

func (w *web) proposeToLet(rw http.ResponseWriter, r *http.Request) {
	form, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	why := form.Need("why", plain.Sentence{JA: "わけ", EN: "why"})
	if form.OK() {
		if err := form.Take(w.ProposeToLet(r.Context(), access.From(r.Context()), r.PathValue("aside"), why)); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if !form.OK() {
		w.showAside(rw, r, http.StatusUnprocessableEntity, form)
		return
	}
	http.Redirect(rw, r, w.ui.URL(asidePath+"/"+r.PathValue("aside")), http.StatusSeeOther)
}

func (w *web) letAsk(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	if err := w.LetAsk(r.Context(), access.From(r.Context()), r.PathValue("aside")); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL(asidePath), http.StatusSeeOther)
}
