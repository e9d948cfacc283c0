package nationalcenter

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// onResidentChange follows a change that a prefecture notifies (住民基本台帳法30条の11①).
//
// It revokes nothing: what kills a certificate travels as an invalidation of its own, so that a change that parks here
// delays no revocation, and a 軽微な修正 (規則21条の2), for which there is no invalidation, revokes nothing by any path.
func (o *Center) onResidentChange(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	// Also when two persons accept it: nobody tells for another prefecture's residents.
	if n.After.Municipality.Prefecture().String() != d.Sender.Code() {
		return nil, exchange.Reject("not-your-resident",
			"送信した都道府県の住民ではありません。市区町村コードを確かめ、その都道府県から送ってください。",
			"this is no resident of the prefecture that sent it: check the municipality code, and let that prefecture send it")
	}
	was := n.After.Code
	if n.After.Change.OldCode.Valid() {
		was = n.After.Change.OldCode
	}
	held, claim, err := o.held(ctx, tx, was, n)
	if err != nil {
		return nil, err
	}
	if held != nil {
		if done, err := follows(*held, n); done || err != nil {
			return nil, err
		}
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

	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.change", Subject: n.After.Code.Reveal(), Case: d.ID.String(),
		Detail: n.After.Change.Reason.Code() + " v" + n.After.Version.String()})
	if held == nil {
		tx.PutFirst(n.After)
		return nil, nil
	}
	if err := tx.Put(ctx, was, n.After, held.Version); err != nil {
		return nil, err
	}
	if was != n.After.Code {
		return o.carryOver(ctx, tx, was, n.After.Code)
	}
	return nil, nil
}

// held reads the state that a change builds on. First states are collected into one statement, so one of the same batch
// is looked for a second time, after a flush, when the change builds on something that is not there.
func (o *Center) held(ctx context.Context, tx *store.Tx, code resident.RecordCode, n message.ResidentChange) (*store.Standing, store.Claim, error) {
	held, claim, err := tx.Standing(ctx, code)
	if held != nil || err != nil || n.Before == (resident.StateHash{}) {
		return held, claim, err
	}
	if err := tx.Flush(ctx); err != nil {
		return nil, claim, err
	}
	return tx.Standing(ctx, code)
}

// follows compares a change with the state held. done: there is nothing to do any more.
func follows(held store.Standing, n message.ResidentChange) (done bool, err error) {
	first := n.Before == resident.StateHash{}
	comesBack := n.After.Change.Reason == resident.MoveIn && held.Reason == resident.MoveOut
	switch {
	case held.Version == n.After.Version && held.Hash == n.After.StateHash():
		return true, nil // came before, in another message's place
	case !first && n.After.Version > held.BuiltOn && n.After.Version < held.Version:
		return true, nil // a later full state was taken in its place ("resend corrected")
	case (first && comesBack || n.Before == held.Hash) && n.After.Version > held.Version:
		return false, nil // the new municipality may know of the person and not of the state that the old one left
	case first && comesBack:
		return false, exchange.Reject("version-not-after",
			fmt.Sprintf("記録の版%sは、転出の版%sより後ではありません。転出証明書の版の次から始めて、届け直してください。", n.After.Version, held.Version),
			fmt.Sprintf("version %s does not come after version %s, the moving out: file it again from the version after that", n.After.Version, held.Version))
	case first && (held.Reason == resident.MoveOut || n.After.Change.Reason != resident.MoveIn):
		return false, exchange.Reject("code-in-use",
			"この住民票コードは、別の記録で使われています。転出した人なら転入として、そうでなければ正しいコードで届け直してください。",
			"this resident record code is in use: file a moving in when the person has moved out, and otherwise the right code")
	}
	return false, exchange.Missing(
		fmt.Sprintf("この前の異動が届いていません（全国センターの版は%s、この電文は版%sへの異動）。前の異動を先に送るか、いまの状態を送り直してください。", held.Version, n.After.Version),
		fmt.Sprintf("a change before this one has not come (the center holds version %s, and this leads to version %s): send the missing change first, or send the present state", held.Version, n.After.Version))
}

