package nationalcenter

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Undemanded is a certificate that an invalidation has killed and of which the CA was not told (求められなかった失効).
type Undemanded struct {
	Serial cert.Serial
	Since  time.Time // when the invalidation, or the certificate, was written down, whichever is later
}

// Undemanded looks through a page of the certificates, from after a cursor ("" for the beginning), for such that an
// invalidation kills and of which the CA was not told. next is "" at the end. No rule leaves one behind: each is
// somebody's hand in the tables, or a fault.
func (o *Center) Undemanded(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) (found []Undemanded, next string, err error) {
	all, next, err := o.in(tx).Undemanded(ctx, cursor, limit)
	for _, u := range all {
		found = append(found, Undemanded(u))
	}
	return found, next, err
}

// undemanded is the alarm about them.
func (o *Center) undemanded() alarm.Source {
	return alarm.Patrol(o.Store, alarm.Patrolled[Undemanded]{
		Name:  "undemanded revocations",
		Look:  o.Undemanded,
		Since: func(u Undemanded) time.Time { return u.Since },
		Says: func(found []Undemanded) alarm.Signal {
			serial := found[0].Serial.String()
			return alarm.Signal{Code: alarm.RowChanged, Peer: theCA, About: "demands", Href: "/reconcile",
				Detail: plain.Sentence{
					JA: fmt.Sprintf("異動で失効するはずなのに、認証局に失効を求めていない電子証明書があります（発行番号 %s ほか）。", serial),
					EN: fmt.Sprintf("the CA was not told to revoke a certificate that a change has killed (serial %s, and any others)", serial)}}
		},
	})
}
