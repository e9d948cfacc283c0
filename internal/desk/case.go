package desk

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// casePage is the data of one case's page. The form is that of the attempt that failed, if one did.
type casePage struct {
	*webui.Form
	Failed string
	Base   string
	ID     string

	Tabs   []webui.Tab
	Notice *webui.Notice
	Facts  []webui.Term
	Views  webui.Table
	Path   webui.Timeline

	MayWrite bool
	MayOwn   bool
	Notes    []webui.Choice
	Ways     []webui.Choice
	Proposal *proposal

	person string // whose code the key is; empty: nobody's
}

// caseID is the case of a request's path. The number of a case holds a slash, which a path does not keep.
func caseID(r *http.Request) string { return strings.ReplaceAll(r.PathValue("case"), "~", "/") }

// lookAtCase reads the page for a person. Where its key is a resident's code, that is a look at the resident.
func (d *Desk) lookAtCase(r *http.Request) (p casePage, err error) {
	if p, err = d.casePage(r); err == nil {
		err = d.looked(r, map[string]string{p.person: p.ID})
	}
	return p, err
}

// looked records that somebody sees the codes of residents, each with what it was about.
func (d *Desk) looked(r *http.Request, about map[string]string) error {
	delete(about, "") // a serial names no person
	if len(about) == 0 {
		return nil
	}
	return d.host.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, person := range slices.Sorted(maps.Keys(about)) {
			auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: person, Case: about[person]})
		}
		return nil
	})
}

// casePage reads the case of the request's path.
func (d *Desk) casePage(r *http.Request) (p casePage, err error) {
	c, notes, err := d.host.Books.Find(r.Context(), caseID(r))
	if err != nil {
		return p, err
	}
	now, person := d.host.Clock.Now(), access.From(r.Context())
	p = casePage{Form: webui.NewForm(nil), Tabs: d.tabs(r), Base: d.caseURL(c.ID), ID: c.ID, Facts: caseFacts(c, now), Views: caseViews(c, now), Path: casePath(c, notes, now),
		person: c.Book.Person(c.Key), Notes: noteChoices}
	if c.State == "closed" {
		return p, nil
	}
	p.MayWrite = access.May(person, access.ResolvePropose, d.role) == nil
	p.MayOwn = p.MayWrite && c.Owner != person.ID
	p.Notice = &webui.Notice{Kind: webui.Warn, Title: plain.Sentence{JA: "両側の帳簿が一致していません", EN: "The two sides do not hold the same"}, Text: caseStep(c), Link: whereToAct(c.Proposal != nil, p.MayWrite)}
	if c.State == "explained" {
		p.Notice.Kind = webui.Info
	}
	if c.Proposal != nil {
		o := c.Proposal
		p.Proposal = newProposal(caseWays[o.Act], o.Text, o.By, o.At, seenCase(*o), d.mayConfirm(person, o.By))
	}
	if p.MayWrite {
		for _, a := range c.Acts() {
			p.Ways = append(p.Ways, webui.Choice{Value: string(a), Name: caseWays[a].name, Note: caseWays[a].what})
		}
	}
	return p, nil
}

// caseWays are the ways to end a case, as people choose them.
var caseWays = map[reconcile.Act]way{
	reconcile.Resend: {name: plain.Sentence{JA: "再送", EN: "Send again"}, what: plain.Sentence{
		JA: "この団体がいま持つ内容を、もう一度送ります。相手はそれを適用し、次の突合で一致すれば、この件はひとりでに閉じます。",
		EN: "What this organisation holds now is sent again. The other side applies it, and when the next comparison agrees the case closes by itself."}},
	reconcile.Request: {name: plain.Sentence{JA: "照会", EN: "Ask for it"}, what: plain.Sentence{
		JA: "元の団体に、いま持つ内容を送るよう求めます。届いたものを適用し、次の突合で一致すれば、この件はひとりでに閉じます。",
		EN: "The source is asked to send what it holds now. It is applied here, and when the next comparison agrees the case closes by itself."}},
	reconcile.Close: {name: plain.Sentence{JA: "このままとする", EN: "Leave it as it is"}, what: plain.Sentence{
		JA: "違いを残したまま、この件を閉じます。以後の突合では、説明済みの差として数えます。",
		EN: "The case is closed and the difference stays. Later comparisons count it as explained."}, last: true},
}

