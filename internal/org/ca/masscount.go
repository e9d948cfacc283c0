package ca

import (
	"context"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

const (
	dueMassCount  = "mass count"  // the dry run
	dueMassRevoke = "mass revoke" // the next step of one that was confirmed

	countPage  = 1000
	revokePage = 50

	// massSettles is how long PostgreSQL may still commit what began before a moment: longer than any rule takes.
	massSettles = 10 * time.Second
)

// massCountRule makes the dry run, a page at a time, which it reads outside of the write: a count keeps nobody waiting.
func (o *CA) massCountRule() due.Rule {
	type page struct {
		mass store.Mass
		store.MassPage
	}
	return due.Rule{
		Kind: dueMassCount,
		Prepare: func(ctx context.Context, tx *sqlstore.Tx, item due.Item) (any, error) {
			id, err := strconv.ParseInt(item.Ref, 10, 64)
			if err != nil {
				return nil, err
			}
			var p page
			var found bool
			if p.mass, found, err = o.in(tx).Mass(ctx, id); err != nil || !found {
				return p, err
			}
			p.MassPage, err = o.in(tx).Choose(ctx, p.mass, o.countPage)
			return p, err
		},
		Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
			p := result.(page)
			now, found, err := o.in(tx).Mass(ctx, p.mass.ID)
			if err != nil || !found || now.State != store.MassCounting {
				return nil, err
			}
			counted, err := o.in(tx).AddToMass(ctx, p.mass, p.MassPage)
			switch {
			case err != nil || counted == store.CountFrozen:
			case counted == store.CountSettles && o.Store.Engine() == sqlstore.Postgres:
				due.Add(tx, tx.Now().Add(massSettles), dueMassCount, item.Ref, nil)
			default: // SQLite has one writer: what began before us is committed
				due.Add(tx, tx.Now(), dueMassCount, item.Ref, nil)
			}
			return nil, err
		},
	}
}
