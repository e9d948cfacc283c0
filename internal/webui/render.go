package webui

import (
	"bytes"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
)

// frame is what the layout shows around a page.
type frame struct {
	Title    template.HTML
	Main     template.HTML
	Org      plain.Sentence
	Look     look
	Test     bool
	Portal   string
	Base     string
	Nav      []navEntry
	Watch    *Attention // nil: nothing asks for somebody, or it is not this person's to know
	Standing *Standing  // nil: nothing
	Person   access.Person
	Known    bool // somebody has chosen who they are
	Choosing bool // somebody can sign in here
	Personas bool // can be chosen here
	Path     string
	Now      time.Time
	Problems []summaryLine
	Noted    bool           // that there were problems was written down
	Replaced []replacedLine // codes that became characters
	Switch   languageSwitch
}

type navEntry struct {
	Href    string
	Name    plain.Sentence
	Current string // the value of aria-current; empty: none
}

// summaryLine is one line of the error summary: Target is the id of a field, empty when the page has no such field.
type summaryLine struct{ Target, Text string }

// replacedLine is a code that was typed, and the character that it became.
type replacedLine struct{ Code, Text, Name string }

// languageSwitch is a link, or a button that sends the form again where following a link would lose the entries.
type languageSwitch struct {
	To   plain.Lang
	Href string
	Form bool
}

// AsOf lets the data of a page say how old it is; without it a page is as of the moment when it was rendered.
type AsOf interface{ AsOf() time.Time }

// Render answers with a page. Nothing is sent before the whole page is made, so a mistake in a template is an error
// page and never half a page.
func (u *UI) Render(w http.ResponseWriter, r *http.Request, page *Page, status int, data any) {
	lang := u.langOf(w, r)
	set := page.byLang[lang]
	var title, main, out bytes.Buffer
	err := set.ExecuteTemplate(&main, "main", data)
	if err == nil {
		err = set.ExecuteTemplate(&title, "title", data)
	}
	if err == nil {
		f := u.frame(r, page, lang, data)
		// Both were escaped when they were made, by the same set of templates.
		f.Title, f.Main = template.HTML(title.String()), template.HTML(main.String())
		err = set.ExecuteTemplate(&out, "layout", f)
	}
	if err != nil {
		u.broken(w, r, page.name, err)
		return
	}
	send(w, status, out.Bytes())
}

// RenderPart answers with one named template of a page alone, for htmx to put in its place, and with the new time for the
// line of freshness.
func (u *UI) RenderPart(w http.ResponseWriter, r *http.Request, page *Page, part string, data any) {
	var out bytes.Buffer
	set := page.byLang[Lang(r)]
	err := set.ExecuteTemplate(&out, part, data)
	if err == nil {
		err = set.ExecuteTemplate(&out, "as-of", u.asOf(data))
	}
	if err != nil {
		u.broken(w, r, page.name+"/"+part, err)
		return
	}
	send(w, http.StatusOK, out.Bytes())
}

func (u *UI) asOf(data any) time.Time {
	if d, ok := data.(AsOf); ok {
		return d.AsOf()
	}
	return u.cfg.Clock.Now()
}

func (u *UI) frame(r *http.Request, page *Page, lang plain.Lang, data any) frame {
	p := access.From(r.Context())
	f := frame{
		Org: u.cfg.Org, Look: u.look, Test: u.cfg.TestCountry, Portal: u.cfg.Portal, Base: u.cfg.Base,
		Person: p, Known: p.ID != "", Choosing: u.canSignIn(), Personas: u.hasPersonas(),
		Path: u.URL(r.URL.Path), Now: u.asOf(data),
	}
	for _, n := range u.cfg.Nav {
		if n.Act == "" || access.May(p, n.Act, u.cfg.Role) == nil {
			f.Nav = append(f.Nav, navEntry{u.URL(n.Path), n.Name, n.at(r.URL.Path)})
		}
	}
	if u.watch != nil && access.May(p, access.ViewMessages, u.cfg.Role) == nil {
		if a := u.watch(r.Context()); a.Open > 0 || a.Lost {
			a.Href = u.URL(a.Href)
			f.Watch = &a
		}
	}
	if u.stand != nil && f.Known {
		f.Standing = u.stand(r.Context())
	}
	if d, ok := data.(interface{ form() *Form }); ok && d.form() != nil {
		f.Noted = d.form().noted
		for _, p := range d.form().problems {
			line := summaryLine{Text: p.In(lang)}
			if d.form().shown[p.Field] {
				line.Target = "f-" + p.Field
			}
			f.Problems = append(f.Problems, line)
		}
		for _, c := range d.form().replaced {
			f.Replaced = append(f.Replaced, replacedLine{c.Code, c.Text, c.Form.Name()})
		}
	}
	f.Switch = languageSwitch{To: plain.EN, Form: r.Method == http.MethodPost && page.hasForm}
	if lang == plain.EN {
		f.Switch.To = plain.JA
	}
	q := r.URL.Query()
	q.Set("lang", string(f.Switch.To))
	f.Switch.Href = f.Path + "?" + q.Encode()
	return f
}

