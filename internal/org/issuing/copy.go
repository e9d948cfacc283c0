package issuing

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/message"
)

// onIssuingRecord makes a person what the municipality's register says (随時連携).
func (o *Issuing) onIssuingRecord(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingRecord) ([]message.Out, error) {
	if d.Sender != o.municipality {
		return nil, errNotOurs
	}
	was := n.Code
	if n.OldCode.Valid() {
		was = n.OldCode
	}
	held, found, err := tx.Held(ctx, was)
	if err != nil {
		return nil, err
	}
	if !found && was != n.Code { // somebody was deleted, and the old code is out of the copy
		if held, found, err = tx.Held(ctx, n.Code); err != nil {
			return nil, err
		}
	}
	done, err := follows(held, found, n)
	if done || err != nil {
		return nil, err
	}
	if was != n.Code {
		taken, there, err := tx.Held(ctx, n.Code)
		if err != nil {
			return nil, err
		}
		if there && taken.Key != held.Key && !taken.Record.Deleted() {
			return nil, exchange.Reject("code-in-use", "変更後の住民票コードの人が、写しに別にいます。双方の記録を確かめてください。",
				"the copy has somebody else under the new record code: compare both records")
		}
	}
	builtOn := n.Version
	if found {
		builtOn = min(held.Record.Version, n.Version)
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "issuing.record", Subject: n.Code.Reveal(), Case: d.ID.String(),
		Detail: fmt.Sprintf("%s v%s", n.Reason.Code(), n.Version)})
	return nil, tx.Put(ctx, was, n, builtOn, d.CreatedAt)
}

// follows compares a record with what the copy holds. done: it was followed before, or a snapshot of a later state was taken in its place. The
// last version wins: an older one is refused, whatever it builds on.
func follows(held store.Held, found bool, n message.IssuingRecord) (done bool, err error) {
	missing := func(holds message.Hash) error {
		return exchange.Missing(
			"この前の状態が届いていません。前の電文を先に送るか、いまの状態を送り直してください。",
			"the state before this one has not come: send what is missing first, or send the present state").
			Holding(message.IssuingRecords, n.Keys()[len(n.Keys())-1], holds)
	}
	switch {
	case !found && n.Before == message.Hash{}:
		return false, nil
	case !found:
		return false, missing(message.Hash{})
	case held.Damaged:
		if n.Before == (message.Hash{}) {
			return false, nil
		}
		return false, missing(message.Hash{}) // whether it follows a row that cannot be read nobody can say
	case held.Record.Version == n.Version && held.Hash == n.StateHash():
		return true, nil
	case n.Version < held.Record.Version && n.Version > held.BuiltOn:
		return true, nil
	case n.Version <= held.Record.Version:
		return false, exchange.Reject("stale-version",
			fmt.Sprintf("この電文は第%s版で、写しは第%s版です。古い状態では上書きしません。いまの状態を送り直してください。", n.Version, held.Record.Version),
			fmt.Sprintf("this is version %s, and the copy holds version %s: an older state replaces nothing; send the present state", n.Version, held.Record.Version))
	case n.Before != held.Value():
		return false, missing(held.Value())
	}
	return false, nil
}
