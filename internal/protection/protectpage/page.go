// Package protectpage shows how many persons an organisation holds as protected (支援措置の件数), with whom, and whether both sides hold
// the same. It names nobody.
package protectpage

import (
	"context"
	"embed"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

//go:embed html
var files embed.FS

// Nav is the page's entry in an organisation's menu.
var Nav = webui.NavItem{Path: protection.CountPage, Name: plain.Sentence{JA: "支援措置の件数", EN: "Protected: counts"}, Act: access.CountProtections}

// Mount adds the page to an organisation's. in gives its view of the flags.
func Mount(mux *http.ServeMux, h *host.Host, ui *webui.UI, in func(*sqlstore.Tx) protection.Flags) error {
	page, err := ui.Page(files, "counts")
	if err != nil {
		return err
	}
	// protection.CountPage, written out so that the table of rights against routes can read it.
	mux.Handle("GET /protections/counts", ui.Only(access.CountProtections, func(w http.ResponseWriter, r *http.Request) {
		p, err := counts(r.Context(), h, in)
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		ui.Render(w, r, page, http.StatusOK, p)
	}))
	return nil
}

type countsPage struct {
	Here    []webui.Term
	Notices []webui.Notice
	With    webui.Table
}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

func counts(ctx context.Context, h *host.Host, in func(*sqlstore.Tx) protection.Flags) (p countsPage, err error) {
	p.With = webui.Table{Caption: say("相手ごとの件数と突合", "By organisation, and how it compares"),
		Columns: []webui.Column{{Name: say("相手", "With")}, {Name: say("知らせの向き", "Who tells")}, {Name: say("設定", "Set"), Right: true}, {Name: say("うち終了", "Of these ended"), Right: true},
			{Name: say("仮の措置", "Provisional"), Right: true}, {Name: say("措置中", "In force"), Right: true}, {Name: say("相手との違い", "Differs")}, {Name: say("最後の突合", "Compared")}},
		Empty: webui.Empty{Text: say("支援措置を知らせ合う相手がありません。", "There is nobody with whom protections are exchanged.")}}
	differ := int64(0)
	err = h.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		p.With.Rows, differ = nil, 0
		all, err := in(tx).All(ctx)
		if err != nil {
			return err
		}
		p.Here = []webui.Term{{Label: say("仮の措置", "Provisional"), Value: all.Provisional}, {Label: say("措置中", "In force"), Value: all.InForce},
			{Label: say("設定（終了したものを含む）", "Ever set, ended ones included"), Value: all.Set}}
		standings, err := h.Books.StandingsIn(ctx, tx)
		if err != nil {
			return err
		}
		for _, b := range standings {
			if b.Book != message.Protections && b.Book != message.ProtectionsElsewhere {
				continue
			}
			n, err := in(tx).Count(ctx, b.Book, b.Peer)
			if err != nil {
				return err
			}
			from := say("相手から", "they tell us")
			if b.AsSource {
				from = say("こちらから", "we tell them")
			}
			compared, state := any(nil), webui.Badge{Kind: webui.Wait, Text: say("まだ突合していない", "not compared yet")}
			if !b.Compared.IsZero() {
				compared, state = b.Compared, webui.Badge{Kind: webui.OK, Text: say("同じ", "the same")}
			}
			if b.Differences > 0 {
				differ += b.Differences
				state = webui.Badge{Kind: webui.Bad, Text: say("違う", "differs")}
			}
			p.With.Rows = append(p.With.Rows, []any{webui.Code(string(b.Peer)), from, n.Set, n.Ended, n.Provisional, n.InForce, state, compared})
		}
		return nil
	})
	if differ > 0 {
		p.Notices = []webui.Notice{{Kind: webui.Bad, Title: say("相手と違う支援措置があります", "Some protections are not the same at both ends"),
			Text: say("足りない設定は30秒ごとに自動的に送り直されます。1分たっても消えなければ、件を解決してください。", "What is missing is sent again every half minute. If this is still here after a minute, resolve the case.")}}
	}
	return p, err
}
