package nationalcenter

import (
	"context"
	"embed"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditpage"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/lookpage"
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

// web is the center's screens: numbers, the search, and the message desk.
type web struct {
	*Center
	ui   *webui.UI
	desk *desk.Desk
	home *webui.Page

	duplicatesAll, duplicateOne, duplicateAlike *webui.Page
	asidesAll, asideOne                         *webui.Page
	haltsAll, haltOne                           *webui.Page
}

func (o *Center) screens(cfg Config) (http.Handler, error) {
	w, err := o.newWeb(cfg)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	w.desk.Mount(mux)
	if err := auditpage.Mount(mux, o.Host, w.ui); err != nil {
		return nil, err
	}
	if err := lookpage.Mount(mux, o.Host, w.ui); err != nil {
		return nil, err
	}
	if err := protectpage.Mount(mux, o.Host, w.ui, o.flags); err != nil {
		return nil, err
	}
	if err := staffpage.Mount(mux, o.Host, w.ui); err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /{$}", w.showHome)
	mux.HandleFunc("GET /part/{part}", w.showHomePart)
	w.mountDuplicates(mux)
	w.mountAsides(mux)
	w.mountHalts(mux)
	if err := o.Inquiry.Mount(mux, w.ui); err != nil {
		return nil, err
	}
	if err := errors.Join(o.Provision.Mount(mux, w.ui), o.Errors.Mount(mux, w.ui)); err != nil {
		return nil, err
	}
	return w.ui.Serve(mux), nil
}

func (o *Center) newWeb(cfg Config) (*web, error) {
	ui, err := webui.New(webui.Config{
		Base: "/" + string(cfg.Self), Org: cfg.Name, Role: cfg.Self.Role(), TestCountry: cfg.TestCountry, Portal: cfg.Portal,
		Nav: []webui.NavItem{
			{Path: "/", Name: plain.Sentence{JA: "住民と電子証明書の数", EN: "Numbers"}},
			duplicateNav,
			asideNav,
			haltNav,
			inquiry.Nav, provision.Nav[0], provision.Nav[1], provision.Nav[2], errorreport.Nav,
			protectpage.Nav,
			desk.Nav,
			auditpage.Nav,
			lookpage.Nav,
			staffpage.Nav,
		},
		Clock: cfg.Clock, Sessions: cfg.Sessions, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	w := &web{Center: o, ui: ui}
	if w.desk, err = desk.New(o.Host, ui); err != nil {
		return nil, err
	}
	for name, page := range map[string]**webui.Page{"home": &w.home, "duplicates": &w.duplicatesAll, "duplicate": &w.duplicateOne,
		"alike": &w.duplicateAlike, "asides": &w.asidesAll, "aside": &w.asideOne, "halts": &w.haltsAll, "halt": &w.haltOne} {
		if *page, err = ui.Page(files, name); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// homePage is the data of the front page.
type homePage struct{ Numbers, Sent webui.Table }

func (w *web) showHome(rw http.ResponseWriter, r *http.Request) {
	page, err := w.numbers(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.ui.Render(rw, r, w.home, http.StatusOK, page)
}

func (w *web) showHomePart(rw http.ResponseWriter, r *http.Request) {
	part := r.PathValue("part")
	if part != "numbers" && part != "sent" {
		w.ui.NotFound(rw, r)
		return
	}
	page, err := w.numbers(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.ui.RenderPart(rw, r, w.home, part, page)
}

func (w *web) numbers(ctx context.Context) (p homePage, err error) {
	var residents map[resident.MunicipalityCode]int64
	holders := map[cert.Profile]map[resident.MunicipalityCode]int64{}
	err = w.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		t := w.in(tx)
		if residents, err = t.Residents(ctx); err != nil {
			return err
		}
		for _, profile := range cert.Profiles {
			if holders[profile], err = t.Holders(ctx, profile); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	p.Numbers = webui.Table{
		Caption: plain.Sentence{JA: "市区町村ごとの数", EN: "Numbers by municipality"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "市区町村", EN: "Municipality"}}, {Name: plain.Sentence{JA: "コード", EN: "Code"}},
			{Name: plain.Sentence{JA: "住民", EN: "Residents"}, Right: true},
			{Name: plain.Sentence{JA: "署名用を持つ人", EN: "Signature holders"}, Right: true},
			{Name: plain.Sentence{JA: "利用者証明用を持つ人", EN: "Authentication holders"}, Right: true},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "まだ住民の通知がありません。市区町村の窓口で登録すると、ここに数が出ます。",
			EN: "No resident has been notified yet. The numbers appear when a counter registers somebody."}},
	}
	places := slices.Collect(maps.Keys(residents))
	for _, profile := range cert.Profiles {
		places = slices.AppendSeq(places, maps.Keys(holders[profile]))
	}
	slices.SortFunc(places, func(a, b resident.MunicipalityCode) int { return strings.Compare(a.String(), b.String()) })
	for _, code := range slices.Compact(places) {
		p.Numbers.Rows = append(p.Numbers.Rows, []any{w.placeName(code), webui.Code(code.String()), residents[code],
			holders[cert.Signature][code], holders[cert.Authentication][code]})
	}
	p.Sent, err = w.desk.Sent(ctx)
	return p, err
}

func (w *web) placeName(code resident.MunicipalityCode) plain.Sentence {
	m, err := resident.Lookup("municipality", code, resident.DateOf(w.Clock.Now()))
	if err != nil {
		return plain.Sentence{JA: code.String(), EN: code.String()}
	}
	return plain.Sentence{JA: m.FullName(), EN: m.Romaji()}
}
