// Package checkpage shows an organisation's inspection (点検の画面): what is gone round and how far, what was found wrong, and the
// form with which a person closes a finding and says why.
package checkpage

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

//go:embed html
var files embed.FS

// Path is where the page is, below the organisation's base.
const Path = "/inspection"

// Nav is the page's entry in an organisation's menu.
var Nav = webui.NavItem{Path: Path, Name: plain.Sentence{JA: "点検", EN: "Inspection"}, Act: access.ViewMessages}

const (
	openShown   = 200
	closedShown = 50
	// looked through for the finding of an address.
	mostFindings = 20_000
)

type pages struct {
	in       *inspection.Inspection
	host     *host.Host
	ui       *webui.UI
	all, one *webui.Page
}

// Mount adds the pages to an organisation's, which webui.UI.Serve serves. Its errors are mistakes of the program.
func Mount(mux *http.ServeMux, h *host.Host, in *inspection.Inspection, ui *webui.UI) (err error) {
	p := &pages{in: in, host: h, ui: ui}
	if p.all, err = ui.Page(files, "inspection"); err != nil {
		return err
	}
	if p.one, err = ui.Page(files, "finding"); err != nil {
		return err
	}
	mux.Handle("GET "+Path, ui.Only(access.ViewMessages, p.showAll))
	mux.Handle("GET "+Path+"/part/{part}", ui.Only(access.ViewMessages, p.showPart))
	mux.Handle("GET "+Path+"/finding/{finding}", ui.Only(access.ViewMessages, func(w http.ResponseWriter, r *http.Request) {
		p.showOne(w, r, http.StatusOK, webui.NewForm(nil))
	}))
	mux.Handle("POST "+Path+"/finding/{finding}/close", ui.Only(access.ResolvePropose, p.close))
	return nil
}

type allPage struct {
	Notice             webui.Notice
	Open, Ways, Closed webui.Table
}

func (p *pages) read(ctx context.Context) (all allPage, err error) {
	standings, err := p.in.Standings(ctx)
	if err != nil {
		return all, err
	}
	var open, closed []inspection.Finding
	err = p.host.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if open, err = inspection.Open(ctx, tx, openShown); err != nil {
			return err
		}
		closed, err = inspection.Closed(ctx, tx, closedShown)
		return err
	})
	if err != nil {
		return all, err
	}
	titles := map[string]inspection.Standing{}
	for _, s := range standings {
		titles[s.Way] = s
	}
	return allPage{noticeOf(standings), p.openTable(open, titles), waysTable(standings), closedTable(closed, titles)}, nil
}

// noticeOf says how it stands. Of what is not inspected nobody can say that nothing is wrong with it.
func noticeOf(standings []inspection.Standing) webui.Notice {
	var total int64
	still := false
	for _, s := range standings {
		total += s.Open
		still = still || s.Trouble != ""
	}
	switch {
	case total > 0:
		return webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: fmt.Sprintf("所見が%d件あります", total), EN: fmt.Sprintf("Findings: %d", total)},
			Text: plain.Sentence{JA: "所見を開き、原因を調べてください。正しくなれば、次の点検で閉じます。", EN: "Open each and find the cause. When it is right again, the next inspection ends the finding."}}
	case still:
		return webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: "点検が進んでいません", EN: "The inspection stands still"},
			Text: plain.Sentence{JA: "進まない対象は、おかしくなっても分かりません。下の「状態」のわけを見て、取り除いてください。", EN: "What is not inspected may be wrong, and nobody would know. See under State why it does not go on, and mend that."}}
	}
	return webui.Notice{Kind: webui.OK, Title: plain.Sentence{JA: "おかしなものは見つかっていません", EN: "Nothing wrong was found"},
		Text: plain.Sentence{JA: "保管しているものと外に見えるものを、絶えず読み直しています。", EN: "What is stored and what is served is read again all the time."}}
}

func (p *pages) openTable(open []inspection.Finding, of map[string]inspection.Standing) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "所見（古い順）", EN: "Findings, oldest first"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "どれが", EN: "Which"}}, {Name: plain.Sentence{JA: "対象", EN: "Kind"}},
			{Name: plain.Sentence{JA: "何が", EN: "What"}}, {Name: plain.Sentence{JA: "見つけた時", EN: "Found"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "ありません。", EN: "None."}},
	}
	for _, f := range open {
		t.Rows = append(t.Rows, []any{webui.Link{Href: p.ui.URL(Path + "/finding/" + idOf(f)), Text: webui.Code(f.Item)}, of[f.Way].Title, f.Says, f.At})
	}
	return t
}

func closedTable(closed []inspection.Finding, of map[string]inspection.Standing) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "閉じた所見（新しい順）", EN: "Findings that are closed, newest first"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "どれが", EN: "Which"}}, {Name: plain.Sentence{JA: "対象", EN: "Kind"}},
			{Name: plain.Sentence{JA: "何が", EN: "What"}}, {Name: plain.Sentence{JA: "閉じた時", EN: "Closed"}}, {Name: plain.Sentence{JA: "閉じたわけ", EN: "Why"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "ありません。", EN: "None."}},
	}
	for _, f := range closed {
		var why any = plain.Sentence{JA: "正しくなった", EN: "it was found right"}
		if f.ClosedBy != "" {
			why = f.ClosedBy + ": " + f.Text
		}
		t.Rows = append(t.Rows, []any{webui.Code(f.Item), of[f.Way].Title, f.Says, f.Closed, why})
	}
	return t
}