func caseStep(c reconcile.Case) plain.Sentence {
	switch {
	case c.Proposal != nil:
		return plain.Sentence{JA: "解決方法が提案されています。提案した人とは別の人が、内容を確かめて承認してください。",
			EN: "A resolution is proposed. Somebody else than who proposed it checks and confirms it."}
	case c.State == "explained":
		return plain.Sentence{JA: "人が決めたことによる差です。次の異動で一致すれば、ひとりでに閉じます。",
			EN: "The difference follows from what people decided. It closes by itself when a later change makes both agree."}
	case c.AsSource:
		return plain.Sentence{JA: "この団体が元です。正しいのはどちらかを確かめ、この団体が正しければ「再送」を提案してください。",
			EN: "This organisation is the source. Find out which side is right, and propose to send it again when this one is."}
	}
	return plain.Sentence{JA: "この団体は写しです。元の団体に問い合わせるか、「照会」を提案して、いまの内容を送ってもらってください。",
		EN: "This organisation holds the copy. Ask the source, or propose to have it send what it holds."}
}

func caseFacts(c reconcile.Case, now time.Time) []webui.Term {
	terms := []webui.Term{
		{Label: plain.Sentence{JA: "件の番号", EN: "Case"}, Value: webui.Code(c.ID)},
		{Label: plain.Sentence{JA: "帳簿", EN: "Book"}, Value: c.Book.Name()},
		{Label: keyName(c.Book), Value: webui.Code(c.Key)},
		{Label: plain.Sentence{JA: "違い", EN: "Difference"}, Value: differences[c.What]},
		{Label: plain.Sentence{JA: "状態", EN: "State"}, Value: caseState(c)},
		{Label: plain.Sentence{JA: "見つけた時", EN: "Opened"}, Value: c.Opened},
	}
	if happened(c.Closed) {
		terms = append(terms, webui.Term{Label: plain.Sentence{JA: "閉じた時", EN: "Closed"}, Value: c.Closed})
	}
	if c.Owner != "" {
		terms = append(terms, webui.Term{Label: plain.Sentence{JA: "担当", EN: "Owner"}, Value: webui.Code(c.Owner)})
	}
	return terms
}

// caseViews sets side by side what each side holds under the key.
func caseViews(c reconcile.Case, now time.Time) webui.Table {
	source, copied := c.Self, c.Peer
	if !c.AsSource {
		source, copied = copied, source
	}
	return webui.Table{
		Caption: plain.Sentence{JA: "両側が持つもの", EN: "What both sides hold"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "団体", EN: "Organisation"}}, {Name: plain.Sentence{JA: "役割", EN: "Part"}},
			{Name: plain.Sentence{JA: "持つもの", EN: "Holds"}}},
		Rows: [][]any{
			{webui.NameOf(source, now), plain.Sentence{JA: "元", EN: "source"}, withNames(c.Source, now)},
			{webui.NameOf(copied, now), plain.Sentence{JA: "写し", EN: "copy"}, withNames(c.Copy, now)},
		},
	}
}

// caseActs are what happened to a case, as it stands in its timeline.
var caseActs = map[string]plain.Sentence{
	"opened":    {JA: "件を開いた", EN: "opened"},
	"inquiry":   {JA: "問合せ", EN: "inquiry"},
	"answer":    {JA: "回答", EN: "answer"},
	"asked":     {JA: "照会", EN: "asked for"},
	"resent":    {JA: "再送", EN: "sent again"},
	"proposed":  {JA: "提案", EN: "proposed"},
	"closed":    {JA: "閉じた", EN: "closed"},
	"explained": {JA: "説明済み", EN: "explained"},
}

func casePath(c reconcile.Case, notes []reconcile.Note, now time.Time) webui.Timeline {
	t := webui.Timeline{Caption: plain.Sentence{JA: "経過", EN: "What happened"}}
	for _, n := range notes {
		var detail []webui.Term
		if n.By != "" && n.By != "system" {
			detail = append(detail, webui.Term{Label: plain.Sentence{JA: "担当者", EN: "By"}, Value: webui.Code(n.By)})
		}
		if n.Second != "" {
			detail = append(detail, webui.Term{Label: plain.Sentence{JA: "承認した人", EN: "Confirmed by"}, Value: webui.Code(n.Second)})
		}
		act, known := caseActs[n.Act]
		if !known {
			act = plain.Sentence{JA: n.Act, EN: n.Act}
		}
		what, way := noteText(n)
		if way != (plain.Sentence{}) {
			detail = append([]webui.Term{{Label: plain.Sentence{JA: "解決方法", EN: "Resolution"}, Value: way}}, detail...)
		}
		t.Stops = append(t.Stops, webui.Stop{Org: webui.NameOf(n.Author, now), Role: n.Author.Role(), At: n.At, After: max(0, n.At.Sub(c.Opened)),
			What: what, State: webui.Badge{Kind: webui.Info, Text: act}, Detail: detail})
	}
	return t
}

