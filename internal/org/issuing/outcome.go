package issuing

import (
	"context"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// onIssuingOutcome writes down what became of a document. What is known stays: a second word about it is refused, because one of the two is wrong.
func (o *Issuing) onIssuingOutcome(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingOutcome) ([]message.Out, error) {
	if d.Sender != o.municipality {
		return nil, errNotOurs
	}
	doc, found, err := tx.DocumentOf(ctx, n.Request)
	if err != nil {
		return nil, err
	}
	if !found || doc.Number != n.Number || doc.File == (message.Hash{}) {
		return nil, exchange.Reject("unknown-document", "この証明書は、このサーバでは発行していません。双方の申請の記録を確かめてください。",
			"this server has not issued this document: compare the records of the request on both sides")
	}
	if n.Outcome == message.Recalled || n.Outcome == message.Recovered {
		return nil, o.recalled(ctx, tx, d, doc, n)
	}
	if doc.Ending != "" {
		return nil, exchange.Reject("ended-already", "この証明書がどうなったかは、すでに届いています。双方の申請の記録を確かめてください。",
			"what became of this document was told already: compare the records of the request on both sides")
	}
	doc.Ending, doc.EndedAt, doc.EndedBy, doc.Findings, doc.Sheets = n.Outcome, tx.Now(), n.By, n.Findings, n.Sheets
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "issuing.ended", Case: n.Request, Detail: n.Number + " " + string(n.Outcome)})
	_, err = tx.End(ctx, doc)
	return nil, err
}

// recalled writes down that a document that was handed over is void from now on, or that its paper is back. Whoever verifies it is told from this moment on.
func (o *Issuing) recalled(ctx context.Context, tx *store.Tx, d exchange.Delivery, doc store.Document, n message.IssuingOutcome) error {
	moved, err := tx.Recall(ctx, doc.Number, n.Outcome, n.By)
	if err != nil {
		return err
	}
	if !moved {
		return exchange.Reject("not-handed-over", "この証明書は、渡したと知らされていないか、すでに無効にしたか回収したと知らされています。双方の申請の記録を確かめてください。",
			"this server was not told that this document was handed over, or was told already that it is recalled or recovered: compare the records of the request on both sides")
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "issuing.ended", Case: n.Request, Detail: n.Number + " " + string(n.Outcome)})
	return nil
}

// Account is what became of the requests of a day (日締め): requested = refused + issued, and issued = delivered + stopped + voided.
type Account = store.Account

// Account closes a day, or says what is missing for it.
func (o *Issuing) Account(ctx context.Context, day resident.Date) (a Account, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		a, err = o.in(tx).Account(ctx, day.Start(), day.AddDays(1).Start())
		return err
	})
	return a, err
}
