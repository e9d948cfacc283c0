package municipality

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// counterGrounds are those on which a certificate is ended at the counter. A change and a death end it by themselves, when they are
// filed; when a change has not, groundsFor has it too.
var counterGrounds = []cert.Ground{cert.Asked, cert.Lost, cert.Exposed, cert.Mistaken, cert.Undelivered}

// Revocation is a holder's request to have a certificate revoked (公的個人認証法9条, 28条), or report of its loss (10条).
type Revocation struct {
	Request string // of the application; of one that was refused, it is about the certificate that stood in the way
	Ground  cert.Ground
}

// Revoke passes a holder's request on to the CA for the clerk in the context.
func (o *Municipality) Revoke(ctx context.Context, r Revocation) (trace string, err error) {
	who, err := clerk(ctx, access.RevokeCertificate)
	if err != nil {
		return "", err
	}
	return o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		a, found, err := tx.Application(ctx, r.Request)
		if err != nil {
			return nil, err
		}
		versions, err := tx.Versions(ctx, a.Person)
		if err != nil {
			return nil, err
		}
		since, err := revocable(a, found, r.Ground, versions, resident.DateOf(tx.Now()))
		if err != nil {
			return nil, err
		}
		if err := tx.AskRevocation(ctx, a.Request, r.Ground); err != nil {
			return nil, err
		}
		serial, version := a.Serial, a.Version
		if a.State == store.Refused {
			serial, version = a.Held.Serial, a.Held.Version
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "ask-for-revocation", Subject: a.Code.Reveal(), Case: a.Request,
			Detail: fmt.Sprintf("serial %s, %s", serial, r.Ground)})
		return o.report(message.CertRevoke{Code: a.Code, Serial: serial, Profile: a.Profile, Version: version,
			Reason: r.Ground.Reason(), Since: since, At: tx.Now()}), nil
	})
}

// report tells of a holder's request or report those who end what it is about: our CA, whose answer waits for nobody, and the national
// center, which knows under which codes and by which other CAs the holder has certificates.
func (o *Municipality) report(n message.CertRevoke) []message.Out {
	return []message.Out{{To: o.ca, Body: n}, {To: o.center, Body: n}}
}

// revocable says since when the ground holds on which somebody's certificate is to end, or why it cannot be asked for.
func revocable(a store.Application, found bool, why cert.Ground, versions []store.Version, today resident.Date) (since resident.Date, err error) {
	switch {
	case !found || a.State != store.Issued && (a.State != store.Refused || a.Held.Serial.IsZero()):
		return since, plain.Bad("request",
			"失効させる電子証明書がありません。発行済みの電子証明書を選んでください。",
			"There is no certificate to revoke: choose one that was issued.")
	case a.RevokeReason.Valid():
		return since, plain.Bad("request",
			"この電子証明書の失効は、すでに申請されています。",
			"The revocation of this certificate has been asked for already.")
	}
	if v, unheard := unheardChange(a, versions); unheard && why == cert.Changed && v.Change.Arose.Valid() {
		return v.Change.Arose, nil // those who relied on it are told since when it was untrue
	}
	return today, atTheCounter(why)
}

// unheardChange is the change by which a certificate should have ended that the CA holds for valid.
func unheardChange(a store.Application, versions []store.Version) (store.Version, bool) {
	if a.State != store.Refused || a.Held.Serial.IsZero() || a.Finding != store.Disagrees {
		return store.Version{}, false
	}
	return endedBy(a.Held.Version, a.Profile, versions)
}

// groundsFor are those on which a certificate can be ended at the counter: a change too, when it should have and has not.
func groundsFor(a store.Application, versions []store.Version) []cert.Ground {
	if _, unheard := unheardChange(a, versions); unheard {
		return append([]cert.Ground{cert.Changed}, counterGrounds...)
	}
	return counterGrounds
}

func atTheCounter(why cert.Ground) error {
	if !slices.Contains(counterGrounds, why) {
		return plain.Bad("revoke_reason", "失効の理由を一覧から選んでください。", "Choose the reason of the revocation from the list.")
	}
	return nil
}

// Report is a holder's report of a loss, or request, about everything that they hold, wherever it was issued.
type Report struct {
	Person PersonID
	Ground cert.Ground
}

// ReportLoss has every certificate of a holder ended, also those of which this counter knows nothing: they were issued where the holder
// lived before, by another CA, or under a code that the holder had there: the national center has those ended. It cannot be undone, and
// there is no suspension that would be released.
func (o *Municipality) ReportLoss(ctx context.Context, r Report) (trace string, err error) {
	who, err := clerk(ctx, access.RevokeCertificate)
	if err != nil {
		return "", err
	}
	return o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) (outs []message.Out, err error) {
		now, found, err := tx.Current(ctx, r.Person)
		switch {
		case err != nil:
			return nil, err
		case !found:
			return nil, errNobody
		}
		if err := atTheCounter(r.Ground); err != nil {
			return nil, err
		}
		versions, err := tx.Versions(ctx, r.Person)
		if err != nil {
			return nil, err
		}
		here, err := tx.Applications(ctx, r.Person)
		if err != nil {
			return nil, err
		}
		for _, a := range here {
			if standing(a, versions, tx.Now()) == StandsAlive {
				if err := tx.AskRevocation(ctx, a.Request, r.Ground); err != nil {
					return nil, err
				}
			}
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "ask-for-revocation", Subject: now.Record.Code.Reveal(), Case: trace, Detail: "everything, " + string(r.Ground)})
		// Certificates outlive a change of code (resident.EffectOf), and the CA knows the holder of each by the code of its time.
		codes, err := tx.Codes(ctx, r.Person)
		for _, code := range codes {
			for _, p := range cert.Profiles {
				outs = append(outs, o.report(message.CertRevoke{Code: code, Profile: p, Version: now.Number, Reason: r.Ground.Reason(),
					Since: resident.DateOf(tx.Now()), At: tx.Now()})...)
			}
		}
		return outs, err
	})
}
