package ca

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
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

// unheeded is the alarm about them.
func (o *CA) unheeded() alarm.Source {
	return alarm.Patrol(o.Store, alarm.Patrolled[Unheeded]{
		Name:  "unheeded notices",
		Look:  o.Unheeded,
		Since: func(u Unheeded) time.Time { return u.Since },
		Says: func(found []Unheeded) alarm.Signal {
			serial := found[0].Serial.String()
			return alarm.Signal{Code: alarm.RowChanged, Peer: o.cfg.NationalCenter, About: "notices", Href: "/certificates/" + serial,
				Detail: say(
					fmt.Sprintf("失効を求められて受けたのに、失効していない電子証明書があります（発行番号 %s ほか）。", serial),
					fmt.Sprintf("a certificate whose revocation was demanded and taken is not revoked (serial %s, and any others)", serial))}
		},
	})
}
