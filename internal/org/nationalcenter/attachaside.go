package nationalcenter

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Who asks again and again about one code, each time a little differently, finds out by trying what the center holds. So what one asker was
// refused about one code is bounded, and then set aside (取り置き) for two of the center's operators, who ask the municipality by telephone.

const (
	// refusalsOfOne is how many different questions about one code one asker is refused before the next is set aside. A clerk who mistypes a
	// certificate corrects it in fewer.
	refusalsOfOne = 5
	// refusalsWithin is the time in which they count, and for which staff let somebody ask again.
	refusalsWithin = 24 * time.Hour
)

// answerOrAside gives the reasons against attaching, or sets the question aside.
func (o *Center) answerOrAside(ctx context.Context, tx *store.Tx, from message.Org, q message.AttachQuestion) (why []message.AttachWhy, version resident.Version, err error) {
	aside, err := tx.OpenAside(ctx, from, q.Code)
	if err != nil || aside {
		return []message.AttachWhy{message.AttachAside}, 0, err
	}
	let, err := tx.LetSince(ctx, from, q.Code)
	if err != nil {
		return nil, 0, err
	}
	since := tx.Now().Add(-refusalsWithin)
	isLet := let.After(since)
	if isLet {
		since = let
	}
	refused, err := tx.RefusedQuestions(ctx, from, q.Code, since)
	if err != nil {
		return nil, 0, err
	}
	reason := store.AsideRefused
	if refused < refusalsOfOne {
		reason = ""
		if why, version, err = o.againstAttaching(ctx, tx, from, q, isLet); err != nil {
			return nil, 0, err
		}
		if slices.Equal(why, []message.AttachWhy{message.AttachAside}) {
			reason = store.AsideProtected
		}
	}
	if reason == "" {
		return why, version, nil
	}
	var id [12]byte
	if _, err := io.ReadFull(o.Rand, id[:]); err != nil {
		return nil, 0, err
	}
	return []message.AttachWhy{message.AttachAside}, 0, tx.SetAside(ctx, store.AttachAside{ID: hex.EncodeToString(id[:]), AskedBy: from, Code: q.Code, Why: reason})
}

// expects tells whether an owner of a protected person's flag has let it go before her to whoever asks: she was named as going there, has been
// there, or is protected by the asker itself.
func (o *Center) expects(ctx context.Context, tx *store.Tx, asker message.Org, code resident.RecordCode) (bool, error) {
	codes, err := o.everyCode(ctx, tx, code)
	if err != nil {
		return false, err
	}
	standing, err := protection.Among(ctx, tx.Tx, codes)
	if err != nil {
		return false, err
	}
	for _, c := range codes {
		for _, f := range standing[c].Flags {
			reached, err := o.flags(tx.Tx).Reached(ctx, c, f.Owner)
			if err != nil {
				return false, err
			}
			if f.Owner == asker || slices.Contains(reached, asker) {
				return true, nil
			}
		}
	}
	return false, nil
}

// asidesAlarm rings while something is set aside. It names nobody.
func (o *Center) asidesAlarm() alarm.Source {
	return alarm.InView("askings set aside", o.Store, func(ctx context.Context, tx *sqlstore.Tx, _ time.Time) ([]alarm.Signal, error) {
		n, first, err := o.in(tx).CountAsides(ctx)
		if err != nil || n == 0 {
			return nil, err
		}
		return []alarm.Signal{{Code: alarm.AttachAside, Value: n, Since: first, Href: asidePath,
			Detail: plain.Sentence{JA: fmt.Sprintf("取り置いた照会が%d件あります。", n), EN: fmt.Sprintf("%d askings are set aside.", n)}}}, nil
	})
}

var errNoAside = plain.Bad("aside",
	"この照会は、もう取り置かれていないか、ありません。「取り置いた照会」の一覧から選び直してください。",
	"This asking is not set aside any more, or there is none: choose from the list of what is set aside.")

// ProposeToLet writes down why an operator would let a municipality ask about a code again. It lets nobody.
func (o *Center) ProposeToLet(ctx context.Context, by access.Person, id, why string) error {
	if err := access.May(by, access.ResolvePropose, o.Self.Role()); err != nil {
		return err
	}
	why = strings.TrimSpace(why)
	if why == "" || len(why) > 3000 {
		return plain.Bad("why", "答えてよいわけを、1,000文字以内で書いてください。", "Write in at most 1,000 characters why they may ask again.")
	}
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		a, found, err := tx.Aside(ctx, id)
		if err == nil && !found {
			err = errNoAside
		}
		if err != nil {
			return err
		}
		auditlog.Write(raw, auditlog.Entry{Actor: by.ID, Act: "attach.propose", Subject: a.Code.Reveal(), Case: id, Detail: why})
		return tx.ProposeToLet(ctx, id, by.ID, why)
	})
}

// LetAsk lets a municipality ask about a code again, for a day, as another operator has proposed.
func (o *Center) LetAsk(ctx context.Context, by access.Person, id string) error {
	if err := access.May(by, access.ResolveConfirm, o.Self.Role()); err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		a, found, err := tx.Aside(ctx, id)
		if err == nil && !found {
			err = errNoAside
		}
		if err != nil {
			return err
		}
		if a.ProposedBy == "" {
			return plain.Bad("aside", "この照会には、提案がありません。先に、別の担当者がわけを書いて提案してください。",
				"Nobody has proposed anything about this asking: another operator first writes down why.")
		}
		if err := access.SecondPerson(access.Person{ID: a.ProposedBy}, by); err != nil {
			return err
		}
		auditlog.Write(raw, auditlog.Entry{Actor: by.ID, Act: "attach.let", Subject: a.Code.Reveal(), Case: id, Detail: string(a.AskedBy) + ", proposed by " + a.ProposedBy})
		return tx.Let(ctx, id, by.ID)
	})
}

// onQuestions tells a municipality that protects somebody who has asked about attaching her code (protection.AskQuestions). Nobody else is told.
func (o *Center) onQuestions(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	codes, err := protection.ReadQuestionsAsked(body)
	if err != nil {
		return nil, err
	}
	var all []protection.Question
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		for _, c := range codes {
			if _, owns, err := o.flags(raw).Last(ctx, from, c); err != nil || !owns {
				if err == nil {
					err = fmt.Errorf("%s does not protect this person", from)
				}
				return err
			}
			answers, err := o.in(raw).AttachesOf(ctx, c, protection.MostQuestions)
			if err != nil {
				return err
			}
			for _, a := range answers {
				q := protection.Question{At: a.At, Agreed: a.Agreed}
				// Whom the center agreed with says where she has gone; who was refused is nobody whom she has told.
				if !a.Agreed {
					q.AskedBy = a.AskedBy
				}
				all = append(all, q)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b protection.Question) int { return b.At.Compare(a.At) })
	return protection.TellQuestions(all[:min(len(all), protection.MostQuestions)])
}
