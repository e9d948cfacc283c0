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

// Three errors of 2023 were closed as normal, because the next attempt had printed. Here each attempt of which it is not sure what came out is a case
// (件), and is closed by proof of what became of its paper, whatever the next attempt did.

// proves refuses a proof that says nothing, or too much.
func proves(field, proof string) error {
	if strings.TrimSpace(proof) != "" && len([]rune(proof)) <= maxProof {
		return nil
	}
	return plain.Bad(field, fmt.Sprintf("紙がどうなったかを%d文字以内で書いてください。例：1枚目が詰まり、取り出して係長の前で裁断した。", maxProof),
		fmt.Sprintf("Say in at most %d characters what became of the paper: for example, that the first sheet jammed and was cut up before a witness.", maxProof))
}

// openCase opens a case about the last attempt to print a document.
func openCase(ctx context.Context, tx *store.Tx, d Document, cause string) error {
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: d.By, Act: "document-case", Subject: d.Code.Reveal(), Case: d.Request, Detail: jobOf(d) + " " + cause})
	return tx.OpenCase(ctx, jobOf(d), d.Request, cause)
}

// printsAgain opens a case about the paper of the attempt before, when there may be one: it is not the one that will be handed over.
func printsAgain(ctx context.Context, tx *store.Tx, d Document) error {
	if d.Prints == 0 || d.Print.State == printFailed {
		return nil
	}
	if is, err := tx.IsCase(ctx, jobOf(d)); err != nil || is { // of which it is asked already, or was proven
		return err
	}
	return openCase(ctx, tx, d, store.CaseReprint)
}

// againCases opens a case about each document of somebody that was printed, of which nobody has said what became, when the same is asked for again.
func (o *Municipality) againCases(ctx context.Context, tx *store.Tx, who PersonID, kind string) error {
	all, err := tx.Documents(ctx, who, documentsShown)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Kind == kind && d.State == store.DocumentHeld && d.Prints > 0 {
			if err := openCase(ctx, tx, d, store.CaseAgain); err != nil {
				return err
			}
		}
	}
	return nil
}

// CloseDocumentCase closes a case with the proof of what became of the paper, for the clerk in the context.
func (o *Municipality) CloseDocumentCase(ctx context.Context, request, job, proof string) error {
	who, err := clerk(ctx, access.IssueDocument)
	if err == nil {
		err = proves("case_proof", proof)
	}
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		d, err := documentNamed(ctx, tx, request)
		if err != nil {
			return nil, err
		}
		n, err := tx.CloseCases(ctx, request, job, who, proof)
		if err != nil {
			return nil, err
		}
		if n == 0 || job == "" {
			return nil, plain.Bad("case_proof", "この件は、すでに閉じられています。画面を開き直してください。", "This case is closed: open the page again.")
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "document-case-close", Subject: d.Code.Reveal(), Case: request, Detail: job + " " + proof})
		return nil, nil
	})
	return err
}
