package nationalcenter

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// onCertRevoke follows what a holder reports or asks for at a counter (公的個人認証法9条, 10条): whatever the holder has of the kind, under
// whichever code and of whichever CA, is demanded of the CA that issued it, also what we are told of later and was issued before.
//
// The counter tells its own CA itself, which waits for nobody. Whichever of the two messages is late or lost, the other one ends what
// both are about (decision 0037).
func (o *Center) onCertRevoke(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRevoke) ([]message.Out, error) {
	holder, err := tx.Holder(ctx, n.Code)
	if err != nil {
		return nil, err
	}
	if err := checkReporter(ctx, tx, d, holder, n); err != nil {
		return nil, err
	}
	if n.At.IsZero() {
		n.At = d.CreatedAt
	}
	if n.At.After(tx.Now()) { // by a clock that is fast: it is not about what will be issued
		n.At = tx.Now()
	}
	if err := tx.NoteReport(ctx, d.Sender, holder, n); err != nil {
		return nil, err
	}
	i, err := tx.Invalidation(ctx, holder, n.Profile)
	if err != nil {
		return nil, err
	}
	demands, err := tx.Settle(ctx, holder, i, o.exchangesWith)
	if err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "cert.revoke", Subject: holder.Reveal(), Case: d.ID.String(),
		Detail: fmt.Sprintf("%s %s, %d revocations", n.Profile, n.Reason, len(demands))})
	unread, err := o.unread(ctx, tx, holder)
	if err != nil {
		return nil, err
	}
	more, err := passOn(ctx, tx, holder, unread)
	return append(demanded(demands), more...), err
}

// passOn tells the CAs whose notices of issuance wait here what the holder has reported: the holder has certificates of theirs whose
// serials we cannot read, and they must not live until somebody has. Twice is the same as once, and nothing that was issued since ends.
func passOn(ctx context.Context, tx *store.Tx, holder resident.RecordCode, unread []unreadNotice) (outs []message.Out, err error) {
	for _, u := range unread {
		for _, p := range cert.Profiles {
			reports, err := tx.Reported(ctx, holder, p)
			if err != nil {
				return nil, err
			}
			for _, n := range reports {
				n.Code = u.code
				outs = append(outs, message.Out{To: u.ca, Body: n})
			}
		}
	}
	return outs, nil
}

// checkReporter asks, also when two persons accept the message, whether a municipality may speak for a holder: it keeps the record, or
// issued a certificate. That it does may be on its way on the other river, the change by way of the prefecture; so it is asked again
// for half a minute before the message parks.
func checkReporter(ctx context.Context, tx *store.Tx, d exchange.Delivery, holder resident.RecordCode, n message.CertRevoke) error {
	places, err := tx.Places(ctx, holder)
	if err != nil {
		return err
	}
	today := resident.DateOf(d.CreatedAt)
	if !slices.ContainsFunc(places, func(m resident.MunicipalityCode) bool { return received.Keeps(d.Sender, m, today) }) {
		return exchange.Later("neither-home-nor-issuer",
			"この方の住民票がある市区町村でも、電子証明書を発行した市区町村でもありません。住民票コードと、転入の届出が全国センターに届いているかを確かめて、再送してください。",
			"neither the holder's record nor any of the certificates is of this municipality: check the record code, and whether the notice of moving in has reached the national center, then send it again")
	}
	if n.Serial.IsZero() {
		return nil
	}
	whose, found, err := tx.HolderOf(ctx, n.Serial)
	if err == nil && found && whose != holder {
		// A mistyped serial must not end a stranger's certificate. That both codes are of one person may be on its way too.
		return exchange.Later("not-the-holder",
			"この発行番号の電子証明書は、申請した人のものではありません。発行番号を確かめて、送り直してください。",
			"the certificate with this serial is not the applicant's: check the serial and send it again")
	}
	return err
}
