package municipality

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
)

// The gate judges the file, and a printer gives back sheets: in 徳島市 one of three pages was another person's, and nobody held the pages against each other. Each page
// bears the binding (綴り番号) of its document, and the clerk says of each page in the hand which one it bears, before it is handed over.

// leastTyped is how many characters of a binding are typed at least, from its end: two documents agree in four once in a million times.
const leastTyped = 4

// pageField is the field of a form into which the binding of a page is typed.
func pageField(page int) string { return fmt.Sprintf("page-%d", page) }

// readsBinding tells whether what somebody typed or scanned can be the binding of a page: its end or the whole of it, or the address in the QR.
func readsBinding(typed string) bool {
	n := len(document.Typed(typed))
	return strings.Contains(typed, "#") || leastTyped <= n && n <= 16
}

// bears tells whether what was typed or scanned is of a document with this binding, whose QR leads to verify.
func bears(binding, verify, typed string) bool {
	if strings.Contains(typed, "#") {
		return strings.TrimSpace(typed) == verify
	}
	return strings.HasSuffix(document.Typed(binding), document.Typed(typed))
}

// mistyped tells whether what was typed differs from the binding in one character, or in two that were exchanged.
func mistyped(binding, typed string) bool {
	is, got := document.Typed(binding), document.Typed(typed)
	if strings.Contains(typed, "#") || len(got) > len(is) {
		return false
	}
	is = is[len(is)-len(got):]
	var differ []int
	for i := range got {
		if got[i] != is[i] {
			differ = append(differ, i)
		}
	}
	switch len(differ) {
	case 1:
		return true
	case 2:
		i, j := differ[0], differ[1]
		return j == i+1 && got[i] == is[j] && got[j] == is[i]
	}
	return false
}

// handSheets holds what was typed of the pages in the hand against the document. wrong says of which they are not, when all could be read; a case is open then, and the
// document stays at the counter.
func (o *Municipality) handSheets(ctx context.Context, tx *store.Tx, doc Document, pages int, typed []string, who string) (wrong plain.Problems, err error) {
	var unread plain.Problems
	for i := range pages {
		if i >= len(typed) || !readsBinding(typed[i]) {
			unread = append(unread, plain.Bad(pageField(i+1), fmt.Sprintf("%dページ目の下にある綴り番号を、紙を見て入力してください。最後の4文字でもかまいません。", i+1),
				fmt.Sprintf("Enter the binding number at the foot of page %d, from the paper; its last four characters will do.", i+1)))
		}
	}
	if err := unread.Err(); err != nil || pages == 0 {
		return nil, err
	}
	paper, err := o.documentPaper(ctx, tx, doc)
	if err != nil {
		return nil, err
	}
	var said []string
	var typos plain.Problems
	for i := range pages {
		if bears(paper.Binding(), doc.Verify, typed[i]) {
			continue
		}
		of, err := o.bearer(ctx, tx, doc, typed[i])
		if err != nil {
			return nil, err
		}
		if of == "" && mistyped(paper.Binding(), typed[i]) { // refused all the same, and nobody has to prove what became of a slip of the hand
			typos = append(typos, plain.Bad(pageField(i+1), fmt.Sprintf("%dページ目の番号は、打ち間違いのようです。紙を見て、もう一度入力してください。紙の番号もこのとおりなら、渡さないでください。", i+1),
				fmt.Sprintf("The number of page %d seems mistyped: enter it again from the paper. If the paper says so too, do not hand it over.", i+1)))
			continue
		}
		ja, en := "どの証明書のものか、番号から分かりません。", "By its number it is not known of which document it is."
		if of != "" {
			ja, en = "申請 "+of+" の証明書のページです。", "It is a page of the application "+of+"."
		}
		wrong = append(wrong, plain.Bad(pageField(i+1), fmt.Sprintf("%dページ目は、この申請の証明書ではありません。渡さないでください。%s件を開きました。打ち間違いなら、紙の番号を入力し直してください。", i+1, ja),
			fmt.Sprintf("Page %d is not of this document: do not hand it over. %s A case was opened. If it was mistyped, enter what stands on the paper.", i+1, en)))
		if of == "" {
			of = "unknown"
		}
		said = append(said, fmt.Sprintf("page %d: %s", i+1, of))
	}
	if len(wrong) == 0 {
		return nil, typos.Err()
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: actSheet, Subject: doc.Code.Reveal(), Case: doc.Request, Detail: jobOf(doc) + " " + strings.Join(said, ", ")})
	return append(wrong, typos...), openCase(ctx, tx, doc, store.CaseSheet)
}

// otherSheets refuses a hand-over because of pages of other documents, of which a case was opened.
type otherSheets struct{ plain.Problems }

func (e *otherSheets) Unwrap() error { return e.Problems }

// maxBearers is how many documents at the counter are asked whether a page is theirs, the newest first.
const maxBearers = 30

// bearer is the application of another document that lies at the counter and has the page; empty: none.
func (o *Municipality) bearer(ctx context.Context, tx *store.Tx, doc Document, typed string) (request string, err error) {
	held, err := tx.LastHeld(ctx, maxBearers)
	if err != nil {
		return "", err
	}
	for _, d := range held {
		if d.Request == doc.Request {
			continue
		}
		paper, err := o.documentPaper(ctx, tx, d)
		if _, gone := plain.AsProblems(err); gone { // the register has nobody like that any more
			continue
		}
		if err != nil {
			return "", err
		}
		if bears(paper.Binding(), d.Verify, typed) {
			return d.Request, nil
		}
	}
	return "", nil
}
