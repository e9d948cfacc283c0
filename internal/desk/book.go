package desk

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// bookPage is the data of the page of one book with one peer, where its source has all of it sent again (帳簿の送り直し).
type bookPage struct {
	*webui.Form
	Tabs       []webui.Tab
	Failed     string
	Base       string
	Notice     *webui.Notice
	Facts      []webui.Term
	Proposal   *proposal
	MayPropose bool
	MayDrop    bool
}

func (d *Desk) bookURL(book message.Book, peer message.Org) string {
	return d.ui.URL("/reconcile/book/" + string(book) + "/" + string(peer))
}

// bookPage reads the book of the request's path.
func (d *Desk) bookPage(r *http.Request) (p bookPage, err error) {
	all, err := d.standings(r.Context())
	if err != nil {
		return p, err
	}
	i := slices.IndexFunc(all, func(s reconcile.Standing) bool {
		return string(s.Book) == r.PathValue("book") && string(s.Peer) == r.PathValue("peer")
	})
	if i < 0 {
		return p, plain.Bad("book", "この団体に、その帳簿はありません。「帳簿の突合」の一覧から選び直してください。",
			"This organisation has no such book: choose from the list of the books.")
	}
	s, now, person := all[i], d.host.Clock.Now(), access.From(r.Context())
	p = bookPage{Form: webui.NewForm(nil), Tabs: d.tabs(r), Base: d.bookURL(s.Book, s.Peer), Facts: bookFacts(s, now)}
	if !s.AsSource {
		p.Notice = &webui.Notice{Kind: webui.Info, Title: plain.Sentence{JA: "この団体は写しです", EN: "This organisation holds the copy"},
			Text: plain.Sentence{JA: "多くを失ったときは、元の団体に、帳簿をまるごと送り直してもらってください。", EN: "When much was lost here, ask the source to have the whole book sent again."}}
		return p, nil
	}
	mayPropose := access.May(person, access.ResolvePropose, d.role) == nil
	switch f := s.Refill; {
	case f == nil:
		p.MayPropose = mayPropose
	case f.Proposed():
		p.MayDrop = mayPropose
		p.Proposal = newProposal(refillWay, f.Reason, f.By, f.At, seenAs("refill", f.By, f.At), d.mayConfirm(person, f.By))
	default:
		p.Notice = &webui.Notice{Kind: webui.Info, Title: plain.Sentence{JA: "帳簿を送り直しています", EN: "The book is being sent again"},
			Text: plain.Sentence{JA: "ほかの業務は止まりません。終わると、次の突合で一致した件はひとりでに閉じます。", EN: "Nothing else stops. When it has ended, the cases on which both then agree close by themselves."}}
	}
	return p, nil
}

// refillWay is what a second person confirms.
var refillWay = way{name: plain.Sentence{JA: "帳簿をまるごと送り直す", EN: "Send the whole book again"}, what: plain.Sentence{
	JA: "この団体がいま持つ内容を、すべての鍵について、少しずつもう一度送ります。相手は、正しいものはそのままにし、違うものと無いものを直します。ほかの業務は止まりません。",
	EN: "What this organisation holds now is sent again for every key, little by little. The other side leaves what is right and mends what differs or is missing. Nothing else stops."}}

func bookFacts(s reconcile.Standing, now time.Time) []webui.Term {
	part := plain.Sentence{JA: "写し", EN: "copy"}
	if s.AsSource {
		part = plain.Sentence{JA: "元", EN: "source"}
	}
	terms := []webui.Term{
		{Label: plain.Sentence{JA: "帳簿", EN: "Book"}, Value: s.Book.Name()},
		{Label: plain.Sentence{JA: "相手", EN: "Other side"}, Value: webui.NameOf(s.Peer, now)},
		{Label: plain.Sentence{JA: "役割", EN: "Our part"}, Value: part},
		{Label: plain.Sentence{JA: "結果", EN: "Result"}, Value: resultOf(s)},
		{Label: plain.Sentence{JA: "件数", EN: "Entries"}, Value: s.Entries},
		{Label: plain.Sentence{JA: "不一致の件", EN: "Cases"}, Value: s.OpenCases},
		{Label: plain.Sentence{JA: "最後の突合", EN: "Compared"}, Value: moment(s.Compared)},
	}
	if f := s.Refill; f != nil && !f.Proposed() {
		terms = append(terms,
			webui.Term{Label: plain.Sentence{JA: "送り直した件数", EN: "Sent again"}, Value: f.Sent},
			webui.Term{Label: plain.Sentence{JA: "送れず除いた件数", EN: "Set aside"}, Value: f.Aside},
			webui.Term{Label: plain.Sentence{JA: "わけ", EN: "Why"}, Value: f.Reason},
			webui.Term{Label: plain.Sentence{JA: "提案した人", EN: "Proposed by"}, Value: webui.Code(f.By)},
			webui.Term{Label: plain.Sentence{JA: "承認した人", EN: "Confirmed by"}, Value: webui.Code(f.Second)})
	}
	return terms
}

// proposeRefill writes down that a person would have the book sent again.
func (d *Desk) proposeRefill(w http.ResponseWriter, r *http.Request) {
	d.submitBook(w, r, "propose", func(ctx context.Context, book message.Book, peer message.Org, f *webui.Form, by access.Person) error {
		text := readWhy(f)
		if !f.OK() {
			return nil
		}
		return d.host.Books.ProposeRefill(ctx, book, peer, text, by.ID, recordedRefill(by, "book.refill.propose"))
	})
}

// confirmRefill has it sent, as another person has proposed and this one has read.
func (d *Desk) confirmRefill(w http.ResponseWriter, r *http.Request) {
	d.submitBook(w, r, "confirm", func(ctx context.Context, book message.Book, peer message.Org, f *webui.Form, by access.Person) error {
		read := f.Value("seen")
		asRead := func(_ context.Context, _ *sqlstore.Tx, c reconcile.Case) error {
			if c.Proposal == nil || seenAs("refill", c.Proposal.By, c.Proposal.At) != read {
				return errChanged
			}
			return access.SecondPerson(access.Person{ID: c.Proposal.By}, by)
		}
		return d.host.Books.ConfirmRefill(ctx, book, peer, by.ID, asRead, recordedRefill(by, "book.refill.confirm"))
	})
}

// dropRefill takes the proposal back.
func (d *Desk) dropRefill(w http.ResponseWriter, r *http.Request) {
	d.submitBook(w, r, "drop", func(ctx context.Context, book message.Book, peer message.Org, f *webui.Form, by access.Person) error {
		return d.host.Books.DropRefill(ctx, book, peer, recordedRefill(by, "book.refill.drop"))
	})
}

func (d *Desk) submitBook(w http.ResponseWriter, r *http.Request, which string, act func(context.Context, message.Book, message.Org, *webui.Form, access.Person) error) {
	book, peer := message.Book(r.PathValue("book")), message.Org(r.PathValue("peer"))
	submit(d, w, r, d.oneBook, d.bookPage, func(p *bookPage, f *webui.Form) { p.Form, p.Failed = f, which }, d.bookURL(book, peer),
		func(ctx context.Context, f *webui.Form, by access.Person) error { return act(ctx, book, peer, f, by) })
}

func recordedRefill(by access.Person, act string) reconcile.With {
	return func(_ context.Context, tx *sqlstore.Tx, c reconcile.Case) error {
		detail := ""
		if c.Proposal != nil {
			detail = "proposed by " + c.Proposal.By
		}
		record(tx, by, act, string(c.Book)+" "+string(c.Peer), detail)
		return nil
	}
}