// checkSuccession asks whether the change may happen to a person in that state. Nothing here is about form, so an
// acceptance does not pass it over.
func (o *Center) checkSuccession(ctx context.Context, tx *store.Tx, d exchange.Delivery, was resident.RecordCode, held store.Standing, n message.ResidentChange) error {
	gone, entry := held.Reason.Act() == resident.Deletion, n.After.Change.Reason.Act() == resident.Entry
	switch {
	case gone && !entry:
		return exchange.Reject("has-left",
			"この人の住民票は、もう消除されています（"+held.Reason.In("ja")+"）。届け出た人と住民票コードを確かめてください。",
			"this person's record was deleted ("+held.Reason.In("en")+"): check who filed the change, and the code")
	case !gone && entry:
		return exchange.Reject("already-resident",
			"この人の住民票は、もう記載されています。二重の記載でないか、住民票コードを確かめてください。",
			"this person has a record already: check the code, and that the entry is not made twice")
	case !gone && held.Municipality != n.After.Municipality && held.Municipality.Prefecture() != n.After.Municipality.Prefecture():
		return exchange.Reject("held-elsewhere",
			"この人は、別の都道府県の住民です。住民票コードを確かめてください。",
			"this person is a resident of another prefecture: check the code")
	}
	if was != n.After.Code {
		return o.checkNewCode(ctx, tx, d, n)
	}
	if held.Municipality == n.After.Municipality {
		return nil
	}
	// A namesake's code attached on 転入 gave one number to two men (2016): who moves in is who moved out.
	before, _, err := tx.State(ctx, was)
	if err != nil {
		return err
	}
	if before.Diff(n.After.BasicFour)&^resident.AttrAddress != 0 {
		return exchange.Reject("another-person",
			"この住民票コードの人と、氏名・生年月日・性別のどれかが違います。別の人のコードを付けていないか、転出証明書と見比べてください。",
			"name, date of birth or sex differ from those of the person with this code: compare with the certificate of moving out, it may be another person's code")
	}
	return nil
}

// checkFirst asks whether somebody of whom nothing is held may come in under this code.
func checkFirst(d exchange.Delivery, claim store.Claim, n message.ResidentChange) error {
	if n.Before != (resident.StateHash{}) {
		return exchange.Missing(
			"この人の最初の通知が届いていません。前の異動を先に送るか、いまの状態を送り直してください。",
			"the first notice about this person has not come: send what is missing first, or send the present state")
	}
	switch {
	case claim.Successor.Valid():
		return exchange.Reject("code-retired",
			"この住民票コードは、変更されて使われなくなりました。新しいコードで届け直してください。",
			"this resident record code was changed and is no longer in use: file it under the new code")
	case claim.AllottedTo != "" && !keeps(claim.AllottedTo, n.After.Municipality, resident.DateOf(d.CreatedAt)):
		return exchange.Reject("code-of-another",
			"この住民票コードは、別の市区町村に割り当てたものです。自分の割当てから選び直してください。",
			"this resident record code was allotted to another municipality: choose one of your own")
	}
	return nil
}

// checkNewCode asks whether the code that a resident changes to is free (法30条の3).
func (o *Center) checkNewCode(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentChange) error {
	taken, claim, err := tx.Standing(ctx, n.After.Code)
	if err != nil {
		return err
	}
	if taken != nil || claim.Successor.Valid() || claim.AllottedTo != "" && !keeps(claim.AllottedTo, n.After.Municipality, resident.DateOf(d.CreatedAt)) {
		return exchange.Reject("code-in-use",
			"変更後の住民票コードは、使われているか、別の市区町村のものです。自分の割当てから選び直してください。",
			"the new resident record code is in use, or another municipality's: choose one of your own")
	}
	return nil
}

// keeps tells whether an organisation keeps the register of a municipality on a day: its own, or that of its ward.
func keeps(o message.Org, m resident.MunicipalityCode, on resident.Date) bool {
	if o.Code() == m.String() {
		return true
	}
	code, err := resident.ParseMunicipalityCode("municipality", o.Code())
	if err != nil || code.Prefecture() != m.Prefecture() {
		return false
	}
	city, err := resident.Lookup("municipality", code, on)
	if err != nil {
		return false
	}
	ward, err := resident.Lookup("municipality", m, on)
	return err == nil && ward.City == city.Name
}

// carryOver lets what is known under the old code hold for the new one. An invalidation under the new code may have come
// before the change that says whose code it is.
func (o *Center) carryOver(ctx context.Context, tx *store.Tx, old, now resident.RecordCode) (outs []message.Out, err error) {
	if err := tx.Retire(ctx, old, now); err != nil {
		return nil, err
	}
	for _, p := range cert.Profiles {
		i, err := tx.Invalidation(ctx, old, p)
		if err != nil {
			return nil, err
		}
		if i.Version > 0 {
			if err := tx.Invalidate(ctx, now, i); err != nil {
				return nil, err
			}
		}
		if i, err = tx.Invalidation(ctx, now, p); err != nil {
			return nil, err
		}
		more, err := o.revoke(ctx, tx, now, i)
		if err != nil {
			return nil, err
		}
		outs = append(outs, more...)
	}
	return outs, nil
}