// langOf is the language of a request; it remembers a choice that the address or the form makes.
func (u *UI) langOf(w http.ResponseWriter, r *http.Request) plain.Lang {
	lang, asked := Lang(r), r.URL.Query().Get("lang")
	if r.PostForm.Has(relangField) {
		asked = r.PostForm.Get(relangField)
		lang = plain.JA
		if plain.Lang(asked) == plain.EN {
			lang = plain.EN
		}
	}
	if asked != "" {
		http.SetCookie(w, &http.Cookie{
			Name: langCookie, Value: string(lang), Path: u.cookiePath(), MaxAge: 365 * 24 * 60 * 60,
			HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
		})
	}
	return lang
}

// Fail answers with the page for an error: a refusal by the rules of access (403), a request that is too large (413),
// a refused input (422), another error that carries a sentence (409), or our own fault (500), which is logged and of
// which nothing is shown.
func (u *UI) Fail(w http.ResponseWriter, r *http.Request, err error) {
	var refused *access.Refused
	var tooLarge *http.MaxBytesError
	var said interface {
		error
		In(plain.Lang) string
	}
	if wants, ok := u.wantsStepUp(err); ok {
		u.askStepUp(w, r, wants, nil)
		return
	}
	data, status := problemPage{Home: u.URL("/")}, http.StatusInternalServerError
	if problems, ok := plain.AsProblems(err); ok {
		status = http.StatusUnprocessableEntity
		for _, p := range problems {
			data.Sentences = append(data.Sentences, p.Sentence)
			// The fields of a ground (look.Ground.Check): whoever has none is led to where it is said, and back to what they wanted to see.
			if u.cfg.Visit != "" && (p.Field == "purpose" || p.Field == "case") {
				data.Visit = u.URL(u.cfg.Visit)
				if r.Method == http.MethodGet {
					data.Visit += "?" + url.Values{"next": {u.URL(r.URL.Path)}}.Encode()
				}
			}
		}
	} else if errors.As(err, &refused) {
		status, data.Sentences = http.StatusForbidden, []plain.Sentence{refused.Sentence}
		data.Choose, data.Personas = u.chooseURL(r), u.hasPersonas()
	} else if errors.As(err, &tooLarge) {
		status, data.Sentences = http.StatusRequestEntityTooLarge, []plain.Sentence{u.tooLarge()}
	} else if errors.As(err, &said) {
		status, data.Sentences = http.StatusConflict, []plain.Sentence{{JA: said.In(plain.JA), EN: said.In(plain.EN)}}
	} else {
		u.cfg.Log.ErrorContext(r.Context(), "a request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
		data.Sentences = []plain.Sentence{{
			JA: "システムの側で処理を終えられませんでした。記録はされていません。しばらくしてから、もう一度行ってください。",
			EN: "The program could not finish this, and nothing was recorded. Try again in a while."}}
	}
	data.Status = status
	u.Render(w, r, u.problem, status, data)
}

// NotFound answers for a path that this organisation does not have.
func (u *UI) NotFound(w http.ResponseWriter, r *http.Request) {
	u.Render(w, r, u.problem, http.StatusNotFound, problemPage{Home: u.URL("/"), Status: http.StatusNotFound, Sentences: []plain.Sentence{{
		JA: "この画面はありません。アドレスを確かめるか、メニューから選び直してください。",
		EN: "There is no such page: check the address, or choose from the menu."}}})
}

type problemPage struct {
	Status    int
	Sentences []plain.Sentence
	Home      string
	Choose    string // address of the chooser, when another person may help
	Personas  bool   // can be chosen there
	Visit     string // address where a ground is said, when there was none
}

// broken answers when a template failed. It cannot use a template.
func (u *UI) broken(w http.ResponseWriter, r *http.Request, page string, err error) {
	u.cfg.Log.ErrorContext(r.Context(), "a page could not be made", slog.String("page", page), slog.Any("error", err))
	send(w, http.StatusInternalServerError, []byte(`<!DOCTYPE html><html lang="ja"><meta charset="utf-8"><title>エラー / Error</title>`+
		`<p>画面を作れませんでした。システムの管理者に連絡してください。</p>`+
		`<p lang="en">The page could not be made: tell the administrator.</p></html>`))
}

func send(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func withQuery(address, key string, n int) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set(key, strconv.Itoa(n))
	u.RawQuery = q.Encode()
	return u.String()
}
