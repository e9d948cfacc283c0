package validation

import (
	"embed"
	"net/http"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditpage"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/inspection/checkpage"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/staffpage"
	"github.com/akashi-id/akashi/internal/webui"
)

//go:embed html
var files embed.FS

// screens are the validation authority's pages.
type screens struct {
	o                        *Validation
	ui                       *webui.UI
	overview, answers, lists *webui.Page
}

func (o *Validation) newScreens() (http.Handler, error) {
	ui, err := webui.New(webui.Config{
		Base: "/" + string(o.Self), Org: o.Name, Role: o.Self.Role(), TestCountry: o.cfg.TestCountry, Portal: o.cfg.Portal,
		Clock: o.Clock, Sessions: o.cfg.Sessions, Log: o.Log,
		Nav: slices.Concat([]webui.NavItem{
			{Path: "/", Name: say("失効情報の状況", "Statuses")},
			{Path: "/answers", Name: say("回答の記録", "Answers"), Act: access.LookAtCertificate},
			{Path: "/lists", Name: say("失効リスト", "Revocation lists")},
		}, verifierNav, []webui.NavItem{checkpage.Nav, desk.Nav, auditpage.Nav, staffpage.Nav}),
	})
	if err != nil {
		return nil, err
	}
	s := &screens{o: o, ui: ui}
	for name, page := range map[string]**webui.Page{"overview": &s.overview, "answers": &s.answers, "lists": &s.lists} {
		if *page, err = ui.Page(files, name); err != nil {
			return nil, err
		}
	}
	messages, err := desk.New(o.Host, ui)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showOverview)
	mux.HandleFunc("GET /part/{part}", s.showPart)
	mux.HandleFunc("GET /lists", s.showLists)
	mux.Handle("GET /answers", ui.Only(access.LookAtCertificate, s.showAnswers))
	messages.Mount(mux)
	if err := checkpage.Mount(mux, o.Host, o.checks.Inspection, ui); err != nil {
		return nil, err
	}
	if err := o.mountVerifiers(mux, ui); err != nil {
		return nil, err
	}
	if err := auditpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if err := staffpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	return ui.Serve(mux), nil
}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }
