package nationalcenter

import (
	"context"
	"errors"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// side is the center among those who hold residents' states.
var side = received.Side{Name: plain.Sentence{JA: "全国センター", EN: "the center"}, Told: plain.Sentence{JA: "都道府県", EN: "prefecture"}}

// onResidentChange follows a change that a prefecture notifies (住民基本台帳法30条の11①).
//
// It revokes nothing: what kills a certificate travels as an invalidation of its own, so that a change that parks here
// delays no revocation, and a 軽微な修正 (規則21条の2), for which there is no invalidation, revokes nothing by any path.
func (o *Center) onResidentChange(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	if err := checkPrefecture(d, n.After); err != nil {
		return nil, err
	}
	was := received.CodeBefore(n)
	held, claim, err := o.held(ctx, tx, d, was, n)
	if err != nil {
		return nil, err
	}
	if done, err := o.checkNewCode(ctx, tx, d, held, n); done || err != nil {
		return nil, err
	}
	if err := side.Awaits(held, n, d.CreatedAt, tx.Now()); err != nil {
		return nil, err
	}
	if done, err := side.Follows(held, n); done || err != nil {
		return nil, err
	}
	if held != nil {
		err = o.checkSuccession(ctx, tx, d, was, *held, n)
	} else {
		err = checkFirst(d, claim, n)
	}
	if err != nil {
		return nil, err
	}
	if err := checkAddress(d, n.After); err != nil {
		return nil, err
	}

	flags, err := o.followFlags(ctx, tx, held, n) // first of all, so that nothing about her is told before
	if err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.change", Subject: n.After.Code.Reveal(), Case: d.ID.String(),
		Detail: n.After.Change.Reason.Code() + " v" + n.After.Version.String()})
	if held == nil {
		tx.PutFirst(n.After, d.Sender)
	} else if err := tx.Put(ctx, was, *held, n.After, d.Sender); err != nil {
		return nil, err
	}
	if was != n.After.Code {
		outs, err := o.carryOver(ctx, tx, was, n.After.Code)
		return append(flags, outs...), err
	}
	if held != nil && held.Municipality.Prefecture() != n.After.Municipality.Prefecture() {
		outs, err := o.revokeAll(ctx, tx, was) // the new prefecture's CA may have told of a certificate before the change came
		return append(flags, outs...), err
	}
	return flags, nil
}

// checkPrefecture asks, also when two persons accept the message: nobody tells for another prefecture's residents.
func checkPrefecture(d exchange.Delivery, now resident.IdentificationInfo) error {
	if now.Municipality.Prefecture().String() == d.Sender.Code() {
		return nil
	}
	return exchange.Reject("not-your-resident",
		"送信した都道府県の住民ではありません。市区町村コードを確かめ、その都道府県から送ってください。",
		"this is no resident of the prefecture that sent it: check the municipality code, and let that prefecture send it")
}

// held reads the state that a change builds on. First states are collected into one statement, so one of the same batch
// is looked for a second time, after a flush, when the change builds on something that is not there, or changes its code. A
// row that cannot be read is no state to build on.
func (o *Center) held(ctx context.Context, tx *store.Tx, d exchange.Delivery, code resident.RecordCode, n message.ResidentChange) (*received.Standing, store.Claim, error) {
	held, claim, err := tx.StandingAndClaim(ctx, code)
	if errors.Is(err, received.ErrDamaged) {
		held, err = tx.Held(ctx, d, n)
		return held, claim, err
	}
	if held != nil || err != nil || n.Before == (resident.StateHash{}) && code == n.After.Code {
		return held, claim, err
	}
	if err := tx.Flush(ctx); err != nil {
		return nil, claim, err
	}
	return tx.StandingAndClaim(ctx, code)
}

// checkSuccession asks whether the change may happen to a person in that state. Nothing here is about form, so an
// acceptance does not pass it over.
func (o *Center) checkSuccession(ctx context.Context, tx *store.Tx, d exchange.Delivery, was resident.RecordCode, held received.Standing, n message.ResidentChange) error {
	own := held.Municipality == n.After.Municipality || held.Municipality.Prefecture() == n.After.Municipality.Prefecture()
	if err := side.Succeeds(held, n, own); err != nil {
		return err
	}
	if was != n.After.Code || held.Municipality == n.After.Municipality {
		return nil
	}
	return o.checkSamePerson(ctx, tx, was, n.After)
}

