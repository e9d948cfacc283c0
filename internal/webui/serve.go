package webui

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
)

// Serve returns the organisation's web: its pages (patterns without the base: "GET /register"), the assets and the
// choice of persona, behind what every request passes: headers, the check that a POST comes from our own pages, the
// bound on its size, and the person who acts. Mount it at the base path with a slash after it.
func (u *UI) Serve(pages *http.ServeMux) http.Handler {
	u.pages = pages
	own := http.NewServeMux()
	own.Handle("GET /assets/", u.assets)
	if u.cfg.Sessions != nil {
		own.HandleFunc("GET /session", u.showChooser)
		own.HandleFunc("POST /session", u.takeChoice)
		own.HandleFunc("POST /session/passkey", u.takePasskey)
		own.HandleFunc("POST /session/stepup", u.takeStepUp)
	}
	own.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := pages.Handler(r); pattern == "" {
			u.NotFound(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})

	// A cookie alone must not be able to act: a POST that another site started is refused (Sec-Fetch-Site, Origin).
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.Render(w, r, u.problem, http.StatusForbidden, problemPage{Home: u.URL("/"), Status: http.StatusForbidden, Sentences: []plain.Sentence{{
			JA: "別のサイトから送られたため、受け付けませんでした。この画面を開き直して、もう一度行ってください。",
			EN: "This was sent from another site and was not accepted: open the page here and do it again."}}})
	}))
	handler := guard.Handler(u.bound(u.steppedUp(own)))
	if u.cfg.Sessions != nil {
		handler = u.cfg.Sessions.Middleware(handler)
	}
	return headers(http.StripPrefix(u.cfg.Base, handler))
}

// Only lets through those whom the rules allow the act. Somebody who has not said who they are is asked first, and
// comes back to the page; everybody else who is refused is told who may.
func (u *UI) Only(act access.Act, next http.HandlerFunc) http.Handler {
	return guarded{act, func(w http.ResponseWriter, r *http.Request) {
		p := access.From(r.Context())
		err := access.May(p, act, u.cfg.Role)
		switch choose := u.chooseURL(r); {
		case err == nil:
			next(w, r)
		case p.ID == "" && choose != "" && r.Method == http.MethodGet:
			http.Redirect(w, r, choose, http.StatusSeeOther)
		default:
			u.Fail(w, r, err)
		}
	}}
}

// guarded is a page with the act that it asks for.
type guarded struct {
	act access.Act
	http.HandlerFunc
}

// LinkTo is a value that leads whoever is in the context to a page of the organisation, below the base. Somebody whom the act of
// the page refuses would come to a refusal: in place of the link they read whose business it is. It is nil where there is no such page.
func (u *UI) LinkTo(ctx context.Context, path string, text plain.Sentence) any {
	address, err := url.Parse(path)
	if err != nil || u.pages == nil {
		return nil
	}
	page, pattern := u.pages.Handler(&http.Request{Method: http.MethodGet, URL: address})
	if pattern == "" {
		return nil
	}
	if g, ok := page.(guarded); ok && !opens(access.May(access.From(ctx), g.act, u.cfg.Role)) {
		who := access.WhoDoes(g.act, u.cfg.Role)
		if who.JA == "" {
			return nil
		}
		return plain.Sentence{JA: who.JA + "が対応します", EN: "The " + who.EN + " deals with it"}
	}
	return Link{Href: u.URL(path), Text: text}
}

// opens tells whether a page opens to whom the rules answer this: also to somebody who is asked for the passkey first.
func opens(err error) bool {
	var refused *access.Refused
	return err == nil || errors.As(err, &refused) && refused.StepUp
}

// chooseURL is the address of the chooser that comes back to this request; empty when there is nothing to choose.
func (u *UI) chooseURL(r *http.Request) string {
	if !u.canSignIn() {
		return ""
	}
	next := u.URL(r.URL.Path)
	if r.Method != http.MethodGet {
		return u.URL("/session")
	}
	if r.URL.RawQuery != "" {
		next += "?" + r.URL.RawQuery
	}
	return u.URL("/session") + "?" + url.Values{"next": {next}}.Encode()
}

// headers are those of every answer: no code but ours runs, nobody frames us, and nothing personal stays in a cache.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// bound refuses a body that is announced as too large before it is read, and stops one that turns out to be.
func (u *UI) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > u.cfg.MaxBody {
			u.refuseLarge(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, u.cfg.MaxBody)
		next.ServeHTTP(w, r)
	})
}

// refuseLarge answers at once and then lets the sender finish for a while: a browser shows an answer only when it could
// send its request, and would otherwise report a broken connection instead of our sentence. How long a sender may take is bounded
// by the server's ReadTimeout, how much by the last line.
func (u *UI) refuseLarge(w http.ResponseWriter, r *http.Request) {
	body := r.Body
	r.Body = http.NoBody
	control := http.NewResponseController(w)
	// Where the connection cannot do this (a recorder in a test), the sentence is written all the same.
	_ = control.EnableFullDuplex()
	w.Header().Set("Connection", "close")
	u.Fail(w, r, &http.MaxBytesError{Limit: u.cfg.MaxBody})
	_ = control.Flush()
	_, _ = io.CopyN(io.Discard, body, 256<<20)
}

func (u *UI) tooLarge() plain.Sentence {
	mib := strconv.FormatInt(u.cfg.MaxBody>>20, 10)
	return plain.Sentence{
		JA: "送られた内容が大きすぎるため、受け付けませんでした。" + mib + " MiB までに分けるか、小さくして送ってください。",
		EN: "What was sent is too large and was not accepted: send at most " + mib + " MiB at a time.",
	}
}
