package municipality

import (
	"context"
	"net/http"
	"slices"

	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// caseForm is a case of a document.
type caseForm struct {
	Title, Says plain.Sentence
	Close       string // empty: it is closed
	Closed      []webui.Term
}

var caseCauses = map[string]plain.Sentence{
	store.CasePrint:   both("印刷が終わったと確かめられませんでした。", "The printer did not say that all of it came out."),
	store.CaseStopped: both("印刷した後に、証明書を止めました。", "It was stopped after it had been printed."),
	store.CaseReprint: both("もう一度印刷しました。前に印刷した紙がどうなったか分かりません。", "It was printed once more, and what became of the paper before is not known."),
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
		one := caseForm{Title: both("件 "+c.Job, "Case "+c.Job), Says: caseCauses[c.Cause]}
		if c.ClosedAt.IsZero() && !slices.ContainsFunc(all, func(f caseForm) bool { return f.Close != "" }) { // one after the other
			one.Close = w.ui.URL("/document/" + d.Request + "/case/" + c.Job)
		} else if !c.ClosedAt.IsZero() {
			one.Closed = []webui.Term{{Label: both("紙がどうなったか", "What became of the paper"), Value: webui.Spell(c.Proof)}, {Label: both("閉じた人", "Closed by"), Value: webui.Code(c.ClosedBy)},
				{Label: both("閉じた時", "Closed"), Value: c.ClosedAt}}
		}
		all = append(all, one)
	}
	return all, err
}

// closeCase closes a case with the proof in the form.
func (w *screens) closeCase(rw http.ResponseWriter, r *http.Request) {
	if f, d, ok := w.documentForm(rw, r); ok {
		w.documentDone(rw, r, f, d, w.o.CloseDocumentCase(r.Context(), d.Request, r.PathValue("job"), f.Value("case_proof")))
	}
}

// papersShown bounds a list.
const papersShown = 200

type papersPage struct{ Held, Cases, Recalled webui.Table }

// showDocuments lists what lies at the counter, and the cases that are open. It names nobody.
func (w *screens) showDocuments(rw http.ResponseWriter, r *http.Request) {
	var held, recalled []Document
	var cases []store.DocumentCase
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		if held, err = w.o.in(raw).DocumentsHeld(ctx, papersShown); err != nil {
			return err
		}
		if recalled, err = w.o.in(raw).DocumentsRecalled(ctx, papersShown); err != nil {
			return err
		}
		cases, err = w.o.in(raw).OpenCases(ctx, papersShown)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := papersPage{
		Cases: webui.Table{Caption: both("件（古い順）", "Cases, the oldest first"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("何が起きたか", "What happened")}, {Name: both("いつから", "Since")}},
			Empty: webui.Empty{Text: both("開いている件はありません。", "No case is open.")}},
		Recalled: webui.Table{Caption: both("無効とし、まだ回収していない証明書（古い順）", "Void and not back, the oldest first"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("種類", "Kind")}, {Name: both("渡した時", "Handed over")}, {Name: both("渡した人", "By")}},
			Empty: webui.Empty{Text: both("ありません。", "None.")}},
		Held: webui.Table{Caption: both("渡していない証明書（古い順）", "Not handed over, the oldest first"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("種類", "Kind")}, {Name: both("申請", "Applied")}, {Name: both("受け付けた人", "Taken by")}},
			Empty: webui.Empty{Text: both("ありません。", "None.")}}}
	link := func(request string) webui.Link {
		return webui.Link{Href: w.ui.URL("/document/" + request), Text: both(request, request)}
	}
	for _, c := range cases {
		p.Cases.Rows = append(p.Cases.Rows, []any{link(c.Request), caseCauses[c.Cause], c.OpenedAt})
	}
	for _, d := range recalled {
		p.Recalled.Rows = append(p.Recalled.Rows, []any{link(d.Request), making.Kind(d.Kind).Name(), d.EndedAt, webui.Code(d.EndedBy)})
	}
	for _, d := range held {
		p.Held.Rows = append(p.Held.Rows, []any{link(d.Request), making.Kind(d.Kind).Name(), d.At, webui.Code(d.By)})
	}
	w.ui.Render(rw, r, w.papers, http.StatusOK, p)
}
