package errorreport

import (
	"cmp"
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Unanswered is a source of alarms: of reports that nobody has answered, at each organisation that they passed. One for each
// organisation that is waited for, about the oldest.
func (d *Desk) Unanswered() alarm.Source {
	return alarm.InView("error-reports", d.Host.Store, func(ctx context.Context, tx *sqlstore.Tx, now time.Time) (all []alarm.Signal, err error) {
		open, err := Open(ctx, tx)
		seen := map[message.Org]bool{}
		for _, e := range open {
			peer := cmp.Or(e.To, e.From)
			if seen[peer] {
				continue
			}
			seen[peer] = true
			s := alarm.Signal{Code: alarm.ErrorReportUnanswered, Peer: peer, Value: int64(now.Sub(e.NotedAt) / time.Second), Since: e.NotedAt, Href: "/errors",
				Detail: plain.Sentence{JA: "最も古いもの: " + e.Report + "。回答を待っています。", EN: "The oldest: " + e.Report + ". Its answer is waited for."}}
			if e.To == "" {
				s.Detail = plain.Sentence{JA: "最も古いもの: " + e.Report + "。ここで調べて回答します。", EN: "The oldest: " + e.Report + ". It is to be answered here."}
			}
			all = append(all, s)
		}
		return all, err
	})
}
