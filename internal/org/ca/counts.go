package ca

import (
	"context"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// counts are the CA's figures for the statements: what it issued and revoked, as its own tables say, and what it took of
// the center's demands. In 2004 nobody counted these on two sides.
func (o *CA) counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	var c message.CountAccount
	switch {
	case source && peer == o.cfg.NationalCenter:
		c = message.CountAccount{Kind: message.KindCertIssuance, Book: message.Certificates, Title: say("発行した電子証明書", "certificates issued")}
	case source && peer == o.cfg.Validation:
		c = message.CountAccount{Kind: message.KindCertStatus, Book: message.Statuses, Title: say("発行と失効の件数", "issues and revocations")}
	case !source && peer == o.cfg.NationalCenter:
		c = message.CountAccount{Kind: message.KindCertRevocation, Book: message.Revocations, Title: say("受けて処理した異動等失効情報", "demands to revoke, taken")}
	default:
		return nil, nil
	}
	var err error
	c.Name = string(c.Book)
	c.N, err = o.in(tx).Count(ctx, c.Book)
	return []message.CountAccount{c}, err
}
