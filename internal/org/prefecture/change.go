package prefecture

import (
	"context"
	"errors"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// center is where the prefecture's notices go.
const center = message.Org(message.NationalCenter)

// side is the prefecture among those who hold residents' states.
var side = received.Side{Name: plain.Sentence{JA: "都道府県", EN: "the prefecture"}, Told: plain.Sentence{JA: "市区町村", EN: "municipality"}, Part: true}

var errNotYours = exchange.Reject("not-your-resident",
	"送信した市区町村の住民ではありません。市区町村コードを確かめ、その市区町村から送ってください。",
	"this is no resident of the municipality that sent it: check the municipality code, and let that municipality send it")

// onResidentChange keeps a state that a municipality notifies (住民基本台帳法30条の5) and passes the notice on as it came
// (30条の11①).
func (o *Prefecture) onResidentChange(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	day := resident.DateOf(d.CreatedAt)
	// Also when two persons accept it: nobody tells for another municipality's residents.
	if !received.Keeps(d.Sender, n.After.Municipality, day) {
		return nil, errNotYours
	}
	held, err := tx.Held(ctx, d, n)
	if err != nil {
		return nil, err
	}
	if done, err := checkNewCode(ctx, tx, d.Sender, held, n); done || err != nil {
		return nil, err
	}
	if err := side.Awaits(held, n, d.CreatedAt, tx.Now()); err != nil {
		return nil, err
	}
	if done, err := side.Follows(held, n); done || err != nil {
		return nil, err
	}
	if held != nil {
		if err := side.Succeeds(*held, n, received.Keeps(d.Sender, held.Municipality, day)); err != nil {
			return nil, err
		}
	}

	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.change", Subject: n.After.Code.Reveal(), Case: d.ID.String(),
		Detail: n.After.Change.Reason.Code() + " v" + n.After.Version.String()})
	if err := tx.Retire(ctx, n.After.Change.OldCode, n.After.Code); err != nil {
		return nil, err
	}
	if held == nil {
		tx.PutFirst(n.After, d.Sender)
	} else if err := tx.Put(ctx, received.CodeBefore(n), *held, n.After, d.Sender); err != nil {
		return nil, err
	}
	return []message.Out{{To: center, Body: n}}, nil
}

// onResidentInvalidation passes on what a change kills, at once: the kind is safe, so it is not asked whether the change
// itself has come, or can be read. One that came before is passed on again: whoever tells it twice may have lost it.
func (o *Prefecture) onResidentInvalidation(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
	if _, err := tx.Notices.Note(ctx, d.Sender, n); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.invalidation", Subject: n.Code.Reveal(), Case: d.ID.String(),
		Detail: n.Reason.Code() + " v" + n.Version.String()})
	return []message.Out{{To: center, Body: n}}, nil
}

// checkNewCode asks whether the code that a resident changes to is free (法30条の3). done: the change came before. held is what
// stands under the old code.
func checkNewCode(ctx context.Context, tx *store.Tx, from message.Org, held *received.Standing, n message.ResidentChange) (done bool, err error) {
	if received.CodeBefore(n) == n.After.Code {
		return false, nil
	}
	if err := tx.Flush(ctx); err != nil {
		return false, err
	}
	taken, err := tx.Standing(ctx, n.After.Code)
	if received.CameBefore(held, taken, from, n) {
		return true, nil
	}
	if taken != nil || errors.Is(err, received.ErrDamaged) {
		return false, exchange.Reject("code-in-use",
			"変更後の住民票コードは、使われています。選び直してください。",
			"the new resident record code is in use: choose another")
	}
	return false, err
}

// rebuild is what "resend corrected" sends: the state held today, in the place of the parked one. It builds on what that
// one had built on; the messages held behind it then have nothing left to say.
func (o *Prefecture) rebuild(ctx context.Context, tx *sqlstore.Tx, was message.Payload) (message.Payload, error) {
	n, ok := was.(message.ResidentChange)
	if !ok || n.After.Change.OldCode.Valid() {
		return was, nil // a change of code says who the holder of the old one is; a later state does not
	}
	now, found, err := o.in(tx).State(ctx, n.After.Code)
	if err != nil || !found {
		return was, err
	}
	return message.ResidentChange{After: now, Before: n.Before}, nil
}
