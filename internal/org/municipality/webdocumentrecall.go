package municipality

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// recallDocument declares a document void that was handed over.
func (w *screens) recallDocument(rw http.ResponseWriter, r *http.Request) {
	if f, d, ok := w.documentForm(rw, r); ok {
		w.documentDone(rw, r, f, d, w.o.RecallDocument(r.Context(), d.Request, f.Value("recall")))
	}
}

// recoverDocument writes down that the paper of a void document is back.
func (w *screens) recoverDocument(rw http.ResponseWriter, r *http.Request) {
	w.endDocument(rw, r, "back", func(f *webui.Form, d Document, sheets int) error {
		return w.o.RecoverDocument(r.Context(), d.Request, sheets, f.Value("back_proof"))
	})
}

// recallOf says why a document is void, and what became of its paper.
func (w *screens) recallOf(ctx context.Context, d Document) (terms []webui.Term, err error) {
	if d.State != store.DocumentRecalled && d.State != store.DocumentRecovered {
		return nil, nil
	}
	var is store.DocumentRecall
	err = w.o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		is, _, err = w.o.in(raw).RecallOf(ctx, d.Request)
		return err
	})
	terms = []webui.Term{{Label: both("無効にした理由", "Why it is void"), Value: webui.Spell(is.Reason)}, {Label: both("無効にした人", "Declared void by"), Value: webui.Code(is.By)}, {Label: both("無効にした時", "Declared void"), Value: is.At}}
	if !is.RecoveredAt.IsZero() {
		terms = append(terms, webui.Term{Label: both("戻った枚数", "Sheets that came back"), Value: int64(is.Sheets)}, webui.Term{Label: both("戻った紙がどうなったか", "What became of them"), Value: webui.Spell(is.Proof)},
			webui.Term{Label: both("回収を記録した人", "Recorded by"), Value: webui.Code(is.RecoveredBy)}, webui.Term{Label: both("回収を記録した時", "Recorded"), Value: is.RecoveredAt})
	}
	return terms, err
}
