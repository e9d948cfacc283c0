package ca

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Unheeded is a certificate that lives though a notice that was taken demanded its end (聞き流された異動等失効情報).
type Unheeded struct {
	Notice string // its key in the book of revocations
	Serial cert.Serial
	Since  time.Time // when the notice was taken
}

// Unheeded looks through a page of the notices that were taken, from after a cursor ("" for the beginning), for such whose
// certificate lives. next is "" at the end. No rule leaves one behind: each is somebody's hand in the tables, or a fault.
func (o *CA) Unheeded(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) (found []Unheeded, next string, err error) {
	all, next, err := o.in(tx).Unheeded(ctx, cursor, limit)
	for _, u := range all {
		found = append(found, Unheeded(u))
	}
	return found, next, err
}
