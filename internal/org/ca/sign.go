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
		PrepareAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item) ([]any, error) {
			return o.prepareAll(ctx, o.in(tx), items)
		},
		Outside: func(ctx context.Context, prepared any) (any, error) {
			s, err := o.sign(ctx, prepared.(*toSign))
			if errors.Is(err, hsm.ErrNoneReady) { // which the alarm tokens-away says
				err = due.Later(err)
			}
			return s, err
		},
		FinishAll: func(ctx context.Context, tx *sqlstore.Tx, _ []due.Item, results []any) ([]message.Out, error) {
			all := make([]signed, len(results))
			for n, r := range results {
				all[n] = r.(signed)
			}
			return o.onSigned(ctx, o.in(tx), all)
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
func (o *CA) sign(ctx context.Context, i *toSign) (signed, error) {
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
func (o *CA) onSigned(ctx context.Context, tx *store.Tx, all []signed) (outs []message.Out, err error) {
	ids := make([]int64, len(all))
	for n, s := range all {
		ids[n] = s.intent
	}
	intents, err := tx.IntentsBy(ctx, ids)
	if err != nil {
		return nil, err
	}
	for n, s := range all {
		tbs, err := pki.TBSOf(s.der)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(tbs, intents[n].TBS) {
			return nil, errors.New("what was signed is not what was intended")
		}
	}
	if err := tx.DropIntents(ctx, ids); err != nil {
		return nil, err
	}
	for len(all) > 0 {
		i, many := intents[0], 1
		var told []message.Out
		switch i.Kind {
		case store.UserCertificate:
			for many < len(all) && intents[many].Kind == i.Kind {
				many++
			}
			told, err = o.onCertificatesSigned(ctx, tx, intents[:many], all[:many])
		case store.ResponderCertificate:
			told, err = o.onResponderSigned(ctx, tx, i, all[0].der)
			told = traced(i.Trace, told...)
		case store.RevocationList, store.DeltaList:
			told, err = o.onListSigned(ctx, tx, i, all[0].der)
			told = traced(i.Trace, told...)
		default:
			err = fmt.Errorf("an intent of the kind %s is not known", i.Kind)
		}
		if err != nil {
			return nil, err
		}
		outs, all, intents = append(outs, told...), all[many:], intents[many:]
	}
	return outs, nil
}

func traced(trace string, outs ...message.Out) []message.Out {
	for n := range outs {
		outs[n].Trace = trace
	}
	return outs
}

// onCertificatesSigned stores certificates with as few statements for many as for one. Each is of another person or another profile,
// since nobody has two of one kind that wait to be signed.
func (o *CA) onCertificatesSigned(ctx context.Context, tx *store.Tx, intents []store.Intent, all []signed) (outs []message.Out, err error) {
	serials := make([]cert.Serial, len(all))
	for n, i := range intents {
		if serials[n], err = cert.ParseSerial(i.Subject); err != nil {
			return nil, err
		}
	}
	certificates, err := tx.Certificates(ctx, serials)
	if err != nil {
		return nil, err
	}
	for n, c := range certificates {
		ended, err := o.endReplaced(ctx, tx, c, intents[n].Trace)
		if err != nil {
			return nil, err
		}
		outs = append(outs, traced(intents[n].Trace, ended...)...)
		certificates[n].DER = all[n].der
	}
	if err := tx.Issue(ctx, certificates); err != nil {
		return nil, err
	}
	for n, c := range certificates {
		i := intents[n]
		asked, err := asked[message.CertRequest](message.KindCertRequest, i.Request)
		if err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(o.Self), Act: "issue", Subject: i.Subject, Case: i.Trace, Detail: c.Profile.String()})
		notice := c.Issuance()
		if c.Profile == cert.Signature { // the other one states neither
			notice.Name, notice.Address = asked.Holder.Name, asked.Holder.Address
		}
		outs = append(outs, traced(i.Trace,
			message.Out{To: o.cfg.Validation, Body: c.Good()},
			message.Out{To: i.Requester, Body: message.CertIssued{Request: asked.Request, Profile: c.Profile, Code: c.Holder, Serial: c.Serial, Certificate: c.DER, Version: c.Version}},
			message.Out{To: o.cfg.NationalCenter, Body: notice})...)
	}
	return outs, nil
}
