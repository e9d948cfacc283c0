package municipality

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// A paper that turns out to be wrong after it was handed over is declared void at once (無効), so that nobody is misled by it while it is sought, and is sought
// until somebody writes down that it is back (回収). In 2023 papers of strangers were out for days, and each of them verified.

// RecallDocument declares a document void that was handed over, for the clerk in the context and for a reason. The server tells it to whoever verifies the paper.
func (o *Municipality) RecallDocument(ctx context.Context, request, reason string) error {
	if strings.TrimSpace(reason) == "" || len([]rune(reason)) > maxProof {
		return plain.Bad("recall", fmt.Sprintf("無効にする理由を%d文字以内で書いてください。例：別の方の記録が載っていた。", maxProof),
			fmt.Sprintf("Say in at most %d characters why it is void: for example, that it shows another person's record.", maxProof))
	}
	return o.recallMoves(ctx, request, store.DocumentDelivered, message.IssuingOutcome{Outcome: message.Recalled}, actRecall, reason,
		errNotToRecall, func(_ context.Context, tx *store.Tx, doc Document, who string) error {
			tx.AddRecall(store.DocumentRecall{Request: request, At: tx.Now(), By: who, Reason: reason})
			return nil
		})
}

// RecoverDocument: the paper of a recalled document is back, as so many sheets. proof says what became of it.
func (o *Municipality) RecoverDocument(ctx context.Context, request string, sheets int, proof string) error {
	if sheets < 1 || sheets > maxSheets {
		return plain.Bad("back", fmt.Sprintf("戻った枚数を1から%dまでの数で入力してください。", maxSheets), fmt.Sprintf("Enter how many sheets came back, 1 to %d.", maxSheets))
	}
	if err := proves("back_proof", proof); err != nil {
		return err
	}
	return o.recallMoves(ctx, request, store.DocumentRecalled, message.IssuingOutcome{Outcome: message.Recovered, Sheets: sheets}, actRecover, proof,
		errNotRecalled, func(ctx context.Context, tx *store.Tx, doc Document, who string) error {
			if sheets > doc.Sheets {
				return plain.Bad("back", fmt.Sprintf("渡したときに印刷した枚数は%d枚です。戻った枚数を確かめてください。", doc.Sheets), fmt.Sprintf("%d sheets were printed when it was handed over: count again.", doc.Sheets))
			}
			return tx.Recovered(ctx, store.DocumentRecall{Request: request, RecoveredAt: tx.Now(), RecoveredBy: who, Sheets: sheets, Proof: proof})
		})
}

var (
	errNotToRecall = plain.Bad("recall", "無効にできるのは、渡した証明書だけです。画面を開き直して、状態を確かめてください。", "Only what was handed over is recalled: open the page again, and see how it stands.")
	errNotRecalled = plain.Bad("back", "回収を記録できるのは、無効にした証明書だけです。画面を開き直して、状態を確かめてください。", "Only what was recalled is recovered: open the page again, and see how it stands.")
)

// recallMoves moves a document that has left the counter from how it must stand to its outcome, of which the server is told. It shows nothing of the person, who may
// be protected by now.
func (o *Municipality) recallMoves(ctx context.Context, request string, from store.DocumentState, out message.IssuingOutcome, act, said string, otherwise error,
	keep func(context.Context, *store.Tx, Document, string) error) error {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		doc, err := documentNamed(ctx, tx, request)
		if err != nil {
			return nil, err
		}
		if doc.State != from {
			return nil, otherwise
		}
		if err := keep(ctx, tx, doc, who); err != nil {
			return nil, err
		}
		doc.State = store.DocumentState(out.Outcome)
		if err := o.moveDocument(ctx, tx, from, doc, who); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: act, Subject: doc.Code.Reveal(), Case: request, Detail: doc.Number + " " + said})
		out.Request, out.Number, out.By = doc.Request, doc.Number, who
		return []message.Out{{To: o.issuing, Body: out, Trace: doc.Trace}}, nil
	})
	return err
}
