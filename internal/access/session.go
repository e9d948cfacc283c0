package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
)

// Sessions remembers, for one organisation, which persona somebody has chosen: in a cookie of that organisation's path,
// signed with that organisation's key, so that no other organisation of the same process is sent it or can make it.
// There is no table of sessions: a restart forgets nobody, and there is nothing to clean up.
type Sessions struct {
	org, path string
	key       [sha256.Size]byte
	clock     clock.Clock
	personas  []Person
}

// SessionConfig is what an organisation's sessions stand on.
type SessionConfig struct {
	Org      string      // "municipality-202029"; part of what is signed
	Base     string      // base path, "/municipality-202029"; "" for the root of the origin
	Key      []byte      // the organisation's session key, at least 32 random bytes
	Clock    clock.Clock // when a session ends
	Personas []Person    // Personas() in the test country; nil: everybody is the public
}

// Life is how long a choice of persona lasts: a working day with its overtime.
const Life = 10 * time.Hour

// cookieName is the same everywhere: the path tells the cookies apart.
const cookieName = "akashi-session"

// NewSessions checks the configuration. Its errors are for whoever wires the program.
func NewSessions(cfg SessionConfig) (*Sessions, error) {
	switch {
	case cfg.Org == "":
		return nil, errors.New("sessions need the name of their organisation")
	case len(cfg.Key) < 32:
		return nil, errors.New("the session key of " + cfg.Org + " is shorter than 32 bytes")
	case cfg.Clock == nil:
		return nil, errors.New("the sessions of " + cfg.Org + " need a clock")
	case cfg.Base != "" && (!strings.HasPrefix(cfg.Base, "/") || strings.HasSuffix(cfg.Base, "/")):
		return nil, errors.New("the base path of " + cfg.Org + " must begin with a slash and not end with one")
	}
	s := &Sessions{org: cfg.Org, path: cfg.Base, clock: cfg.Clock, personas: cfg.Personas}
	if s.path == "" {
		s.path = "/"
	}
	// A key for this use and this organisation alone, so that the bytes signed here are never mistaken for others.
	mac := hmac.New(sha256.New, cfg.Key)
	mac.Write([]byte("akashi session v1\x00" + cfg.Org))
	mac.Sum(s.key[:0])
	return s, nil
}

// Personas returns who can be chosen here.
func (s *Sessions) Personas() []Person { return s.personas }

// Middleware puts the person of each request into its context (From). It refuses with 421 a request whose Host is not
// this machine while personas can be chosen; see GuardLoopback.
func (s *Sessions) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(s.personas) > 0 && !loopbackHost(r.Host) {
			http.Error(w, notThisMachine.JA+"\n"+notThisMachine.EN, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), s.Person(r))))
	})
}

var notThisMachine = plain.Sentence{
	JA: "試験国の画面は、この機械の中からだけ開けます。http://127.0.0.1 で始まるアドレスで開いてください。",
	EN: "The screens of the test country open on this machine only: use the address that begins with http://127.0.0.1.",
}

// Person returns who sent the request: the persona of its cookie when the signature is ours and has not run out, and
// the public in every other case.
func (s *Sessions) Person(r *http.Request) Person {
	for _, c := range r.CookiesNamed(cookieName) {
		if p, ok := s.open(c.Value); ok {
			return p
		}
	}
	return Person{}
}

// Choose reads the form values "persona" and "next" of a POST, sets the cookie, and returns the path to go on with. An
// empty persona leaves. The path is "/" under the base when next would lead out of this organisation: a form on
// another page must not be able to send people anywhere.
func (s *Sessions) Choose(w http.ResponseWriter, r *http.Request) (next string, err error) {
	cookie := &http.Cookie{
		Name: cookieName, Path: s.path, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	}
	if id := r.PostFormValue("persona"); id == "" {
		cookie.MaxAge = -1
	} else {
		p, ok := s.persona(id)
		if !ok {
			return "", plain.Bad("persona",
				"その担当者は、ここでは選べません。一覧から選んでください。",
				"That persona cannot be chosen here: choose one of the list.")
		}
		cookie.Value = s.seal(p, s.clock.Now().Add(Life))
	}
	http.SetCookie(w, cookie)
	return s.Within(r.PostFormValue("next")), nil
}

// Within returns the address when it lies under the organisation's base, and the base's front page otherwise.
func (s *Sessions) Within(address string) string {
	front := strings.TrimSuffix(s.path, "/") + "/"
	u, err := url.Parse(address)
	// "//host" and "/\\host" are other hosts to a browser, and ".." leaves the base after the check.
	if err != nil || u.Scheme != "" || u.Host != "" || strings.HasPrefix(address, "//") ||
		!strings.HasPrefix(u.Path, front) || strings.Contains(u.Path, "..") || strings.Contains(u.Path, "\\") {
		return front
	}
	return address
}

func (s *Sessions) persona(id string) (Person, bool) {
	for _, p := range s.personas {
		if p.ID == id {
			return p, true
		}
	}
	return Person{}, false
}

// seal gives "id.expiry.signature"; identifiers contain no dot.
func (s *Sessions) seal(p Person, until time.Time) string {
	text := p.ID + "." + strconv.FormatInt(until.Unix(), 10)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.sign(text))
}

func (s *Sessions) open(value string) (Person, bool) {
	cut := strings.LastIndexByte(value, '.')
	if cut < 0 {
		return Person{}, false
	}
	text := value[:cut]
	sig, err := base64.RawURLEncoding.DecodeString(value[cut+1:])
	if err != nil || !hmac.Equal(sig, s.sign(text)) {
		return Person{}, false
	}
	id, expiry, _ := strings.Cut(text, ".")
	unix, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil || !s.clock.Now().Before(time.Unix(unix, 0)) {
		return Person{}, false
	}
	return s.persona(id)
}

func (s *Sessions) sign(text string) []byte {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
