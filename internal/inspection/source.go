package inspection

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Source tells the alarms of open findings, and of ways that stand still. It has the figures for the metrics too.
func (n *Inspection) Source() alarm.Meter { return n.source }

type source struct {
	in      *Inspection
	figures []alarm.Figure
}

func (s *source) Name() string { return "inspection" }

// counted is how many findings of one rule are open.
type counted struct {
	way, rule string
	n         int64
	since     time.Time
}

func (s *source) Signals(ctx context.Context, now time.Time) (signals []alarm.Signal, err error) {
	var counts []counted
	first := map[string]Finding{} // of each way and alarm the oldest
	err = s.in.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if counts, err = countOpen(ctx, tx); err != nil {
			return err
		}
		for _, c := range counts {
			r := s.in.of(c.way)
			if r == nil {
				continue
			}
			found, err := sqlstore.List(ctx, tx, scanFinding, findingColumns+`WHERE way = $1 AND rule = $2 AND closed_at = 0 ORDER BY at, item LIMIT 1`, c.way, c.rule)
			if err != nil {
				return err
			}
			id := c.way + " " + string(r.alarmOf(c.rule))
			if was, ok := first[id]; len(found) > 0 && (!ok || found[0].At.Before(was.At)) {
				first[id] = found[0]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.figures = nil
	for _, r := range s.in.rounds {
		signals = append(signals, r.signals(counts, first, now)...)
		s.figures = append(s.figures, r.figures(counts)...)
	}
	return signals, nil
}

func (s *source) Figures() []alarm.Figure { return s.figures }

func countOpen(ctx context.Context, tx *sqlstore.Tx) ([]counted, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, c *counted) error {
		return r.Scan(&c.way, &c.rule, &c.n, sqlstore.Time(&c.since))
	},
		`SELECT way, rule, COUNT(*), MIN(at) FROM i_finding WHERE closed_at = 0 GROUP BY way, rule ORDER BY way, rule`)
}

// signals of one way: one for each alarm of which a finding is open.
func (r *round) signals(counts []counted, first map[string]Finding, now time.Time) (all []alarm.Signal) {
	at := map[alarm.Code]int{}
	for _, c := range counts {
		if c.way != r.Name {
			continue
		}
		code := r.alarmOf(c.rule)
		i, there := at[code]
		if !there {
			i = len(all)
			at[code] = i
			f := first[r.Name+" "+string(code)]
			all = append(all, alarm.Signal{Code: code, About: r.Name, Since: c.since, Href: r.Href, Detail: plain.Sentence{
				JA: fmt.Sprintf("%s %s: %s", r.Item.JA, f.Item, f.Says.JA), EN: fmt.Sprintf("%s %s: %s", r.Item.EN, f.Item, f.Says.EN)}})
		}
		all[i].Value += c.n
		if c.since.Before(all[i].Since) {
			all[i].Since = c.since
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stepped.IsZero() { // nobody goes round, or a replay that leaves the inspection out
		return all
	}
	// A round of a large table takes as long as it takes; that no piece of it is finished is what is wrong.
	if still := now.Sub(r.stepped) - r.longest(); still > 0 {
		all = append(all, alarm.Signal{Code: alarm.InspectionStopped, About: r.Name, Value: int64(still / time.Second), Href: r.Href})
	}
	return all
}

// longest is how long may lie between two pieces though nothing is wrong.
func (r *round) longest() time.Duration { return max(r.Round, r.Pause, mostRest) }

func (r *round) figures(counts []counted) (all []alarm.Figure) {
	way := []alarm.Label{{Name: "way", Value: r.Name}}
	var open, aside int64
	for _, c := range counts {
		if c.way == r.Name {
			open += c.n
			if c.rule == Unjudged {
				aside += c.n
			}
		}
	}
	all = append(all, alarm.Figure{Name: "akashi_inspection_findings", Help: "Open findings of the inspection.", Labels: way, Value: float64(open)})
	if r.Read == nil {
		return all
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var p progress
	if r.at != nil {
		p = *r.at
	}
	return append(all,
		alarm.Figure{Name: "akashi_inspection_judged_total", Help: "Items that were inspected since the start.", Counter: true, Labels: way, Value: float64(r.judged)},
		alarm.Figure{Name: "akashi_inspection_aside", Help: "Items that could not be inspected.", Labels: way, Value: float64(aside)},
		alarm.Figure{Name: "akashi_inspection_round_seconds", Help: "How long the last whole round took.", Labels: way, Value: p.took.Seconds()},
		alarm.Figure{Name: "akashi_inspection_round_items", Help: "Items of the last whole round.", Labels: way, Value: float64(p.items)})
}
