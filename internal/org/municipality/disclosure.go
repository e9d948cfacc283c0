package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/disclosure"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// AcceptDisclosure takes a person's own request: to be told what is recorded and who looked at it (30条の37), or to have it
// corrected (30条の40), in the person's words. The clerk in the context has checked by the evidence who asks. It returns the number of the request.
func (o *Municipality) AcceptDisclosure(ctx context.Context, who PersonID, kind disclosure.Kind, wish string, e identity.Evidence) (id string, err error) {
	by, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return "", err
	}
	if _, err := e.Way(); err != nil {
		return "", err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		if err := o.admits(ctx, tx, protection.Register, by, who); err != nil {
			return nil, err
		}
		_, found, err := tx.Current(ctx, who)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, errNobody
		}
		r := disclosure.Request{Kind: kind, Person: int64(who), Wish: wish}
		if r.Codes, err = tx.Codes(ctx, who); err != nil {
			return nil, err
		}
		ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
		if err != nil {
			return nil, err
		}
		if r, err = disclosure.Accept(ctx, tx.Tx, access.From(ctx), o.Self, ground, r, []message.Org{o.prefecture, o.center}); err != nil {
			return nil, err
		}
		id = r.ID
		_, err = identity.In(tx.Tx).Record(identity.Disclosure, id, who.String(), access.From(ctx), e)
		return nil, err
	})
	return id, err
}

// Disclosed is what a person is told.
type Disclosed struct {
	disclosure.Request
	Now   store.Version
	Own   []disclosure.Look
	More  bool // there are older ones
	Parts []disclosure.Part
}

// Disclosed gives the answer to a request as far as it has come. To read it is a look at the person.
func (o *Municipality) Disclosed(ctx context.Context, id string) (d Disclosed, err error) {
	by, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return d, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		d = Disclosed{}
		var err error
		if d.Request, d.Parts, err = disclosure.Find(ctx, tx.Tx, id); err != nil {
			return nil, err
		}
		ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
		if err == nil {
			err = disclosure.MayDeal(access.From(ctx), o.Self, ground, d.Kind)
		}
		if err != nil {
			return nil, err
		}
		if err := o.admits(ctx, tx, protection.Register, by, store.Person(d.Person)); err != nil {
			d = Disclosed{}
			return nil, err
		}
		var found bool
		if d.Now, found, err = tx.Current(ctx, store.Person(d.Person)); err != nil {
			return nil, err
		}
		if !found {
			return nil, errNobody
		}
		// Before what is listed, so that this look stands in it, too.
		if err := o.lookedOn(ctx, tx, ground, d.Now.Record.Code, look.Four|look.Kana|look.Code|look.Looks, "disclosure"); err != nil {
			return nil, err
		}
		if err := tx.Flush(ctx); err != nil {
			return nil, err
		}
		d.Own, d.More, err = disclosure.Looks(ctx, tx.Tx, d.Codes)
		return nil, err
	})
	return d, err
}

// AnswerDisclosure records what a person was told, for the clerk in the context.
func (o *Municipality) AnswerDisclosure(ctx context.Context, id, outcome string) error {
	return o.onDisclosure(ctx, func(ctx context.Context, tx *store.Tx, g look.Ground) error {
		return disclosure.Answer(ctx, tx.Tx, access.From(ctx), o.Self, g, id, outcome)
	})
}

// ExtendDisclosure puts off the last day of a disclosure, for the clerk in the context.
func (o *Municipality) ExtendDisclosure(ctx context.Context, id string, last resident.Date, reason string) error {
	return o.onDisclosure(ctx, func(ctx context.Context, tx *store.Tx, g look.Ground) error {
		return disclosure.Extend(ctx, tx.Tx, access.From(ctx), o.Self, g, id, last, reason)
	})
}

func (o *Municipality) onDisclosure(ctx context.Context, do func(context.Context, *store.Tx, look.Ground) error) error {
	if _, err := clerk(ctx, access.LookAtPerson); err != nil {
		return err
	}
	_, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
		if err == nil {
			err = do(ctx, tx, ground)
		}
		return nil, err
	})
	return err
}
