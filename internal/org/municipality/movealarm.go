package municipality

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// moveAlarms tells of the moves that do not end by themselves.
func (o *Municipality) moveAlarms() alarm.Source {
	return alarm.InView("moves", o.Store, func(ctx context.Context, raw *sqlstore.Tx, now time.Time) ([]alarm.Signal, error) {
		tx, today := o.in(raw), resident.DateOf(now)
		late, err := tx.UnsettledMoves(ctx, today.AddDays(-unsettledDays), now.Add(-paperPatience))
		if err != nil {
			return nil, err
		}
		var signals []alarm.Signal
		for _, end := range []struct {
			about string
			late  int64
			what  plain.Sentence
		}{{"in", late.In, both("終わらない転入が%d件あります。", "%d moves to us do not end.")}, {"out", late.Out, both("終わらない転出が%d件あります。", "%d moves away do not end.")}} {
			signals = append(signals, alarm.Signal{Code: alarm.MoveUnsettled, About: end.about, Value: end.late, Href: "/moves",
				Detail: both(fmt.Sprintf(end.what.JA, end.late), fmt.Sprintf(end.what.EN, end.late))})
		}
		return signals, nil
	})
}

// paperPatience is how long what was typed from paper, or registered before the old record was deleted, may wait for the message.
const paperPatience = 24 * time.Hour
