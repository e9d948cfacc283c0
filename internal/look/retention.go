package look

import (
	"context"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// usualYears is for how long prefectures keep who looked (Gifu and Osaka: seven years); those that have another rule are in
// yearsOf.
const usualYears = 7

var yearsOf = map[string]int{
	"46": 5, // 鹿児島県
}

// YearsAt is for how many years an organisation keeps looks when nobody has configured it: as its prefecture does.
func YearsAt(o message.Org) int {
	code := o.Code()
	if m, err := resident.ParseMunicipalityCode("self", code); err == nil {
		code = m.Prefecture().String()
	}
	if years, own := yearsOf[code]; own {
		return years
	}
	return usualYears
}

// atOnce is how many looks one transaction deletes.
const atOnce = 1000

// Expiry is the loop that deletes looks at the end of their time, at night. The audit log keeps that they were.
func (w *Watch) Expiry() clock.Task {
	return clock.Task{Name: "looks expire", Step: func(ctx context.Context) (time.Time, error) {
		n, err := w.expire(ctx)
		if err != nil || n < atOnce {
			return resident.DateOf(w.clock.Now()).AddDays(1).Start().Add(3 * time.Hour), err
		}
		return w.clock.Now(), nil
	}}
}

// expire deletes the oldest looks whose years are over, counted from the day after the look.
func (w *Watch) expire(ctx context.Context) (n int64, err error) {
	err = w.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		before := resident.DateOf(tx.Now()).Start().AddDate(-w.limits.Years, 0, 0)
		if _, err := tx.Exec(ctx, `DELETE FROM look_confirmed WHERE at < $1`, tx.Now().Add(-confirmedFor)); err != nil {
			return err
		}
		n, err = tx.Exec(ctx, `DELETE FROM look WHERE (at, seq) IN (SELECT at, seq FROM look WHERE at < $1 ORDER BY at, seq LIMIT $2)`, before, int64(atOnce))
		if n > 0 {
			auditlog.Write(tx, auditlog.Entry{Actor: "system", Act: "looks.expired", Case: resident.DateOf(before).String(), Detail: strconv.FormatInt(n, 10)})
		}
		return err
	})
	return n, err
}
