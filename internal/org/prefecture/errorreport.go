package prefecture

import (
	"context"

	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// recordOf is how a record stands here: in which version, and which municipality told of it, whom an error in it is reported to
// (住民基本台帳法12条の5).
func (o *Prefecture) recordOf(ctx context.Context, tx *sqlstore.Tx, code resident.RecordCode) (errorreport.Held, bool, error) {
	s, err := o.states(tx).Standing(ctx, code)
	if err != nil || s == nil {
		return errorreport.Held{}, false, err
	}
	return errorreport.Held{Version: s.Version, ToldBy: s.ToldBy}, true, nil
}
