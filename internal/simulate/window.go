package simulate

import (
	"context"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// What only looks, at books, one's own tables, what is served, and alarms, does so before everything is compared in the evening, and books are compared
// before the day is closed too, at an organisation's own times: in a month of virtual time it would else be nearly all that is done. So
// would be the answers about certificates, each of which is signed anew every few minutes for whoever asks: nobody does here but the
// inspection. The alarms come last, when all has been compared.
type span struct{ from, to time.Duration } // of a day

// auditCycle is in what time a self-audit, or the check of residents for duplicates, goes round once.
const auditCycle = 4 * time.Minute

var (
	watching  = span{looks - 8*time.Minute, looks}
	auditing  = span{watching.from, watching.from + auditCycle + time.Minute} // once, wherever it begins; what it finds is compared after it
	answering = span{watching.from - 2*time.Minute, looks}
	alarming  = span{looks - 2*time.Minute, looks}
	closing   = span{24*time.Hour - 2*time.Minute, 24*time.Hour - 1} // of the day that is closed, and of the next
	beginning = span{0, time.Minute}
)

// spans are when a task works, in their order; none: all the time.
func spans(name string) []span {
	switch {
	case strings.Contains(name, " compares "):
		return []span{beginning, watching, closing}
	case strings.HasSuffix(name, " self-audit"), strings.HasSuffix(name, " inspection of duplicates"):
		return []span{auditing}
	case strings.Contains(name, " inspection of "):
		return []span{watching}
	case strings.HasSuffix(name, "answers-ahead"):
		return []span{answering}
	case strings.HasSuffix(name, " alarms"):
		return []span{alarming}
	}
	return nil
}

// evening lets a task work in the evening alone, and at the start until it has no more to do at once: books are made then.
func evening(clk clock.Clock, t clock.Task) clock.Task {
	when := spans(t.Name)
	if when == nil {
		return t
	}
	step, begun := t.Step, false
	t.Step = func(ctx context.Context) (time.Time, error) {
		now := clk.Now()
		if open := window(now, when); begun && !open.Equal(now) {
			return open, nil
		}
		next, err := step(ctx)
		if err != nil || !next.IsZero() && !next.After(now) {
			return next, err
		}
		begun = true
		if next.IsZero() {
			next = now.Add(time.Minute)
		}
		return window(next, when), nil
	}
	return t
}

// window is the first moment at or after a time in which somebody works.
func window(at time.Time, when []span) time.Time {
	day := resident.DateOf(at)
	for _, w := range when {
		if at.Before(day.Start().Add(w.from)) {
			return day.Start().Add(w.from)
		}
		if !at.After(day.Start().Add(w.to)) {
			return at
		}
	}
	return day.AddDays(1).Start().Add(when[0].from)
}

// rounds has an operator sign the round of the day before everywhere, where nothing asks for anybody: only then need nothing be written. What
// does ask is found. On the first morning it is written that residents were taken over: the self-audit has not come round since.
func (s *simulation) rounds(ctx context.Context) error {
	s.asked = nil
	findings := ""
	if s.land.today() == begins {
		findings = "住民を取り込んだ日。 / Residents were taken over on this day."
	}
	for _, h := range s.land.hosts {
		err := h.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			return h.Statements.Sign(ctx, tx, s.land.today().AddDays(-1), "operator-ueda", says("上田", "Ueda"), findings)
		})
		if _, refused := said(err); !refused {
			if err != nil {
				return err
			}
			continue
		}
		if err := h.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			all, err := h.Statements.Looks(ctx, tx, tx.Now())
			for _, l := range all {
				if l.N > 0 {
					s.asked = append(s.asked, Difference{Where: string(h.Self), By: "round", What: l.What, Says: l.Name})
				}
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
