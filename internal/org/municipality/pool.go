package municipality

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	// lowCodes is the number of free codes below which more are asked for.
	lowCodes = 20
	// codesAtOnce is how many are asked for.
	codesAtOnce = 200

	dueRefill = "municipality.refill"
)

var errNoCodes = plain.Bad("code",
	"割り当てられる住民票コードが残っていません。全国センターに依頼中です。届くまで少し待ち、もう一度届け出てください。",
	"There is no record code left to give. More have been asked of the national center: wait a little and file again.")

// giveCode takes a code out of the pool for somebody, at random, because a code must say nothing about its holder, not
// even the order of coming (法30条の7).
func (o *Municipality) giveCode(ctx context.Context, tx *store.Tx) (resident.RecordCode, error) {
	free, err := tx.FreeCodes(ctx)
	if err != nil {
		return resident.RecordCode{}, err
	}
	if free == 0 {
		return resident.RecordCode{}, errNoCodes
	}
	place, err := rand.Int(o.Rand, big.NewInt(free))
	if err != nil {
		return resident.RecordCode{}, fmt.Errorf("couldn't choose a code: %w", err)
	}
	code, err := tx.GiveCode(ctx, place.Int64())
	if err != nil {
		return resident.RecordCode{}, err
	}
	return code, o.refillSoon(ctx, tx)
}

// refillSoon has the center asked for codes when few are left and nothing has been asked.
func (o *Municipality) refillSoon(ctx context.Context, tx *store.Tx) error {
	free, err := tx.FreeCodes(ctx)
	if err != nil || free >= lowCodes {
		return err
	}
	if _, err := due.Remove(ctx, tx.Tx, dueRefill, "pool"); err != nil {
		return err
	}
	due.Add(tx.Tx, tx.Now(), dueRefill, "pool", nil)
	return nil
}

// refill asks the center for codes (法30条の7; 規則14条).
func (o *Municipality) refill(ctx context.Context, raw *sqlstore.Tx, _ due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	free, err := tx.FreeCodes(ctx)
	if err != nil || free >= lowCodes {
		return nil, err
	}
	if open, err := tx.OpenRequests(ctx); err != nil || open > 0 {
		return nil, err // one at a time; its answer looks again
	}
	trace, err := o.Exchange.NewTrace()
	if err != nil {
		return nil, err
	}
	request := fmt.Sprintf("%s-%d", o.code, tx.Serial())
	tx.AddRequest(request, codesAtOnce)
	auditlog.Write(raw, auditlog.Entry{Actor: string(o.Self), Act: "ask-for-codes", Case: request, Detail: fmt.Sprintf("%d codes, %d left", codesAtOnce, free)})
	return []message.Out{{To: o.center, Body: message.CodeRequest{Request: request, Count: codesAtOnce}, Trace: trace}}, nil
}

// onCodeAllotment puts the codes into the pool. One that we know already would become somebody's second: the whole
// allotment is refused, because the center has to look at how it came about; accepted, the known ones are left out.
func (o *Municipality) onCodeAllotment(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CodeAllotment) ([]message.Out, error) {
	fresh := make([]resident.RecordCode, 0, len(n.Codes))
	seen := map[resident.RecordCode]bool{}
	for _, c := range n.Codes {
		known, _, err := tx.Allotted(ctx, c)
		if err != nil {
			return nil, err
		}
		_, held, err := tx.ByCode(ctx, c)
		if err != nil {
			return nil, err
		}
		if !known && !held && !seen[c] {
			fresh = append(fresh, c)
		}
		seen[c] = true
	}
	if len(fresh) < len(n.Codes) && !d.Accepted {
		return nil, exchange.Reject("code-in-use",
			"割り当てられた住民票コードの中に、すでに使われているものがあります。全国センターで割当ての記録を確かめてください。",
			"some of the allotted record codes are already in use: the national center must check its record of allotments")
	}
	for _, c := range fresh {
		tx.AddCode(c, n.Request)
	}
	if err := tx.Answered(ctx, n.Request); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "receive-codes", Case: n.Request, Detail: fmt.Sprintf("%d codes", len(fresh))})
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	return nil, o.refillSoon(ctx, tx)
}
