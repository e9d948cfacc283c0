package validation

import (
	"context"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

const (
	// keepAnswers is for how long an answer is kept when nobody says otherwise. No rule of the JPKI Act about it is known
	// here; it is as long as some prefectures keep who looked at a resident (岐阜県, 大阪府), and longer than any certificate lives.
	keepAnswers = 7 * 365 * 24 * time.Hour

	expireEvery  = time.Hour
	expireAtOnce = 1000 // answers of one transaction
)

// expiry deletes answers whose time is over, in steps that keep nobody from writing. Those of a case (impact.go) were copied.
func (o *Validation) expiry() clock.Task {
	return clock.Task{Name: "answers expire", Step: func(ctx context.Context) (time.Time, error) {
		n, err := o.expire(ctx)
		if err != nil || n < expireAtOnce {
			return o.Clock.Now().Add(expireEvery), err
		}
		return o.Clock.Now(), nil
	}}
}

func (o *Validation) expire(ctx context.Context) (n int64, err error) {
	err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		before := tx.Now().Add(-o.cfg.KeepAnswers)
		if n, err = o.in(tx).Expire(ctx, before, expireAtOnce); err != nil || n == 0 {
			return err
		}
		auditlog.Write(tx, auditlog.Entry{Actor: "system", Act: "answers.expired", Subject: before.UTC().Format(time.RFC3339), Detail: strconv.FormatInt(n, 10)})
		return nil
	})
	return n, err
}
