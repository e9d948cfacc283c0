package ca

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/message"
)

// onCertRevocation takes the national center's notice that a change of the record has made a certificate untrue
// (公的個人認証法12条). The center names the serial when it knows it; by the holder alone the CA finds what it issued for an older
// version of the record, and remembers the version for an application that is still under way (decision 0007). It is
// safe: in whatever order the notices come, and however often, the same certificates end.
func (o *CA) onCertRevocation(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRevocation) ([]message.Out, error) {
	c, named, err := o.namedBy(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	r := store.Revocation{At: tx.Now().Truncate(time.Second), Reason: n.Reason, Since: n.Since, Why: n.Why, By: d.Sender}
	ended, err := tx.TakeNotice(ctx, n, c, r)
	if err != nil {
		return nil, err
	}
	if !named {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "nothing-to-revoke", Subject: n.Code.Reveal(), Case: d.ID.String(), Detail: n.Profile.String()})
	}
	if !ended {
		return nil, nil
	}
	return o.afterRevocation(ctx, tx, d, c, r)
}

// namedBy is the certificate that a notice demands the end of. By the holder alone there may be none: the holder has no
// certificate, or one for a version that is true.
func (o *CA) namedBy(ctx context.Context, tx *store.Tx, n message.CertRevocation) (c store.Certificate, named bool, err error) {
	if !n.Serial.IsZero() {
		c, named, err = tx.Certificate(ctx, n.Serial)
		if err == nil && !named {
			err = unknownSerial()
		}
		return c, named, err
	}
	c, named, err = tx.Current(ctx, n.Code, n.Profile)
	if err != nil || !named || c.Version >= n.Version {
		return store.Certificate{}, false, err
	}
	return c, true, nil
}

// onCertRevoke takes a holder's own application, or report of a loss, through the counter (公的個人認証法11条).
func (o *CA) onCertRevoke(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRevoke) ([]message.Out, error) {
	var c store.Certificate
	var found bool
	var err error
	if n.Serial.IsZero() {
		c, found, err = tx.Current(ctx, n.Code, n.Profile)
	} else {
		c, found, err = tx.Certificate(ctx, n.Serial)
	}
	switch {
	case err != nil:
		return nil, err
	case !found && n.Serial.IsZero():
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "nothing-to-revoke", Subject: n.Code.Reveal(), Case: d.ID.String(), Detail: n.Profile.String()})
		return nil, nil
	case !found:
		return nil, unknownSerial()
	case c.Holder != n.Code:
		// A mistyped serial must not end a stranger's certificate. The center's notices are not held to this: a record's
		// code may have changed since the certificate was issued.
		return nil, exchange.Reject("not-the-holder",
			"この発行番号の電子証明書は、申請した人のものではありません。発行番号を確かめて、送り直してください。",
			"the certificate with this serial is not the applicant's: check the serial and send it again")
	}
	return o.revoke(ctx, tx, d, c, store.Revocation{Reason: n.Reason, Since: n.Since, Why: n.Why})
}

func unknownSerial() error {
	return exchange.Reject("unknown-serial",
		"この発行番号の電子証明書は、発行していません。発行番号を確かめて、送り直してください。",
		"no certificate with this serial was issued: check the serial and send it again")
}

// revoke ends a certificate, if it has not ended: the first reason and time stay, as relying parties were told them.
func (o *CA) revoke(ctx context.Context, tx *store.Tx, d exchange.Delivery, c store.Certificate, r store.Revocation) ([]message.Out, error) {
	r.At, r.By = tx.Now().Truncate(time.Second), d.Sender
	done, err := tx.Revoke(ctx, c, r)
	if err != nil || !done {
		return nil, err
	}
	return o.afterRevocation(ctx, tx, d, c, r)
}

// afterRevocation tells those who have to know that a certificate, given as it was before, has ended.
func (o *CA) afterRevocation(ctx context.Context, tx *store.Tx, d exchange.Delivery, c store.Certificate, r store.Revocation) ([]message.Out, error) {
	wasIntended := c.State == store.Intended
	c.State, c.Revocation = store.Revoked, r
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "revoke", Subject: c.Serial.String(), Case: d.ID.String(), Detail: r.Reason.String()})
	outs := []message.Out{{To: o.cfg.Validation, Body: c.Ended()}}
	if wasIntended {
		// It may have been signed already, by a step that was cut off; so it is listed as any other, and goes to nobody.
		i, found, err := tx.IntentOf(ctx, c.Serial.String())
		if err != nil {
			return nil, err
		}
		if found {
			if err := o.abandon(ctx, tx, i); err != nil {
				return nil, err
			}
		}
		outs = append(outs, message.Out{To: c.Requester, Trace: i.Trace, Body: refused(c, recordChanged)})
	}
	return outs, o.planList(ctx, tx, c.Issuer, c.Municipality)
}
