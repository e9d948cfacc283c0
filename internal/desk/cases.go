package desk

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// booksPage is the data of the page of the books: how they agree, the cases, and what the self-audit found.
type booksPage struct {
	Tabs     []webui.Tab
	Standing webui.Table
	Cases    webui.Table
	Findings []finding
	Base     string
	MayWork  bool
	*webui.Form
}

// finding is a row that changed behind the program's back, with what is sent to acknowledge it.
type finding struct {
	Terms           []webui.Term
	Book, Peer, Key string
}

func (d *Desk) showBooks(w http.ResponseWriter, r *http.Request) {
	d.renderBooks(w, r, http.StatusOK, nil)
}

func (d *Desk) showBooksPart(w http.ResponseWriter, r *http.Request) {
	part := r.PathValue("part")
	if part != "standing" && part != "cases" {
		d.ui.NotFound(w, r)
		return
	}
	page, err := d.booksPage(r)
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	d.ui.RenderPart(w, r, d.books, part, page)
}

func (d *Desk) renderBooks(w http.ResponseWriter, r *http.Request, status int, edit func(*booksPage)) {
	page, err := d.booksPage(r)
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	if edit != nil {
		edit(&page)
	}
	d.ui.Render(w, r, d.books, status, page)
}

func (d *Desk) booksPage(r *http.Request) (p booksPage, err error) {
	ctx, now := r.Context(), d.host.Clock.Now()
	standings, err := d.host.Books.Standings(ctx)
	if err != nil {
		return p, err
	}
	cases, err := d.host.Books.Cases(ctx, false, listed)
	if err != nil {
		return p, err
	}
	found, err := d.host.Books.Findings(ctx, false, listed)
	if err != nil {
		return p, err
	}
	p = booksPage{Tabs: d.tabs(r), Standing: standingTable(standings, now), Cases: d.caseTable(cases, now), Base: d.ui.URL("/reconcile"), Form: webui.NewForm(nil),
		MayWork: access.May(access.From(ctx), access.ResolvePropose, d.role) == nil}
	for _, f := range found {
		p.Findings = append(p.Findings, finding{Book: string(f.Book), Peer: string(f.Peer), Key: f.Key, Terms: []webui.Term{
			{Label: plain.Sentence{JA: "帳簿", EN: "Book"}, Value: bookName(f.Book)},
			{Label: plain.Sentence{JA: "相手", EN: "Other side"}, Value: nameOf(f.Peer, now)},
			{Label: plain.Sentence{JA: "鍵", EN: "Key"}, Value: webui.Code(f.Key)},
			{Label: plain.Sentence{JA: "所見", EN: "Finding"}, Value: findings[f.What]},
			{Label: plain.Sentence{JA: "見つけた時", EN: "Found"}, Value: f.At},
			{Label: plain.Sentence{JA: "最後に正しかった時", EN: "Last found right"}, Value: moment(f.Since)},
		}})
	}
	return p, nil
}

// bookNames are what people call the books.
var bookNames = map[message.Book]plain.Sentence{
	message.Residents:     {JA: "住民（本人確認情報）", EN: "Residents"},
	message.Invalidations: {JA: "異動に伴う失効", EN: "What changes killed"},
	message.Certificates:  {JA: "発行情報", EN: "Who holds a certificate"},
	message.Revocations:   {JA: "異動等失効情報", EN: "Revocations demanded"},
	message.Statuses:      {JA: "電子証明書の状態", EN: "Certificate status"},
	message.Drills:        {JA: "警報の訓練", EN: "Alarm drill"},
}

func bookName(b message.Book) plain.Sentence {
	if n, ok := bookNames[b]; ok {
		return n
	}
	return plain.Sentence{JA: string(b), EN: string(b)}
}

// findings are what the self-audit says of a row.
var findings = map[string]plain.Sentence{
	"changed":    {JA: "内容が、プログラムを通らずに変わった", EN: "changed, and not by the program"},
	"gone":       {JA: "行が、プログラムを通らずに消えた", EN: "gone, and not by the program"},
	"appeared":   {JA: "行が、プログラムを通らずに増えた", EN: "appeared, and not by the program"},
	"doubled":    {JA: "同じ行が二つある", EN: "there twice"},
	"unreadable": {JA: "行が読めない", EN: "cannot be read"},
	"sums":       {JA: "集計が行と合わない", EN: "the sums are not those of the rows"},
}

// differences are what a case is about.
var differences = map[string]plain.Sentence{
	"missing": {JA: "写しにない", EN: "missing at the copy"},
	"extra":   {JA: "写しだけにある", EN: "only at the copy"},
	"differs": {JA: "内容が違う", EN: "differs"},
}

