package nationalcenter

import (
	"context"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// counts are the center's figures for the statements, as its own tables say: the certificates of whose issue each CA told,
// the revocations that it demanded, and each prefecture's residents and what it was told has died.
func (o *Center) counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) (all []message.CountAccount, err error) {
	switch {
	case isCA(peer) && source:
		all = []message.CountAccount{{Kind: message.KindCertRevocation, Book: message.Revocations,
			Title: plain.Sentence{JA: "求めた失効", EN: "revocations demanded"}}}
	case isCA(peer):
		all = []message.CountAccount{{Kind: message.KindCertIssuance, Book: message.Certificates,
			Title: plain.Sentence{JA: "発行の通知を受けた電子証明書", EN: "certificates of whose issue we were told"}}}
	case peer.Role() == message.Prefecture && !source:
		all = []message.CountAccount{
			{Book: message.Residents, Title: plain.Sentence{JA: "この都道府県の住民", EN: "residents of the prefecture"}},
			{Kind: message.KindResidentInvalidation, Book: message.Invalidations, Title: plain.Sentence{JA: "異動に伴う失効の通知", EN: "invalidations told"}},
		}
	}
	for i := range all {
		all[i].Name = string(all[i].Book)
		if all[i].N, err = o.in(tx).Count(ctx, all[i].Book, peer); err != nil {
			return nil, err
		}
	}
	protections, err := o.protectionCounts(ctx, tx, peer, source)
	return append(all, protections...), err
}
