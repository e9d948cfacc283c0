package reconcile

import (
	"context"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Act is what people do to end a case.
type Act string

// The acts. Each needs two persons.
const (
	Resend  Act = "resend"  // 再送: the source sends what it holds, and the copy takes it
	Request Act = "request" // 照会: the copy has the source send what it holds
	Close   Act = "close"   // このままとする: the difference stays, and is accounted for
)

var (
	errNoCase = plain.Bad("case", "この番号の件は、この団体にありません。番号を確かめてください。",
		"this organisation has no case of that number: check the number")
	errCaseClosed = plain.Bad("case", "この件は、もう閉じています。画面を開き直して確かめてください。",
		"this case is closed already: reload the page")
	errAct = plain.Bad("act", "この処理は選べません。元の団体は「再送」、写しの団体は「照会」、どちらも「このままとする」を選べます。",
		"this act cannot be chosen: the source may resend, the copy may request, both may close")
	errReason = plain.Bad("text", "わけを、4,000バイト以内で書いてください。", "write why, in at most 4,000 bytes")
	errSame   = plain.Bad("second", "提案した人は、承認できません。別の人が承認してください。",
		"whoever proposed it cannot confirm it: another person must")
	errNothing = plain.Bad("case", "承認する提案がありません。先に一人目が処理を提案してください。",
		"there is no proposal to confirm: a first person must propose an act")
)

// With is what a caller adds to the transaction of a person's act: an audit entry, a last check of what that person had
// read. Its error leaves everything as it was.
type With func(ctx context.Context, tx *sqlstore.Tx, c Case) error

// onOpenCase does something with a case that is not closed, in one transaction.
func (b *Books) onOpenCase(ctx context.Context, id string, with []With, fn func(ctx context.Context, tx *sqlstore.Tx, c Case, trace string) error) error {
	trace, err := b.x.NewTrace()
	if err != nil {
		return err
	}
	return b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		found, err := b.cases(ctx, tx, `id = $1`, id)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return errNoCase
		case found[0].State == caseClosed:
			return errCaseClosed
		}
		if err := fn(ctx, tx, found[0], trace); err != nil {
			return err
		}
		for _, w := range with {
			if err := w(ctx, tx, found[0]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Write sends a person's words about a case to the other end: an inquiry (問合せ) or an answer (回答). Both keep them.
func (b *Books) Write(ctx context.Context, id, act, text, by string, with ...With) error {
	if err := reason(text, by); err != nil {
		return err
	}
	if act != "inquiry" && act != "answer" {
		return plain.Bad("act", "問合せか回答のどちらかを選んでください。", "choose inquiry or answer")
	}
	return b.onOpenCase(ctx, id, with, func(ctx context.Context, tx *sqlstore.Tx, c Case, trace string) error {
		return b.tell(ctx, tx, c, trace, act, text, by, "")
	})
}

func reason(text, by string) error {
	if strings.TrimSpace(text) == "" || len(text) > 4000 || by == "" {
		return errReason
	}
	return nil
}

// Own makes a person of this end the one who works on a case; "" gives it back.
func (b *Books) Own(ctx context.Context, id, person string, with ...With) error {
	return b.onOpenCase(ctx, id, with, func(ctx context.Context, tx *sqlstore.Tx, c Case, _ string) error {
		_, err := tx.Exec(ctx, `UPDATE r_case SET owner = $2 WHERE id = $1`, id, cut(person, 200))
		return err
	})
}

// Acts are what this end may propose for a case.
func (c Case) Acts() []Act {
	if c.AsSource {
		return []Act{Resend, Close}
	}
	return []Act{Request, Close}
}

// Propose writes down how a person would end a case. Nothing happens until Confirm.
func (b *Books) Propose(ctx context.Context, id string, act Act, text, by string, with ...With) error {
	if err := reason(text, by); err != nil {
		return err
	}
	return b.onOpenCase(ctx, id, with, func(ctx context.Context, tx *sqlstore.Tx, c Case, trace string) error {
		if !slices.Contains(c.Acts(), act) {
			return errAct
		}
		if _, err := tx.Exec(ctx, `UPDATE r_case SET prop_act = $2, prop_text = $3, prop_by = $4, prop_at = $5 WHERE id = $1`,
			id, string(act), text, by, tx.Now()); err != nil {
			return err
		}
		return b.tell(ctx, tx, c, trace, "proposed", string(act)+": "+cut(text, 3900), by, "")
	})
}

// Confirm carries out what another person of this end proposed, and tells the other end.
func (b *Books) Confirm(ctx context.Context, id, second string, with ...With) error {
	return b.onOpenCase(ctx, id, with, func(ctx context.Context, tx *sqlstore.Tx, c Case, trace string) error {
		switch {
		case c.Proposal == nil:
			return errNothing
		case second == "" || second == c.Proposal.By:
			return errSame
		}
		p := b.pairs[pairName{c.Book, c.Peer}]
		if _, err := tx.Exec(ctx, `UPDATE r_case SET prop_act = '', prop_text = '', prop_by = '', prop_at = 0 WHERE id = $1`, id); err != nil {
			return err
		}
		text, by := c.Proposal.Text, c.Proposal.By
		switch c.Proposal.Act {
		case Resend:
			return b.resend(ctx, tx, p, c, trace, text, by, second)
		case Request:
			holds, err := p.valueOf(ctx, tx, c.Key)
			if err != nil {
				return err
			}
			if _, err := b.x.Send(ctx, tx, []message.Out{{To: p.peer, Body: message.SnapshotRequest{Book: p.book, Key: c.Key, Holds: holds}}}, trace); err != nil {
				return err
			}
			return b.tell(ctx, tx, c, trace, "asked", text, by, second)
		}
		if err := b.closeCase(ctx, tx, c, byPeople); err != nil {
			return err
		}
		if err := closeFindings(ctx, tx, p.id, c.Key, by+", "+second, text); err != nil {
			return err
		}
		return b.tell(ctx, tx, c, trace, "closed", text, by, second)
	})
}