func standingTable(all []reconcile.Standing, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "帳簿の突合", EN: "Comparison of the books"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "帳簿", EN: "Book"}}, {Name: plain.Sentence{JA: "相手", EN: "Other side"}}, {Name: plain.Sentence{JA: "役割", EN: "Our part"}},
			{Name: plain.Sentence{JA: "結果", EN: "Result"}}, {Name: plain.Sentence{JA: "件数", EN: "Entries"}, Right: true},
			{Name: plain.Sentence{JA: "途中", EN: "Under way"}, Right: true}, {Name: plain.Sentence{JA: "不一致の件", EN: "Cases"}, Right: true},
			{Name: plain.Sentence{JA: "最後の突合", EN: "Compared"}}, {Name: plain.Sentence{JA: "自己監査の一巡", EN: "Self-audit took"}, Right: true},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "ほかの団体と突合する帳簿はありません。", EN: "There is no book that is compared with another organisation."}},
	}
	for _, s := range all {
		part := plain.Sentence{JA: "写し", EN: "copy"}
		if s.AsSource {
			part = plain.Sentence{JA: "元", EN: "source"}
		}
		var cycle any
		if happened(s.Audited) {
			cycle = s.Cycle
		}
		t.Rows = append(t.Rows, []any{bookName(s.Book), nameOf(s.Peer, now), part, resultOf(s), s.Entries, s.Outstanding + s.Parked + s.Held,
			s.OpenCases, moment(s.Compared), cycle})
	}
	return t
}

// resultOf is what the last comparison came to.
func resultOf(s reconcile.Standing) webui.Badge {
	b := func(kind webui.BadgeKind, ja, en string) webui.Badge {
		return webui.Badge{Kind: kind, Text: plain.Sentence{JA: ja, EN: en}}
	}
	switch {
	case s.Findings > 0:
		return b(webui.Bad, "自己監査の所見あり", "found by the self-audit")
	case s.OpenCases > 0 || s.Differences > s.Explained:
		return b(webui.Bad, "不一致", "differs")
	case !happened(s.Compared):
		return b(webui.Wait, "まだ突合していない", "not compared yet")
	case s.Explained > 0:
		return b(webui.Warn, "説明済みの差がある", "explained differences")
	}
	return b(webui.OK, "一致", "agrees")
}

func (d *Desk) caseTable(cases []reconcile.Case, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "不一致の件", EN: "Cases"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "件", EN: "Case"}}, {Name: plain.Sentence{JA: "帳簿", EN: "Book"}}, {Name: plain.Sentence{JA: "相手", EN: "Other side"}},
			{Name: plain.Sentence{JA: "違い", EN: "Difference"}}, {Name: plain.Sentence{JA: "状態", EN: "State"}},
			{Name: plain.Sentence{JA: "担当", EN: "Owner"}}, {Name: plain.Sentence{JA: "経過", EN: "Age"}, Right: true},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "不一致の件はありません。", EN: "There is no case."}},
	}
	for _, c := range cases {
		var owner any
		if c.Owner != "" {
			owner = webui.Code(c.Owner)
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: d.caseURL(c.ID), Text: plain.Sentence{JA: c.ID, EN: c.ID}}, bookName(c.Book), nameOf(c.Peer, now),
			differences[c.What], caseState(c), owner, now.Sub(c.Opened)})
	}
	return t
}

func (d *Desk) caseURL(id string) string {
	return d.ui.URL("/reconcile/case/" + strings.ReplaceAll(id, "/", "~"))
}

func caseState(c reconcile.Case) webui.Badge {
	b := func(kind webui.BadgeKind, ja, en string) webui.Badge {
		return webui.Badge{Kind: kind, Text: plain.Sentence{JA: ja, EN: en}}
	}
	switch {
	case c.State == "explained":
		return b(webui.Wait, "説明済み", "explained")
	case c.State == "closed" && c.ClosedHow == "people":
		return b(webui.Off, "人が閉じた", "closed by people")
	case c.State == "closed":
		return b(webui.OK, "一致して閉じた", "closed, both agree")
	case c.Proposal != nil:
		return b(webui.Warn, "承認待ち", "waits for a second person")
	}
	return b(webui.Bad, "未処理", "open")
}

// acknowledge closes a finding of the self-audit. What it led to, a case, stays.
func (d *Desk) acknowledge(w http.ResponseWriter, r *http.Request) {
	f, ok := d.ui.ReadForm(w, r)
	if !ok {
		return
	}
	by := access.From(r.Context())
	text := f.Need("why", plain.Sentence{JA: "わけ", EN: "why"})
	if f.OK() {
		err := f.Take(d.host.Books.Acknowledge(r.Context(), message.Book(f.Value("book")), message.Org(f.Value("peer")), f.Value("key"), text, by.ID,
			func(_ context.Context, tx *sqlstore.Tx, c reconcile.Case) error {
				record(tx, by, "finding.acknowledge", string(c.Book)+" "+string(c.Peer)+" "+c.Key, text)
				return nil
			}))
		if err != nil {
			d.ui.Fail(w, r, err)
			return
		}
	}
	if !f.OK() {
		d.renderBooks(w, r, http.StatusUnprocessableEntity, func(p *booksPage) { p.Form = f })
		return
	}
	http.Redirect(w, r, d.ui.URL("/reconcile"), http.StatusSeeOther)
}
