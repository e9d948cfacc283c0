package incident

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// lose deletes rows of the center's table of holders by hand: nothing that the center does has to do with it.
func (v *variant) lose(ctx context.Context) error {
	for i := range v.plan.late {
		v.lost = append(v.lost, v.requests[request(i)].String())
	}
	slices.Sort(v.lost)
	return v.center.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, serial := range v.lost {
			n, err := tx.Exec(ctx, `DELETE FROM certificate WHERE serial = $1`, serial)
			if err != nil {
				return fmt.Errorf("couldn't delete the row of certificate %s: %w", serial, err)
			}
			if n != 1 {
				return fmt.Errorf("the row of certificate %s is not there to be deleted", serial)
			}
		}
		return nil
	})
}

// named is how many of the lost rows each organisation has named, and of how many it said so that were not lost.
type named struct {
	ca, center, wrongly int
	bySystem, byPeople  int // sent again
	findings            int
}

func (v *variant) named(ctx context.Context) (n named, err error) {
	lost := map[string]bool{}
	for _, serial := range v.lost {
		lost[serial] = true
	}
	keys := func(cases []reconcile.Case) (found int) {
		distinct := map[string]bool{}
		for _, c := range cases {
			if c.Book == message.Certificates && lost[c.Key] {
				distinct[c.Key] = true
			} else {
				n.wrongly++
			}
		}
		return len(distinct)
	}
	ofCA, err := casesWith(ctx, v.ca.Host, theCenter)
	if err != nil {
		return n, err
	}
	ofCenter, err := casesWith(ctx, v.center.Host, theCA)
	if err != nil {
		return n, err
	}
	n.ca, n.center = keys(ofCA), keys(ofCenter)
	return n, nil
}

// countLost reads what was found, and what became of it.
func (v *variant) countLost(ctx context.Context) error {
	n, err := v.named(ctx)
	if err != nil {
		return err
	}
	cases, err := casesWith(ctx, v.ca.Host, theCenter)
	if err != nil {
		return err
	}
	for _, c := range cases {
		_, notes, err := v.ca.Books.Find(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, note := range notes {
			switch {
			case note.Act != "resent":
			case note.By == "system":
				n.bySystem++
			default:
				n.byPeople++
			}
		}
	}
	found, err := v.center.Books.Findings(ctx, true, allOf)
	if err != nil {
		return err
	}
	for _, f := range found {
		if slices.Contains(v.lost, f.Key) {
			n.findings++
		} else {
			n.wrongly++
		}
	}
	v.counts["rows_lost"], v.counts["found_by_self_audit"] = len(v.lost), n.findings
	v.counts["named_ca"], v.counts["named_nationalcenter"], v.counts["named_wrongly"] = n.ca, n.center, n.wrongly
	v.counts["sent_again_by_policy"], v.counts["sent_again_by_two_persons"] = n.bySystem, n.byPeople
	return nil
}
