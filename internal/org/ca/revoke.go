package ca

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// onCertRevocation takes the national center's notice that a change of the record has made a certificate untrue
// (公的個人認証法12条). The center names the serial when it knows it; by the holder alone the CA finds what it issued for an older
// version of the record, and remembers the version for an application that is still under way (decision 0007). It is
// safe: in whatever order the notices come, and however often, the same certificates end.
func (o *CA) onCertRevocation(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRevocation) ([]message.Out, error) {
	about, err := o.namedBy(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	r := store.Revocation{At: tx.Now().Truncate(time.Second), Reason: n.Reason.Final(), Since: n.Since, Why: n.Why, By: d.Sender}
	ended, err := tx.TakeNotice(ctx, n, about, r)
	if err != nil {
		return nil, err
	}
	if len(about) == 0 {
		o.nothing(tx, d, n.Code, n.Profile.String())
	}
	var outs []message.Out
	for _, c := range ended {
		more, err := o.afterRevocation(ctx, tx, actOf(d), c, r)
		if err != nil {
			return nil, err
		}
		outs = append(outs, more...)
	}
	return outs, nil
}

// namedBy are the certificates that a notice demands the end of. By the holder alone there may be none: the holder has no
// certificate, or one for a version that is true.
func (o *CA) namedBy(ctx context.Context, tx *store.Tx, n message.CertRevocation) (about []store.Certificate, err error) {
	if !n.Serial.IsZero() {
		c, err := o.bySerial(ctx, tx, n.Serial.Bytes())
		return []store.Certificate{c}, err
	}
	living, err := tx.Living(ctx, n.Code, n.Profile)
	for _, c := range living {
		if err == nil && c.Version < n.Version {
			c, err = o.whole(c)
			about = append(about, c)
		}
	}
	return about, err
}

// onCertRevoke takes a holder's own application, or report of a loss, through the counter (公的個人認証法9条–11条). A loss is a
// revocation: there is no hold that somebody would have to release.
//
// The national center passes on what another counter was told, when it cannot read our notice of what the holder has (decision 0037). That may
// be long after: what has been issued since is not meant. A counter's word comes at once, and no two clocks are compared.
func (o *CA) onCertRevoke(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRevoke) ([]message.Out, error) {
	about, err := o.appliedFor(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	if d.Sender == o.cfg.NationalCenter {
		about = slices.DeleteFunc(about, func(c store.Certificate) bool { return c.NotBefore.After(n.At) })
	}
	if len(about) == 0 {
		o.nothing(tx, d, n.Code, n.Profile.String())
	}
	var outs []message.Out
	for _, c := range about {
		more, err := o.end(ctx, tx, actOf(d), c, store.Revocation{Reason: n.Reason.Final(), Since: n.Since, Why: n.Why, By: d.Sender})
		if err != nil {
			return nil, err
		}
		outs = append(outs, more...)
	}
	return outs, nil
}

// appliedFor are the certificates whose end a holder applies for: the one with a serial, or all of the profile.
func (o *CA) appliedFor(ctx context.Context, tx *store.Tx, n message.CertRevoke) (about []store.Certificate, err error) {
	if n.Serial.IsZero() {
		living, err := tx.Living(ctx, n.Code, n.Profile)
		for _, c := range living {
			if err == nil {
				c, err = o.whole(c)
				about = append(about, c)
			}
		}
		return about, err
	}
	c, err := o.bySerial(ctx, tx, n.Serial.Bytes())
	switch {
	case err != nil:
		return nil, err
	case !c.Holder.Valid():
		return nil, exchange.Reject("holder-unreadable",
			"この電子証明書がだれのものか、認証局の記録から読めません。認証局の運用員に、発行番号での失効（akashi ca revoke）を依頼してください。",
			"the CA's records do not say any more whose certificate this is: have the CA's operators revoke it by its serial (akashi ca revoke)")
	case c.Holder != n.Code:
		// A mistyped serial must not end a stranger's certificate. The center's notices are not held to this: a record's
		// code may have changed since the certificate was issued.
		return nil, exchange.Reject("not-the-holder",
			"この発行番号の電子証明書は、申請した人のものではありません。発行番号を確かめて、送り直してください。",
			"the certificate with this serial is not the applicant's: check the serial and send it again")
	}
	return []store.Certificate{c}, nil
}

// bySerial finds a certificate that is to be ended, also when its row or its stored bytes can no longer be read.
func (o *CA) bySerial(ctx context.Context, tx *store.Tx, key []byte) (store.Certificate, error) {
	c, found, err := tx.ToEnd(ctx, key)
	switch {
	case err != nil:
		return c, err
	case !found:
		return c, exchange.Reject("unknown-serial",
			"この発行番号の電子証明書は、発行していません。発行番号を確かめて、送り直してください。",
			"no certificate with this serial was issued: check the serial and send it again")
	}
	return o.whole(c)
}

// whole gives a certificate the CA and the profile that its row no longer names, as far as one of them tells the other. Without them
// and its partition nobody could be told of its end.
func (o *CA) whole(c store.Certificate) (store.Certificate, error) {
	if a, ours := o.byID[c.Issuer]; ours {
		if !c.Profile.Valid() {
			c.Profile = a.Profile()
		}
	} else if a, ours := o.byProfile[c.Profile]; ours {
		c.Issuer = a.id
	} else {
		return c, cannotBeTold(c)
	}
	if c.Serial.IsZero() || !c.Municipality.Valid() {
		return c, cannotBeTold(c)
	}
	return c, nil
}

func cannotBeTold(c store.Certificate) error {
	key := hex.EncodeToString(c.Key())
	return plain.Bad("serial",
		"発行番号 "+key+" の記録が壊れていて、どの認証局・市区町村のものか分かりません。控えから記録を直してから、もう一度失効させてください。",
		"The row of the serial "+key+" is damaged, and nothing says which CA and municipality it belongs to: repair it from a backup, then revoke it again.")
}

// nothing writes down that there was nothing to end.
func (o *CA) nothing(tx *store.Tx, d exchange.Delivery, code resident.RecordCode, profile string) {
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "nothing-to-revoke", Subject: code.Reveal(), Case: d.ID.String(), Detail: profile})
}

