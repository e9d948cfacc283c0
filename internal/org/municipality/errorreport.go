package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// recordOf is the present version of whoever has or had a code: an answer that a record was corrected names it.
func (o *Municipality) recordOf(ctx context.Context, plainTx *sqlstore.Tx, code resident.RecordCode) (errorreport.Held, bool, error) {
	tx := o.in(plainTx)
	holder, known, err := tx.ByCode(ctx, code)
	if err != nil || !known {
		return errorreport.Held{}, false, err
	}
	v, found, err := tx.Current(ctx, holder.Person)
	return errorreport.Held{Version: v.Number}, found, err
}
