package ca

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
	"github.com/akashi-id/akashi/internal/tokendesk"
	"github.com/akashi-id/akashi/internal/webui"
)

//go:embed html
var files embed.FS

// screens are the CA's pages. They show certificates by serial, and no person: whoever runs a CA needs none.
type screens struct {
	o                                  *CA
	ui                                 *webui.UI
	overview, certificates, one, lists *webui.Page
	revocations, revocation            *webui.Page
	counts                             *keptCounts
}

func (o *CA) newScreens() (http.Handler, error) {
	nav := []webui.NavItem{
		{Path: "/", Name: plain.Sentence{JA: "発行の状況", EN: "Issuance"}},
		issuanceNav,
		{Path: "/certificates", Name: plain.Sentence{JA: "電子証明書", EN: "Certificates"}, Act: access.LookAtCertificate},
		{Path: "/lists", Name: plain.Sentence{JA: "失効リスト", EN: "Revocation lists"}},
		{Path: "/revocations", Name: plain.Sentence{JA: "一括失効", EN: "Mass revocation"}, Act: access.LookAtCertificate},
		checkpage.Nav,
		desk.Nav,
		auditpage.Nav, staffpage.Nav,
	}
	if o.cfg.Tokens != nil {
		nav = slices.Insert(nav, 4, tokendesk.Nav)
	}
	ui, err := webui.New(webui.Config{
		Base: "/" + string(o.Self), Org: o.Name, Role: o.Self.Role(), TestCountry: o.cfg.TestCountry, Portal: o.cfg.Portal,
		Clock: o.Clock, Sessions: o.cfg.Sessions, Log: o.Log, Nav: nav,
	})
	if err != nil {
		return nil, err
	}
	s := &screens{o: o, ui: ui, counts: keepCounts(o.Clock.Now, o.Issuance)}
	for name, page := range map[string]**webui.Page{
		"overview": &s.overview, "certificates": &s.certificates, "certificate": &s.one, "lists": &s.lists,
		"revocations": &s.revocations, "revocation": &s.revocation,
	} {
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
	mux.HandleFunc("GET /part/{part}", s.showFigures)
	mux.HandleFunc("GET /lists", s.showLists)
	mux.Handle("GET /certificates", ui.Only(access.LookAtCertificate, s.showCertificates))
	mux.Handle("GET /certificates/{serial}", ui.Only(access.LookAtCertificate, s.showCertificate))
	s.mountMass(mux)
	if err := s.mountIssuance(mux); err != nil {
		return nil, err
	}
	messages.Mount(mux)
	if err := checkpage.Mount(mux, o.Host, o.checks, ui); err != nil {
		return nil, err
	}
	if err := auditpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if err := staffpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if o.cfg.Tokens != nil {
		if err := o.cfg.Tokens.Mount(mux, o.Host, ui); err != nil {
			return nil, err
		}
	}
	return ui.Serve(mux), nil
}