func waysTable(standings []inspection.Standing) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "点検の進み具合", EN: "How far the inspection is"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "対象", EN: "Kind"}}, {Name: plain.Sentence{JA: "状態", EN: "State"}},
			{Name: plain.Sentence{JA: "この一巡で見た数", EN: "In this round"}, Right: true}, {Name: plain.Sentence{JA: "前の一巡の数", EN: "Last round"}, Right: true},
			{Name: plain.Sentence{JA: "前の一巡の長さ", EN: "It took"}}, {Name: plain.Sentence{JA: "前の一巡の終わり", EN: "It ended"}},
			{Name: plain.Sentence{JA: "点検できないもの", EN: "Set aside"}, Right: true}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "ありません。", EN: "None."}},
	}
	for _, s := range standings {
		state := webui.Badge{Kind: webui.OK, Text: plain.Sentence{JA: "所見なし", EN: "nothing found"}}
		switch {
		case s.Trouble != "":
			state = webui.Badge{Kind: webui.Bad, Text: plain.Sentence{JA: "進まない（" + s.Trouble + "）", EN: "stands still (" + s.Trouble + ")"}}
		case s.Untold > 0:
			state = webui.Badge{Kind: webui.Bad, Text: plain.Sentence{JA: fmt.Sprintf("所見%d件、ほかに数えただけのもの%d件", s.Open, s.Untold),
				EN: fmt.Sprintf("findings: %d, and %d that are only counted", s.Open, s.Untold)}}
		case s.Open > 0:
			state = webui.Badge{Kind: webui.Bad, Text: plain.Sentence{JA: fmt.Sprintf("所見%d件", s.Open), EN: fmt.Sprintf("findings: %d", s.Open)}}
		}
		row := []any{s.Title, state, nil, nil, nil, nil, s.Aside}
		if s.Rolling {
			row[2] = s.Looked
			if !s.Ended.IsZero() {
				row[3], row[4], row[5] = s.Items, s.Took.Round(time.Second), s.Ended
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (p *pages) showAll(w http.ResponseWriter, r *http.Request) {
	all, err := p.read(r.Context())
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	p.ui.Render(w, r, p.all, http.StatusOK, all)
}

func (p *pages) showPart(w http.ResponseWriter, r *http.Request) {
	part := r.PathValue("part")
	if part != "findings" && part != "ways" {
		p.ui.NotFound(w, r)
		return
	}
	all, err := p.read(r.Context())
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	p.ui.RenderPart(w, r, p.all, part, all)
}

// idOf names a finding in an address.
func idOf(f inspection.Finding) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d", f.Way, f.Item, f.Rule, f.At.UnixMicro()))
	return hex.EncodeToString(sum[:12])
}

func (p *pages) find(r *http.Request) (f inspection.Finding, err error) {
	var open []inspection.Finding
	err = p.host.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		open, err = inspection.Open(ctx, tx, mostFindings)
		return err
	})
	for _, f := range open {
		if idOf(f) == r.PathValue("finding") {
			return f, nil
		}
	}
	if err == nil {
		err = plain.Bad("finding", "この所見は、もう閉じているか、この団体にありません。「点検」の一覧から選び直してください。",
			"This finding is closed already, or not of this organisation: choose from the list of the inspection.")
	}
	return f, err
}

type onePage struct {
	*webui.Form
	Notice   webui.Notice
	Facts    []webui.Term
	Base     string
	MayClose bool
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, status int, form *webui.Form) {
	f, err := p.find(r)
	if err == nil {
		var standings []inspection.Standing
		if standings, err = p.in.Standings(r.Context()); err == nil {
			one := onePage{Form: form, Base: p.ui.URL(Path + "/finding/" + idOf(f)), MayClose: access.May(access.From(r.Context()), access.ResolvePropose, p.host.Self.Role()) == nil,
				Notice: webui.Notice{Kind: webui.Bad, Title: f.Says,
					Text: plain.Sentence{JA: "原因を調べて直してください。正しくなれば、次の点検で閉じます。", EN: "Find the cause and mend it. When it is right again, the next inspection ends the finding."}}}
			for _, s := range standings {
				if s.Way == f.Way {
					one.Facts = append(one.Facts, webui.Term{Label: plain.Sentence{JA: "対象", EN: "Kind"}, Value: s.Title}, webui.Term{Label: s.Item, Value: webui.Code(f.Item)})
				}
			}
			one.Facts = append(one.Facts, webui.Term{Label: plain.Sentence{JA: "規則", EN: "Rule"}, Value: webui.Code(f.Rule)},
				webui.Term{Label: plain.Sentence{JA: "見つけた時", EN: "Found"}, Value: f.At})
			p.ui.Render(w, r, p.one, status, one)
			return
		}
	}
	p.ui.Fail(w, r, err)
}

// close closes a finding with a reason.
func (p *pages) close(w http.ResponseWriter, r *http.Request) {
	f, err := p.find(r)
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	form, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	by := access.From(r.Context())
	why := form.Need("why", plain.Sentence{JA: "わけ", EN: "why"})
	if form.OK() {
		if err := form.Take(p.host.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return p.in.Close(ctx, tx, f, by.ID, why)
		})); err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	}
	if !form.OK() {
		p.showOne(w, r, http.StatusUnprocessableEntity, form)
		return
	}
	http.Redirect(w, r, p.ui.URL(Path), http.StatusSeeOther)
}
