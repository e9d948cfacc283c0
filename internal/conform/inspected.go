package conform

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// checkRound is how long the CA's inspection takes for a round here: an item must come through within a second.
const checkRound = 300 * time.Millisecond

// openChecked is a CA of whose stored certificates some were damaged.
func openChecked(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	w, err := openAuthorities(ctx, g)
	if err != nil {
		return nil, err
	}
	open := func(ctx context.Context) (found []inspection.Finding, err error) {
		err = w.ca.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			found, err = inspection.Open(ctx, tx, 2000)
			return err
		})
		return found, err
	}
	goods := 0
	return &queue.Rig{Tasks: append(w.tasks(), w.ca.Inspection().Tasks()...), Close: w.close,
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			if err := w.issue(ctx, 0, n); err != nil {
				return err
			}
			set := map[queue.Poison]string{queue.Undecodable: `certificate = substr(certificate, 9)`, queue.Truncated: `certificate = substr(certificate, 1, 99)`,
				queue.Foreign: `key_hash = serial`}[poison]
			return byHand(ctx, w.ca.Store, `UPDATE certificate SET `+set)
		},
		// A good one comes through when a round has begun and ended since it was there, and nothing is said against it.
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			goods++
			if err := w.issue(ctx, goodPerson+int(g.Clock.Now().Sub(begin)/time.Millisecond)+goods, 1); err != nil {
				return nil, err
			}
			serial := w.issued[0].Serial.String()
			before, err := w.ca.Inspection().Standings(ctx)
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context) (bool, error) {
				now, err := w.ca.Inspection().Standings(ctx)
				if err != nil || now[0].Rounds < before[0].Rounds+2 {
					return false, err
				}
				found, err := open(ctx)
				for _, f := range found {
					if f.Item == serial {
						return false, err
					}
				}
				return true, err
			}, nil
		},
		Aside: func(ctx context.Context) (a queue.Aside, err error) {
			all, err := w.ca.Inspection().Standings(ctx)
			if err != nil {
				return a, err
			}
			found, err := open(ctx)
			a = queue.Aside{Counted: all[0].Open, Shown: int64(len(found)), Reasons: []plain.Sentence{}}
			for _, f := range found {
				a.Reasons = append(a.Reasons, f.Says)
			}
			return a, err
		}}, nil
}
