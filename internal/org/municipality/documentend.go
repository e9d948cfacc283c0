package municipality

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// DocumentOf opens a document for the clerk in the context, with its bytes while they are here, and writes down that it was opened.
func (o *Municipality) DocumentOf(ctx context.Context, request string) (doc Document, err error) {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return doc, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		if doc, err = o.documentFor(ctx, tx, who, request); err != nil {
			return nil, err
		}
		return nil, nil
	})
	return doc, err
}

// documentFor finds a document that the clerk may see, and records the look at the person.
func (o *Municipality) documentFor(ctx context.Context, tx *store.Tx, who, request string) (Document, error) {
	doc, err := documentNamed(ctx, tx, request)
	if err == nil {
		err = o.handsOver(ctx, tx, who, doc.Person, doc.Request)
	}
	if err != nil {
		return Document{}, err
	}
	ground, err := look.GroundOf(ctx, tx.Tx, who)
	if err == nil {
		err = o.lookedOn(ctx, tx, ground, doc.Code, look.Four|look.Kana|look.Household, "document "+doc.Kind)
	}
	return doc, err
}

// documentNamed finds a document, and shows it to nobody.
func documentNamed(ctx context.Context, tx *store.Tx, request string) (Document, error) {
	doc, found, err := tx.Document(ctx, request)
	if err == nil && !found {
		err = plain.Bad("document", "この番号の申請はありません。", "There is no application of this number.")
	}
	return doc, err
}

// PrintDocument gives the bytes of a document to be printed, once more held against the register. Who is no more as the document says
// gets none.
func (o *Municipality) PrintDocument(ctx context.Context, request string) (file []byte, err error) {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return nil, err
	}
	var stopped bool
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		file = nil
		doc, err := o.documentFor(ctx, tx, who, request)
		if err != nil {
			return nil, err
		}
		if err := atHand(doc, tx.Now()); err != nil {
			return nil, err
		}
		var outs []message.Out
		if outs, stopped, err = o.gateDocument(ctx, tx, store.DocumentHeld, doc, who); err != nil || stopped {
			return outs, err
		}
		doc.Prints++
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "document-print", Subject: doc.Code.Reveal(), Case: doc.Request, Detail: doc.Number + " " + jobOf(doc)})
		file = doc.Bytes
		return nil, tx.KeepPrint(ctx, doc)
	})
	switch {
	case err != nil:
		return nil, err
	case stopped:
		return nil, errDocumentStopped
	}
	return file, nil
}

var (
	errDocumentNotHere = plain.Bad("document", "この証明書は、いま印刷や交付ができる状態にありません。画面を開き直して、状態を確かめてください。",
		"This document cannot be printed or handed over as it stands: open the page again and see how it stands.")
	errDocumentStopped = plain.Bad("document", "証明書の内容が、いまの住民記録と違います。交付を止めました。印刷した紙があれば渡さずに回収し、申請をやり直してください。",
		"The document is not what the register says now, and was stopped. If a sheet was printed, do not hand it over, collect it, and apply again.")
)

// atHand refuses to print or to end a document that is not at the counter, or of which paper may still come out of the printer.
func atHand(doc Document, now time.Time) error {
	switch {
	case doc.State != store.DocumentHeld:
		return errDocumentNotHere
	case underWay(doc, now):
		return errPrinting
	}
	return nil
}

// maxSheets is how many sheets of one document may have been printed, those that jammed among them.
const maxSheets = 100

// HandOverDocument: the applicant has it. The gate looks once more at what is handed over.
func (o *Municipality) HandOverDocument(ctx context.Context, request string, sheets int) error {
	if sheets < 1 || sheets > maxSheets {
		return plain.Bad("sheets", fmt.Sprintf("印刷した枚数を1から%dまでの数で入力してください。", maxSheets), fmt.Sprintf("Enter how many sheets were printed, 1 to %d.", maxSheets))
	}
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	var stopped bool
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		doc, err := o.documentFor(ctx, tx, who, request)
		if err != nil {
			return nil, err
		}
		if err := atHand(doc, tx.Now()); err != nil {
			return nil, err
		}
		doc.Sheets, doc.EndedAt, doc.EndedBy = sheets, tx.Now(), who
		var outs []message.Out
		if outs, stopped, err = o.gateDocument(ctx, tx, store.DocumentHeld, doc, who); err != nil || stopped {
			return outs, err
		}
		doc.State = store.DocumentDelivered
		if err := o.moveDocument(ctx, tx, store.DocumentHeld, doc, who); err != nil {
			return nil, err
		}
		return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: doc.Number, Outcome: message.Delivered, Sheets: sheets, By: who}, Trace: doc.Trace}}, nil
	})
	if err == nil && stopped {
		return errDocumentStopped
	}
	return err
}

// maxProof bounds in characters what is said of the paper.
const maxProof = 500

// VoidDocument: nothing of it was handed over. proof says what became of the paper: not printed, jammed and taken out, cut up before a witness.
func (o *Municipality) VoidDocument(ctx context.Context, request string, sheets int, proof string) error {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	if sheets < 0 || sheets > maxSheets {
		return plain.Bad("spoiled", fmt.Sprintf("印刷した枚数を0から%dまでの数で入力してください。", maxSheets), fmt.Sprintf("Enter how many sheets were printed, 0 to %d.", maxSheets))
	}
	if err := proves("proof", proof); err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		doc, err := documentNamed(ctx, tx, request) // it shows nothing of the person, who may be protected by now
		if err != nil {
			return nil, err
		}
		if err := atHand(doc, tx.Now()); err != nil {
			return nil, err
		}
		doc.State, doc.Sheets, doc.Proof, doc.EndedAt, doc.EndedBy = store.DocumentVoided, sheets, proof, tx.Now(), who
		if err := o.moveDocument(ctx, tx, store.DocumentHeld, doc, who); err != nil {
			return nil, err
		}
		if _, err := tx.CloseCases(ctx, doc.Request, "", who, proof); err != nil {
			return nil, err
		}
		return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: doc.Number, Outcome: message.Voided, Sheets: sheets, By: who}, Trace: doc.Trace}}, nil
	})
	return err
}
