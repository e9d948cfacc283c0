package issuing

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// books is the copy of what documents are made of.
func (o *Issuing) books() []reconcile.Table {
	return []reconcile.Table{{
		Book: message.IssuingRecords, Copy: func(peer message.Org) bool { return peer == o.municipality },
		Scan: store.Records.Scan, Look: store.Records.Look,
		Show: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
			return o.in(tx).Show(ctx, key)
		},
		Take: o.takeRecord,
	}}
}

// takeRecord makes what is held under a code what the municipality says that it is, whatever stood there; that stays as evidence. It goes back to
// an older version too: two persons there have looked at both.
func (o *Issuing) takeRecord(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	tx := o.in(raw)
	if d.Sender != o.municipality {
		return nil, errNotOurs
	}
	told, err := booktable.Carried[message.IssuingRecord](n, p)
	if err != nil {
		return nil, err
	}
	code, err := resident.ParseRecordCode("key", n.Key)
	if err != nil {
		return nil, err
	}
	held, found, err := tx.Held(ctx, code)
	if err != nil {
		return nil, err
	}
	detail := "unchanged"
	switch {
	case told == nil || told.Code != code: // nobody has the code now
		tx.SetEntry(n.Key, message.Hash{})
		if found {
			detail = "taken out"
			err = tx.Strike(ctx, held, n.Case)
		}
	case found && !held.Damaged && held.Record.Version == told.Version && held.Hash == told.StateHash():
		tx.SetEntry(n.Key, held.Value())
	default:
		builtOn := told.Version
		if found {
			if err := tx.KeepHeld(held, n.Case); err != nil {
				return nil, err
			}
			// Changes that were lost on the way to the snapshot may still come: what lies between the two versions is settled.
			builtOn = min(held.Record.Version, told.Version)
		}
		detail = fmt.Sprintf("version %s", told.Version)
		err = tx.Put(ctx, code, *told, builtOn, d.CreatedAt)
	}
	auditlog.Write(raw, auditlog.Entry{Actor: string(d.Sender), Act: "issuing.snapshot", Subject: n.Key, Case: booktable.Ground(d, n), Detail: detail})
	return nil, err
}
