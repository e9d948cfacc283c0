package ca

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/lint"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// toSign is an intent, and what the records say the certificate should be.
type toSign struct {
	store.Intent
	want lint.Want
	list lint.ListWant // of a list
}

// prepareAll reads what the lint needs, from the rows and from the applications as they came, never from the bytes that it judges.
func (o *CA) prepareAll(ctx context.Context, tx *store.Tx, items []due.Item) ([]any, error) {
	ids := make([]int64, len(items))
	for n, item := range items {
		var err error
		if ids[n], err = intentID(item.Ref); err != nil {
			return nil, err
		}
	}
	intents, err := tx.IntentsBy(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]any, len(items))
	var users []*toSign
	for n, i := range intents {
		s, err := o.prepare(ctx, tx, i)
		if err != nil {
			return nil, err
		}
		if all[n] = s; i.Kind == store.UserCertificate {
			users = append(users, s)
		}
	}
	return all, ofUsers(ctx, tx, users)
}

// prepare reads what is needed of one intent; of a user's certificate ofUsers reads the rest.
func (o *CA) prepare(ctx context.Context, tx *store.Tx, i store.Intent) (*toSign, error) {
	s := &toSign{Intent: i}
	var err error
	if i.Kind.IsList() {
		s.list, err = o.wantList(ctx, tx, i)
		return s, err
	}
	a, ok := o.byID[i.Issuer]
	if !ok {
		return s, fmt.Errorf("the key of the CA %s is not here", i.Issuer)
	}
	s.want.Profile, s.want.Issuer, s.want.OCSP = a.Profile(), a.Certificate(), o.cfg.OCSPURL
	if s.want.Serial, err = cert.ParseSerial(i.Subject); err != nil {
		return s, err
	}
	if i.Kind == store.ResponderCertificate {
		return s, s.ofResponder(ctx, tx)
	}
	return s, nil
}

func (s *toSign) ofResponder(ctx context.Context, tx *store.Tx) error {
	n, err := asked[message.ResponderRequest](message.KindResponderRequest, s.Request)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(n.PublicKey)
	r, found, err := tx.ResponderOf(ctx, s.Issuer, hash[:])
	if err != nil {
		return err
	}
	if !found || r.Serial != s.want.Serial {
		return fmt.Errorf("no certificate %s of an OCSP signer is intended", s.Subject)
	}
	s.want.Public, s.want.From, s.want.Until = n.PublicKey, r.NotBefore, r.NotAfter
	return nil
}

func ofUsers(ctx context.Context, tx *store.Tx, all []*toSign) error {
	serials := make([]cert.Serial, len(all))
	for n, s := range all {
		serials[n] = s.want.Serial
	}
	certificates, err := tx.Certificates(ctx, serials)
	if err != nil {
		return err
	}
	for n, s := range all {
		if err := s.ofUser(certificates[n]); err != nil {
			return err
		}
	}
	return nil
}

func (s *toSign) ofUser(c store.Certificate) error {
	n, err := asked[message.CertRequest](message.KindCertRequest, s.Request)
	if err != nil {
		return err
	}
	if c.Profile != s.want.Profile {
		return fmt.Errorf("no certificate %s of this CA is intended", s.Subject)
	}
	part, no := partitionOf(c.Municipality, c.NotBefore)
	if no != nil {
		return plain.Bad("municipality", no.JA, no.EN)
	}
	w := &s.want
	w.Public, w.From, w.Until, w.Counter, w.Replaces = n.PublicKey, c.NotBefore, c.NotAfter, n.Window, c.Replaced.Until
	w.Prefecture, w.Municipality = part.Prefecture, part.Municipality
	four := n.Holder.BasicFour
	w.Birth = cert.Birthday{Month: four.Birth.Month(), Day: four.Birth.Day()}
	if c.Profile == cert.Signature {
		w.Holder, err = jpki.NewHolder(four.Name.Reveal(), string('0'+rune(four.Sex)), four.Birth.Year(), four.Birth.Month(), four.Birth.Day(), four.Address.Reveal())
	}
	return err
}

// asked reads the payload that asked for a certificate.
func asked[P message.Payload](kind message.Kind, body []byte) (n P, err error) {
	payload, err := message.Decode(kind, body)
	if err != nil {
		return n, fmt.Errorf("couldn't read the application again: %w", err)
	}
	n, ok := payload.(P)
	if !ok {
		return n, fmt.Errorf("an application is a %T", payload)
	}
	return n, nil
}

// lint judges the bytes that were written down, before the key is asked. A finding means that a program is wrong, so that
// the intent stays, with all that led to it, until a person has looked.
func (s toSign) lint() error {
	var err error
	switch s.Kind {
	case store.UserCertificate:
		err = lint.User(s.TBS, s.want)
	case store.ResponderCertificate:
		err = lint.OCSPSigner(s.TBS, s.want)
	case store.RevocationList, store.DeltaList:
		return s.lintList()
	}
	var findings lint.Findings
	if errors.As(err, &findings) {
		says := findings.Sentence()
		return plain.Bad("", says.JA, says.EN)
	}
	return err
}

// lintRoot judges a CA's own certificate at the founding ceremony.
func lintRoot(p cert.Profile, by jpki.Operator, key crypto.Signer, serial cert.Serial, from time.Time, tbs []byte) error {
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return lint.CA(tbs, lint.Want{Profile: p, Serial: serial, Public: public, From: from, Governor: by.Latin, GovernorJapanese: by.Japanese})
}
