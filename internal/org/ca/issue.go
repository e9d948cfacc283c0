package ca

import (
	"context"
	"crypto/sha256"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/message"
)

// onCertRequest takes an application. It writes down what will be signed, or answers why there is no certificate.
func (o *CA) onCertRequest(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRequest) ([]message.Out, error) {
	hash := sha256.Sum256(n.PublicKey)
	known, partition, err := tx.Known(ctx, store.Certificate{Requester: d.Sender, Request: n.Request, KeyHash: hash[:], Holder: n.Holder.Code,
		Profile: n.Profile, Issuer: o.byProfile[n.Profile].id, Municipality: n.Holder.Municipality})
	if err != nil {
		return nil, err
	}
	if known {
		was, asked, err := tx.Requested(ctx, d.Sender, n.Request)
		if err != nil {
			return nil, err
		}
		if asked {
			return o.answerAgain(d, n, was)
		}
	}
	if err := o.wereChecked(ctx, tx, d, n); err != nil {
		return nil, err
	}
	public, no, err := o.fitKey(n.PublicKey, o.byProfile[n.Profile].Certifies()...)
	if err != nil {
		return nil, err
	}
	var part jpki.Partition
	if no == nil {
		part, no = partitionOf(n.Holder.Municipality, tx.Now())
	}
	if no == nil {
		no = mayHold(n, d.Sender, tx.Now())
	}
	var renews store.Certificate
	if no == nil && known {
		renews, no, err = o.isFree(ctx, tx, n, hash[:])
		if err != nil {
			return nil, err
		}
	}
	var c store.Certificate
	var tbs []byte
	if no == nil {
		c, tbs, no, err = o.draft(tx, n, part, public, renews)
		if err != nil {
			return nil, err
		}
	}
	if no != nil {
		if err := tx.CountRefusal(ctx, d.Sender, n.Profile, no.why); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "refuse", Subject: n.Holder.Code.Reveal(), Case: d.ID.String(), Detail: no.why})
		return []message.Out{{To: d.Sender, Body: message.CertRefused{Request: n.Request, Profile: n.Profile, Code: n.Holder.Code,
			Why: no.why, Reason: no.Sentence, Held: no.held}}}, nil
	}
	request, err := message.Encode(n)
	if err != nil {
		return nil, err
	}
	c.Requester, c.KeyHash = d.Sender, hash[:]
	tx.Intend(c)
	o.intend(tx, store.Intent{Kind: store.UserCertificate, Issuer: c.Issuer, Subject: c.Serial.String(), TBS: tbs, Request: request,
		Requester: d.Sender, Trace: d.Trace})
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "intend", Subject: c.Serial.String(), Case: d.ID.String(), Detail: n.Profile.String()})
	if partition {
		return nil, nil
	}
	return nil, o.ensurePartition(ctx, tx, c, part)
}

// answerAgain answers an application that was made before: a counter that was restored from a copy asks again.
func (o *CA) answerAgain(d exchange.Delivery, n message.CertRequest, was store.Certificate) ([]message.Out, error) {
	if was.Holder != n.Holder.Code || was.Profile != n.Profile {
		return nil, exchange.Reject("request-number-reused",
			"この申請番号は、別の申請に使われています。新しい番号で申請してください。",
			"this application number belongs to another application: apply under a new number")
	}
	switch {
	case len(was.DER) == 0 && was.State == store.Intended:
		return nil, nil // the certificate is being signed, and the answer is on its way
	case len(was.DER) == 0:
		return []message.Out{{To: d.Sender, Body: refused(was, cameToNothing(was))}}, nil
	}
	return []message.Out{{To: d.Sender, Body: message.CertIssued{Request: was.Request, Profile: was.Profile, Code: was.Holder,
		Serial: was.Serial, Certificate: was.DER, Version: was.Version}}}, nil
}

// refused is the answer about an application that was taken and came to nothing.
func refused(c store.Certificate, no *refusal) message.CertRefused {
	return message.CertRefused{Request: c.Request, Profile: c.Profile, Code: c.Holder, Why: no.why, Reason: no.Sentence}
}
