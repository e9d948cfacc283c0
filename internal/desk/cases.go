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

// lookAtBooks reads the page for a person. A finding shows its key, which may be a resident's code.
func (d *Desk) lookAtBooks(r *http.Request) (booksPage, error) {
	p, err := d.booksPage(r)
	about := map[string]string{}
	for _, f := range p.Findings {
		about[message.Book(f.Book).Person(f.Key)] = "finding " + f.Book
	}
	if err == nil {
		err = d.looked(r, about)
	}
	return p, err
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
			{Label: plain.Sentence{JA: "帳簿", EN: "Book"}, Value: f.Book.Name()},
			{Label: plain.Sentence{JA: "相手", EN: "Other side"}, Value: nameOf(f.Peer, now)},
			{Label: plain.Sentence{JA: "鍵", EN: "Key"}, Value: webui.Code(f.Key)},
			{Label: plain.Sentence{JA: "所見", EN: "Finding"}, Value: f.Says()},
			{Label: plain.Sentence{JA: "見つけた時", EN: "Found"}, Value: f.At},
			{Label: plain.Sentence{JA: "最後に正しかった時", EN: "Last found right"}, Value: moment(f.Since)},
		}})
	}
	return p, nil
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
		t.Rows = append(t.Rows, []any{s.Book.Name(), nameOf(s.Peer, now), part, resultOf(s), s.Entries, s.Outstanding + s.Parked + s.Held,
			s.OpenCases, moment(s.Compared), cycle})
	}
	return t
}

// resultOf is what the last comparison came to. It says that both agree only when they were compared and did.
func resultOf(s reconcile.Standing) webui.Badge {
	b := func(kind webui.BadgeKind, ja, en string) webui.Badge {
		return webui.Badge{Kind: kind, Text: plain.Sentence{JA: ja, EN: en}}
	}
	switch {
	case s.Findings > 0:
		return b(webui.Bad, "自己監査の所見あり", "found by the self-audit")
	case s.OpenCases > 0 || s.Outcome == reconcile.Differs:
		return b(webui.Bad, "不一致", "differs")
	}
	switch s.Outcome {
	case reconcile.Agreed:
		return b(webui.OK, "一致", "agrees")
	case reconcile.Accounted:
		return b(webui.Warn, "説明済みの差がある", "explained differences")
	case reconcile.NotYet:
		return b(webui.Wait, "まだ突合していない", "not compared yet")
	case reconcile.Making:
		return b(webui.Wait, "帳簿を作成中", "the book is being made")
	case reconcile.Backlog:
		return b(webui.Warn, "途中が多く、突合できない", "too much under way to compare")
	case reconcile.Unreachable:
		return b(webui.Warn, "写しの団体が答えない", "the copy does not answer")
	}
	return b(webui.Bad, "突合できない", "cannot be compared")
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
		t.Rows = append(t.Rows, []any{webui.Link{Href: d.caseURL(c.ID), Text: plain.Sentence{JA: c.ID, EN: c.ID}}, c.Book.Name(), nameOf(c.Peer, now),
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
		show(d, w, r, d.books, http.StatusUnprocessableEntity, d.booksPage, func(p *booksPage) { p.Form = f })
		return
	}
	http.Redirect(w, r, d.ui.URL("/reconcile"), http.StatusSeeOther)
}
