package ca

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// beingIssued: the counter has asked twice.
var beingIssued = refuse("being-issued",
	"同じ種類の電子証明書を、いま発行しています。その申請の結果を待ってください。",
	"Another application for this kind is being answered: wait for that answer.")

// cannotBeReplaced: the CA's own records are in the way.
var cannotBeReplaced = refuse("record-damaged",
	"更新する電子証明書の記録が、認証局で壊れています。認証局の運用員に連絡して、記録を直してから、申請し直してください。",
	"The CA's record of the certificate that would be replaced is damaged: call the CA's operators, and apply anew when it is repaired.")

// endedBefore is the answer to an application whose certificate was revoked, for another reason than a change, before it was issued.
var endedBefore = refuse("ended-before-issue",
	"発行する前に、失効することになりました。必要なときは、申請し直してください。",
	"It was revoked before it was issued. Apply anew if it is needed.")

// cameToNothing is why an application that was taken led to no certificate.
func cameToNothing(c store.Certificate) *refusal {
	if c.Why.Valid() || c.Reason == cert.Changed.Reason() {
		return recordChanged
	}
	return endedBefore
}

// mayHaveAnother says whether somebody may have another certificate of a profile: none while one is being issued or is valid, unless
// it renews one whose end is near. renews is that one; the zero value when there is none.
func (o *CA) mayHaveAnother(ctx context.Context, tx *store.Tx, n message.CertRequest) (renews store.Certificate, no *refusal, err error) {
	living, err := tx.Living(ctx, n.Holder.Code, n.Profile)
	if err != nil {
		return renews, nil, err
	}
	for _, c := range living {
		switch {
		case c.State == store.Intended:
			return renews, beingIssued, nil
		case !c.NotAfter.After(tx.Now()):
			if err := tx.Expire(ctx, c); err != nil {
				return renews, nil, err
			}
		case tx.Now().Before(cert.RenewableFrom(c.NotAfter)):
			no, err := o.inTheWay(ctx, tx, c)
			return renews, no, err
		default:
			// Nobody could be told of the end of one that is damaged so far, so that the new one could not be stored.
			if _, err := o.whole(c); err != nil {
				return renews, cannotBeReplaced, nil
			}
			renews = c
		}
	}
	return renews, nil, nil
}

// inTheWay refuses another certificate because one is valid (公的個人認証法6条: nobody holds two valid ones of one kind), and says
// which, so that the counter can compare it with its register.
func (o *CA) inTheWay(ctx context.Context, tx *store.Tx, c store.Certificate) (*refusal, error) {
	from := resident.DateOf(cert.RenewableFrom(c.NotAfter)).AddDays(1)
	no := refuse("valid-certificate-exists",
		fmt.Sprintf("有効な電子証明書があります。更新は%sからできます。その前に新しいものが要るときは、先に失効を申請してください。", from.Wareki()),
		fmt.Sprintf("The applicant has a valid certificate. It can be renewed from %s on; for another one before that, ask for its revocation first.", from))
	no.held = &message.HeldCertificate{Serial: c.Serial, Issuer: c.Issuer, Version: c.Version, Municipality: c.Municipality, NotAfter: c.NotAfter}
	var err error
	if no.held.Demanded, err = tx.Demanded(ctx, c); err != nil {
		return nil, err
	}
	no.held.CenterTold, err = o.centerTold(ctx, tx, c)
	return no, err
}

// centerTold tells whether the national center has taken the notice of a certificate's issue. In 2004 it had not for two months, and
// so demanded the end of none.
func (o *CA) centerTold(ctx context.Context, tx *store.Tx, c store.Certificate) (bool, error) {
	last, found, err := o.Exchange.LastOf(ctx, tx.Tx, o.cfg.NationalCenter, c.Holder.Reveal(), message.KindCertIssuance)
	if err != nil || !found {
		return !found, err // so old that the outbox no longer has it: the books are compared
	}
	about, err := o.Exchange.Payload(ctx, tx.Tx, last.ID)
	if n, ok := about.(message.CertIssuance); err == nil && ok && n.Serial == c.Serial {
		return last.State == string(message.Applied), nil
	}
	// It is of another certificate of the holder, or is no longer kept. One that is held waits for an earlier one of the holder.
	return last.State != "held" && last.State != "parked", nil
}

// endOf is the end of a certificate's term: the 5th birthday, or the 6th of one that renews another.
func endOf(c store.Certificate, birth cert.Birthday) (time.Time, error) {
	if c.Replaced.Serial.IsZero() {
		return cert.NotAfter(c.NotBefore, birth)
	}
	return cert.RenewedNotAfter(c.NotBefore, c.Replaced.Until, birth)
}

// endReplaced ends the certificate that a new one takes the place of, in the transaction that stores the new one: the holder is never
// without a valid one, and never has two. When it has ended meanwhile there is nothing to end.
func (o *CA) endReplaced(ctx context.Context, tx *store.Tx, c store.Certificate, trace string) ([]message.Out, error) {
	if c.Replaced.Serial.IsZero() {
		return nil, nil
	}
	living, err := tx.Living(ctx, c.Holder, c.Profile)
	if err != nil {
		return nil, err
	}
	// By the holder and not by its serial: a damaged row is found by another one than its certificate has.
	i := slices.IndexFunc(living, func(l store.Certificate) bool { return l.State == store.Valid })
	if i < 0 {
		return nil, nil
	}
	if !living[i].NotAfter.After(tx.Now()) {
		return nil, tx.Expire(ctx, living[i])
	}
	old, err := o.whole(living[i])
	if err != nil {
		return nil, err
	}
	return o.end(ctx, tx, act{string(o.Self), trace}, old, store.Revocation{Reason: cert.Renewed.Reason(), Since: resident.DateOf(tx.Now()), By: c.Requester})
}

// act is who ends a certificate, and under which number that is found again.
type act struct{ by, ref string }

func actOf(d exchange.Delivery) act { return act{string(d.Sender), d.ID.String()} }
