package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/webui"
)

// booksPage is the data of the page of the books: the cases, what the self-audit found, and how the books agree. Who is
// behind a case or a finding stands on its own page, where a look is recorded.
type booksPage struct {
	Tabs     []webui.Tab
	Cases    webui.Table
	Findings webui.Table
	Standing webui.Table
}

func (d *Desk) booksPage(r *http.Request) (p booksPage, err error) {
	ctx, now := r.Context(), d.host.Clock.Now()
	standings, err := d.standings(ctx)
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
	cases = slices.DeleteFunc(cases, func(c reconcile.Case) bool { return d.tellsOfOne(ctx, c.Peer) })
	found = slices.DeleteFunc(found, func(f reconcile.Finding) bool { return d.tellsOfOne(ctx, f.Peer) })
	return booksPage{Tabs: d.tabs(r), Cases: d.caseTable(cases, now), Findings: d.findingTable(found, now), Standing: d.standingTable(standings, now)}, nil
}

// standings are how each book stands, as far as whoever is in the context may see it.
func (d *Desk) standings(ctx context.Context) ([]reconcile.Standing, error) {
	all, err := d.host.Books.Standings(ctx)
	return slices.DeleteFunc(all, func(s reconcile.Standing) bool { return d.tellsOfOne(ctx, s.Peer) }), err
}

// differences are what a case is about.
var differences = map[string]plain.Sentence{
	"missing": {JA: "写しにない", EN: "missing at the copy"},
	"extra":   {JA: "写しだけにある", EN: "only at the copy"},
	"differs": {JA: "持つものが違う", EN: "not the same"}, // the copy is not told more: that it holds nothing, or too much
}

var urgency = map[webui.BadgeKind]int{webui.Bad: 0, webui.Warn: 1, webui.Wait: 2, webui.OK: 3}

func (d *Desk) standingTable(all []reconcile.Standing, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "帳簿ごとの結果", EN: "How each book stands"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "帳簿", EN: "Book"}}, {Name: plain.Sentence{JA: "相手", EN: "Other side"}}, {Name: plain.Sentence{JA: "役割", EN: "Our part"}},
			{Name: plain.Sentence{JA: "結果", EN: "Result"}}, {Name: plain.Sentence{JA: "件数", EN: "Entries"}, Right: true},
			{Name: plain.Sentence{JA: "途中", EN: "Under way"}, Right: true}, {Name: plain.Sentence{JA: "不一致の件", EN: "Cases"}, Right: true},
			{Name: plain.Sentence{JA: "最後の突合", EN: "Compared"}}, {Name: plain.Sentence{JA: "自己監査の一巡", EN: "Self-audit took"}, Right: true},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "ほかの団体と突合する帳簿はありません。", EN: "There is no book that is compared with another organisation."}},
	}
	// What asks for somebody stands first.
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b reconcile.Standing) int { return urgency[resultOf(a).Kind] - urgency[resultOf(b).Kind] })
	for _, s := range all {
		part := plain.Sentence{JA: "写し", EN: "copy"}
		if s.AsSource {
			part = plain.Sentence{JA: "元", EN: "source"}
		}
		var cycle any
		if happened(s.Audited) {
			cycle = s.Cycle
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: d.bookURL(s.Book, s.Peer), Text: s.Book.Name()}, webui.NameOf(s.Peer, now), part, resultOf(s), s.Entries, s.Outstanding + s.Parked + s.Held,
			s.OpenCases, moment(s.Compared), cycle})
	}
	return t
}

// resultOf is what the last comparison came to. It says that both agree only when they were compared and did.
func resultOf(s reconcile.Standing) webui.Badge {
	switch {
	case s.Refill != nil && s.Refill.Proposed():
		return badge(webui.Warn, "送り直しの承認待ち", "to be sent again, waits for a second person")
	case s.Refill != nil:
		return badge(webui.Wait, "送り直しています", "being sent again")
	case s.Findings > 0:
		return badge(webui.Bad, "自己監査の所見あり", "found by the self-audit")
	case s.OpenCases > 0 || s.Outcome == reconcile.Differs:
		return badge(webui.Bad, "不一致", "differs")
	}
	switch s.Outcome {
	case reconcile.Agreed:
		return badge(webui.OK, "一致", "agrees")
	case reconcile.Accounted:
		return badge(webui.Warn, "説明済みの差がある", "explained differences")
	case reconcile.NotYet:
		return badge(webui.Wait, "まだ突合していない", "not compared yet")
	case reconcile.Making:
		return badge(webui.Wait, "帳簿を作成中", "the book is being made")
	case reconcile.Backlog:
		return badge(webui.Warn, "途中が多く、突合できない", "too much under way to compare")
	case reconcile.Unreachable:
		return badge(webui.Warn, "写しの団体が答えない", "the copy does not answer")
	}
	return badge(webui.Bad, "突合できない", "cannot be compared")
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
		t.Rows = append(t.Rows, []any{webui.Link{Href: d.caseURL(c.ID), Text: plain.Sentence{JA: c.ID, EN: c.ID}}, c.Book.Name(), webui.NameOf(c.Peer, now),
			differences[c.What], caseState(c), owner, now.Sub(c.Opened)})
	}
	return t
}

func (d *Desk) caseURL(id string) string {
	return d.ui.URL("/reconcile/case/" + strings.ReplaceAll(id, "/", "~"))
}

func caseState(c reconcile.Case) webui.Badge {
	switch {
	case c.State == "explained":
		return badge(webui.Wait, "説明済み", "explained")
	case c.State == "closed" && c.ClosedHow == "people":
		return badge(webui.Off, "人が閉じた", "closed by people")
	case c.State == "closed":
		return badge(webui.OK, "一致して閉じた", "closed, both agree")
	case c.Proposal != nil:
		return badge(webui.Warn, "承認待ち", "waits for a second person")
	}
	return badge(webui.Bad, "未処理", "open")
}
