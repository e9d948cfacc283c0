package webui

import (
	"net/http"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
)

// The pages on which somebody says who they are: by a passkey, and in the test country by choosing a persona.

// canSignIn tells whether anybody can be anybody here.
func (u *UI) canSignIn() bool {
	return u.cfg.Sessions != nil && (len(u.cfg.Sessions.Personas()) > 0 || u.cfg.Sessions.Directory() != nil)
}

// hasPersonas tells whether personas can be chosen here.
func (u *UI) hasPersonas() bool { return u.cfg.Sessions != nil && len(u.cfg.Sessions.Personas()) > 0 }

type chooser struct {
	Next   string
	Groups []chooserGroup
	Known  bool   // somebody is chosen now
	Me     []Term // who, when a directory says it
	SignIn *access.Question
	Test   bool
	Lead   bool // this is the portal, which leads to where the work is
}

type chooserGroup struct {
	Job     plain.Sentence
	May     []plain.Sentence // what the job may do at this organisation
	Persons []access.Person
	Here    string // the ID that is chosen now
}

func (u *UI) showChooser(w http.ResponseWriter, r *http.Request) {
	me := access.From(r.Context())
	c := chooser{Next: u.cfg.Sessions.Within(r.URL.Query().Get("next")), Known: me.ID != "", Test: len(u.cfg.Sessions.Personas()) > 0,
		Lead: u.cfg.Role == Portal}
	for _, p := range u.cfg.Sessions.Personas() {
		if n := len(c.Groups); n == 0 || c.Groups[n-1].Persons[0].Job != p.Job {
			g := chooserGroup{Job: p.Job.Name(), Here: me.ID}
			p.Fresh = true
			for _, rule := range access.Rules() {
				if access.May(p, rule.Act, u.cfg.Role) == nil && !slices.Contains(g.May, rule.Name) {
					g.May = append(g.May, rule.Name)
				}
			}
			c.Groups = append(c.Groups, g)
		}
		g := &c.Groups[len(c.Groups)-1]
		g.Persons = append(g.Persons, p)
	}
	if d := u.cfg.Sessions.Directory(); d != nil {
		if me.ID != "" {
			c.Me = []Term{{Label: plain.Sentence{JA: "氏名", EN: "Name"}, Value: me.Name}, {Label: plain.Sentence{JA: "職務", EN: "Job"}, Value: me.Job.Name()},
				{Label: plain.Sentence{JA: "操作者ID", EN: "Authority"}, Value: me.Authority},
				{Label: plain.Sentence{JA: "パスキー", EN: "Passkey"}, Value: Code(me.Credential)},
				{Label: plain.Sentence{JA: "最後に確かめた時", EN: "Shown last"}, Value: me.VerifiedAt}}
		}
		if err := u.askSignIn(w, r, d, &c); err != nil {
			u.Fail(w, r, err)
			return
		}
	}
	u.Render(w, r, u.choose, http.StatusOK, c)
}

// askSignIn puts the question for a passkey on the page, bound to this browser.
func (u *UI) askSignIn(w http.ResponseWriter, r *http.Request, d access.Directory, c *chooser) error {
	bound := u.cfg.Sessions.Bound(r)
	if bound == "" {
		var err error
		if bound, err = d.NewSecret(); err != nil {
			return err
		}
		u.cfg.Sessions.Bind(w, r, bound)
	}
	q, err := d.Ask(r.Context(), "", bound)
	if err == nil && q.Options != "" {
		c.SignIn = &q
	}
	return err
}

func (u *UI) takeChoice(w http.ResponseWriter, r *http.Request) {
	if _, ok := u.ReadForm(w, r); !ok {
		return
	}
	next, err := u.cfg.Sessions.Choose(w, r)
	if err != nil {
		u.Fail(w, r, err)
		return
	}
	u.langOf(w, r) // the form may bring the language along, from the portal or from another organisation
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// takePasskey signs in whoever has shown a passkey.
func (u *UI) takePasskey(w http.ResponseWriter, r *http.Request) {
	if _, ok := u.ReadForm(w, r); !ok {
		return
	}
	d := u.cfg.Sessions.Directory()
	if d == nil {
		u.NotFound(w, r)
		return
	}
	secret, err := d.SignIn(r.Context(), u.cfg.Sessions.Bound(r), answerIn(r))
	if err != nil {
		u.Fail(w, r, err)
		return
	}
	u.cfg.Sessions.Begin(w, r, secret)
	http.Redirect(w, r, u.cfg.Sessions.Within(r.PostFormValue("next")), http.StatusSeeOther)
}

// What comes along with a passkey's answer. The names are those of passkey.js.
const sealedField, passkeyField, softField = "_sealed", "_passkey", "_soft"

func answerIn(r *http.Request) access.Answer {
	return access.Answer{Sealed: r.PostFormValue(sealedField), Credential: r.PostFormValue(passkeyField)}
}
