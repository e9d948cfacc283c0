package webui

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
)

// stepUpQuery marks a form that comes back from the page that asked for the passkey once more.
const stepUpQuery = "_stepup"

// stepUpPage asks for the passkey once more, before what is dangerous. What was sent travels in the page, and is sent again
// together with the answer, to where it was sent: nothing has to be entered twice, and nothing was done.
type stepUpPage struct {
	What     plain.Sentence
	Problem  *plain.Sentence // why the last answer was not taken
	Action   string
	Hidden   []hiddenField
	Question access.Question
	Persona  *access.Person // of the test country: its software answers when the button is pressed
	Files    bool           // were sent along, and have to be chosen again
	Back     string
}

type hiddenField struct{ Name, Value string }

// askStepUp answers a request with that page. What could not be sent again, a file, is said.
func (u *UI) askStepUp(w http.ResponseWriter, r *http.Request, refused *access.Refused, problem error) {
	if r.PostForm == nil && r.Method == http.MethodPost { // refused before anybody had read it
		if _, ok := u.ReadForm(w, r); !ok {
			return
		}
	}
	d := u.cfg.Sessions.Directory()
	_, session, err := u.cfg.Sessions.Person(r)
	if err != nil {
		u.Fail(w, r, err)
		return
	}
	page := stepUpPage{Back: u.cfg.Sessions.Within(refererPath(r))}
	if refused != nil {
		page.What = refused.Sentence
	} else {
		page.What = plain.Sentence{JA: "もう一度、パスキーで本人を確かめてください。", EN: "Show your passkey once more."}
	}
	if ps, ok := plain.AsProblems(problem); ok && len(ps) > 0 {
		page.Problem = &ps[0].Sentence
	}
	if page.Question, err = d.Ask(r.Context(), session, ""); err != nil {
		u.Fail(w, r, err)
		return
	}
	if p := access.From(r.Context()); p.Persona {
		page.Persona = &p
	}
	if page.Files = r.MultipartForm != nil && len(r.MultipartForm.File) > 0; page.Files {
		page.Action, page.Hidden = u.URL("/session/stepup"), []hiddenField{{"next", page.Back}}
	} else {
		q := r.URL.Query()
		q.Set(stepUpQuery, "1")
		page.Action = u.URL(r.URL.Path) + "?" + q.Encode()
		for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
			for _, v := range r.PostForm[name] {
				if name != relangField && name != sealedField && name != passkeyField && name != softField {
					page.Hidden = append(page.Hidden, hiddenField{name, v})
				}
			}
		}
	}
	u.Render(w, r, u.stepUp, http.StatusForbidden, page)
}

// refererPath is the page from which a form was sent.
func refererPath(r *http.Request) string {
	ref, err := url.Parse(r.Referer())
	if err != nil || ref.Host != r.Host {
		return ""
	}
	return ref.RequestURI()
}

// steppedUp takes the passkey's answer out of a form that comes back from that page, and lets the form go on as if it had just been
// sent, by somebody who is fresh.
func (u *UI) steppedUp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !r.URL.Query().Has(stepUpQuery) || u.cfg.Sessions == nil || u.cfg.Sessions.Directory() == nil {
			next.ServeHTTP(w, r)
			return
		}
		if _, ok := u.ReadForm(w, r); !ok {
			return
		}
		fresh, ok := u.verify(w, r)
		if !ok {
			return
		}
		address, q := *r.URL, r.URL.Query()
		q.Del(stepUpQuery)
		address.RawQuery = q.Encode()
		fresh.URL = &address
		for _, name := range []string{sealedField, passkeyField, softField} {
			fresh.PostForm.Del(name)
			fresh.Form.Del(name)
		}
		next.ServeHTTP(w, fresh)
	})
}

// verify has the directory take the answer, and returns the request of somebody who is fresh. Otherwise it has answered.
func (u *UI) verify(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	p, session, err := u.cfg.Sessions.Person(r)
	if err == nil && p.ID == "" {
		err = errSessionOver
	}
	if err != nil {
		u.Fail(w, r, err)
		return nil, false
	}
	a := answerIn(r)
	switch soft := r.PostFormValue(softField) != ""; {
	case soft && p.Persona:
		a = access.Answer{}
	case a.Credential == "": // the language was switched
		u.askStepUp(w, r, nil, nil)
		return nil, false
	}
	if err := u.cfg.Sessions.Directory().StepUp(r.Context(), session, a); err != nil {
		if _, plainly := plain.AsProblems(err); plainly {
			u.askStepUp(w, r, nil, err)
		} else {
			u.Fail(w, r, err)
		}
		return nil, false
	}
	if p, _, err = u.cfg.Sessions.Person(r); err != nil {
		u.Fail(w, r, err)
		return nil, false
	}
	return r.WithContext(access.With(r.Context(), p)), true
}

var errSessionOver = plain.Bad("passkey", "ログインが終わっています。もう一度ログインしてから、行ってください。", "You are not signed in any more: sign in, then do it again.")

// takeStepUp takes the answer by itself, where what was sent cannot be sent again.
func (u *UI) takeStepUp(w http.ResponseWriter, r *http.Request) {
	if _, ok := u.ReadForm(w, r); !ok {
		return
	}
	if u.cfg.Sessions.Directory() == nil {
		u.NotFound(w, r)
		return
	}
	if _, ok := u.verify(w, r); ok {
		http.Redirect(w, r, u.cfg.Sessions.Within(r.PostFormValue("next")), http.StatusSeeOther)
	}
}

// wantsStepUp is the refusal that a passkey would lift.
func (u *UI) wantsStepUp(err error) (*access.Refused, bool) {
	var refused *access.Refused
	return refused, errors.As(err, &refused) && refused.StepUp && u.cfg.Sessions != nil && u.cfg.Sessions.Directory() != nil
}
