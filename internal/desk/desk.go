package desk

import (
	"embed"
	"net/http"
	"net/netip"

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
var Nav = webui.NavItem{Path: "/messages", Name: plain.Sentence{JA: "電文の状況", EN: "Messages"}, Act: access.ViewMessages,
	Within: []string{"/messages", "/alarms", "/reconcile", "/round", "/statements"}}

// Desk is one organisation's message desk.
type Desk struct {
	host              *host.Host
	ui                *webui.UI
	role              message.Role
	overview, message *webui.Page
	books, oneCase    *webui.Page
	oneFinding        *webui.Page
	oneBook           *webui.Page
	alarms, runbook   *webui.Page
	round             *webui.Page
	closes, closeDay  *webui.Page
	statement         *webui.Page
}

// New reads the desk's pages. Its errors are mistakes of the program.
func New(h *host.Host, ui *webui.UI) (*Desk, error) {
	d := &Desk{host: h, ui: ui, role: h.Self.Role()}
	for name, page := range map[string]**webui.Page{"messages": &d.overview, "message": &d.message, "books": &d.books, "case": &d.oneCase, "finding": &d.oneFinding, "book": &d.oneBook,
		"alarms": &d.alarms, "runbook": &d.runbook, "round": &d.round, "closes": &d.closes, "closeday": &d.closeDay, "statement": &d.statement} {
		var common []string
		if page == &d.message || page == &d.oneCase || page == &d.oneBook {
			common = []string{"resolution"}
		}
		var err error
		if *page, err = ui.Page(files, name, common...); err != nil {
			return nil, err
		}
	}
	ui.Watch(d.attention)
	return d, nil
}

// Mount adds the desk to an organisation's pages, which webui.UI.Serve serves: alarms, messages, the books, the
// daily round and the closes, and for programs metrics, api/status and api/trace.
func (d *Desk) Mount(mux *http.ServeMux) {
	for pattern, one := range map[string]struct {
		act  access.Act
		page http.HandlerFunc
	}{
		"GET /alarms":             {access.ViewMessages, page(d, d.alarms, d.alarmsPage)},
		"GET /alarms/part/{part}": {access.ViewMessages, part(d, d.alarms, d.alarmsPage, "open")},
		"GET /alarms/{code}":      {access.ViewMessages, d.showRunbook},

		"GET /messages":                       {access.ViewMessages, page(d, d.overview, d.overviewPage)},
		"GET /messages/part/{part}":           {access.ViewMessages, part(d, d.overview, d.figures, "stuck", "sent", "received")},
		"GET /messages/{message}":             {access.ViewMessages, page(d, d.message, d.messagePage)},
		"GET /messages/{message}/part/{part}": {access.ViewMessages, part(d, d.message, d.messagePage, "views", "path")},
		"POST /messages/{message}/look":       {access.LookAtPerson, d.look},
		"POST /messages/{message}/note":       {access.ResolvePropose, d.note},
		"POST /messages/{message}/propose":    {access.ResolvePropose, d.propose},
		"POST /messages/{message}/confirm":    {access.ResolveConfirm, d.confirm},
		"POST /due/{number}":                  {access.ResolvePropose, d.retry},

		"GET /reconcile":                                {access.ViewMessages, page(d, d.books, d.booksPage)},
		"GET /reconcile/part/{part}":                    {access.ViewMessages, part(d, d.books, d.booksPage, "standing", "cases")},
		"GET /reconcile/book/{book}/{peer}":             {access.ViewMessages, page(d, d.oneBook, d.bookPage)},
		"GET /reconcile/book/{book}/{peer}/part/{part}": {access.ViewMessages, part(d, d.oneBook, d.bookPage, "facts")},
		"POST /reconcile/book/{book}/{peer}/propose":    {access.ResolvePropose, d.proposeRefill},
		"POST /reconcile/book/{book}/{peer}/confirm":    {access.ResolveConfirm, d.confirmRefill},
		"POST /reconcile/book/{book}/{peer}/drop":       {access.ResolvePropose, d.dropRefill},
		"GET /reconcile/finding/{finding}":              {access.ViewMessages, page(d, d.oneFinding, d.findingPage)},
		"POST /reconcile/finding/{finding}/close":       {access.ResolvePropose, d.closeFinding},
		"GET /reconcile/case/{case}":                    {access.ViewMessages, page(d, d.oneCase, d.lookAtCase)},
		"GET /reconcile/case/{case}/part/{part}":        {access.ViewMessages, part(d, d.oneCase, d.casePage, "views", "path")},
		"POST /reconcile/case/{case}/note":              {access.ResolvePropose, d.noteCase},
		"POST /reconcile/case/{case}/own":               {access.ResolvePropose, d.ownCase},
		"POST /reconcile/case/{case}/propose":           {access.ResolvePropose, d.proposeCase},
		"POST /reconcile/case/{case}/confirm":           {access.ResolveConfirm, d.confirmCase},

		"GET /round":            {access.ViewMessages, page(d, d.round, d.roundPage)},
		"POST /round":           {access.SignRound, d.signRound},
		"GET /statements":       {access.ViewMessages, d.showCloses},
		"GET /statements/{day}": {access.ViewMessages, d.showCloseDay},
		"GET /statements/{day}/{span}/{dir}/{peer}":      {access.ViewMessages, d.showStatement},
		"GET /statements/{day}/{span}/{dir}/{peer}/file": {access.ViewMessages, d.exportStatement},
	} {
		mux.Handle(pattern, d.ui.Only(one.act, one.page))
	}
	mux.Handle("GET /metrics", fromHere(d.host.Alarms.Handler()))
	mux.HandleFunc("GET /api/status", d.api(d.status))
	mux.HandleFunc("GET /api/trace", d.api(d.trace))
	mux.HandleFunc("POST /api/trace", d.api(d.trace)) // for a 住民票コード, which stands in no address
}

// fromHere answers those on this machine only: a scraper has no persona, and how an organisation stands is not for
// everybody who reaches its screens.
func fromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || !a.Addr().Unmap().IsLoopback() {
			http.Error(w, "この機械の中からだけ読めます。 / to be read from this machine only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// record writes down what a person did at the desk.
func record(tx *sqlstore.Tx, by access.Person, act, about, detail string) {
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: act, Case: about, Detail: detail})
}
