package nationalcenter

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// candidates is how many numbers of a code's sequence are tried. With a number for everybody in the country one in eight hundred is
// taken, so that a third try is a sign of a broken key and not of bad luck.
const candidates = 32

// onNumberRequest gives a person an individual number, or tells the one that the person has (番号法7条, 8条): one number for a person, for life,
// also when the record code changes.
func (o *Center) onNumberRequest(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.NumberRequest) ([]message.Out, error) {
	if !o.numberKey.Valid() {
		return nil, exchange.Reject("no-number-key",
			"全国センターに、個人番号を作る鍵がありません。鍵を置いて起動し直してから、受け直してください。",
			"the national center has no key to make individual numbers with: start it with the key, and take the message again")
	}
	holder, err := tx.Holder(ctx, n.Code)
	if err != nil {
		return nil, err
	}
	if err := checkNumbersFor(ctx, tx, d, holder); err != nil {
		return nil, err
	}
	number, given, err := tx.NumberOf(ctx, holder)
	if err != nil {
		return nil, err
	}
	detail := "the one that the person has"
	if !given {
		if number, given, err = adoptNumber(ctx, tx, d.Sender, holder); err != nil {
			return nil, err
		}
	}
	if !given {
		if number, err = o.giveNumber(ctx, tx, d.Sender, holder); err != nil {
			return nil, err
		}
		detail = "a new one"
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "number.assignment", Subject: holder.Reveal(), Case: d.ID.String(), Detail: detail})
	return []message.Out{{To: d.Sender, Body: message.NumberAssignment{Request: n.Request, Code: n.Code, Number: number}}}, nil
}

// checkNumbersFor asks, also when two persons accept the message, whether a municipality may ask for somebody's number: it keeps the record, or
// nobody does yet and the code is of its allotment. That it keeps it may be on its way by the prefecture; so it is asked again for half a
// minute before the message parks.
func checkNumbersFor(ctx context.Context, tx *store.Tx, d exchange.Delivery, holder resident.RecordCode) error {
	standing, claim, err := tx.StandingAndClaim(ctx, holder)
	if err != nil {
		return err
	}
	switch {
	case standing != nil && received.Keeps(d.Sender, standing.Municipality, resident.DateOf(d.CreatedAt)):
		return nil
	case standing == nil && claim.AllottedTo == d.Sender:
		return nil
	}
	return exchange.Later("not-your-resident",
		"送信した市区町村の住民ではありません。住民票コードと、転入の届出が全国センターに届いているかを確かめて、再送してください。",
		"this is no resident of the municipality that asks: check the record code, and whether the notice of moving in has reached the national center, then send it again")
}

// adoptNumber makes the number that a person's record came with, as an imported one does, the one that the person has: nobody is given a
// second. One that is somebody else's too is for people to clear up.
func adoptNumber(ctx context.Context, tx *store.Tx, by message.Org, holder resident.RecordCode) (n resident.IndividualNumber, held bool, err error) {
	if n, held, err = tx.NumberStated(ctx, holder); err != nil || !held {
		return n, held, err
	}
	taken, err := tx.NumberOfAnother(ctx, n, holder)
	if err != nil {
		return n, false, err
	}
	if taken {
		return n, false, exchange.Reject("number-of-another",
			"この住民の記録にある個人番号は、別の住民の記録にもあります。どちらが本人の番号かを市区町村と確かめ、記録を直してから、受け直してください。",
			"the individual number of this record stands in somebody else's too: find out with the municipality whose it is, have the record corrected, and take the message again")
	}
	return n, true, tx.PutNumber(ctx, store.Number{Number: n, Code: holder, DerivedFrom: holder, AskedBy: by})
}

// giveNumber derives a number that nobody has or had.
func (o *Center) giveNumber(ctx context.Context, tx *store.Tx, by message.Org, holder resident.RecordCode) (resident.IndividualNumber, error) {
	for counter := range uint64(candidates) {
		number, ok := o.numberKey.candidate(holder, counter)
		if !ok {
			continue
		}
		taken, err := tx.NumberOfAnother(ctx, number, holder)
		if err != nil {
			return number, err
		}
		if !taken {
			return number, tx.PutNumber(ctx, store.Number{Number: number, Code: holder, DerivedFrom: holder, Counter: counter, KeyID: o.numberKey.ID(), AskedBy: by})
		}
	}
	return resident.IndividualNumber{}, fmt.Errorf("%d numbers of a code's sequence are taken: the key is broken, or the numbers are used up", candidates)
}
