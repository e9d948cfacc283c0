package municipality

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// A refusal may tell of somebody else than the person who is served: that a namesake is registered, that a code is another's, that a seal
// of the household looks alike. That is a look like any, and the transaction that is refused is rolled back, with whatever was written
// down in it. So what a refusal tells is gathered beside the transaction, and written down before the refusal is given.

// told is what the refusal of an act tells of persons.
type told struct{ looks []look.Look }

type toldKey struct{}

// tells notes that the refusal to come tells the person of the context something about the holder of a code.
func (o *Municipality) tells(ctx context.Context, tx *store.Tx, code resident.RecordCode, items look.Items, how string) error {
	t, gathers := ctx.Value(toldKey{}).(*told)
	if !gathers {
		if who := access.From(ctx); who.ID != "" {
			return fmt.Errorf("%s would be told of somebody (%s), and nothing gathers the look (Municipality.answeredTo)", who.ID, how)
		}
		return nil // a day that has come, or a message: nobody looks
	}
	ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
	if err != nil {
		return err
	}
	l := look.Look{By: access.From(ctx), Office: o.Self, Subject: code, Ground: ground, Items: items, How: how}
	if !slices.Contains(t.looks, l) { // a transaction may be run again
		t.looks = append(t.looks, l)
	}
	return nil
}

// answeredTo runs what answers the person of the context, and gives its refusal only when the looks that it is are written down.
func (o *Municipality) answeredTo(ctx context.Context, run func(context.Context) error) error {
	var t told
	err := run(context.WithValue(ctx, toldKey{}, &t))
	if _, refused := plain.AsProblems(err); !refused || len(t.looks) == 0 {
		return err
	}
	if unwritten := o.Store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
		for _, l := range t.looks {
			if err := look.Record(tx, l); err != nil {
				return err
			}
		}
		return nil
	}); unwritten != nil {
		return unwritten
	}
	return err
}
