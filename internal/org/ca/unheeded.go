package ca

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// unheeded is the alarm about notices that were taken and whose certificate lives (聞き流された異動等失効情報). No rule leaves
// one behind: each is somebody's hand in the tables, or a fault.
func (o *CA) unheeded() alarm.Source {
	return alarm.Patrol(o.Store, alarm.Patrolled[store.Unheeded]{
		Name: "unheeded notices",
		Look: func(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) ([]store.Unheeded, string, error) {
			return o.in(tx).Unheeded(ctx, cursor, limit)
		},
		Since: func(u store.Unheeded) time.Time { return u.Since },
		Says: func(found []store.Unheeded) alarm.Signal {
			serial := found[0].Serial.String()
			return alarm.Signal{Code: alarm.RowChanged, Peer: o.cfg.NationalCenter, About: "notices", Href: "/certificates/" + serial,
				Detail: say(
					fmt.Sprintf("失効を求められて受けたのに、失効していない電子証明書があります（発行番号 %s ほか）。", serial),
					fmt.Sprintf("a certificate whose revocation was demanded and taken is not revoked (serial %s, and any others)", serial))}
		},
	})
}
