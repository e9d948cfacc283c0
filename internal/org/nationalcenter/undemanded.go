package nationalcenter

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// undemanded is the alarm about certificates that may not live, after a change, a report or the issue of another one, and of which the CA
// was not told (求められなかった失効). No rule leaves one behind: each is somebody's hand in the tables, or a fault.
func (o *Center) undemanded() alarm.Source {
	return alarm.Patrol(o.Store, alarm.Patrolled[store.Undemanded]{
		Name: "undemanded revocations",
		Look: func(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) ([]store.Undemanded, string, error) {
			return o.in(tx).Undemanded(ctx, cursor, limit)
		},
		Since: func(u store.Undemanded) time.Time { return u.Since },
		Says: func(found []store.Undemanded) alarm.Signal {
			serial := found[0].Serial.String()
			return alarm.Signal{Code: alarm.RowChanged, Peer: found[0].CA, About: "demands", Href: "/reconcile",
				Detail: plain.Sentence{
					JA: fmt.Sprintf("異動や届出で失効するはずなのに、認証局に失効を求めていない電子証明書があります（発行番号 %s ほか）。", serial),
					EN: fmt.Sprintf("the CA was not told to revoke a certificate that a change or a report has ended (serial %s, and any others)", serial)}}
		},
	})
}
