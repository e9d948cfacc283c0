package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Source tells of authorities whose review is overdue, and of passkeys that are held.
func (s *Staff) Source() alarm.Source { return alarm.InView("staff", s.Store, signals) }

func signals(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]alarm.Signal, error) {
	all, err := heldSignals(ctx, tx)
	if err != nil {
		return nil, err
	}
	var n, oldest int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MIN(review_at), 0) FROM staff_authority WHERE state = 'issued' AND review_at <= $1 AND (until_at = 0 OR until_at > $1)`, now).
		Scan(&n, &oldest); err != nil || n == 0 {
		return all, err
	}
	return append(all, alarm.Signal{Code: alarm.AuthorityReviewDue, Value: n, Since: sqlstore.FromMicros(oldest), Href: "/staff",
		Detail: plain.Sentence{JA: fmt.Sprintf("見直しの期日を過ぎた操作者IDが%d件あります。", n), EN: fmt.Sprintf("The review of %d authorities is overdue.", n)}}), nil
}

func heldSignals(ctx context.Context, tx *sqlstore.Tx) ([]alarm.Signal, error) {
	var n, oldest int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MIN(ended_at), 0) FROM staff_credential WHERE state = 'held'`).Scan(&n, &oldest); err != nil || n == 0 {
		return nil, err
	}
	return []alarm.Signal{{Code: alarm.PasskeyHeld, Value: n, Since: sqlstore.FromMicros(oldest), Href: "/staff",
		Detail: plain.Sentence{JA: fmt.Sprintf("複製されたおそれのあるパスキーが%d個あります。", n), EN: fmt.Sprintf("There may be copies of %d passkeys.", n)}}}, nil
}
