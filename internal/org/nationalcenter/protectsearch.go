package nationalcenter

import (
	"context"

	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// withheld tells whether somebody is shown to nobody here (inquiry.Desk), under any code that they have or had: not by a search, nor by
// provision. There is no release here: who must know asks the municipality that decided. An error withholds.
func (o *Center) withheld(ctx context.Context, raw *sqlstore.Tx, code resident.RecordCode) (bool, error) {
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
