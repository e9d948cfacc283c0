package validation

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// toldOf is how many notices that wait are told of one by one; the alarms bound them further.
const toldOf = 200

// unacknowledged is a source of alarms: of notices about wrong answers of which nobody at the verifier has said that they were read.
// In 2004 "no report" was taken for "no impact".
func (o *Validation) unacknowledged() alarm.Source {
	return alarm.InView("impact-notices", o.Store, o.waitingNotices)
}

func (o *Validation) waitingNotices(ctx context.Context, tx *sqlstore.Tx, now time.Time) (all []alarm.Signal, err error) {
	waiting, err := o.in(tx).Unacknowledged(ctx, toldOf)
	for _, w := range waiting {
		all = append(all, alarm.Signal{Code: alarm.NoticeUnacknowledged, About: string(w.Verifier) + " " + w.Notice, Value: int64(now.Sub(w.SentAt) / time.Second),
			Since: w.SentAt, Href: "/impact", Detail: plain.Sentence{JA: "相手は " + string(w.Verifier) + " です。", EN: "It was sent to " + string(w.Verifier) + "."}})
	}
	return all, err
}
