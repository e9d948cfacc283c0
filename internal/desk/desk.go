package desk

import (
	"embed"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

//go:embed html
var files embed.FS

// Nav is the desk's entry in an organisation's menu.
var Nav = webui.NavItem{Path: "/messages", Name: plain.Sentence{JA: "電文の状況", EN: "Messages"}, Act: access.ViewMessages}

// Desk is one organisation's message desk.
type Desk struct {
	host              *host.Host
	ui                *webui.UI
	role              message.Role
	overview, message *webui.Page
	books, oneCase    *webui.Page
}

// New reads the desk's pages. Its errors are mistakes of the program.
func New(h *host.Host, ui *webui.UI) (*Desk, error) {
	d := &Desk{host: h, ui: ui, role: h.Self.Role()}
	for name, page := range map[string]**webui.Page{"messages": &d.overview, "message": &d.message, "books": &d.books, "case": &d.oneCase} {
		var err error
		if *page, err = ui.Page(files, name); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Mount adds the desk to an organisation's pages, which webui.UI.Serve serves: messages, api/status and api/trace.
func (d *Desk) Mount(mux *http.ServeMux) {
	for pattern, one := range map[string]struct {
		act  access.Act
		page http.HandlerFunc
	}{
		"GET /messages":                          {access.ViewMessages, d.showOverview},
		"GET /messages/part/{part}":              {access.ViewMessages, d.showOverviewPart},
		"GET /messages/{message}":                {access.ViewMessages, d.showMessage},
		"GET /messages/{message}/part/{part}":    {access.ViewMessages, d.showMessagePart},
		"POST /messages/{message}/look":          {access.LookAtPerson, d.look},
		"POST /messages/{message}/note":          {access.ResolvePropose, d.note},
		"POST /messages/{message}/propose":       {access.ResolvePropose, d.propose},
		"POST /messages/{message}/confirm":       {access.ResolveConfirm, d.confirm},
		"POST /due/{number}":                     {access.ResolvePropose, d.retry},
		"GET /reconcile":                         {access.ViewMessages, d.showBooks},
		"GET /reconcile/part/{part}":             {access.ViewMessages, d.showBooksPart},
		"POST /reconcile/acknowledge":            {access.ResolvePropose, d.acknowledge},
		"GET /reconcile/case/{case}":             {access.ViewMessages, d.showCase},
		"GET /reconcile/case/{case}/part/{part}": {access.ViewMessages, d.showCasePart},
		"POST /reconcile/case/{case}/note":       {access.ResolvePropose, d.noteCase},
		"POST /reconcile/case/{case}/own":        {access.ResolvePropose, d.ownCase},
		"POST /reconcile/case/{case}/propose":    {access.ResolvePropose, d.proposeCase},
		"POST /reconcile/case/{case}/confirm":    {access.ResolveConfirm, d.confirmCase},
	} {
		mux.Handle(pattern, d.ui.Only(one.act, one.page))
	}
	mux.HandleFunc("GET /api/status", d.api(d.status))
	mux.HandleFunc("GET /api/trace", d.api(d.trace))
}

// record writes down what a person did at the desk.
func record(tx *sqlstore.Tx, by access.Person, act, about, detail string) {
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: act, Case: about, Detail: detail})
}
