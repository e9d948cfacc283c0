package prefecture

import (
	"context"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// counts are the prefecture's figures for the statements, as its own table says: what it was told has died, and passed on.
// Residents are no figure of a statement: how many an account's messages added cannot be told from their number.
func (o *Prefecture) counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	c := message.CountAccount{Name: string(message.Invalidations), Kind: message.KindResidentInvalidation, Book: message.Invalidations,
		Title: plain.Sentence{JA: "異動に伴う失効の通知", EN: "invalidations told"}}
	teller := peer
	switch {
	case source && peer == center:
		teller = ""
	case !source && peer == center:
		return o.flags(tx).Counts(ctx, message.ProtectionsElsewhere, peer)
	case source || peer.Role() != message.Municipality:
		return nil, nil
	}
	all, err := o.flags(tx).Counts(ctx, message.Protections, peer)
	if err != nil {
		return nil, err
	}
	c.N, err = o.in(tx).Notices.Count(ctx, teller)
	return append([]message.CountAccount{c}, all...), err
}
