package prefecture

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// center is where the prefecture's notices go.
const center = message.Org(message.NationalCenter)

// onResidentChange keeps a state that a municipality notifies (住民基本台帳法30条の5) and passes the notice on as it came
// (30条の11①).
func (o *Prefecture) onResidentChange(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	day := resident.DateOf(d.CreatedAt)
	// Also when two persons accept it: nobody tells for another municipality's residents.
	if !keeps(d.Sender, n.After.Municipality, day) {
		return nil, exchange.Reject("not-your-resident",
			"送信した市区町村の住民ではありません。市区町村コードを確かめ、その市区町村から送ってください。",
			"this is no resident of the municipality that sent it: check the municipality code, and let that municipality send it")
	}
	was := n.After.Code
	if n.After.Change.OldCode.Valid() {
		was = n.After.Change.OldCode
	}
	held, err := o.held(ctx, tx, was, n)
	if err != nil {
		return nil, err
	}
	switch {
	case held != nil:
		if done, err := follows(*held, n); done || err != nil {
			return nil, err
		}
		if err := o.checkSuccession(ctx, tx, was, *held, n, keeps(d.Sender, held.Municipality, day)); err != nil {
			return nil, err
		}
	// Who moves in from another prefecture builds on a state that only that one has.
	case n.Before != resident.StateHash{} && n.After.Change.Reason != resident.MoveIn:
		return nil, exchange.Missing(
			"この人の最初の通知が届いていません。前の異動を先に送るか、いまの状態を送り直してください。",
			"the first notice about this person has not come: send what is missing first, or send the present state")
	}

	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.change", Subject: n.After.Code.Reveal(), Case: d.ID.String(),
		Detail: n.After.Change.Reason.Code() + " v" + n.After.Version.String()})
	if held == nil {
		tx.PutFirst(n.After)
	} else if err := tx.Put(ctx, was, n.After, held.Version); err != nil {
		return nil, err
	}
	return []message.Out{{To: center, Body: n}}, nil
}

// onResidentInvalidation passes on what a change kills, at once: the kind is safe, so it is not asked whether the change
// itself has come, or can be read.
func (o *Prefecture) onResidentInvalidation(_ context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.invalidation", Subject: n.Code.Reveal(), Case: d.ID.String(),
		Detail: n.Reason.Code() + " v" + n.Version.String()})
	return []message.Out{{To: center, Body: n}}, nil
}

// held reads the state that a change builds on. First states are collected into one statement, so one of the same batch
// is looked for a second time, after a flush, when the change builds on something that is not there.
func (o *Prefecture) held(ctx context.Context, tx *store.Tx, code resident.RecordCode, n message.ResidentChange) (*store.Standing, error) {
	held, err := tx.Standing(ctx, code)
	if held != nil || err != nil || n.Before == (resident.StateHash{}) {
		return held, err
	}
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	return tx.Standing(ctx, code)
}

// follows compares a change with the state held. done: there is nothing to do any more, and it was relayed before.
func follows(held store.Standing, n message.ResidentChange) (done bool, err error) {
	first := n.Before == resident.StateHash{}
	comesBack := n.After.Change.Reason == resident.MoveIn && held.Reason == resident.MoveOut
	switch {
	case held.Version == n.After.Version && held.Hash == n.After.StateHash():
		return true, nil // came before, in another message's place
	case !first && n.After.Version > held.BuiltOn && n.After.Version < held.Version:
		return true, nil // a later full state was taken in its place ("resend corrected")
	case n.Before == held.Hash && n.After.Version > held.Version:
		return false, nil
	case comesBack && n.After.Version > held.Version:
		return false, nil // from another municipality, or from another prefecture after years: on a state that is not held here
	case comesBack:
		return false, exchange.Reject("version-not-after",
			fmt.Sprintf("記録の版%sは、転出の版%sより後ではありません。転出証明書の版の次から始めて、届け直してください。", n.After.Version, held.Version),
			fmt.Sprintf("version %s does not come after version %s, the moving out: file it again from the version after that", n.After.Version, held.Version))
	case first && (held.Reason == resident.MoveOut || n.After.Change.Reason != resident.MoveIn):
		return false, exchange.Reject("code-in-use",
			"この住民票コードは、別の記録で使われています。転出した人なら転入として、そうでなければ正しいコードで届け直してください。",
			"this resident record code is in use: file a moving in when the person has moved out, and otherwise the right code")
	}
	return false, exchange.Missing(
		fmt.Sprintf("この前の異動が届いていません（都道府県の版は%s、この電文は版%sへの異動）。前の異動を先に送るか、いまの状態を送り直してください。", held.Version, n.After.Version),
		fmt.Sprintf("a change before this one has not come (the prefecture holds version %s, and this leads to version %s): send the missing change first, or send the present state", held.Version, n.After.Version))
}

// checkSuccession asks whether the change may happen to a person in that state. own: the sender keeps the record held.
// Nothing here is about form, so an acceptance does not pass it over.
func (o *Prefecture) checkSuccession(ctx context.Context, tx *store.Tx, was resident.RecordCode, held store.Standing, n message.ResidentChange, own bool) error {
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
	case !gone && !own:
		return exchange.Reject("held-elsewhere",
			"この人は、別の市区町村の住民です。住民票コードを確かめてください。",
			"this person is a resident of another municipality: check the code")
	}
	if was == n.After.Code {
		return nil
	}
	taken, err := tx.Standing(ctx, n.After.Code)
	if err == nil && taken != nil {
		return exchange.Reject("code-in-use",
			"変更後の住民票コードは、使われています。選び直してください。",
			"the new resident record code is in use: choose another")
	}
	return err
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

// rebuild is what "resend corrected" sends: the state held today, in the place of the parked one. It builds on what that
// one had built on; the messages held behind it then have nothing left to say.
func rebuild(ctx context.Context, tx *sqlstore.Tx, was message.Payload) (message.Payload, error) {
	n, ok := was.(message.ResidentChange)
	if !ok || n.After.Change.OldCode.Valid() {
		return was, nil // a change of code says who the holder of the old one is; a later state does not
	}
	now, found, err := store.In(tx).State(ctx, n.After.Code)
	if err != nil || !found {
		return was, err
	}
	return message.ResidentChange{After: now, Before: n.Before}, nil
}
