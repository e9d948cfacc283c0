package incident

import (
	"context"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// countWatching reads what the comparisons came to, the cases, and the closes of the days of the outage, as each side has
// them.
func (v *variant) countWatching(ctx context.Context) error {
	v.counts["cases_open_at_the_end"] = 0
	for _, side := range []struct {
		*host.Host
		peer   message.Org
		source message.Book // of which it is the source to the other
	}{{v.ca.Host, theCenter, message.Certificates}, {v.center.Host, theCA, message.Revocations}} {
		days, err := side.Books.Days(ctx, serviceBegan.AddDays(-1).String(), lastTable.String())
		if err != nil {
			return err
		}
		for _, d := range days {
			if d.Book == side.source && d.Peer == side.peer {
				v.counts["comparisons"] += int(d.Agreed + d.Explained + d.Differed)
				v.counts["comparisons_that_differed"] += int(d.Differed)
			}
		}
		cases, err := casesWith(ctx, side.Host, side.peer)
		if err != nil {
			return err
		}
		name := "_" + string(side.Self)
		v.counts["cases"+name] = len(cases)
		for _, c := range cases {
			if c.State != "closed" {
				v.counts["cases_open_at_the_end"]++
			}
		}
		cells, err := closes(ctx, side.Host, side.peer, stalled, discovered)
		if err != nil {
			return err
		}
		for _, cell := range []statement.Cell{statement.Green, statement.Explained, statement.Unexplained, statement.Absent} {
			v.counts["days_"+string(cell)+name] = cells[cell]
		}
	}
	if v.plan.fault == lostRows {
		return v.countLost(ctx)
	}
	return nil
}

// closes counts how the closes of some days stand with a peer, both streams together, as an organisation's calendar shows.
func closes(ctx context.Context, h *host.Host, peer message.Org, from, to resident.Date) (cells map[statement.Cell]int, err error) {
	err = h.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		cells = map[statement.Cell]int{}
		for month := from.Month(); month <= to.Month(); month++ { // of one year
			c, err := h.Statements.Calendar(ctx, tx, from.Year(), month, tx.Now())
			if err != nil {
				return err
			}
			for _, d := range c.Days {
				for _, p := range d.Pairs {
					if p.Peer == peer && !d.Day.Before(from) && !d.Day.After(to) {
						cells[p.Cell]++
					}
				}
			}
		}
		return nil
	})
	return cells, err
}