// noteText is what a note says, and the resolution that it proposes, if it does. The program's own notes hold both
// languages, a proposal's begin with its act; people write in one.
func noteText(n reconcile.Note) (what, proposes plain.Sentence) {
	if n.Act == "opened" && n.Text == "" {
		return plain.Sentence{JA: "突合で、両側が持つものの違いを見つけた。", EN: "The comparison found that the two sides do not hold the same."}, proposes
	}
	if ja, en, both := strings.Cut(n.Text, "。 "); both && n.By == "system" {
		return plain.Sentence{JA: ja + "。", EN: en}, proposes
	}
	text := n.Text
	if act, why, found := strings.Cut(text, ": "); found && n.Act == "proposed" {
		if w, known := caseWays[reconcile.Act(act)]; known {
			proposes, text = w.name, why
		}
	}
	return plain.Sentence{JA: text, EN: text}, proposes
}

// seenCase names a proposal as it was shown.
func seenCase(p reconcile.Proposal) string { return seenAs(string(p.Act), p.By, p.At) }

// noteCase sends a person's words about a case to the other side.
func (d *Desk) noteCase(w http.ResponseWriter, r *http.Request) {
	d.submitCase(w, r, "note", func(ctx context.Context, id string, f *webui.Form, by access.Person) error {
		act, text := readNote(f)
		if !f.OK() {
			return nil
		}
		return d.host.Books.Write(ctx, id, act, text, by.ID, recordedCase(by, "case."+act))
	})
}

// ownCase makes the person the one who works on the case.
func (d *Desk) ownCase(w http.ResponseWriter, r *http.Request) {
	d.submitCase(w, r, "own", func(ctx context.Context, id string, f *webui.Form, by access.Person) error {
		return d.host.Books.Own(ctx, id, by.ID, recordedCase(by, "case.own"))
	})
}

// proposeCase writes down how a person would end the case. Nothing happens to it yet.
func (d *Desk) proposeCase(w http.ResponseWriter, r *http.Request) {
	d.submitCase(w, r, "propose", func(ctx context.Context, id string, f *webui.Form, by access.Person) error {
		act, text := readProposal(f)
		if !f.OK() {
			return nil
		}
		return d.host.Books.Propose(ctx, id, reconcile.Act(act), text, by.ID, recordedCase(by, "case.propose"))
	})
}

// confirmCase carries out what another person has proposed, and this one has read.
func (d *Desk) confirmCase(w http.ResponseWriter, r *http.Request) {
	d.submitCase(w, r, "confirm", func(ctx context.Context, id string, f *webui.Form, by access.Person) error {
		read := f.Value("seen")
		// Compared where it is carried out: the proposer may have changed it since this person read it.
		asRead := func(_ context.Context, _ *sqlstore.Tx, c reconcile.Case) error {
			if c.Proposal == nil || seenCase(*c.Proposal) != read {
				return errChanged
			}
			return access.SecondPerson(access.Person{ID: c.Proposal.By}, by)
		}
		return d.host.Books.Confirm(ctx, id, by.ID, asRead, recordedCase(by, "case.confirm"))
	})
}

func (d *Desk) submitCase(w http.ResponseWriter, r *http.Request, which string, act func(context.Context, string, *webui.Form, access.Person) error) {
	id := caseID(r)
	submit(d, w, r, d.oneCase, d.lookAtCase, func(p *casePage, f *webui.Form) { p.Form, p.Failed = f, which }, d.caseURL(id),
		func(ctx context.Context, f *webui.Form, by access.Person) error { return act(ctx, id, f, by) })
}

// recordedCase writes the audit entry of what a person does, in the transaction in which it is done.
func recordedCase(by access.Person, act string) reconcile.With {
	return func(_ context.Context, tx *sqlstore.Tx, c reconcile.Case) error {
		detail := ""
		if c.Proposal != nil {
			detail = string(c.Proposal.Act) + ", proposed by " + c.Proposal.By
		}
		record(tx, by, act, c.ID, detail)
		return nil
	}
}
