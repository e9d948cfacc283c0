package municipality

import (
	"context"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
)

// aTrace is how a trace begins. Nothing else may name messages in an address: a record code would too.
const aTrace = "t-"

// follows lets the clerk in the context go on looking at what became of a notice: as strict as Look, and false when the notice is not one
// about this person. A page asks this every few seconds, so that it is written down only when the page itself was not: a row for each
// would keep a visit from ever ending, and hide the others.
func (o *Municipality) follows(ctx context.Context, who PersonID, trace string) (filed bool, err error) {
	by, err := clerk(ctx, access.LookAtPerson)
	if err != nil || !strings.HasPrefix(trace, aTrace) {
		return false, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		filed = false
		now, found, err := tx.Current(ctx, who)
		if err != nil || !found {
			return nil, err
		}
		ground, err := look.GroundOf(ctx, tx.Tx, by)
		if err == nil {
			err = ground.Check(access.From(ctx), o.Self)
		}
		if err == nil {
			err = o.admits(ctx, tx, protection.Register, by, who)
		}
		if err != nil {
			return nil, err
		}
		if filed, err = filedFor(ctx, tx, who, trace); err != nil || !filed {
			return nil, err
		}
		rows, err := look.List(ctx, tx.Tx, look.Filter{Subject: now.Record.Code.Reveal(), Operator: by, Since: tx.Now().Add(-look.Idle)})
		if err != nil {
			return nil, err
		}
		for _, l := range rows {
			if l.Ground == ground && l.Items&look.History != 0 {
				return nil, nil
			}
		}
		return nil, o.lookedOn(ctx, tx, ground, now.Record.Code, look.History, "messages of a notice")
	})
	return filed && err == nil, err
}

// filedFor tells whether a trace is that of a notice about somebody.
func filedFor(ctx context.Context, tx *store.Tx, who PersonID, trace string) (bool, error) {
	versions, err := tx.Versions(ctx, who)
	if err != nil {
		return false, err
	}
	for _, v := range versions {
		if v.Trace == trace {
			return true, nil
		}
	}
	places, err := tx.Places(ctx, who)
	if err != nil {
		return false, err
	}
	for _, p := range places {
		if p.Trace == trace {
			return true, nil
		}
	}
	plan, planned, err := tx.PlanOf(ctx, who)
	return planned && plan.Trace == trace, err
}
