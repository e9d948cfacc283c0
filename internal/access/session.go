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

// Sessions knows, for one organisation, who sends a request. A cookie of that organisation's path holds the secret of a
// session, and the Directory (Join) says at each request for whom it stands, so that what was ended a moment ago is over.
//
// Where nobody has joined a directory (the portal, the storybook), nothing is done that counts: there a cookie only
// remembers the persona that was chosen, signed with the organisation's key.
type Sessions struct {
	org, path string
	key       [sha256.Size]byte
	clock     clock.Clock
	personas  []Person
	secure    bool
	directory Directory // nil: the chosen persona is remembered, and that is all
}

// SessionConfig is what an organisation's sessions stand on.
type SessionConfig struct {
	Org      string      // "municipality-202029"; part of what is signed
	Base     string      // base path, "/municipality-202029"; "" for the root of the origin
	Key      []byte      // the organisation's session key, at least 32 random bytes
	Clock    clock.Clock // when a session ends
	Personas []Person    // Personas() in the test country; nil: only those who sign in are somebody
	Secure   bool        // browsers reach us over TLS, whoever ends it
}

// Life is how long a session lasts: a working day with its overtime.
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
	s := &Sessions{org: cfg.Org, path: cfg.Base, clock: cfg.Clock, personas: cfg.Personas, secure: cfg.Secure}
	if s.path == "" {
		s.path = "/"
	}
	// A key for this use and this organisation alone, so that the bytes signed here are never mistaken for others.
	mac := hmac.New(sha256.New, cfg.Key)
	mac.Write([]byte("akashi session v1\x00" + cfg.Org))
	mac.Sum(s.key[:0])
	return s, nil
}

// Join has the directory say who is signed in. It is called while the screens are put together, before any is served.
func (s *Sessions) Join(d Directory) { s.directory = d }

// Directory returns what was joined; nil where nobody signs in.
func (s *Sessions) Directory() Directory { return s.directory }

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
		p, _, err := s.Person(r)
		if err != nil {
			http.Error(w, notKnown.JA+"\n"+notKnown.EN, http.StatusServiceUnavailable)
			return
		}
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			// What only reads is never dangerous: who may do an act sees its form and its button, and is asked for the passkey
			// when the button is pressed.
			p.Fresh = p.ID != ""
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), p)))
	})
}

var notThisMachine = plain.Sentence{
	JA: "試験国の画面は、この機械の中からだけ開けます。http://127.0.0.1 で始まるアドレスで開いてください。",
	EN: "The screens of the test country open on this machine only: use the address that begins with http://127.0.0.1.",
}

var notKnown = plain.Sentence{
	JA: "いま、だれが操作しているかを確かめられません。しばらくしてから、もう一度行ってください。",
	EN: "It cannot be told who you are just now: try again in a while.",
}

// Person returns who sent the request and the secret of the session, as the directory says, and the public when the cookie
// stands for nobody.
func (s *Sessions) Person(r *http.Request) (p Person, secret string, err error) {
	for _, c := range r.CookiesNamed(cookieName) {
		if s.directory == nil {
			if p, ok := s.open(c.Value); ok {
				return p, c.Value, nil
			}
			continue
		}
		p, err := s.directory.Resume(r.Context(), c.Value)
		if err != nil {
			return Person{}, "", err
		}
		if p.ID == "" {
			continue
		}
		// What the software of a test country has signed in is nobody where personas cannot be chosen.
		if _, chosen := s.persona(p.ID); p.Persona && !chosen {
			continue
		}
		return p, c.Value, nil
	}
	return Person{}, "", nil
}

// Choose reads the form values "persona" and "next" of a POST, sets the cookie, and returns the path to go on with. An
// empty persona leaves. The path is "/" under the base when next would lead out of this organisation: a form on
// another page must not be able to send people anywhere.
func (s *Sessions) Choose(w http.ResponseWriter, r *http.Request) (next string, err error) {
	next = s.Within(r.PostFormValue("next"))
	id := r.PostFormValue("persona")
	if id == "" {
		return next, s.Leave(w, r)
	}
	p, ok := s.persona(id)
	if !ok {
		return "", plain.Bad("persona",
			"その担当者は、ここでは選べません。一覧から選んでください。",
			"That persona cannot be chosen here: choose one of the list.")
	}
	value := ""
	if s.directory == nil {
		value = s.seal(p, s.clock.Now().Add(Life))
	} else if value, err = s.directory.Enter(r.Context(), p); err != nil {
		return "", err
	}
	s.Begin(w, r, value)
	return next, nil
}

// Begin gives the browser the secret of its session. One that it had before is over.
func (s *Sessions) Begin(w http.ResponseWriter, r *http.Request, secret string) {
	// That it could not be ended now does not keep the new one from beginning: it ends by itself.
	_ = s.leave(r)
	http.SetCookie(w, s.cookie(r, cookieName, secret))
}

// Leave ends the session, here and in the browser.
func (s *Sessions) Leave(w http.ResponseWriter, r *http.Request) error {
	gone := s.cookie(r, cookieName, "")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	return s.leave(r)
}

func (s *Sessions) leave(r *http.Request) error {
	var errs []error
	for _, c := range r.CookiesNamed(cookieName) {
		if s.directory != nil {
			errs = append(errs, s.directory.Leave(r.Context(), c.Value))
		}
	}
	return errors.Join(errs...)
}

func (s *Sessions) cookie(r *http.Request, name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: s.path, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.secure || r.TLS != nil}
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
