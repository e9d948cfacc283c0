package validation

import (
	"context"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// counts are the figures for the statements with a CA: how many issues and revocations the table holds.
func (o *Validation) counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	if source || o.authorityOf(peer) == nil {
		return nil, nil
	}
	n, err := o.in(tx).Count(ctx, peer)
	return []message.CountAccount{{Name: string(message.Statuses), Kind: message.KindCertStatus, Book: message.Statuses, N: n,
		Title: say("発行と失効の件数", "issues and revocations")}}, err
}
