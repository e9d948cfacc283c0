package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// counts are the municipality's figures for its statements with the prefecture, as the register itself says: the changes
// that were filed, each of which is one message, and what they killed.
func (o *Municipality) counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	if peer == o.center && !source {
		return o.flags(tx).Counts(ctx, message.ProtectionsElsewhere, peer)
	}
	if peer != o.prefecture || !source {
		return nil, nil
	}
	protections, err := o.flags(tx).Counts(ctx, message.Protections, peer)
	if err != nil {
		return nil, err
	}
	filed, killed, err := o.in(tx).Filed(ctx)
	return append([]message.CountAccount{
		{Name: "changes", Kind: message.KindResidentChange, Title: both("届け出た異動", "changes filed"), N: filed},
		{Name: string(message.Invalidations), Kind: message.KindResidentInvalidation, Book: message.Invalidations,
			Title: both("異動に伴う失効の通知", "invalidations told"), N: killed},
	}, protections...), err
}
