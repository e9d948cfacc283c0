package validation

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

const dueResponder = "responder"

// responder is a key that answers for one CA.
type responder struct {
	key         crypto.Signer
	certificate []byte
	keyID       []byte           // as answers name who signed them
	forms       []*ocspwire.Form // of its answers, for each of the CA's names
	algorithm   []byte           // AlgorithmIdentifier of its signatures
	notAfter    time.Time
}

// planResponders plans, at the start, when each CA is asked for the next certificate: at once when there is none that can
// be used and none was asked for.
func (o *Validation) planResponders(ctx context.Context, tx *store.Tx) error {
	for _, r := range o.roots {
		has, err := tx.Responders(ctx, r.id, tx.Now())
		if err != nil {
			return err
		}
		asked := slices.ContainsFunc(has, func(r store.Responder) bool { return len(r.DER) == 0 })
		_, used := o.usable(ctx, r.id, has, tx.Now())
		switch {
		case used != nil:
			err = o.planRenewal(ctx, tx, *used)
		case !asked:
			err = o.planAsking(ctx, tx, r.id, tx.Now())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// usable opens the first of a CA's keys that can answer now. One that is damaged keeps nobody from being answered with
// another; how many are is counted for the screen.
func (o *Validation) usable(ctx context.Context, issuer string, has []store.Responder, now time.Time) (first *responder, of *store.Responder) {
	damaged := 0
	for _, h := range has {
		if len(h.DER) == 0 || now.Before(h.NotBefore) || !now.Before(h.NotAfter) {
			continue
		}
		r, err := o.openResponder(h)
		if err != nil {
			damaged++
			o.Log.ErrorContext(ctx, "a key that answers cannot be used", "issuer", issuer, "key", h.Name, "error", err)
			continue
		}
		if first == nil {
			first, of = r, &h
		}
	}
	o.responderMu.Lock()
	defer o.responderMu.Unlock()
	o.damaged[issuer] = damaged
	return first, of
}

// planRenewal plans to ask when two thirds of a certificate's life are over, so that the CA may be away for the rest.
func (o *Validation) planRenewal(ctx context.Context, tx *store.Tx, r store.Responder) error {
	return o.planAsking(ctx, tx, r.Issuer, r.NotBefore.Add(r.NotAfter.Sub(r.NotBefore)*2/3))
}

func (o *Validation) planAsking(ctx context.Context, tx *store.Tx, issuer string, at time.Time) error {
	if _, err := due.Remove(ctx, tx.Tx, dueResponder, issuer); err != nil {
		return err
	}
	due.Add(tx.Tx, at, dueResponder, issuer, nil)
	return nil
}

// newKey is a key that was made, or found again after a step that was cut off.
type newKey struct {
	name   string
	public []byte // SubjectPublicKeyInfo
}

// responderRule makes a key and asks the CA to certify it. Each certificate gets a key of its own, named by the day.
func (o *Validation) responderRule() due.Rule {
	return due.Rule{
		Kind: dueResponder,
		Prepare: func(_ context.Context, tx *sqlstore.Tx, item due.Item) (any, error) {
			r, ok := o.byID[item.Ref]
			if !ok {
				return nil, fmt.Errorf("the CA %s is not known here", item.Ref)
			}
			return fmt.Sprintf("ocsp-%s-%s-%s", r.profile, r.id[:8], tx.Now().In(cert.JST).Format("20060102")), nil
		},
		Outside: func(_ context.Context, prepared any) (any, error) {
			name := prepared.(string)
			key, _, err := o.cfg.Keys.Ensure(o.Rand, name, o.cfg.Algorithm)
			if err != nil {
				return nil, err
			}
			public, err := x509.MarshalPKIXPublicKey(key.Public())
			return newKey{name, public}, err
		},
		Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
			k := result.(newKey)
			first, err := o.in(tx).AskFor(ctx, store.Responder{Issuer: item.Ref, Name: k.name, PublicKey: k.public})
			if err != nil || !first {
				return nil, err // asked today already
			}
			return []message.Out{{To: o.byID[item.Ref].ca.org, Body: message.ResponderRequest{Issuer: item.Ref, PublicKey: k.public}}}, nil
		},
	}
}

// onResponderIssued takes the certificate of a key, if relying parties will accept it (RFC 6960 4.2.2.2).
func (o *Validation) onResponderIssued(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResponderIssued) ([]message.Out, error) {
	r, err := o.rootOf(d.Sender, n.Issuer)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(n.Certificate)
	if err != nil || c.CheckSignatureFrom(r.certificate) != nil || !bytes.Equal(c.AuthorityKeyId, r.certificate.SubjectKeyId) ||
		!slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
		return nil, exchange.Reject("bad-responder-certificate",
			"OCSP応答者の証明書として使えません。認証局の鍵で、OCSP署名の用途のものを発行してください。",
			"this is no certificate of an OCSP responder by this CA: issue one for signing OCSP answers, with the CA's key")
	}
	ours, err := tx.Certified(ctx, store.Responder{Issuer: n.Issuer, PublicKey: c.RawSubjectPublicKeyInfo, NotBefore: c.NotBefore, NotAfter: c.NotAfter, DER: n.Certificate})
	if err != nil {
		return nil, err
	}
	if !ours {
		return nil, exchange.Reject("not-our-key",
			"この証明書の鍵は、ここで作ったものではありません。依頼した鍵の証明書を発行してください。",
			"the key in this certificate was not made here: certify the key that was asked for")
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "certify-responder", Subject: n.Issuer, Case: d.ID.String()})
	tx.OnCommit(func() {
		o.forgetResponder(n.Issuer)
		o.heardOf(r)
		o.goRound() // there may be answers that nobody could sign before
	})
	return nil, o.planRenewal(ctx, tx, store.Responder{Issuer: n.Issuer, NotBefore: c.NotBefore, NotAfter: c.NotAfter})
}

