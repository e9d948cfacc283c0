package prefecture

import (
	"context"
	"embed"
	"errors"
	"net/http"

	"github.com/akashi-id/akashi/internal/auditpage"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/lookpage"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection/protectpage"
	"github.com/akashi-id/akashi/internal/provision"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/staffpage"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

//go:embed html
var files embed.FS

// screens are what the prefecture shows: how many residents it keeps, and the message desk. Persons are seen in the search alone.
func (o *Prefecture) screens(cfg Config) (http.Handler, error) {
	ui, err := webui.New(webui.Config{
		Base: "/" + string(cfg.Self), Org: cfg.Name, Role: cfg.Self.Role(), TestCountry: cfg.TestCountry, Portal: cfg.Portal,
		Nav:   []webui.NavItem{{Path: "/", Name: plain.Sentence{JA: "住民の数", EN: "Residents"}}, inquiry.Nav, provision.Nav[0], provision.Nav[1], provision.Nav[2], errorreport.Nav, filingNav, delegationNav, availabilityNav, protectpage.Nav, desk.Nav, auditpage.Nav, lookpage.Nav, staffpage.Nav},
		Clock: cfg.Clock, Sessions: cfg.Sessions, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	d, err := desk.New(o.Host, ui)
	if err != nil {
		return nil, err
	}
	home, err := ui.Page(files, "home")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	d.Mount(mux)
	if err := o.Inquiry.Mount(mux, ui); err != nil {
		return nil, err
	}
	if err := errors.Join(o.Provision.Mount(mux, ui), o.Errors.Mount(mux, ui)); err != nil {
		return nil, err
	}
	if err := o.mountFilings(mux, ui); err != nil {
		return nil, err
	}
	if err := o.mountAvailability(mux, ui); err != nil {
		return nil, err
	}
	if err := o.mountDelegation(mux, ui); err != nil {
		return nil, err
	}
	if err := protectpage.Mount(mux, o.Host, ui, o.flags); err != nil {
		return nil, err
	}
	if err := auditpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if err := lookpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if err := staffpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		page, err := o.figures(r.Context(), d)
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		ui.Render(w, r, home, http.StatusOK, page)
	})
	for _, part := range []string{"residents", "sent"} {
		mux.HandleFunc("GET /part/"+part, func(w http.ResponseWriter, r *http.Request) {
			page, err := o.figures(r.Context(), d)
			if err != nil {
				ui.Fail(w, r, err)
				return
			}
			ui.RenderPart(w, r, home, part, page)
		})
	}
	return ui.Serve(mux), nil
}

// homePage is the data of the front page.
type homePage struct{ Residents, Sent webui.Table }

func (o *Prefecture) figures(ctx context.Context, d *desk.Desk) (p homePage, err error) {
	var counts []store.Count
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		counts, err = o.in(tx).Counts(ctx)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Residents = webui.Table{
		Caption: plain.Sentence{JA: "市区町村ごとの住民", EN: "Residents by municipality"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "市区町村", EN: "Municipality"}}, {Name: plain.Sentence{JA: "コード", EN: "Code"}},
			{Name: plain.Sentence{JA: "住民", EN: "Residents"}, Right: true},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "まだ住民の通知がありません。市区町村の窓口で登録すると、ここに数が出ます。",
			EN: "No resident has been notified yet. The numbers appear when a counter registers somebody."}},
	}
	for _, c := range counts {
		name := plain.Sentence{JA: c.Municipality.String(), EN: c.Municipality.String()}
		if m, err := resident.Lookup("municipality", c.Municipality, resident.DateOf(o.Clock.Now())); err == nil {
			name = plain.Sentence{JA: m.City + m.Name, EN: m.Romaji()}
		}
		p.Residents.Rows = append(p.Residents.Rows, []any{name, webui.Code(c.Municipality.String()), c.Residents})
	}
	p.Sent, err = d.Sent(ctx)
	return p, err
}
