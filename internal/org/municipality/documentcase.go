package municipality

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/message"
)

// Three errors of 2023 were closed as normal, because the next attempt had printed. Here each attempt of which it is not sure what came out is a case
// (件), and is closed by proof of what became of its paper, whatever the next attempt did: one of the staff says it, and another has seen it.

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
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: d.By, Act: actCase, Subject: d.Code.Reveal(), Case: d.Request, Detail: jobOf(d) + " " + cause})
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

// againCases opens a case about each document of somebody that was printed, of which nobody has said what became, when the same is asked for again. What a third person
// asks for is not what the person does.
func (o *Municipality) againCases(ctx context.Context, tx *store.Tx, asked Document) error {
	third := func(d Document) bool { return d.As == string(document.Other) }
	all, err := tx.Documents(ctx, asked.Person, documentsShown)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Kind == asked.Kind && third(d) == third(asked) && d.State == store.DocumentHeld && d.Prints > 0 {
			if err := openCase(ctx, tx, d, store.CaseAgain); err != nil {
				return err
			}
		}
	}
	return nil
}

// Fate is what became of the paper of an attempt to print.
type Fate = store.Fate

// The fates.
const (
	FateCitizen   = store.FateCitizen
	FateCounter   = store.FateCounter
	FateRecovered = store.FateRecovered
	FateDestroyed = store.FateDestroyed
	FateNever     = store.FateNever
)

var errCaseClosed = plain.Bad("case_proof", "この件は、すでに閉じられています。画面を開き直してください。", "This case is closed: open the page again.")

// fits refuses a fate that what is written down of the attempt contradicts.
func fits(ctx context.Context, tx *store.Tx, d Document, job string, fate Fate) error {
	switch fate {
	case FateNever:
		jobs, err := tx.PrintsOf(ctx, d.Request)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			if j.Job == job && (printing.State(j.State) == printing.Printed || j.Sheets > 0) {
				return plain.Bad("case_fate", fmt.Sprintf("プリンターは、この印刷で紙が出た（%d枚）と答えています。その紙を探し、どうなったかを選んでください。", j.Sheets),
					fmt.Sprintf("The printer has said that paper came out of this attempt (%d sheets): find it, and choose what became of it.", j.Sheets))
			}
		}
	case FateCounter:
		if !stillAtHand(d, job) {
			return plain.Bad("case_fate", "この印刷の紙は、もう渡せません。廃棄するか回収して保管し、そのことを選んでください。",
				"The paper of this attempt cannot be handed over any more: destroy it, or collect and keep it, and choose that.")
		}
	case FateCitizen, FateRecovered, FateDestroyed:
	}
	return nil
}

// stillAtHand tells whether the paper of a job may be what will be handed over.
func stillAtHand(d Document, job string) bool {
	return d.State == store.DocumentHeld && job == jobOf(d)
}

// ProposeDocumentCase says what became of the paper of an attempt, with the proof, for the clerk in the context. Another one confirms it, by the name of the proposal.
func (o *Municipality) ProposeDocumentCase(ctx context.Context, request, job string, fate Fate, proof string) (proposal string, err error) {
	if _, err := clerk(ctx, access.IssueDocument); err != nil {
		return "", err
	}
	var problems plain.Problems
	if fateNames[fate].JA == "" {
		problems = append(problems, plain.Bad("case_fate", "紙がどうなったかを選んでください。", "Choose what became of the paper."))
	}
	if err := proves("case_proof", proof); err != nil {
		problems = append(problems, plain.Bad("case_proof", fmt.Sprintf("どのように確かめたかを%d文字以内で書いてください。例：詰まった1枚を取り出し、係長の前で裁断した。", maxProof),
			fmt.Sprintf("Say in at most %d characters how that is known: for example, that the sheet that jammed was cut up before a witness.", maxProof)))
	}
	if err := problems.Err(); err != nil {
		return "", err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		d, err := documentNamed(ctx, tx, request)
		if err != nil {
			return nil, err
		}
		if err := fits(ctx, tx, d, job, fate); err != nil {
			return nil, err
		}
		proposal, err = proposeCases(ctx, tx, d, job, fate, proof)
		return nil, err
	})
	return proposal, err
}

