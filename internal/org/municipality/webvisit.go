package municipality

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// The entries of a visit. They go along with those of any form, so that one that was sent too late is not lost.
const (
	visitPurpose = "visit_purpose"
	visitCase    = "visit_case"
	visitNext    = "next"
)

type visitPage struct {
	*webui.Form
	Notice   *webui.Notice // nil: none was open before
	Purposes []webui.Choice
	Action   string            // "" for the page itself
	Kept     map[string]string // what was sent and has to wait
}

func (w *screens) mountVisit(mux *http.ServeMux) {
	mux.Handle("GET /visit", w.ui.Only(access.LookAtPerson, func(rw http.ResponseWriter, r *http.Request) {
		w.renderVisit(rw, r, http.StatusOK, webui.NewForm(map[string]string{visitNext: r.URL.Query().Get(visitNext)}), w.ui.URL("/visit"), nil)
	}))
	mux.Handle("POST /visit", w.ui.Only(access.LookAtPerson, w.doVisit))
	mux.Handle("POST /visit/close", w.ui.Only(access.LookAtPerson, w.closeVisit))
	mux.Handle("POST /resident/{person}/attention", w.ui.Only(access.LookAtPerson, w.doAffirm))
	w.ui.Stand(w.standing)
}

// visited lets through whoever has said what for: with a visit that is open, or that the request itself opens. Everybody
// else is asked, and what a form has sent waits in the page that asks.
func (w *screens) visited(next http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if access.May(access.From(r.Context()), access.LookAtPerson, message.Municipality) != nil {
			next(rw, r) // a page of somebody who looks at nobody
			return
		}
		_, open, err := w.visitOf(r.Context())
		if err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		if open {
			w.attended(next)(rw, r)
			return
		}
		back := w.ui.URL(r.URL.Path)
		if r.Method != http.MethodPost {
			w.renderVisit(rw, r, http.StatusConflict, webui.NewForm(map[string]string{visitNext: back}), w.ui.URL("/visit"), nil)
			return
		}
		f, ok := w.ui.ReadForm(rw, r)
		if !ok {
			return
		}
		kept := f.Typed()
		delete(kept, visitPurpose)
		delete(kept, visitCase)
		if f.Value(visitPurpose)+f.Value(visitCase) == "" {
			w.renderVisit(rw, r, http.StatusConflict, webui.NewForm(nil), back, kept)
			return
		}
		if err := w.takeVisit(r.Context(), f); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		if !f.OK() {
			w.renderVisit(rw, r, http.StatusUnprocessableEntity, f, back, kept)
			return
		}
		// Not along with the page's own form: sent once more it would open another visit.
		r.PostForm.Del(visitPurpose)
		r.PostForm.Del(visitCase)
		w.attended(next)(rw, r)
	}
}

// takeVisit opens the visit that a form states, or adds to the form why not.
func (w *screens) takeVisit(ctx context.Context, f *webui.Form) error {
	err := w.o.OpenVisit(ctx, look.Ground{Purpose: look.Purpose(f.Value(visitPurpose)), Case: f.Value(visitCase)})
	if problems, ok := plain.AsProblems(err); ok {
		for _, p := range problems {
			f.Bad("visit_"+p.Field, p.JA, p.EN)
		}
		return nil
	}
	return err
}

func (w *screens) doVisit(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	status := http.StatusOK // the language switch
	if f.OK() {
		if err := w.takeVisit(r.Context(), f); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		if f.OK() {
			http.Redirect(rw, r, w.within(f.Value(visitNext)), http.StatusSeeOther)
			return
		}
		status = http.StatusUnprocessableEntity
	}
	w.renderVisit(rw, r, status, f, w.ui.URL("/visit"), nil)
}

// within is the page to go on with: the search, where no page of this organisation was asked for.
func (w *screens) within(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme+u.Host != "" || strings.HasPrefix(next, "//") || !strings.HasPrefix(u.Path, w.ui.URL("/")) ||
		strings.Contains(u.Path, "..") || strings.Contains(u.Path, "\\") {
		return w.ui.URL("/search")
	}
	return next
}

func (w *screens) closeVisit(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	if err := w.o.CloseVisit(r.Context()); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL("/"), http.StatusSeeOther)
}

// renderVisit asks what for. A visit that was left idle is offered again: most of the time its person has come back.
func (w *screens) renderVisit(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, action string, kept map[string]string) {
	p := visitPage{Form: f, Action: action, Kept: kept}
	for _, rule := range look.Purposes(message.Municipality) {
		if access.May(access.From(r.Context()), rule.Act, message.Municipality) == nil {
			p.Purposes = append(p.Purposes, webui.Choice{Value: string(rule.Purpose), Name: rule.Name, Note: rule.Law})
		}
	}
	v, open, err := w.visitOf(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if !open && !v.Opened.IsZero() && !v.Closed && f.Value(visitPurpose)+f.Value(visitCase) == "" {
		f.Set(visitPurpose, string(v.Ground.Purpose))
		f.Set(visitCase, v.Ground.Case)
		p.Notice = &webui.Notice{Kind: webui.Wait, Title: both("30分のあいだ操作がなかったので、閲覧を止めました", "Nothing was looked at for 30 minutes, so looking has stopped"),
			Text: both("続きなら、このまま「開いて続ける」を押してください。別の方なら、目的と番号を入力し直してください。入力した内容は残っています。", "To go on with the same visit, open it as it stands. For somebody else, enter purpose and number anew. What you have typed is kept.")}
	}
	w.ui.Render(rw, r, w.visit, status, p)
}

// standing is the line of the visit on every page.
func (w *screens) standing(ctx context.Context) *webui.Standing {
	v, open, err := w.visitOf(ctx)
	if err != nil || !open {
		return nil
	}
	name, until := v.Ground.Purpose.Name(), v.Ends().In(cert.JST).Format("15:04")
	return &webui.Standing{Title: both("番号 "+v.Ground.Case+"（"+name.JA+"）", v.Ground.Case+": "+name.EN),
		Text:   both("見た方の情報は、この目的と番号で記録します。操作がなければ "+until+" に終わります。", "What you look at is recorded under this purpose and number. Without a look it ends at "+until+"."),
		Action: "/visit/close", End: both("この方の用件を終える", "Done with this visit")}
}

func (w *screens) visitOf(ctx context.Context) (v look.Visit, open bool, err error) {
	err = w.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		v, open, err = look.VisitOf(ctx, tx, access.From(ctx).ID)
		return err
	})
	return v, open, err
}

// OpenVisit opens a visit for the clerk in the context, who then looks on its ground.
func (o *Municipality) OpenVisit(ctx context.Context, g look.Ground) error {
	_, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		return nil, look.OpenVisit(ctx, tx.Tx, access.From(ctx), o.Self, g)
	})
	return err
}

// CloseVisit closes the visit of the clerk in the context.
func (o *Municipality) CloseVisit(ctx context.Context) error {
	_, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		return nil, look.CloseVisit(ctx, tx.Tx, access.From(ctx))
	})
	return err
}
