package verifier

import (
	"context"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// onImpactNotice takes the notice that this office was told "good" of a certificate that should have been revoked. It waits
// for a person: what the office did on that answer, only the office knows.
func (o *Verifier) onImpactNotice(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ImpactNotice) ([]message.Out, error) {
	if d.Sender != o.cfg.Validation || n.Verifier != o.Self {
		return nil, exchange.Reject("not-ours", "この機関への通知ではありません。宛先を確かめてください。", "this is no notice to this office: check to whom it goes")
	}
	fresh, err := tx.Take(ctx, n)
	if err == nil && fresh {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "impact.notice", Subject: n.Serial.String(), Case: d.ID.String(), Detail: n.Notice})
	}
	return nil, err
}

// Acknowledge has a person say that a notice was taken note of, and what was done. The validation authority is told.
func (o *Verifier) Acknowledge(ctx context.Context, by access.Person, notice, text string) (trace string, err error) {
	if err := access.May(by, access.AcknowledgeImpact, o.Self.Role()); err != nil {
		return "", err
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", plain.Bad("text", "調べたことと、行ったことを入力してください。", "Enter what was found, and what was done.")
	case len(text) > 4000:
		return "", plain.Bad("text", "長すぎます。4,000バイトまでで入力してください。", "This is too long: enter at most 4,000 bytes.")
	}
	if err := plain.Unseen("text", text); err != nil {
		return "", err
	}
	return o.Act(ctx, func(ctx context.Context, plainTx *sqlstore.Tx) ([]message.Out, error) {
		tx := o.in(plainTx)
		done, err := tx.Acknowledge(ctx, notice, by.ID, text)
		if err != nil {
			return nil, err
		}
		if !done {
			return nil, plain.Bad("", "この通知はないか、すでに確認されています。一覧から開き直してください。", "There is no such notice, or somebody has acknowledged it: open it from the list again.")
		}
		body := message.ImpactAcknowledgement{Notice: notice, Verifier: o.Self, By: by.ID, Text: text, At: plainTx.Now()}
		auditlog.Write(plainTx, auditlog.Entry{Actor: by.ID, Act: "impact.acknowledged", Subject: notice})
		return []message.Out{{To: o.cfg.Validation, Body: body}}, nil
	})
}
