// Package auditpage shows an organisation's audit log to its auditors (監査記録の画面): who did what about whom, and when.
package auditpage

import (
	"context"
	"embed"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

//go:embed html
var files embed.FS

// Nav is the page's entry in an organisation's menu.
var Nav = webui.NavItem{Path: "/audit", Name: plain.Sentence{JA: "監査記録", EN: "Audit log"}, Act: access.ViewAudit}

// rows is how many records a page shows.
const rows = 100

// actRead is the act of reading the log: it names persons by their codes, so that somebody reads it is part of it.
const actRead = "audit.read"

type page struct {
	Table webui.Table
	Older string // address of the page with older records; empty: there are none
}

// Mount adds the page to an organisation's pages, which webui.UI.Serve serves. Its errors are mistakes of the program.
func Mount(mux *http.ServeMux, h *host.Host, ui *webui.UI) error {
	audit, err := ui.Page(files, "audit")
	if err != nil {
		return err
	}
	mux.Handle("GET /audit", ui.Only(access.ViewAudit, func(w http.ResponseWriter, r *http.Request) {
		p, err := read(r, h, ui)
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		ui.Render(w, r, audit, http.StatusOK, p)
	}))
	return nil
}

// read lists the newest records, or those before the address's position, and records that it did. The log holds no personal
// data but record codes.
func read(r *http.Request, h *host.Host, ui *webui.UI) (p page, err error) {
	filter := auditlog.Filter{Limit: rows}
	if at, seq, ok := strings.Cut(r.URL.Query().Get("before"), "-"); ok {
		us, err1 := strconv.ParseInt(at, 10, 64)
		n, err2 := strconv.ParseInt(seq, 10, 64)
		if err1 == nil && err2 == nil {
			filter.Before = auditlog.Position{At: time.UnixMicro(us).UTC(), Seq: n}
		}
	}
	var records []auditlog.Record
	err = h.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		records, err = auditlog.List(ctx, tx, filter)
		detail := ""
		if !filter.Before.At.IsZero() {
			detail = "before " + filter.Before.At.Format(time.RFC3339Nano)
		}
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: actRead, Detail: detail})
		return err
	})
	p.Table = webui.Table{
		Caption: plain.Sentence{JA: "監査記録（新しい順）", EN: "Audit log, newest first"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "日時", EN: "When"}}, {Name: plain.Sentence{JA: "だれが", EN: "Who"}},
			{Name: plain.Sentence{JA: "何を", EN: "What"}}, {Name: plain.Sentence{JA: "だれについて", EN: "About"}},
			{Name: plain.Sentence{JA: "何に基づき", EN: "On what ground"}}, {Name: plain.Sentence{JA: "詳細", EN: "Detail"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "記録はまだありません。", EN: "There is no record yet."}},
	}
	for _, e := range records {
		p.Table.Rows = append(p.Table.Rows, []any{e.At, actorWords(e.Actor, e.At), actWords(e.Act), codeOrNone(e.Subject), codeOrNone(e.Case), e.Detail})
	}
	if n := len(records); n == rows {
		last := records[n-1].Position
		p.Older = ui.URL("/audit?before=" + strconv.FormatInt(last.At.UnixMicro(), 10) + "-" + strconv.FormatInt(last.Seq, 10))
	}
	return p, err
}

func codeOrNone(s string) any {
	if s == "" {
		return nil
	}
	return webui.Code(s)
}
