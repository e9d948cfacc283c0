package inquiry

import (
	"context"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

var errWithheld = plain.Bad("person",
	"支援措置中の方についてのものです。ここではだれにも示しません。必要なときは、措置を決めた市区町村に問い合わせてください。",
	"This is about somebody who is protected, and is shown to nobody here. Ask the municipality that decided on the protection.")

// Admitting is the gate of an organisation that releases nobody (host.Admits): what is about a person who is withheld is shown to nobody
// there, and the ground stays as it was given. withheld is that of the organisation's Desk; its errors refuse.
func Admitting(withheld func(ctx context.Context, tx *sqlstore.Tx, code resident.RecordCode) (bool, error)) host.Admits {
	return func(ctx context.Context, tx *sqlstore.Tx, ground look.Ground, codes []resident.RecordCode) (look.Ground, error) {
		for _, code := range codes {
			held, err := withheld(ctx, tx, code)
			if err != nil {
				return look.Ground{}, err
			}
			if held {
				return look.Ground{}, errWithheld
			}
		}
		return ground, nil
	}
}
