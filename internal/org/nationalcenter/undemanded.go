package nationalcenter

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Undemanded is a certificate that an invalidation has killed and of which the CA was not told (求められなかった失効).
type Undemanded struct {
	Serial cert.Serial
	Since  time.Time // when the invalidation, or the certificate, was written down, whichever is later
}

// Undemanded looks through a page of the certificates that are held for living, from after a cursor ("" for the beginning),
// for such that an invalidation kills. next is "" at the end. No rule leaves one behind: each is somebody's hand in the
// tables, or a fault.
func (o *Center) Undemanded(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) (found []Undemanded, next string, err error) {
	all, next, err := o.in(tx).Undemanded(ctx, cursor, limit)
	for _, u := range all {
		found = append(found, Undemanded(u))
	}
	return found, next, err
}
