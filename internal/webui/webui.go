// Package webui is the shared ground of the screens (画面) of every organisation: one layout, a handful of components,
// forms that lose nothing, and the headers of a page that runs no foreign code.
//
// An organisation makes one UI, reads its html/*.html with Page, and answers requests with Render. Layout, components,
// style and script are embedded, so nothing is fetched and nothing is built. Every page works without script; htmx only
// refreshes parts. Japanese comes first, and the words of both languages stand side by side in the templates, {{t "氏名"
// "Name"}}, where a missing one fails when the program starts.
//
// Each organisation has its own base path, and under it its own cookies (access.Sessions) and assets, also where one
// process serves them all. The style is ours, over the design tokens of the Digital Agency (assets/tokens.css).
package webui

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Config says whose screens these are.
type Config struct {
	Base        string         // base path: "/municipality-202029"; "" for the root of the origin
	Org         plain.Sentence // the organisation's name: 松本市 / Matsumoto City
	Role        message.Role   // its role: the colour of its band, and whose rules decide; Portal for the portal
	TestCountry bool           // marks every page as 見本・試験国
	Portal      string         // address of the portal, linked from every page; "" for none
	Visit       string         // path where somebody says what they look at persons for, linked from a refusal for want of it; "" for none
	Nav         []NavItem      // the menu
	Clock       clock.Clock    // for the line that says how fresh a page is
	Sessions    *access.Sessions
	Characters  bool  // names and addresses are typed here: codes of characters are read in every entry, and there is a page /characters
	MaxBody     int64 // largest request accepted, in bytes; 0 means 8 MiB
	Log         *slog.Logger
}

// Portal is the role of the page that leads to the organisations. It is nobody's, and no rule allows it anything.
const Portal message.Role = "portal"

// NavItem is an entry of the menu. It is shown to those who may do Act; an empty Act shows it to everybody.
type NavItem struct {
	Path   string // below the base: "/register"
	Name   plain.Sentence
	Act    access.Act
	Within []string // what else belongs to the entry, with all that is below it: "/alarms"
}

// at tells whether the entry is where a page stands: "page" on the very page, "true" within what belongs to it, "" elsewhere
// (the values of aria-current).
func (n NavItem) at(path string) string {
	if path == n.Path {
		return "page"
	}
	for _, p := range n.Within {
		if path == p || strings.HasPrefix(path, p+"/") {
			return "true"
		}
	}
	return ""
}

// UI renders the screens of one organisation. It is safe for concurrent use.
type UI struct {
	cfg     Config
	look    look
	assets  *assets
	problem *Page
	choose  *Page
	stepUp  *Page
	pages   *http.ServeMux                  // what Serve serves; nil before
	watch   func(context.Context) Attention // nil: nothing is watched
	stand   func(context.Context) *Standing // nil: nobody is in the middle of anything
}

// Attention is what every page says about the organisation's alarms to those who may see them.
type Attention struct {
	Href string // of the page of the alarms, below the base
	Open int    // alarms that ask for somebody
	Kind BadgeKind
	Lost bool // it is not known: the alarms cannot be read, or are not evaluated
}

// Watch has every page say how many alarms are open. It is called while pages are put together, before any is served;
// look must be quick.
func (u *UI) Watch(look func(context.Context) Attention) { u.watch = look }

// Standing is what somebody is in the middle of, and every page says: a visit at the counter.
type Standing struct {
	Title, Text plain.Sentence
	Action      string         // below the base: a POST there ends it
	End         plain.Sentence // what the button is called
}

// Stand has every page say what the person who acts is in the middle of; nil is nothing. It is called while pages are put
// together, before any is served; look must be quick.
func (u *UI) Stand(look func(context.Context) *Standing) { u.stand = look }

// New reads the layout and the components. Its errors are mistakes of the program.
func New(cfg Config) (*UI, error) {
	switch {
	case cfg.Org.JA == "" || cfg.Org.EN == "":
		return nil, errors.New("webui: the organisation needs a name in both languages")
	case cfg.Base != "" && (!strings.HasPrefix(cfg.Base, "/") || strings.HasSuffix(cfg.Base, "/")):
		return nil, errors.New("webui: the base path must begin with a slash and not end with one: " + cfg.Base)
	case cfg.Clock == nil:
		return nil, errors.New("webui: the screens of " + cfg.Org.EN + " need a clock")
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 8 << 20
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	u := &UI{cfg: cfg, look: lookOf(cfg.Role)}
	var err error
	if u.assets, err = theAssets(); err != nil {
		return nil, err
	}
	for _, own := range []struct {
		page **Page
		name string
	}{{&u.problem, "problem"}, {&u.choose, "choose"}, {&u.stepUp, "stepup"}} {
		if *own.page, err = u.Page(htmlFiles, own.name); err != nil {
			return nil, err
		}
	}
	return u, nil
}

var languages = []plain.Lang{plain.JA, plain.EN}

// Lang returns the language of a request: ?lang= of its address, else the cookie that an earlier ?lang= left, else
// Japanese. What the browser prefers is not asked: the screens of an office are Japanese until somebody says otherwise.
func Lang(r *http.Request) plain.Lang {
	asked := r.URL.Query().Get("lang")
	if asked == "" {
		if c, err := r.Cookie(langCookie); err == nil {
			asked = c.Value
		}
	}
	if plain.Lang(asked) == plain.EN {
		return plain.EN
	}
	return plain.JA
}

const langCookie = "akashi-lang"

// URL returns the address of a path of this organisation: URL("/register").
func (u *UI) URL(path string) string { return u.cfg.Base + path }

// Sessions is who knows who sends a request; nil where nobody is anybody.
func (u *UI) Sessions() *access.Sessions { return u.cfg.Sessions }

// cookiePath scopes cookies to the organisation.
func (u *UI) cookiePath() string {
	if u.cfg.Base == "" {
		return "/"
	}
	return u.cfg.Base
}
