package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// books are what the prefecture holds copies of: the records in force, and what versions of records have killed.
func (o *Municipality) books() []reconcile.Table {
	source := func(peer message.Org) bool { return peer == o.prefecture }
	return append([]reconcile.Table{
		{
			Book: message.Residents, Source: source,
			Scan: store.Residents.Scan, Look: store.Residents.Look,
			Show: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
				return o.in(tx).ShowResident(ctx, key)
			},
			Snapshot: o.presentState,
		},
		{
			Book: message.Invalidations, Source: source, Safe: true,
			Scan: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
				return o.in(tx).Invalidations(ctx, cursor, limit)
			},
			Look: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
				return o.in(tx).InvalidationsOf(ctx, keys)
			},
			Show: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
				return o.in(tx).ShowKilling(ctx, key)
			},
			Snapshot: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
				n, found, err := o.in(tx).Killing(ctx, key)
				if err != nil || !found {
					return nil, err
				}
				return n, nil
			},
		},
	}, append(o.moveBooks(), o.issuingBook())...)
}

// presentState is what the register says under a code today: the present state of whoever has it, deleted or not, or the
// change by which its holder gave it up. Nil: the register does not know the code.
func (o *Municipality) presentState(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
	code, err := resident.ParseRecordCode("key", key)
	if err != nil {
		return nil, err
	}
	v, found, err := o.in(tx).StateUnder(ctx, code)
	if err != nil || !found {
		return nil, err
	}
	return message.ResidentChange{After: v.Identification(), Before: v.Before}, nil
}
