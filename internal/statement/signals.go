package statement

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Source tells the alarms what Missing finds.
func (s *Statements) Source() alarm.Source {
	return alarm.InView("statement", s.cfg.Store, func(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]alarm.Signal, error) {
		found, err := s.Missing(ctx, tx, now)
		var signals []alarm.Signal
		for _, f := range found {
			href := "/statements"
			if f.Code == RoundMissed {
				href = "/round"
			}
			signals = append(signals, alarm.Signal{Code: alarm.Code(f.Code), Peer: f.Peer, Value: f.Value, Since: f.Since, Detail: f.Detail, Href: href})
		}
		return signals, err
	})
}
