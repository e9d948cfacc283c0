package provision

import (
	"context"
	"embed"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

//go:embed html
var files embed.FS

// Nav are the pages' entries in an organisation's menu.
var Nav = []webui.NavItem{
	{Path: "/provide", Name: say("提供を受ける", "Be given data"), Act: access.Provide},
	{Path: "/uses", Name: say("提供する事務", "Uses"), Act: access.ViewProvision},
	{Path: "/provision", Name: say("提供の状況", "What was given"), Act: access.ViewProvision},
}

type pages struct {
	o                                     *Office
	ui                                    *webui.UI
	uses, use, provide, counts, published *webui.Page
}

// Mount adds the pages to an organisation's, which webui.UI.Serve serves.
func (o *Office) Mount(mux *http.ServeMux, ui *webui.UI) (err error) {
	p := &pages{o: o, ui: ui}
	for name, page := range map[string]**webui.Page{"uses": &p.uses, "use": &p.use, "provide": &p.provide, "counts": &p.counts, "published": &p.published} {
		if *page, err = ui.Page(files, name); err != nil {
			return err
		}
	}
	mux.Handle("GET /uses", ui.Only(access.ViewProvision, func(w http.ResponseWriter, r *http.Request) { p.showUses(w, r, webui.NewForm(nil), http.StatusOK) }))
	mux.Handle("POST /uses", ui.Only(access.ApproveUse, p.propose))
	mux.Handle("GET /uses/{number}", ui.Only(access.ViewProvision, func(w http.ResponseWriter, r *http.Request) { p.showUse(w, r, webui.NewForm(nil), "", http.StatusOK) }))
	mux.Handle("POST /uses/{number}/{act}", ui.Only(access.ApproveUse, p.decide))
	mux.Handle("GET /provide", ui.Only(access.Provide, func(w http.ResponseWriter, r *http.Request) {
		p.showProvide(w, r, webui.NewForm(nil), nil, http.StatusOK)
	}))
	mux.Handle("POST /provide", ui.Only(access.Provide, p.takeRequest))
	mux.Handle("POST /provide/file", ui.Only(access.Provide, p.takeFile))
	mux.Handle("GET /provision", ui.Only(access.ViewProvision, p.showCounts))
	mux.Handle("GET /provision/provision.csv", ui.Only(access.ViewProvision, p.sendCounts))
	mux.HandleFunc("GET /provision/published", p.showPublished)
	return nil
}

func (p *pages) view(ctx context.Context, fn func(ctx context.Context, tx *sqlstore.Tx) error) error {
	return p.o.Host.Store.View(ctx, fn)
}

func (p *pages) numberOf(r *http.Request) (uint64, error) {
	n, err := strconv.ParseUint(r.PathValue("number"), 10, 63)
	if err != nil {
		return 0, plain.Bad("", "この事務はありません。一覧から選び直してください。", "There is no such use: choose one of the list.")
	}
	return n, nil
}

// checked is a field of a form that is ticked.
func checked(f *webui.Form, prefix string) (set Items) {
	for _, i := range items {
		if f.Value(prefix+i.key) != "" {
			set |= i.one
		}
	}
	return set
}

// itemBox is an item to tick.
type itemBox struct {
	Field string
	Name  plain.Sentence
}

func boxes(prefix string) (all []itemBox) {
	for _, i := range items {
		all = append(all, itemBox{prefix + i.key, i.name})
	}
	return all
}
