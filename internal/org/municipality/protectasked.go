package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// QuestionsAbout asks the national center who has asked about the record codes of those whom a measure of ours protects. Somebody who knows a
// code may be looking for her; who was refused is nobody whom she has told.
func (o *Municipality) QuestionsAbout(ctx context.Context, measure string) ([]protection.Question, error) {
	if _, err := clerk(ctx, access.ProtectPerson); err != nil {
		return nil, err
	}
	var codes []resident.RecordCode
	if err := o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		m, _, err := o.measure(ctx, tx, measure)
		if err != nil {
			return err
		}
		for _, w := range m.Members {
			_, of, err := o.memberCodes(ctx, tx, w)
			if err != nil {
				return err
			}
			// A code that she got after the measure is not flagged by it, and the center tells of flagged ones alone.
			for _, c := range of {
				if _, ours, err := o.flags(raw).Last(ctx, o.Self, c); err != nil {
					return err
				} else if ours {
					codes = append(codes, c)
				}
			}
		}
		return nil
	}); err != nil || len(codes) == 0 {
		return nil, err
	}
	body, err := protection.AskedOf(codes)
	if err != nil {
		return nil, err
	}
	answer, err := o.Exchange.Ask(ctx, o.center, protection.AskQuestions, body)
	if err == nil {
		var all []protection.Question
		if all, err = protection.ReadQuestions(answer); err == nil {
			return all, nil
		}
	}
	o.Log.WarnContext(ctx, "the national center did not tell who asked about protected persons", "measure", measure, "error", err)
	return nil, plain.Bad("measure",
		"全国センターから、照会の記録の回答がありません。少し待って、この画面を開き直してください。",
		"The national center has not told who asked: wait a little and open this page again.")
}
