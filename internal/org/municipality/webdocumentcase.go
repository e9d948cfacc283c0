package municipality

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// caseForm is a case of a document.
type caseForm struct {
	Title, Says plain.Sentence
	Said        []webui.Term // what became of the paper, and who says so; none: nobody has
	Propose     string       // where that is said; empty: it is closed, or another one comes first
	Confirm     string       // where it is confirmed; empty: nobody has said it, or whoever looks may not
	Seen        string       // which proposal the page shows
	Waits       bool         // another one is to confirm it
	Fates       []webui.Choice
}

var fateNames = map[Fate]plain.Sentence{
	FateDestroyed: both("廃棄した（裁断など）", "destroyed"),
	FateRecovered: both("回収し、保管している", "recovered, and kept"),
	FateNever:     both("1枚も出なかった", "nothing came out"),
	FateCounter:   both("手元にある（これから渡す）", "at the counter, about to be handed over"),
	FateCitizen:   both("人に渡った（窓口の外にある）", "somebody has it, outside the counter"),
}

// fateChoices are what may have become of the paper of a job, those after which nobody else has it first.
func fateChoices(d Document, job string) (all []webui.Choice) {
	for _, f := range []Fate{FateDestroyed, FateRecovered, FateNever, FateCounter, FateCitizen} {
		if f != FateCounter || stillAtHand(d, job) {
			all = append(all, webui.Choice{Value: string(f), Name: fateNames[f]})
		}
	}
	return all
}

var caseCauses = map[string]plain.Sentence{
	store.CasePrint:   both("印刷が終わったと確かめられませんでした。", "The printer did not say that all of it came out."),
	store.CaseStopped: both("印刷した後に、証明書を止めました。", "It was stopped after it had been printed."),
	store.CaseReprint: both("もう一度印刷しました。前に印刷した紙がどうなったか分かりません。", "It was printed once more, and what became of the paper before is not known."),
	store.CaseSheet:   both("渡す前に見た紙の綴り番号が、この申請の証明書のものと違いました。", "A page in the hand bore the number of another document before it was handed over."),
	store.CaseAgain:   both("印刷した紙がどうなったか分からないまま、同じ証明書がもう一度申請されました。", "The same was asked for again, and what became of the printed paper is not known."),
}

// casesOf are the cases of a document.
func (w *screens) casesOf(ctx context.Context, d Document) (all []caseForm, err error) {
	var cases []store.DocumentCase
	err = w.o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		cases, err = w.o.in(raw).CasesOf(ctx, d.Request)
		return err
	})
	for _, c := range cases {
		one, base := caseForm{Title: both("件 "+c.Job, "Case "+c.Job), Says: caseCauses[c.Cause], Said: caseTerms(c), Fates: fateChoices(d, c.Job)}, w.ui.URL("/document/"+d.Request+"/case/"+c.Job)
		same := slices.ContainsFunc(all, func(f caseForm) bool { return f.Propose == base })
		open := slices.ContainsFunc(all, func(f caseForm) bool { return f.Propose != "" })
		switch {
		case !c.ClosedAt.IsZero() || same: // what is said of a paper, is said of all cases about it
		case c.Proposal() == "" && !open: // one after the other
			one.Propose = base
		case c.Proposal() != "":
			one.Waits = true
			if !open {
				one.Propose = base
			}
			if access.SecondPerson(access.Person{ID: c.ProposedBy, Credential: c.Credential}, access.From(ctx)) == nil {
				one.Confirm, one.Seen = base+"/confirm", c.Proposal()
			}
		}
		all = append(all, one)
	}
	return all, err
}

// confirmNotice leads to the first case that whoever looks may confirm; nil: there is none.
func confirmNotice(cases []caseForm) *webui.Notice {
	i := slices.IndexFunc(cases, func(c caseForm) bool { return c.Confirm != "" })
	if i < 0 {
		return nil
	}
	return &webui.Notice{Kind: webui.Wait, Title: both("あなたの確認を待っている件があります", "A case waits for you to confirm it"), Text: both("ほかの職員が、紙がどうなったかを書きました。", "Another clerk has said what became of a paper."),
		Link: &webui.Link{Href: "#case-" + strconv.Itoa(i), Text: both("その件を見る", "Look at it")}}
}

// caseTerms is what somebody says of the paper of a case.
func caseTerms(c store.DocumentCase) (terms []webui.Term) {
	if c.Fate != "" {
		terms = append(terms, webui.Term{Label: both("紙がどうなったか", "What became of the paper"), Value: fateNames[c.Fate]})
	}
	if c.Proof != "" {
		terms = append(terms, webui.Term{Label: both("証拠", "Proof"), Value: webui.Spell(c.Proof)})
	}
	if !c.ProposedAt.IsZero() {
		terms = append(terms, webui.Term{Label: both("書いた人", "Said by"), Value: webui.Code(c.ProposedBy)}, webui.Term{Label: both("書いた時", "Said"), Value: c.ProposedAt})
	}
	if !c.ClosedAt.IsZero() {
		terms = append(terms, webui.Term{Label: both("確認して閉じた人", "Confirmed and closed by"), Value: webui.Code(c.ClosedBy)}, webui.Term{Label: both("閉じた時", "Closed"), Value: c.ClosedAt})
	}
	return terms
}

