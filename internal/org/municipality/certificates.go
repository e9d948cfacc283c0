package municipality

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// onCertIssued keeps a certificate with its application. One for another key or profile than was asked for is refused:
// it would be somebody else's paper in this holder's hand.
func (o *Municipality) onCertIssued(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertIssued) ([]message.Out, error) {
	a, err := o.answered(ctx, tx, n.Request, n.Code, n.Profile)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(n.Certificate)
	if err != nil {
		return nil, exchange.Reject("malformed",
			"届いた電子証明書が読めません。認証局で内容を確かめ、再送してください。",
			"the certificate cannot be read: the CA must check it and send it again")
	}
	serial, err := cert.SerialFromInt(c.SerialNumber)
	if err != nil || serial != n.Serial || !sameKey(c, a.PublicKey) {
		return nil, exchange.Reject("not-what-was-asked",
			"届いた電子証明書の番号か公開鍵が、申請したものと違います。本人に渡さず、認証局で確かめてください。",
			"the certificate's serial or public key is not that of the application: it must not be handed over, and the CA must look at it")
	}
	if a.State != store.Requested {
		if a.State == store.Issued && a.Serial == n.Serial {
			return nil, nil
		}
		return nil, errAnswered
	}
	a.State, a.Serial, a.Certificate, a.NotAfter = store.Issued, serial, n.Certificate, c.NotAfter
	if err := tx.Decide(ctx, a); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "receive-certificate", Subject: a.Code.Reveal(), Case: a.Request,
		Detail: fmt.Sprintf("%s, serial %s", a.Profile, serial)})
	outs, err := o.renewed(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	return outs, o.watchLate(ctx, tx, a)
}

// renewed notes that the new certificate has taken the place of the one before it: nobody has two valid ones of a kind
// (公的個人認証法6条). The CA has ended that one itself, unless it was issued under another code: to the CA its holder is then somebody
// else. What another office or another CA issued, the national center has ended.
func (o *Municipality) renewed(ctx context.Context, tx *store.Tx, by store.Application) (outs []message.Out, err error) {
	versions, err := tx.Versions(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	all, err := tx.Applications(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.Profile == by.Profile && a.Request != by.Request && standing(a, versions, tx.Now()) == StandsAlive {
			if err := tx.AskRevocation(ctx, a.Request, cert.Renewed); err != nil {
				return nil, err
			}
			if a.Code != by.Code {
				outs = append(outs, message.Out{To: o.ca, Body: message.CertRevoke{Code: a.Code, Serial: a.Serial, Profile: a.Profile, Version: a.Version,
					Reason: cert.Renewed.Reason(), Since: resident.DateOf(tx.Now())}})
			}
		}
	}
	return outs, nil
}

// onCertRefused keeps the reason with the application.
func (o *Municipality) onCertRefused(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRefused) ([]message.Out, error) {
	a, err := o.answered(ctx, tx, n.Request, n.Code, n.Profile)
	if err != nil {
		return nil, err
	}
	if a.State != store.Requested {
		if a.State == store.Refused {
			return nil, nil
		}
		return nil, errAnswered
	}
	a.State, a.Why, a.Reason = store.Refused, n.Why, n.Reason
	if n.Held != nil {
		if err := o.compareHeld(ctx, tx, &a, *n.Held); err != nil {
			return nil, err
		}
	}
	if err := tx.Decide(ctx, a); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "receive-refusal", Subject: a.Code.Reveal(), Case: a.Request, Detail: n.Why})
	return nil, nil
}

var errAnswered = exchange.Reject("already-answered",
	"この申請には、すでに別の回答が届いています。どちらが正しいか、認証局で確かめてください。",
	"another answer to this application has come before: the CA must say which is right")

// answered finds the application that an answer is about.
func (o *Municipality) answered(ctx context.Context, tx *store.Tx, request string, code resident.RecordCode, p cert.Profile) (store.Application, error) {
	a, found, err := tx.Application(ctx, request)
	if err != nil {
		return a, err
	}
	if !found || a.Code != code || a.Profile != p {
		return a, exchange.Reject("unknown-request",
			"この申請は、この市区町村の記録にないか、別の方または別の種類のものです。認証局で宛先を確かめてください。",
			"this municipality knows no such application for this holder and profile: the CA must check whom it answers")
	}
	return a, nil
}

