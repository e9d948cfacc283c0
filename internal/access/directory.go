package access

import (
	"context"
	"net/http"
)

// Directory says who is signed in (職員の台帳). Secrets are of sessions, and opaque to everybody else.
type Directory interface {
	// Resume returns for whom a session stands, as things are now; the zero Person when it stands for nobody any more.
	Resume(ctx context.Context, secret string) (Person, error)
	// Enter signs a persona in, by its passkey of software.
	Enter(ctx context.Context, persona Person) (secret string, err error)
	// Leave ends a session.
	Leave(ctx context.Context, secret string) error
	// NewSecret is for a browser that has none yet (Sessions.Bind).
	NewSecret() (string, error)
	// Ask is what a browser is to ask a passkey: whoever it belongs to when session is empty, to sign in, else that of the
	// session's person, to step up. The answer counts once, for a short while, and with the same bound alone.
	Ask(ctx context.Context, session, bound string) (Question, error)
	// SignIn takes the answer, and returns the secret of a new session.
	SignIn(ctx context.Context, bound string, a Answer) (secret string, err error)
	// StepUp takes the answer for a session. The software of a persona answers by itself when a is zero.
	StepUp(ctx context.Context, session string, a Answer) error
}

// Question is what a browser asks a passkey.
type Question struct {
	Options string // for navigator.credentials, as JSON
	Sealed  string // goes back with the answer
	Origin  string // the one under which passkeys are shown
}

// Answer is what a passkey has answered.
type Answer struct{ Sealed, Credential string }

// boundName is the cookie of a secret that only this browser has, before anybody has signed in with it.
const boundName = "akashi-asked"

// Bound is what a question is bound to that is asked before anybody has signed in; "" when the browser has no such secret
// yet.
func (s *Sessions) Bound(r *http.Request) string {
	if c, err := r.Cookie(boundName); err == nil && len(c.Value) >= 32 {
		return c.Value
	}
	return ""
}

// Bind gives the browser such a secret.
func (s *Sessions) Bind(w http.ResponseWriter, r *http.Request, secret string) {
	http.SetCookie(w, s.cookie(r, boundName, secret))
}
