package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// numberBasis is the ground on which a number from the center is entered. No counter offers it.
const numberBasis = "number-7"

// askForNumber asks the center for the individual number of somebody who was entered without one (番号法7条, 8条). The answer is a message.
func (o *Municipality) askForNumber(tx *store.Tx, v store.Version) []message.Out {
	if v.Record.Number.Valid() {
		return nil
	}
	request := fmt.Sprintf("%s-n%d", o.code, tx.Serial())
	tx.AskNumber(request, v.Person, v.Record.Code, v.Trace)
	return []message.Out{{To: o.center, Body: message.NumberRequest{Request: request, Code: v.Record.Code}, Trace: v.Trace}}
}

// onNumberAssignment enters a number in the record: a version of its own, so that the prefecture and the center hold it too
// (個人番号 is one of the items of 本人確認情報), with the reason 職権修正等 and none of the four attributes changed. Such a version ends no
// certificate and no card (resident.EffectOf). After 2015 the list of reasons has some for the number (from memory); they are not in the
// list of 2013 that this system follows (decision 0046).
func (o *Municipality) onNumberAssignment(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.NumberAssignment) ([]message.Out, error) {
	holder, known, err := tx.ByCode(ctx, n.Code)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, exchange.Reject("nobody-here",
			"この住民票コードの住民の記録はありません。全国センターで、求めた市区町村を確かめてください。",
			"this register has nobody under this record code: the national center must check who asked")
	}
	now, found, err := tx.Current(ctx, holder.Person)
	if err != nil || !found {
		return nil, err
	}
	switch has := now.Record.Number; {
	case has.Valid() && has != n.Number:
		// Nobody's number becomes another one by a message: one of the two is another person's.
		return nil, exchange.Reject("another-number",
			"この住民には、別の個人番号が記載されています。どちらが本人の番号か、全国センターと確かめてください。",
			"another individual number is entered for this resident: find out with the national center which of the two is the person's")
	case has.Valid(), !now.Present():
		// Known already; or the person has left or died meanwhile, and whoever enters the person next asks for the number.
		return nil, tx.NumberAnswered(ctx, n.Request, 0)
	}
	v := store.Version{Person: now.Person, Number: now.Number + 1, Record: now.Record, Basis: numberBasis, Before: now.Hash(),
		Change:    resident.ChangeInfo{Reason: resident.AmendmentExOfficio, Arose: resident.DateOf(tx.Now())},
		Kills:     resident.EffectOf(resident.AmendmentExOfficio, 0),
		EnteredBy: string(d.Sender), EnteredAt: tx.Now(), Trace: d.Trace}
	v.Record.Number = n.Number
	if err := tx.NumberAnswered(ctx, n.Request, v.Number); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "receive-number", Subject: now.Record.Code.Reveal(), Case: n.Request,
		Detail: "version " + v.Number.String()})
	told, err := tx.Put(ctx, v, false)
	if err != nil {
		return nil, err
	}
	return o.tell(told, d.Trace), nil
}

// onlyNumbered tells whether a record has changed since a page was opened in nothing but that its number came: a clerk's notice is not
// refused for that.
func onlyNumbered(now store.Version, base resident.Version) bool {
	return now.Basis == numberBasis && now.Number == base+1
}
