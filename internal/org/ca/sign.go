package ca

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// signDeadline is how long a signature may take: two tokens, one after the other, may each take the time that they have.
const signDeadline = 15 * time.Second

// signRule turns an intent into what was intended. After a crash at any point it is called again with the same bytes: with
// RSA the signature is the same too, with ECDSA it is another one over the same bytes, and only the one that is stored leaves the CA.
func (o *CA) signRule() due.Rule {
	return due.Rule{
		Kind:     dueSign,
		Deadline: signDeadline,
		Prepare: func(ctx context.Context, tx *sqlstore.Tx, item due.Item) (any, error) {
			id, err := intentID(item.Ref)
			if err != nil {
				return nil, err
			}
			i, found, err := o.in(tx).Intent(ctx, id)
			if err != nil {
				return nil, err
			}
			if !found {
				return nil, errors.New("the intent is gone")
			}
			return o.prepare(ctx, o.in(tx), i)
		},
		Outside: func(ctx context.Context, prepared any) (any, error) {
			s, err := o.sign(ctx, prepared.(toSign))
			if errors.Is(err, hsm.ErrNoneReady) { // which the alarm tokens-away says
				err = due.Later(err)
			}
			return s, err
		},
		Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
			return o.onSigned(ctx, o.in(tx), result.(signed))
		},
	}
}

// signed is a signed intent.
type signed struct {
	intent int64
	der    []byte
}

// sign lints and signs, outside of any transaction: the key may be in a device that takes its time. What came back is read again
// by other code than that which built it, and its signature checked with the CA's certificate, before anybody hears of it.
func (o *CA) sign(ctx context.Context, i toSign) (signed, error) {
	if err := i.lint(); err != nil {
		return signed{}, err
	}
	a, ok := o.byID[i.Issuer]
	if !ok {
		return signed{}, fmt.Errorf("the key of the CA %s is not here", i.Issuer)
	}
	signature, err := pki.SignTBSContext(ctx, o.Rand, a.key, i.TBS)
	if err != nil {
		return signed{}, err
	}
	out := signed{intent: i.ID}
	if i.Kind.IsList() {
		if out.der, err = a.AssembleCRL(i.TBS, signature); err != nil {
			return signed{}, err
		}
		return out, a.readsBack(out.der)
	}
	if out.der, err = pki.AssembleCertificate(i.TBS, signature); err != nil {
		return signed{}, err
	}
	c, err := x509.ParseCertificate(out.der)
	if err != nil {
		return signed{}, fmt.Errorf("couldn't read what was signed: %w", err)
	}
	return out, c.CheckSignatureFrom(a.certificate)
}

// onSigned stores what was signed and tells those who have to know, if it is what was intended.
func (o *CA) onSigned(ctx context.Context, tx *store.Tx, s signed) ([]message.Out, error) {
	i, found, err := tx.Intent(ctx, s.intent)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("the intent is gone")
	}
	tbs, err := pki.TBSOf(s.der)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(tbs, i.TBS) {
		return nil, errors.New("what was signed is not what was intended")
	}
	if err := tx.DropIntent(ctx, i.ID); err != nil {
		return nil, err
	}
	var outs []message.Out
	switch i.Kind {
	case store.UserCertificate:
		outs, err = o.onCertificateSigned(ctx, tx, i, s.der)
	case store.ResponderCertificate:
		outs, err = o.onResponderSigned(ctx, tx, i, s.der)
	case store.RevocationList, store.DeltaList:
		outs, err = o.onListSigned(ctx, tx, i, s.der)
	default:
		err = fmt.Errorf("an intent of the kind %s is not known", i.Kind)
	}
	for n := range outs {
		outs[n].Trace = i.Trace
	}
	return outs, err
}

func (o *CA) onCertificateSigned(ctx context.Context, tx *store.Tx, i store.Intent, der []byte) ([]message.Out, error) {
	n, err := asked[message.CertRequest](message.KindCertRequest, i.Request)
	if err != nil {
		return nil, err
	}
	serial, err := cert.ParseSerial(i.Subject)
	if err != nil {
		return nil, err
	}
	ended, err := o.endReplaced(ctx, tx, serial, i.Trace)
	if err != nil {
		return nil, err
	}
	c, stored, err := tx.Issue(ctx, serial, der)
	if err != nil {
		return nil, err
	}
	if !stored {
		return nil, fmt.Errorf("no certificate %s is intended", serial)
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(o.Self), Act: "issue", Subject: serial.String(), Case: i.Trace, Detail: c.Profile.String()})
	notice := c.Issuance()
	if c.Profile == cert.Signature { // the other one states neither
		notice.Name, notice.Address = n.Holder.Name, n.Holder.Address
	}
	return append(ended, []message.Out{
		{To: o.cfg.Validation, Body: c.Good()},
		{To: i.Requester, Body: message.CertIssued{Request: n.Request, Profile: c.Profile, Code: c.Holder, Serial: serial, Certificate: der, Version: c.Version}},
		{To: o.cfg.NationalCenter, Body: notice},
	}...), nil
}
