package nationalcenter

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// theCA is where revocations go.
const theCA = message.Org(message.CA)

// onResidentInvalidation turns what a change kills into revocations (住民基本台帳法30条の11⑨, 公的個人認証法12条). The kind is
// safe: whatever has come before or comes later, and however often this comes, the same certificates end revoked.
func (o *Center) onResidentInvalidation(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
	holder, err := tx.Holder(ctx, n.Code)
	if err != nil {
		return nil, err
	}
	var outs []message.Out
	for _, p := range killed(n.Kills) {
		known, err := tx.Invalidation(ctx, holder, p)
		if err != nil {
			return nil, err
		}
		if known.Version >= n.Version {
			continue // every certificate that this one kills is dead by a later one
		}
		i := store.Invalidation{Profile: p, Version: n.Version, Reason: n.Reason, Since: n.Since}
		if err := tx.Invalidate(ctx, holder, i); err != nil {
			return nil, err
		}
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

// killed lists the certificates that an effect ends. The card itself has no system to be told yet.
func killed(e resident.Effect) (ps []cert.Profile) {
	if e.Signature {
		ps = append(ps, cert.Signature)
	}
	if e.Authentication {
		ps = append(ps, cert.Authentication)
	}
	return ps
}

// revoke tells the CA of each certificate that an invalidation kills, once, by its serial. When a notice of issuance waits
// here for a person, it also names the holder alone: somebody holds a certificate of which we cannot read the serial, and
// it must not live until somebody has (decision 0007).
func (o *Center) revoke(ctx context.Context, tx *store.Tx, holder resident.RecordCode, i store.Invalidation) ([]message.Out, error) {
	if i.Version == 0 {
		return nil, nil
	}
	dead, err := tx.RevokeBefore(ctx, holder, i)
	if err != nil {
		return nil, fmt.Errorf("couldn't find whom an invalidation kills: %w", err)
	}
	var outs []message.Out
	for _, c := range dead {
		outs = append(outs, message.Out{To: theCA, Body: revocation(c.Code, c.Serial, i)})
	}
	codes, err := tx.Codes(ctx, holder)
	if err != nil {
		return nil, fmt.Errorf("couldn't find the codes that a resident had: %w", err)
	}
	for _, code := range codes {
		unread, err := exchange.Parked(ctx, tx.Tx, message.KindCertIssuance, code.Reveal())
		if err != nil {
			return nil, err
		}
		if unread {
			outs = append(outs, message.Out{To: theCA, Body: revocation(code, cert.Serial{}, i)})
		}
	}
	return outs, nil
}

func revocation(code resident.RecordCode, serial cert.Serial, i store.Invalidation) message.CertRevocation {
	return message.CertRevocation{Code: code, Serial: serial, Profile: i.Profile, Version: i.Version,
		Reason: reasonOf(i.Reason), Since: i.Since, Why: i.Reason}
}

// reasonOf is the reason that the CRL gives (CPS 4.9.9): the certificate is no longer used by somebody who has died or is
// not covered any more (5), and states what is no longer true in every other case (3, 異動等失効情報).
func reasonOf(r resident.ChangeReason) cert.RevocationReason {
	if r == resident.Death || r == resident.DeletionExOfficio {
		return cert.CessationOfOperation
	}
	return cert.AffiliationChanged
}
