package inspection

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Standing is how a way stands, for people.
type Standing struct {
	Way     string
	Title   plain.Sentence
	Item    plain.Sentence
	Rolling bool // somebody goes round
	Looked  int64
	Ended   time.Time // the last whole round; zero: none yet
	Took    time.Duration
	Items   int64
	Rounds  int64
	Open    int64 // findings
	Aside   int64 // of these, items that could not be inspected
	Untold  int64 // faults that were only counted
	Stepped time.Time
	Trouble string // why nothing goes on; empty: it does
}

// Standings tells of each way.
func (n *Inspection) Standings(ctx context.Context) (all []Standing, err error) {
	var counts []counted
	at := make([]progress, len(n.rounds))
	err = n.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if counts, err = countOpen(ctx, tx); err != nil {
			return err
		}
		for i, r := range n.rounds {
			if at[i], err = r.readProgress(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, r := range n.rounds {
		r.mu.Lock()
		p, stepped, trouble := at[i], r.stepped, r.trouble
		if r.at != nil {
			p = *r.at
		}
		r.mu.Unlock()
		s := Standing{Way: r.Name, Title: r.Title, Item: r.Item, Rolling: r.Read != nil, Looked: p.looked, Took: p.took, Items: p.items, Rounds: p.rounds,
			Untold: p.untold, Stepped: stepped, Trouble: trouble}
		if p.rounds > 0 {
			s.Ended = p.ended
		}
		for _, c := range counts {
			if c.way == r.Name {
				s.Open += c.n
				if c.rule == Unjudged {
					s.Aside += c.n
				}
			}
		}
		all = append(all, s)
	}
	return all, nil
}
