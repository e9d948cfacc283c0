package conform

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// applications are those of n new persons, each with a key of his own.
func (w *authorities) applications(first, n int) (requests []message.Out, err error) {
	for i := range n {
		key, err := ecdsa.GenerateKey(elliptic.P384(), w.ground.Rand)
		if err != nil {
			return nil, err
		}
		public, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return nil, err
		}
		of := change(first+i, fine).Body.(message.ResidentChange).After
		requests = append(requests, message.Out{To: theCA, Body: message.CertRequest{Request: fmt.Sprint("r", first+i), Profile: cert.Authentication,
			Holder: of, PublicKey: public, Window: city.Code() + "001"}})
	}
	return requests, nil
}

// intend has the CA take applications and write down what it will sign, and signs nothing.
func (w *authorities) intend(ctx context.Context, first, n int) error {
	requests, err := w.applications(first, n)
	if err != nil {
		return err
	}
	if err := w.send(ctx, city, w.city, requests); err != nil {
		return err
	}
	v, ok := w.ground.Clock.(*clock.Virtual)
	if !ok {
		return errors.New("the ground's clock is not virtual")
	}
	return clock.Drive(ctx, v, slices.Concat(w.city.Tasks(), w.ca.Exchange.Tasks()), v.Now())
}

// damageIntents changes what is to be signed, by hand.
func (w *authorities) damageIntents(ctx context.Context, poison queue.Poison) error {
	set := `tbs = substr(tbs, 1, 99)`
	args := []any{}
	switch poison {
	case queue.Undecodable:
		set, args = `tbs = $1`, []any{[]byte{0xff, 0xff, 0xff}}
	case queue.Foreign: // of a CA whose key is not here
		set, args = `issuer = $1`, []any{"00"}
	}
	return byHand(ctx, w.ca.Store, `UPDATE intent SET `+set+` WHERE kind = 'certificate'`, args...)
}

// openSigning is a CA that has taken applications, of which some cannot be signed.
func openSigning(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	w, err := openAuthorities(ctx, g)
	if err != nil {
		return nil, err
	}
	goods := 0
	return &queue.Rig{Tasks: w.tasks(), Close: w.close, Aside: due.Aside(w.ca.Store),
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			if err := w.intend(ctx, 0, n); err != nil {
				return err
			}
			return w.damageIntents(ctx, poison)
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			goods++
			person := goodPerson + int(g.Clock.Now().Sub(begin)/time.Millisecond) + goods
			err := w.intend(ctx, person, 1)
			return func(context.Context) (bool, error) { return w.has(resident.RecordCodeOf(uint64(person))), nil }, err
		}}, nil
}

// has tells whether a person has a certificate.
func (w *authorities) has(code resident.RecordCode) bool {
	return slices.ContainsFunc(w.issued, func(c message.CertIssued) bool { return c.Code == code })
}
