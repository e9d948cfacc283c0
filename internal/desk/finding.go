package desk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// findingPage is the data of the page of one finding: a row that changed behind the program's back.
type findingPage struct {
	*webui.Form
	Tabs     []webui.Tab
	Base     string
	Notice   webui.Notice
	Facts    []webui.Term
	MayClose bool

	of reconcile.Finding
}

// looked through for the finding of an address.
const mostFindings = 1000

// longestWhy is how much of a reason is kept, in bytes. What is longer is refused rather than cut.
const longestWhy = 1000

func (d *Desk) findingTable(found []reconcile.Finding, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "自己監査の所見", EN: "Found by the self-audit"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "所見", EN: "Finding"}}, {Name: plain.Sentence{JA: "帳簿", EN: "Book"}}, {Name: plain.Sentence{JA: "相手", EN: "Other side"}},
			{Name: plain.Sentence{JA: "見つけた時", EN: "Found"}}, {Name: plain.Sentence{JA: "経過", EN: "Age"}, Right: true},
		},
	}
	for _, f := range found {
		t.Rows = append(t.Rows, []any{webui.Link{Href: d.findingURL(f), Text: f.Says()}, f.Book.Name(), webui.NameOf(f.Peer, now), f.At, now.Sub(f.At)})
	}
	return t
}

// findingURL is the address of a finding. It must not say whose row it is, and a plain hash of an eleven-digit code would.
func (d *Desk) findingURL(f reconcile.Finding) string {
	mac := hmac.New(sha256.New, d.host.Secrets(f.Peer))
	for _, part := range []string{"finding", string(f.Book), f.Key, f.What, strconv.FormatInt(f.At.UnixMicro(), 10)} {
		mac.Write([]byte(part + "\x00"))
	}
	return d.ui.URL("/reconcile/finding/" + hex.EncodeToString(mac.Sum(nil)[:16]))
}

var errNoFinding = plain.Bad("finding",
	"この所見は、もう閉じているか、この団体にありません。「帳簿の突合」の一覧から選び直してください。",
	"This finding is closed already, or not of this organisation: choose from the list of the books.")

// findingPage reads the finding of the request's path, for a person. Where its key is a resident's code, that is a look at
// the resident.
func (d *Desk) findingPage(r *http.Request) (p findingPage, err error) {
	f, err := d.finding(r)
	if err != nil {
		return p, err
	}
	open, err := d.caseOf(r.Context(), f)
	if err != nil {
		return p, err
	}
	now, base := d.host.Clock.Now(), d.findingURL(f)
	p = findingPage{Form: webui.NewForm(nil), Tabs: d.tabs(r), Base: base, of: f,
		Notice: webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: "この団体の表が、プログラムを通らずに変わっています", EN: "A table of this organisation was changed, and not by the program"},
			Text: plain.Sentence{JA: "だれが何のために変えたかを調べ、終わったらわけを書いて閉じてください。", EN: "Find out by whom and what for, then write why and close it."}},
		Facts: findingFacts(f, now)}
	switch may := access.May(access.From(r.Context()), access.ResolvePropose, d.role) == nil; {
	case open != "":
		p.Notice.Text = plain.Sentence{JA: "この行について、相手との不一致の件が開いています。先に件を終えてください。件が終わると、この所見も閉じます。",
			EN: "A case about this row is open. End the case first: the finding closes with it."}
		p.Notice.Link = &webui.Link{Href: d.caseURL(open), Text: plain.Sentence{JA: "件を開く", EN: "Open the case"}}
	default:
		p.MayClose = may
	}
	return p, d.looked(r, map[string]string{f.Book.Person(f.Key): "finding " + string(f.Book)})
}

func findingFacts(f reconcile.Finding, now time.Time) []webui.Term {
	terms := []webui.Term{
		{Label: plain.Sentence{JA: "所見", EN: "Finding"}, Value: f.Says()},
		{Label: plain.Sentence{JA: "帳簿", EN: "Book"}, Value: f.Book.Name()},
		{Label: plain.Sentence{JA: "相手", EN: "Other side"}, Value: webui.NameOf(f.Peer, now)},
	}
	if f.Key != "" { // the sums of a book are no row's
		terms = append(terms, webui.Term{Label: keyName(f.Book), Value: webui.Code(f.Key)})
	}
	return append(terms, webui.Term{Label: plain.Sentence{JA: "見つけた時", EN: "Found"}, Value: f.At},
		webui.Term{Label: plain.Sentence{JA: "最後に正しかった時", EN: "Last found right"}, Value: moment(f.Since)})
}

// finding is the open one that the request's path names.
func (d *Desk) finding(r *http.Request) (reconcile.Finding, error) {
	found, err := d.host.Books.Findings(r.Context(), false, mostFindings)
	if err != nil {
		return reconcile.Finding{}, err
	}
	want := d.ui.URL("/reconcile/finding/" + r.PathValue("finding"))
	for _, f := range found {
		if d.findingURL(f) == want {
			return f, nil
		}
	}
	return reconcile.Finding{}, errNoFinding
}

// caseOf is the number of the open case about the row of a finding; empty when there is none.
func (d *Desk) caseOf(ctx context.Context, f reconcile.Finding) (string, error) {
	cases, err := d.host.Books.Cases(ctx, false, mostFindings)
	for _, c := range cases {
		if c.Book == f.Book && c.Peer == f.Peer && c.Key == f.Key && c.State == "open" {
			return c.ID, nil
		}
	}
	return "", err
}

// closeFinding closes a finding of the self-audit, with a reason.
func (d *Desk) closeFinding(w http.ResponseWriter, r *http.Request) {
	found, err := d.finding(r)
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	submit(d, w, r, d.oneFinding, d.findingPage, func(p *findingPage, f *webui.Form) { p.Form = f }, d.ui.URL("/reconcile"),
		func(ctx context.Context, f *webui.Form, by access.Person) error {
			text := readWhy(f)
			if !f.OK() {
				return nil
			}
			return d.host.Books.Acknowledge(ctx, found.Book, found.Peer, found.Key, text, by.ID, func(_ context.Context, tx *sqlstore.Tx, c reconcile.Case) error {
				auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "finding.acknowledge", Subject: c.Key, Case: string(c.Book) + " " + string(c.Peer), Detail: text})
				return nil
			})
		})
}

// readWhy reads a reason that is kept whole.
func readWhy(f *webui.Form) string {
	text := f.Need("why", plain.Sentence{JA: "わけ", EN: "why"})
	if len(text) > longestWhy {
		f.Bad("why", "わけが長すぎます。300文字以内で書いてください。", "This is too long: write why in at most 1,000 characters.")
	}
	return text
}