func (o *Validation) forgetResponder(issuer string) {
	o.responderMu.Lock()
	defer o.responderMu.Unlock()
	delete(o.responders, issuer)
}

// damagedOf is how many of a CA's keys could not be used when one was looked for.
func (o *Validation) damagedOf(issuer string) int {
	o.responderMu.Lock()
	defer o.responderMu.Unlock()
	return o.damaged[issuer]
}

// responderOf is the key that answers for a CA now; nil when there is none yet, or its certificate has run out.
func (o *Validation) responderOf(ctx context.Context, issuer string, now time.Time) (*responder, error) {
	o.responderMu.Lock()
	known := o.responders[issuer]
	o.responderMu.Unlock()
	if known != nil && now.Before(known.notAfter) {
		return known, nil
	}
	var has []store.Responder
	err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		has, err = o.in(tx).Responders(ctx, issuer, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	r, _ := o.usable(ctx, issuer, has, now)
	if r == nil {
		return nil, nil
	}
	o.responderMu.Lock()
	defer o.responderMu.Unlock()
	o.responders[issuer] = r
	return r, nil
}

func (o *Validation) openResponder(h store.Responder) (*responder, error) {
	key, err := o.cfg.Keys.Signer(h.Name)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(h.DER)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the responder's certificate: %w", err)
	}
	if own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(c.PublicKey) {
		return nil, fmt.Errorf("the key %s is not the one that was certified", h.Name)
	}
	a, err := pki.AlgorithmOf(c.PublicKey)
	if err != nil {
		return nil, err
	}
	r := &responder{key: key, certificate: h.DER, notAfter: c.NotAfter}
	if r.algorithm, err = pki.AlgorithmIdentifier(a); err != nil {
		return nil, err
	}
	if r.keyID, err = ocspwire.ResponderKeyOf(c); err != nil {
		return nil, err
	}
	for _, name := range o.byID[h.Issuer].names {
		f, err := ocspwire.NewForm(name, r.keyID, r.algorithm, r.certificate)
		if err != nil {
			return nil, err
		}
		r.forms = append(r.forms, f)
	}
	return r, nil
}
