package desk

import (
	"context"
	"net/http"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/webui"
)

// show renders a page with what read finds; edit, when there is one, adds what the request led to.
func show[P any](d *Desk, w http.ResponseWriter, r *http.Request, page *webui.Page, status int, read func(*http.Request) (P, error), edit func(*P)) {
	p, err := read(r)
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	if edit != nil {
		edit(&p)
	}
	d.ui.Render(w, r, page, status, p)
}

// submit reads a form and acts. What is refused comes back on the page from which it was sent, to which keep gives the form
// with its entries; what was done leads to the address next.
func submit[P any](d *Desk, w http.ResponseWriter, r *http.Request, page *webui.Page, read func(*http.Request) (P, error), keep func(*P, *webui.Form), next string,
	act func(ctx context.Context, f *webui.Form, by access.Person) error) {
	f, ok := d.ui.ReadForm(w, r)
	if !ok {
		return
	}
	if err := f.Take(act(r.Context(), f, access.From(r.Context()))); err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	if !f.OK() {
		show(d, w, r, page, http.StatusUnprocessableEntity, read, func(p *P) { keep(p, f) })
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// page answers a request for a whole page.
func page[P any](d *Desk, of *webui.Page, read func(*http.Request) (P, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { show(d, w, r, of, http.StatusOK, read, nil) }
}

// part answers a request for one of a page's parts that a browser asks for again and again.
func part[P any](d *Desk, of *webui.Page, read func(*http.Request) (P, error), parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		which := r.PathValue("part")
		if !slices.Contains(parts, which) {
			d.ui.NotFound(w, r)
			return
		}
		p, err := read(r)
		if err != nil {
			d.ui.Fail(w, r, err)
			return
		}
		d.ui.RenderPart(w, r, of, which, p)
	}
}
