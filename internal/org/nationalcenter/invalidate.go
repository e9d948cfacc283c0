package nationalcenter

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// isCA tells who issues certificates: several do, the one for the country and prefectures' own.
func isCA(peer message.Org) bool { return peer.Role() == message.CA }

// exchangesWith tells whether an organisation is a CA that can be told something.
func (o *Center) exchangesWith(ca message.Org) bool { return isCA(ca) && slices.Contains(o.Peers, ca) }

// onResidentInvalidation turns what a change kills into revocations (住民基本台帳法30条の11⑨, 公的個人認証法12条). The kind is
// safe: whatever has come before or comes later, and however often this comes, the same certificates end revoked.
func (o *Center) onResidentInvalidation(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
	holder, err := tx.Holder(ctx, n.Code)
	if err != nil {
		return nil, err
	}
	news, err := tx.Invalidate(ctx, d.Sender, holder, n)
	if err != nil {
		return nil, err
	}
	var outs []message.Out
	for _, i := range news {
		more, err := o.revoke(ctx, tx, holder, i)
		if err != nil {
			return nil, err
		}
		outs = append(outs, more...)
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.invalidation", Subject: holder.Reveal(), Case: d.ID.String(),
		Detail: fmt.Sprintf("%s v%s, %d revocations", n.Reason.Code(), n.Version, len(outs))})
	return outs, nil
}

// revoke tells the CA that issued it of each certificate that may not live, once, by its serial. When a notice of issuance waits
// here for a person, and an invalidation has come, it also names the holder alone to the CA whose notice it is: somebody holds a
// certificate of which we cannot read the serial, and it must not live until somebody has (decision 0007).
func (o *Center) revoke(ctx context.Context, tx *store.Tx, holder resident.RecordCode, i store.Invalidation) ([]message.Out, error) {
	demands, err := tx.Settle(ctx, holder, i, o.exchangesWith)
	if err != nil {
		return nil, err
	}
	if i.Version == 0 {
		return demanded(demands), nil
	}
	unread, err := o.unread(ctx, tx, holder)
	if err != nil {
		return nil, err
	}
	for _, u := range unread {
		demand, first, err := tx.DemandHolder(ctx, u.ca, u.code, i)
		if err != nil {
			return nil, err
		}
		if first {
			demands = append(demands, demand)
		}
	}
	return demanded(demands), nil
}

// unreadNotice is that a CA's notice of issuance under a code waits here for a person.
type unreadNotice struct {
	ca   message.Org
	code resident.RecordCode
}

func (o *Center) unread(ctx context.Context, tx *store.Tx, holder resident.RecordCode) (all []unreadNotice, err error) {
	codes, err := tx.Codes(ctx, holder)
	if err != nil {
		return nil, fmt.Errorf("couldn't find the codes that a resident had: %w", err)
	}
	for _, code := range codes {
		for _, ca := range o.Peers {
			if !isCA(ca) {
				continue
			}
			waits, err := exchange.Parked(ctx, tx.Tx, ca, message.KindCertIssuance, code.Reveal())
			if err != nil {
				return nil, err
			}
			if waits {
				all = append(all, unreadNotice{ca, code})
			}
		}
	}
	return all, nil
}

// demanded are the messages that tell the CAs.
func demanded(demands []store.Demand) (outs []message.Out) {
	for _, d := range demands {
		outs = append(outs, message.Out{To: d.CA, Body: d.CertRevocation})
	}
	return outs
}