// HolderKey hands out the private key that was made at the counter, PEM, once and within ten minutes.
func (o *Municipality) HolderKey(ctx context.Context, request string) ([]byte, error) {
	who, err := clerk(ctx, access.IssueCertificate)
	if err != nil {
		return nil, err
	}
	key, there := o.shelf.take(request)
	if !there {
		return nil, plain.Bad("key",
			"秘密鍵はもうありません。渡せるのは、申請から10分以内に一度だけです。渡していないときは、電子証明書を失効させて申請し直してください。",
			"The private key is gone: it is handed over once, within ten minutes. If the holder does not have it, revoke the certificate and apply again.")
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		a, found, err := tx.Application(ctx, request)
		if err != nil || !found {
			return nil, err
		}
		if a.State == store.Refused || a.State == store.Checking {
			return nil, errKeyOfNothing
		}
		if err := o.handsOver(ctx, tx, who, a.Person, request); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "hand-over-key", Subject: a.Code.Reveal(), Case: request})
		return nil, nil
	})
	if err != nil {
		o.shelf.back(request, key) // what is not recorded has not been done, and there is no other copy
		return nil, err
	}
	return key.pem, nil
}

var errKeyOfNothing = plain.Bad("key", "この申請は発行されませんでした。この秘密鍵に対応する電子証明書はないので、渡さないでください。",
	"This application was refused. There is no certificate for this key, so it is not handed over.")

// HolderCertificate gives out a certificate that was issued, DER, and writes down that it was: one for signatures states
// the holder's name, birth, sex and address.
func (o *Municipality) HolderCertificate(ctx context.Context, request string) (der []byte, err error) {
	who, err := clerk(ctx, access.LookAtCertificate)
	if err != nil {
		return nil, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		a, found, err := tx.Application(ctx, request)
		switch {
		case err != nil:
			return nil, err
		case !found || a.State != store.Issued:
			return nil, plain.Bad("request",
				"この申請の電子証明書は、発行されていません。申請の画面で状態を確かめてください。",
				"No certificate was issued for this application: see on its page how it stands.")
		}
		if err := o.handsOver(ctx, tx, who, a.Person, request); err != nil {
			return nil, err
		}
		der = a.Certificate
		return nil, o.looked(ctx, tx, a.Code, look.Four|look.Certificates, "certificate of an application")
	})
	return der, err
}

// Standing is how a certificate stands as far as the municipality knows: what it asked for, what it filed, and the time.
// Only the CA's side answers for its status (OCSP).
type Standing string

// The standings.
const (
	StandsChecking Standing = "checking" // another person is to check the applicant
	StandsWaiting  Standing = "waiting"  // the CA has not answered
	StandsRefused  Standing = "refused"  // not issued
	StandsAlive    Standing = "alive"    // issued, and nothing filed here has ended it
	StandsChanged  Standing = "changed"  // a change that was filed later ends it
	StandsRevoked  Standing = "revoked"  // the holder asked to have it revoked
	StandsExpired  Standing = "expired"
)

// standing judges an application by the versions of its person.
func standing(a store.Application, versions []store.Version, now time.Time) Standing {
	switch {
	case a.State == store.Checking:
		return StandsChecking
	case a.State == store.Requested:
		return StandsWaiting
	case a.State == store.Refused:
		return StandsRefused
	case a.RevokeReason.Valid():
		return StandsRevoked
	}
	for _, v := range versions {
		if v.Number > a.Version && dies(a.Profile, v.Kills) {
			return StandsChanged
		}
	}
	if !now.Before(a.NotAfter) {
		return StandsExpired
	}
	return StandsAlive
}

// dies tells whether an effect ends a certificate of a profile.
func dies(p cert.Profile, e resident.Effect) bool {
	return p == cert.Signature && e.Signature || p == cert.Authentication && e.Authentication
}
