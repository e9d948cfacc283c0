package validation

import (
	"context"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/message"
)

// onCertStatus takes the state of a certificate. It is safe: whatever the order, revoked stays.
func (o *Validation) onCertStatus(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertStatus) ([]message.Out, error) {
	r, err := o.rootOf(d.Sender, n.Issuer)
	if err != nil {
		return nil, err
	}
	if r.profile != n.Profile {
		return nil, unknownIssuer()
	}
	o.made(tx, d)
	ended, err := tx.Tell(ctx, n)
	if err == nil && ended {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "revoke", Subject: n.Serial.String(), Case: d.ID.String(), Detail: n.Reason.String()})
	}
	if err == nil {
		err = o.planImpact(tx, n, ended)
	}
	return nil, err
}
