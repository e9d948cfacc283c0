package ca

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/message"
)

const (
	// responderLife is short because nobody can ask whether an OCSP signer is revoked (RFC 6960 4.2.2.2.1).
	responderLife = 30 * 24 * time.Hour
	// stillGood is how much of its life a certificate must have left to be sent again instead of another.
	stillGood = responderLife / 2
)

// onResponderRequest certifies the key with which the validation authority answers for one of our CAs.
func (o *CA) onResponderRequest(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResponderRequest) ([]message.Out, error) {
	a, ok := o.byID[n.Issuer]
	if !ok {
		return nil, exchange.Reject("unknown-issuer",
			"この認証局の鍵はここにありません。認証局の証明書を確かめてください。",
			"the key of this CA is not here: check the CA certificate")
	}
	public, no, err := o.fitKey(n.PublicKey, cert.Algorithms...) // an OCSP signer's key is on no card
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(n.PublicKey)
	if no == nil {
		// Whoever holds it could answer for his own certificate.
		held, err := tx.KeyHeld(ctx, hash[:])
		if err != nil {
			return nil, err
		}
		if held {
			no = keyInUse
		}
	}
	if no != nil {
		return nil, exchange.Reject(no.why, no.JA, no.EN)
	}
	has, found, err := tx.ResponderOf(ctx, n.Issuer, hash[:])
	if err != nil {
		return nil, err
	}
	if found && has.NotAfter.After(tx.Now().Add(stillGood)) {
		if len(has.DER) == 0 {
			return nil, nil // it is being signed
		}
		return []message.Out{{To: d.Sender, Body: message.ResponderIssued{Issuer: n.Issuer, Certificate: has.DER}}}, nil
	}
	serial, err := cert.NewSerial(o.Rand)
	if err != nil {
		return nil, err
	}
	from := tx.Now().Truncate(time.Second)
	r := store.Responder{Serial: serial, Issuer: n.Issuer, KeyHash: hash[:], NotBefore: from, NotAfter: cert.Earlier(from.Add(responderLife), a.NotAfter())}
	tbs, err := a.OCSPSignerTBS(jpki.OCSPSigner{Serial: serial, Public: public, NotBefore: r.NotBefore, NotAfter: r.NotAfter,
		CommonName: "OCSP " + from.In(cert.JST).Format("2006-01")})
	if err != nil {
		return nil, err
	}
	request, err := message.Encode(n)
	if err != nil {
		return nil, err
	}
	tx.IntendResponder(r)
	o.intend(tx, store.Intent{Kind: store.ResponderCertificate, Issuer: n.Issuer, Subject: serial.String(), TBS: tbs, Request: request, Requester: d.Sender, Trace: d.Trace})
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "intend", Subject: serial.String(), Case: d.ID.String(), Detail: "responder"})
	return nil, nil
}

func (o *CA) onResponderSigned(ctx context.Context, tx *store.Tx, i store.Intent, der []byte) ([]message.Out, error) {
	serial, err := cert.ParseSerial(i.Subject)
	if err != nil {
		return nil, err
	}
	if err := tx.IssueResponder(ctx, serial, der); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(o.Self), Act: "issue", Subject: i.Subject, Case: i.Trace, Detail: "responder"})
	return []message.Out{{To: i.Requester, Body: message.ResponderIssued{Issuer: i.Issuer, Certificate: der}}}, nil
}
