package simulate

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Whom something happens to is drawn by opening dossiers until one fits, so that the clerks of a run look at more people than those of a counter, and on a
// Monday, which has the events of the weekend too, at several times as many as on other days. The watch over looks finds that, as it should.
// An auditor looks into it before the evening, as one does: there is a case beside each of these looks.

// reviewed is when the auditors begin: the watch has counted the day's hours, and the alarms have not been asked yet.
const reviewed = -time.Minute

var auditor = access.Person{ID: "auditor-onishi", Job: access.Auditor, Fresh: true}

// reviews closes what the watch found of clerks.
func (s *simulation) reviews(ctx context.Context) error {
	for _, t := range s.land.towns {
		err := t.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			all, err := look.Findings(ctx, tx)
			if err != nil {
				return err
			}
			n := 0
			for _, f := range all {
				if !f.Open() {
					continue
				}
				if err := look.Review(ctx, tx, auditor, t.Self, f, "受付の記録と照らし、閲覧ごとに用件があった。"); err != nil {
					return fmt.Errorf("couldn't review the looks of %s: %w", f.Operator, err)
				}
				n++
			}
			tx.OnCommit(func() { s.report.Reviewed += n })
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
