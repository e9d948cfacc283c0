package issuing

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Halt is a time in which nothing is issued.
type Halt = store.Halt

// maxHaltWords bounds in characters what is said of a halt.
const maxHaltWords = 500

// Stop stops issuing at once (発行の停止): one person may, for the reason given, because a paper that is not issued harms less than a wrong one. What is being
// signed is not given out either.
func (o *Issuing) Stop(ctx context.Context, reason string) error {
	by := access.From(ctx)
	if err := access.May(by, access.StopIssuing, o.Self.Role()); err != nil {
		return err
	}
	if err := words("reason", reason, "止める理由", "why it is stopped", "例：別の人の証明書が出たという連絡があった。"); err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		if _, halted, err := tx.Halted(ctx); err != nil {
			return err
		} else if halted {
			return plain.Bad("reason", "すでに止まっています。画面を開き直してください。", "It is stopped already: open the page again.")
		}
		due.Add(raw, raw.Now(), dueTellHalt, tx.Halt(by.ID, reason).Name(), nil)
		auditlog.Write(raw, auditlog.Entry{Actor: by.ID, Act: "issuing.stop", Detail: reason})
		return nil
	})
}

// ProposeResuming asks a second person to resume issuing, and says what was found and done.
func (o *Issuing) ProposeResuming(ctx context.Context, cause string) error {
	by := access.From(ctx)
	if err := access.May(by, access.ResumeIssuing, o.Self.Role()); err != nil {
		return err
	}
	if err := words("cause", cause, "原因と対処", "what was found and done", "例：版を戻し、きょうの申請を点検した。"); err != nil {
		return err
	}
	return o.moveHalt(ctx, func(h *Halt, tx *store.Tx) error {
		h.ProposedAt, h.ProposedBy, h.Credential, h.Cause = tx.Now(), by.ID, by.Credential, cause
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "issuing.resume-propose", Detail: cause})
		return nil
	})
}

// Resume resumes issuing, by another person than who proposed it. seen is the proposal that the person has read (Halt.Proposal).
func (o *Issuing) Resume(ctx context.Context, seen string) error {
	by := access.From(ctx)
	if err := access.May(by, access.ResumeIssuing, o.Self.Role()); err != nil {
		return err
	}
	return o.moveHalt(ctx, func(h *Halt, tx *store.Tx) error {
		if h.ProposedAt.IsZero() {
			return plain.Bad("confirmer", "再開はまだ提案されていません。原因と対処を書いて提案してください。", "Nobody has proposed it yet: propose it, with what was found and done.")
		}
		if h.Proposal() != seen {
			return plain.Bad("confirmer", "提案が書き直されています。画面を開き直して、原因と対処を読んでから承認してください。", "The proposal was written anew: open the page again, and read it before you approve.")
		}
		if err := access.SecondPerson(access.Person{ID: h.ProposedBy, Credential: h.Credential}, by); err != nil {
			return err
		}
		h.ResumedAt, h.ResumedBy = tx.Now(), by.ID
		due.Add(tx.Tx, tx.Now(), dueTellHalt, h.Name(), nil)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "issuing.resume", Detail: h.Cause})
		return nil
	})
}

func (o *Issuing) moveHalt(ctx context.Context, move func(*Halt, *store.Tx) error) error {
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		h, halted, err := tx.Halted(ctx)
		if err != nil {
			return err
		}
		if !halted {
			return plain.Bad("cause", "発行は止まっていません。画面を開き直してください。", "Issuing is not stopped: open the page again.")
		}
		if err := move(&h, tx); err != nil {
			return err
		}
		return tx.MoveHalt(ctx, h)
	})
}

// words refuses a text that says nothing, or too much.
func words(field, text, ja, en, example string) error {
	if strings.TrimSpace(text) == "" || len([]rune(text)) > maxHaltWords {
		return plain.Bad(field, fmt.Sprintf("%sを%d文字以内で書いてください。%s", ja, maxHaltWords, example), fmt.Sprintf("Say %s, in at most %d characters.", en, maxHaltWords))
	}
	return nil
}

// Halts are the last halts, the newest first.
func (o *Issuing) Halts(ctx context.Context) (all []Halt, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		all, err = o.in(raw).Halts(ctx, shownHalts)
		return err
	})
	return all, err
}

const shownHalts = 20
