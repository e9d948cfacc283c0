package prefecture

import (
	"context"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// withheld tells whether somebody is shown to nobody here (inquiry.Desk), under any code that they have or had: not by a search, nor by
// provision. There is no release here: who must know asks the municipality that decided. An error withholds.
func (o *Prefecture) withheld(ctx context.Context, raw *sqlstore.Tx, code resident.RecordCode) (bool, error) {
	codes, err := o.in(raw).Codes(ctx, code)
	if err != nil {
		return true, err
	}
	standing, err := o.gate.Standing(ctx, raw, protection.Index, codes...)
	if err != nil {
		return true, err
	}
	return standing.Held, nil
}

// errWithheld is what somebody is told who would open what is about a protected person.
var errWithheld = plain.Bad("person",
	"支援措置中の方についてのものです。ここではだれにも示しません。必要なときは、措置を決めた市区町村に問い合わせてください。",
	"This is about somebody who is protected, and is shown to nobody here. Ask the municipality that decided on the protection.")

// admits is the gate of pages that show what came or went about persons (host.Admits).
func (o *Prefecture) admits(ctx context.Context, raw *sqlstore.Tx, ground look.Ground, codes []resident.RecordCode) (look.Ground, error) {
	for _, code := range codes {
		held, err := o.withheld(ctx, raw, code)
		if err != nil {
			return look.Ground{}, err
		}
		if held {
			return look.Ground{}, errWithheld
		}
	}
	return ground, nil
}
