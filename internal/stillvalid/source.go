package stillvalid

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// named is how many certificates are told of one by one; the alarms bound them further, and stand one for all others.
const named = 200

// Source tells of certificates that are still valid, and of those about which nobody has answered.
func Source(store *sqlstore.Store) alarm.Source { return alarm.InView("still-valid", store, signals) }

func signals(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]alarm.Signal, error) {
	all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *alarm.Signal) error {
		s.Code, s.Href = alarm.StillValid, "/messages"
		return r.Scan(&s.About, sqlstore.Time(&s.Since))
	}, `SELECT trace, changed_at FROM still_valid WHERE state = 'valid' ORDER BY changed_at, trace LIMIT $1`, int64(named))
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Value = int64(now.Sub(all[i].Since) / time.Second)
	}
	var n, oldest int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MIN(changed_at), 0) FROM still_valid WHERE state <> 'valid' AND ask_at <= $1`, now).
		Scan(&n, &oldest); err != nil {
		return nil, err
	}
	if n > 0 {
		since := sqlstore.FromMicros(oldest)
		all = append(all, alarm.Signal{Code: alarm.StillValidUnsure, Value: int64(now.Sub(since) / time.Second), Since: since, Href: "/messages",
			Detail: plain.Sentence{JA: fmt.Sprintf("答えのない電子証明書が%d枚あります。", n), EN: fmt.Sprintf("There is no answer about %d certificates.", n)}})
	}
	return all, nil
}