func proposeCases(ctx context.Context, tx *store.Tx, d Document, job string, fate Fate, proof string) (proposal string, err error) {
	by := access.From(ctx)
	c := store.DocumentCase{Request: d.Request, Job: job, Fate: fate, Proof: proof, ProposedAt: tx.Now(), ProposedBy: by.ID, Credential: by.Credential}
	n, err := tx.ProposeCases(ctx, c)
	if err == nil && n == 0 {
		err = errCaseClosed
	}
	if err != nil {
		return "", err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: actCasePropose, Subject: d.Code.Reveal(), Case: d.Request, Detail: fmt.Sprintf("%s %s %s", job, fate, proof)})
	return c.Proposal(), nil
}

// ConfirmDocumentCase closes the cases of an attempt, for a clerk other than who said what became of its paper, who has seen that it did. seen is the proposal
// that was read.
func (o *Municipality) ConfirmDocumentCase(ctx context.Context, request, job, seen string) error {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		d, err := documentNamed(ctx, tx, request)
		if err != nil {
			return nil, err
		}
		c, err := proposed(ctx, tx, d, job, seen)
		if err != nil {
			return nil, err
		}
		if err := access.SecondPerson(access.Person{ID: c.ProposedBy, Credential: c.Credential}, access.From(ctx)); err != nil {
			return nil, err
		}
		if err := fits(ctx, tx, d, job, c.Fate); err != nil { // it may stand differently by now
			return nil, err
		}
		if _, err := tx.CloseCases(ctx, c, who); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: actCaseClose, Subject: d.Code.Reveal(), Case: request, Detail: fmt.Sprintf("%s %s %s", job, c.Fate, c.Proof)})
		return nil, nil
	})
	return err
}

// proposed is an open case of an attempt of which this was proposed, or why there is none.
func proposed(ctx context.Context, tx *store.Tx, d Document, job, seen string) (store.DocumentCase, error) {
	cases, err := tx.CasesOf(ctx, d.Request)
	if err != nil {
		return store.DocumentCase{}, err
	}
	why := errCaseClosed
	for _, c := range cases {
		switch {
		case c.Job != job || !c.ClosedAt.IsZero():
		case c.Proposal() == "":
			why = plain.Bad("confirmer", "この紙がどうなったかは、まだ書かれていません。先に一人が書いてください。", "Nobody has said yet what became of this paper: one person says it first.")
		case c.Proposal() == seen:
			return c, nil
		default:
			return c, plain.Bad("confirmer", "書き直されています。画面を開き直し、読んでから確認してください。", "It was written anew: open the page again, and read it before you confirm.")
		}
	}
	return store.DocumentCase{}, why
}

// proposesOnVoid says of each open case of a document of which nothing is left that its paper is gone too, where nobody has said anything else; a second person confirms it.
func proposesOnVoid(ctx context.Context, tx *store.Tx, d Document) error {
	cases, err := tx.CasesOf(ctx, d.Request)
	if err != nil {
		return err
	}
	fate := FateDestroyed
	if d.Sheets == 0 {
		fate = FateNever
	}
	said := map[string]bool{}
	for _, c := range cases {
		if !c.ClosedAt.IsZero() || c.Proposal() != "" || said[c.Job] {
			continue
		}
		said[c.Job] = true
		if err := fits(ctx, tx, d, c.Job, fate); err != nil {
			if _, otherwise := plain.AsProblems(err); otherwise { // the printer says so: somebody has to find that paper
				continue
			}
			return err
		}
		if _, err := proposeCases(ctx, tx, d, c.Job, fate, d.Proof); err != nil {
			return err
		}
	}
	return nil
}