// proposeCase says what became of the paper of a case by the form.
func (w *screens) proposeCase(rw http.ResponseWriter, r *http.Request) {
	if f, d, ok := w.documentForm(rw, r); ok {
		_, err := w.o.ProposeDocumentCase(r.Context(), d.Request, r.PathValue("job"), Fate(f.Value("case_fate")), f.Value("case_proof"))
		w.documentDone(rw, r, f, d, err)
	}
}

// confirmCase closes a case of which another clerk has said what became of the paper.
func (w *screens) confirmCase(rw http.ResponseWriter, r *http.Request) {
	if f, d, ok := w.documentForm(rw, r); ok {
		w.documentDone(rw, r, f, d, w.o.ConfirmDocumentCase(r.Context(), d.Request, r.PathValue("job"), f.Value("seen")))
	}
}

// papersShown bounds a list.
const papersShown = 200

type papersPage struct{ Held, Cases, Recalled, Thirds webui.Table }

// showDocuments lists what lies at the counter, and the cases that are open. It names nobody.
func (w *screens) showDocuments(rw http.ResponseWriter, r *http.Request) {
	var held, recalled []Document
	var cases []store.DocumentCase
	var thirds []ThirdRequest
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		if held, err = w.o.in(raw).DocumentsHeld(ctx, papersShown); err != nil {
			return err
		}
		if recalled, err = w.o.in(raw).DocumentsRecalled(ctx, papersShown); err != nil {
			return err
		}
		if cases, err = w.o.in(raw).OpenCases(ctx, papersShown); err != nil {
			return err
		}
		thirds, err = w.o.in(raw).ThirdsAsked(ctx, papersShown)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := papersPage{Thirds: w.thirdsTable(thirds),
		Cases: webui.Table{Caption: both("件（古い順）", "Cases, the oldest first"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("何が起きたか", "What happened")}, {Name: both("いつから", "Since")}, {Name: both("いま", "Now")}},
			Empty: webui.Empty{Text: both("開いている件はありません。", "No case is open.")}},
		Recalled: webui.Table{Caption: both("無効とし、まだ回収していない証明書（古い順）", "Void and not back, the oldest first"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("種類", "Kind")}, {Name: both("渡した時", "Handed over")}, {Name: both("渡した人", "By")}},
			Empty: webui.Empty{Text: both("ありません。", "None.")}},
		Held: webui.Table{Caption: both("渡していない証明書（古い順）", "Not handed over, the oldest first"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("種類", "Kind")}, {Name: both("申請", "Applied")}, {Name: both("受け付けた人", "Taken by")}},
			Empty: webui.Empty{Text: both("ありません。", "None.")}}}
	link := func(request string) webui.Link {
		return webui.Link{Href: w.ui.URL("/document/" + request), Text: both(request, request)}
	}
	for _, c := range cases {
		p.Cases.Rows = append(p.Cases.Rows, []any{link(c.Request), caseCauses[c.Cause], c.OpenedAt, caseBadge(c)})
	}
	for _, d := range recalled {
		p.Recalled.Rows = append(p.Recalled.Rows, []any{link(d.Request), making.Kind(d.Kind).Name(), d.EndedAt, webui.Code(d.EndedBy)})
	}
	for _, d := range held {
		p.Held.Rows = append(p.Held.Rows, []any{link(d.Request), making.Kind(d.Kind).Name(), d.At, webui.Code(d.By)})
	}
	w.ui.Render(rw, r, w.papers, http.StatusOK, p)
}

// caseBadge says for what an open case waits.
func caseBadge(c store.DocumentCase) webui.Badge {
	if c.Proposal() != "" {
		return badge(webui.Wait, "確認待ち", "to be confirmed")
	}
	return badge(webui.Bad, "証拠待ち", "no proof yet")
}

// casesText says what is to be done about the open cases, of some of which one person has said what became of the paper.
func casesText(open, said int64) plain.Sentence {
	n := strconv.FormatInt(said, 10)
	switch said {
	case 0:
		return both("印刷した紙がどうなったかを確かめ、証拠を書きます。もう一人が確認すると閉じます。", "Find out what became of the paper, and say it with the proof: a second person confirms it.")
	case open:
		return both("もう一人の職員が紙を見て確認すると、閉じます。", "Each waits for a second person, who looks at the paper and confirms.")
	}
	return both("うち"+n+"件は、もう一人の確認を待っています。ほかは、印刷した紙がどうなったかを確かめ、証拠を書きます。", n+" of them wait for a second person. Of the others, find out what became of the paper, and say it with the proof.")
}