// checkSamePerson asks whether who moves in is who moved out: a namesake's code attached on 転入 gave one number to two men
// (2016).
func (o *Center) checkSamePerson(ctx context.Context, tx *store.Tx, code resident.RecordCode, now resident.IdentificationInfo) error {
	before, _, err := tx.State(ctx, code)
	if err != nil {
		return err
	}
	if before.Diff(now.BasicFour)&^resident.AttrAddress != 0 {
		return exchange.Reject("another-person",
			"この住民票コードの人と、氏名・生年月日・性別のどれかが違います。別の人のコードを付けていないか、転出証明書と見比べてください。",
			"name, date of birth or sex differ from those of the person with this code: compare with the certificate of moving out, it may be another person's code")
	}
	return nil
}

// checkFirst asks whether somebody of whom nothing is held may come in under this code.
func checkFirst(d exchange.Delivery, claim store.Claim, n message.ResidentChange) error {
	switch {
	case claim.Successor.Valid() && claim.Successor != n.After.Code: // the change of code may come after what told of it
		return exchange.Reject("code-retired",
			"この住民票コードは、変更されて使われなくなりました。新しいコードで届け直してください。",
			"this resident record code was changed and is no longer in use: file it under the new code")
	case claim.AllottedTo != "" && !received.Keeps(claim.AllottedTo, n.After.Municipality, resident.DateOf(d.CreatedAt)):
		return exchange.Reject("code-of-another",
			"この住民票コードは、別の市区町村に割り当てたものです。自分の割当てから選び直してください。",
			"this resident record code was allotted to another municipality: choose one of your own")
	}
	return nil
}

// checkNewCode asks whether the code that a resident changes to is free (法30条の3). done: the change came before. held is what
// stands under the old code.
func (o *Center) checkNewCode(ctx context.Context, tx *store.Tx, d exchange.Delivery, held *received.Standing, n message.ResidentChange) (done bool, err error) {
	if received.CodeBefore(n) == n.After.Code {
		return false, nil
	}
	if err := tx.Flush(ctx); err != nil {
		return false, err
	}
	taken, claim, err := tx.StandingAndClaim(ctx, n.After.Code)
	switch {
	case received.CameBefore(held, taken, d.Sender, n):
		return true, nil
	case err != nil && !errors.Is(err, received.ErrDamaged):
		return false, err
	case err != nil, taken != nil, claim.Successor.Valid(),
		claim.AllottedTo != "" && !received.Keeps(claim.AllottedTo, n.After.Municipality, resident.DateOf(d.CreatedAt)):
		return false, exchange.Reject("code-in-use",
			"変更後の住民票コードは、使われているか、別の市区町村のものです。自分の割当てから選び直してください。",
			"the new resident record code is in use, or another municipality's: choose one of your own")
	}
	return false, nil
}

// carryOver lets what is known under the old code hold for the new one. An invalidation under the new code may have come
// before the change that says whose code it is.
func (o *Center) carryOver(ctx context.Context, tx *store.Tx, old, now resident.RecordCode) (outs []message.Out, err error) {
	if err := tx.Retire(ctx, old, now); err != nil {
		return nil, err
	}
	if err := tx.CarryNumber(ctx, old, now); err != nil {
		return nil, err
	}
	if err := tx.Inherit(ctx, old, now); err != nil {
		return nil, err
	}
	if outs, err = o.revokeAll(ctx, tx, now); err != nil {
		return nil, err
	}
	unread, err := o.unread(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	more, err := passOn(ctx, tx, now, unread)
	return append(outs, more...), err
}

// revokeAll demands the end of what a holder has of each kind and may not live.
func (o *Center) revokeAll(ctx context.Context, tx *store.Tx, holder resident.RecordCode) (outs []message.Out, err error) {
	for _, p := range cert.Profiles {
		i, err := tx.Invalidation(ctx, holder, p)
		if err != nil {
			return nil, err
		}
		more, err := o.revoke(ctx, tx, holder, i)
		if err != nil {
			return nil, err
		}
		outs = append(outs, more...)
	}
	return outs, nil
}
