package staffpage

import (
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/webui"
)

// joinPage asks for the invitation; a script takes it out of the link.
type joinPage struct{ *webui.Form }

func (s *screens) showJoin(w http.ResponseWriter, r *http.Request) {
	s.ui.Render(w, r, s.join, http.StatusOK, joinPage{webui.NewForm(nil)})
}

type registerPage struct {
	*webui.Form
	Terms      []webui.Term
	Invitation string
	Question   access.Question
}

// takeJoin shows for whom the invitation is, and asks the browser for a passkey.
func (s *screens) takeJoin(w http.ResponseWriter, r *http.Request) {
	f, ok := s.ui.ReadForm(w, r)
	if !ok {
		return
	}
	f.Need("invitation", say("招待", "the invitation"))
	s.askRegister(w, r, f)
}

func (s *screens) askRegister(w http.ResponseWriter, r *http.Request, f *webui.Form) {
	bound, err := s.bound(w, r)
	page := registerPage{Form: f, Invitation: f.Value("invitation")}
	if err == nil && page.Invitation != "" {
		person, q, asked := s.AskRegister(r.Context(), page.Invitation, bound)
		if asked == nil {
			page.Question = q
			page.Terms = []webui.Term{{Label: say("氏名", "Name"), Value: person.Name}, {Label: say("識別子", "Identifier"), Value: webui.Code(person.ID)}, {Label: say("団体", "Organisation"), Value: s.Name}}
		}
		err = f.Take(asked)
	}
	status := http.StatusOK
	if len(f.Problems()) > 0 {
		status = http.StatusUnprocessableEntity
	}
	switch {
	case err != nil:
		s.ui.Fail(w, r, err)
	case page.Terms == nil:
		s.ui.Render(w, r, s.join, status, joinPage{f})
	default:
		s.ui.Render(w, r, s.register, status, page)
	}
}

// takePasskey takes what the browser made.
func (s *screens) takePasskey(w http.ResponseWriter, r *http.Request) {
	f, ok := s.ui.ReadForm(w, r)
	if !ok {
		return
	}
	bound, err := s.bound(w, r)
	a := access.Answer{Sealed: r.PostFormValue("_sealed"), Credential: r.PostFormValue("_passkey")}
	if err == nil && a.Credential == "" { // the language was switched
		s.askRegister(w, r, f)
		return
	}
	f.Need("label", say("装置の呼び名", "what you call the device"))
	if err == nil && f.OK() {
		if err = s.Register(r.Context(), f.Value("invitation"), bound, f.Value("label"), a); err == nil {
			s.ui.Render(w, r, s.joined, http.StatusOK, nil)
			return
		}
		err = f.Take(err)
	}
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	s.askRegister(w, r, f)
}

// bound is the secret of this browser that questions are bound to before anybody has signed in.
func (s *screens) bound(w http.ResponseWriter, r *http.Request) (string, error) {
	sessions := s.ui.Sessions()
	if b := sessions.Bound(r); b != "" {
		return b, nil
	}
	b, err := s.NewSecret()
	if err == nil {
		sessions.Bind(w, r, b)
	}
	return b, err
}
