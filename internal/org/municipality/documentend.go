package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
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

// documentFor finds a document that the clerk may see, and records the look at everybody on it.
func (o *Municipality) documentFor(ctx context.Context, tx *store.Tx, who, request string) (Document, error) {
	doc, err := documentNamed(ctx, tx, request)
	if err == nil {
		err = o.openDocument(ctx, tx, who, doc)
	}
	if err != nil {
		return Document{}, err
	}
	return doc, nil
}

// openDocument refuses a document of a protected person to who has no release for it, and records the look at everybody on it.
func (o *Municipality) openDocument(ctx context.Context, tx *store.Tx, who string, doc Document) error {
	if err := o.handsOver(ctx, tx, who, doc.Person, doc.Request); err != nil {
		return err
	}
	ground, err := look.GroundOf(ctx, tx.Tx, who)
	if err != nil {
		return err
	}
	now, found, err := tx.Current(ctx, doc.Person)
	if err != nil || !found {
		return err
	}
	how := "document " + doc.Kind
	if err := o.lookedOn(ctx, tx, ground, doc.Code, onDocument(doc, now.Record), how); err != nil {
		return err
	}
	if doc.Kind != string(making.HouseholdRecord) {
		return nil
	}
	household, err := tx.Household(ctx, now.Record.Household)
	if err != nil {
		return err
	}
	for _, m := range household {
		if m.Person == doc.Person {
			continue
		}
		if err := o.record(ctx, tx, ground, m.Record.Code, onDocument(doc, m.Record), how); err != nil {
			return err
		}
	}
	return nil
}

// onDocument is what a document shows of somebody.
func onDocument(doc Document, r resident.Record) look.Items {
	if making.Kind(doc.Kind) == making.SealCertificate {
		return look.Four | look.Kana | look.Seal
	}
	shown, items := look.Four|look.Kana|look.Household|itemsOf(r)&(look.CommonName|look.Foreign), making.ItemsOf(doc.Items)
	if items.Domicile {
		shown |= look.Origin
	}
	if items.Number {
		shown |= look.Number
	}
	if items.Code {
		shown |= look.Code
	}
	return shown
}

// atCounter finds a document that is to be printed or handed over, and holds it against the register before anything else: of whoever has been protected since, it is
// stopped as any other that the register contradicts. What is left may be shown to the clerk.
func (o *Municipality) atCounter(ctx context.Context, tx *store.Tx, who, request string, sheets int) (doc Document, outs []message.Out, stopped bool, err error) {
	if doc, err = documentNamed(ctx, tx, request); err == nil {
		err = atHand(doc)
	}
	if err != nil {
		return doc, nil, false, err
	}
	moment := store.JudgedPrint
	if err := o.releases(ctx, tx.Tx, doc); err != nil {
		return doc, nil, false, err
	}
	if sheets > 0 { // what is stopped at the hand-over says so too
		doc.Sheets, doc.EndedBy, moment = sheets, who, store.JudgedHandOver
	}
	if outs, stopped, err = o.gateDocument(ctx, tx, store.DocumentHeld, doc, who, moment); err != nil || stopped {
		return doc, outs, stopped, err
	}
	return doc, nil, false, o.openDocument(ctx, tx, who, doc)
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
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) (outs []message.Out, err error) {
		var doc Document
		if doc, outs, stopped, err = o.atCounter(ctx, tx, who, request, 0); err != nil || stopped {
			return outs, err
		}
		if err := printsAgain(ctx, tx, doc); err != nil {
			return nil, err
		}
		doc.Prints, doc.Print = doc.Prints+1, store.Print{}
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
func atHand(doc Document) error {
	switch {
	case doc.State != store.DocumentHeld:
		return errDocumentNotHere
	case waitsForPrinter(doc):
		return errPrinting
	}
	return nil
}

// maxSheets is how many sheets of one document may have been printed, those that jammed among them.
const maxSheets = 100

// HandOverDocument: the applicant has it. The gate looks once more at what is handed over. What was not printed is not handed over, and not on fewer
// sheets than it has pages: they are printed on one side. bindings is what the clerk typed or scanned from each page in the hand, in their order.
func (o *Municipality) HandOverDocument(ctx context.Context, request string, sheets int, bindings []string) error {
	if sheets < 1 || sheets > maxSheets {
		return plain.Bad("sheets", fmt.Sprintf("印刷した枚数を1から%dまでの数で入力してください。", maxSheets), fmt.Sprintf("Enter how many sheets were printed, 1 to %d.", maxSheets))
	}
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	var stopped bool
	var wrong plain.Problems
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) (outs []message.Out, err error) {
		var doc Document
		if doc, outs, stopped, err = o.atCounter(ctx, tx, who, request, sheets); err != nil || stopped {
			return outs, err
		}
		pages, err := o.printedWhole(doc)
		if err != nil {
			return nil, err
		}
		if wrong, err = o.handSheets(ctx, tx, doc, pages, bindings, who); err != nil || len(wrong) > 0 {
			return nil, err
		}
		doc.State, doc.EndedAt = store.DocumentDelivered, tx.Now()
		if err := o.moveDocument(ctx, tx, store.DocumentHeld, doc, who); err != nil {
			return nil, err
		}
		return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: doc.Number, Outcome: message.Delivered, Sheets: sheets, By: who}, Trace: doc.Trace}}, nil
	})
	switch {
	case err != nil:
		return err
	case stopped:
		return errDocumentStopped
	}
	if len(wrong) > 0 {
		return &otherSheets{wrong}
	}
	return nil
}

// printedWhole is how many pages a document has; it refuses to hand over one that was not printed, or not whole.
func (o *Municipality) printedWhole(doc Document) (pages int, err error) {
	if !mayHaveCome(doc) {
		return 0, plain.Bad("sheets", "この証明書は、まだ印刷していません。印刷してから渡してください。", "This document was not printed: print it first.")
	}
	pages, err = o.documents.Gate.Pages(doc.Bytes)
	if err == nil && doc.Sheets < pages {
		err = plain.Bad("sheets", fmt.Sprintf("この証明書は%dページあり、片面に印刷します。印刷した枚数を%d以上で入力してください。", pages, pages),
			fmt.Sprintf("This document has %d pages, each on a sheet of its own: enter %d sheets or more.", pages, pages))
	}
	return pages, err
}

// mayHaveCome tells whether paper of a document may have come out: it was printed, and it is not known that nothing of it was.
func mayHaveCome(d Document) bool {
	return d.Prints > 1 || d.Prints == 1 && d.Print.State != printFailed
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
		if err := atHand(doc); err != nil {
			return nil, err
		}
		if sheets == 0 && printing.State(doc.Print.State) == printing.Printed {
			return nil, plain.Bad("spoiled", "プリンターは、印刷が終わったと答えています。出た枚数を入力してください。", "The printer has said that it was printed: enter how many sheets came out.")
		}
		doc.State, doc.Sheets, doc.Proof, doc.EndedAt, doc.EndedBy = store.DocumentVoided, sheets, proof, tx.Now(), who
		if err := o.moveDocument(ctx, tx, store.DocumentHeld, doc, who); err != nil {
			return nil, err
		}
		if err := proposesOnVoid(ctx, tx, doc); err != nil {
			return nil, err
		}
		return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: doc.Number, Outcome: message.Voided, Sheets: sheets, By: who}, Trace: doc.Trace}}, nil
	})
	return err
}