// end ends a certificate, if it has not ended: the first reason and time stay, as relying parties were told them.
func (o *CA) end(ctx context.Context, tx *store.Tx, a act, c store.Certificate, r store.Revocation) ([]message.Out, error) {
	r.At = tx.Now().Truncate(time.Second)
	done, err := tx.Revoke(ctx, c, r)
	if err != nil || !done {
		return nil, err
	}
	return o.afterRevocation(ctx, tx, a, c, r)
}

// afterRevocation tells those who have to know that a certificate, given as it was before, has ended.
func (o *CA) afterRevocation(ctx context.Context, tx *store.Tx, a act, c store.Certificate, r store.Revocation) ([]message.Out, error) {
	wasIntended := c.State == store.Intended
	c.State, c.Revocation = store.Revoked, r
	if c.Said != "" {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(o.Self), Act: "mend-row", Subject: c.Serial.String(), Case: a.ref, Detail: c.Said})
		o.Log.ErrorContext(ctx, "a damaged row of a certificate was mended to end it", "serial", c.Serial.String())
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: a.by, Act: "revoke", Subject: c.Serial.String(), Case: a.ref, Detail: r.Reason.String()})
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
		if no := refused(c, cameToNothing(c)); o.answerable(c, no) {
			if err := tx.CountRefusal(ctx, c.Requester, c.Profile, no.Why); err != nil {
				return nil, err
			}
			outs = append(outs, message.Out{To: c.Requester, Trace: i.Trace, Body: no})
		} else {
			o.Log.ErrorContext(ctx, "nothing says any more who applied for a certificate that has ended, so that nobody is answered", "serial", c.Serial.String())
		}
	}
	if c.Said != "" {
		// What stands in for a damaged row may be a municipality that has no list: a city for one of its wards.
		if _, listed, err := tx.Partition(ctx, c.Issuer, c.Municipality); err != nil {
			return nil, err
		} else if !listed {
			return nil, cannotBeTold(c)
		}
	}
	return outs, o.planList(ctx, tx, c.Issuer, c.Municipality)
}

// answerable tells whether an application can be answered: a damaged row may name nobody. What cannot be sent would take back the end
// of the certificate, and of those that end with it.
func (o *CA) answerable(c store.Certificate, no message.CertRefused) bool {
	_, err := message.Encode(no)
	return c.Holder.Valid() && err == nil && slices.Contains(o.cfg.Peers, c.Requester) && message.MaySend(no.Kind(), o.Self, c.Requester)
}
