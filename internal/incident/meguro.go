package incident

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/identity"
	counter "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// meguro is the leak of 目黒区: a list of ended measures was worked through some time after it was made, and cleared a flag that had been
// set again six days before.
var meguro = Incident{
	Name:  "meguro",
	Title: plain.Sentence{JA: "古い一覧による支援措置の解除（目黒区、令和7年）", EN: "an old list that cleared a flag set again (Meguro, 2025)"},
	Part:  meguroPart,
	Join: func(was, ours *Part) *Report {
		return shownReport("meguro", meguroNotes, was, ours, "asked", "shown", "lines", "ended", "set_aside", "papers_tried", "papers_stopped", "papers_stopped_elsewhere")
	},
	Line: shownLine,
}

var meguroNotes = []string{
	"of the reports: in May 2025 an old list of ended measures cleared a flag that had been set again six days before",
	"synthetic: the days of May and the hours, both persons and their addresses, and that the list was made on the day before the measure ended",
	"as it was, the list names persons, and what stands when it is applied is ended: it is put together anew from them at that moment, by the same rules. Here each line names the version that it was made from",
	"without the trigger she does not apply again: there is nothing that the list could clear, and nothing to protect",
}

var (
	meguroFirst  = resident.MustDate(2024, 5, 1)  // decided, for a year
	meguroListed = resident.MustDate(2025, 5, 1)  // the list is made
	meguroEnded  = resident.MustDate(2025, 5, 2)  // her measure is ended by itself
	meguroAgain  = resident.MustDate(2025, 5, 10) // she applies again
	meguroBulk   = meguroAgain.AddDays(6)         // the list is worked through
)

func meguroPart(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
	p, err := meguroRun(ctx, opt, asItWas, true)
	if err != nil || asItWas || opt.NoTrigger {
		return p, err
	}
	untold, err := meguroRun(ctx, opt, false, false)
	if err != nil {
		return nil, err
	}
	p.chainOn(untold)
	return p, nil
}

func meguroRun(ctx context.Context, opt Options, asItWas, told bool) (p *Part, err error) {
	l, err := openProtected(ctx, meguroFirst.AddDays(-30).Start().Add(9*time.Hour), "131105", "目黒区", nil, untold(told)...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.end()) }()
	aoki, inoue := atDesk(ctx, takes), atDesk(ctx, serves)
	at := func(day resident.Date, hour int, do func() error) {
		if err == nil {
			err = l.until(ctx, day, hour)
		}
		if err == nil {
			err = do()
		}
	}
	var first, again string
	var list int64
	at(meguroFirst, 10, func() (err error) {
		if err = l.move(ctx); err != nil {
			return err
		}
		if first, err = l.town.Protect(aoki, counter.Protecting{Applicant: l.her.Person, Evidence: identity.Evidence{identity.MyNumberCard}}); err != nil {
			return err
		}
		return l.town.Decided(aoki, first)
	})
	at(meguroListed, 10, func() (err error) {
		list, err = l.town.ListToEnd(aoki, "", "期間満了", nil)
		return err
	})
	at(meguroEnded, 10, func() error {
		own, err := l.town.ListToEnd(aoki, first, "本人の申出により終了", identity.Evidence{identity.MyNumberCard})
		if err != nil {
			return err
		}
		_, err = l.town.ApplyList(inoue, own, nil)
		return err
	})
	if !opt.NoTrigger {
		at(meguroAgain, 10, func() (err error) {
			if again, err = l.town.Protect(aoki, counter.Protecting{Applicant: l.her.Person, Evidence: identity.Evidence{identity.MyNumberCard}}); err != nil {
				return err
			}
			return l.town.Decided(aoki, again)
		})
	}
	at(meguroBulk, 17, func() error { return l.workThrough(ctx, list, asItWas) })
	if !opt.NoTrigger { // else she is not protected, and asked for like anybody
		at(meguroBulk.AddDays(1), 11, func() error {
			return l.asked(ctx, plain.Sentence{JA: "加害者が住所を求める", EN: "somebody asks where she lives"})
		})
	}
	if !asItWas && !opt.NoTrigger {
		at(meguroBulk.AddDays(1), 12, func() error { return l.chain(ctx, told) })
	}
	if err != nil {
		return nil, err
	}
	o := shownOutcome(l.counts, l.chained...)
	if opt.NoTrigger {
		o.Holds = l.counts["shown"] == 0
	}
	return &Part{Outcome: o, Counts: l.counts, Moments: l.moments}, nil
}

// workThrough applies the old list. As it was it is a list of persons: whatever measure they have is ended.
func (l *protectedLand) workThrough(ctx context.Context, list int64, asItWas bool) error {
	aoki, inoue := atDesk(ctx, takes), atDesk(ctx, serves)
	lists := []int64{list}
	if asItWas {
		lists = nil
		running, err := l.town.Measures(aoki)
		if err != nil {
			return err
		}
		for _, m := range running {
			if !slices.Contains(m.Persons, l.her.Person) {
				continue
			}
			anew, err := l.town.ListToEnd(aoki, m.Number, "期間満了", identity.Evidence{identity.MyNumberCard})
			if err != nil {
				return err
			}
			lists = append(lists, anew)
		}
	}
	for _, id := range lists {
		done, err := l.town.ApplyList(inoue, id, nil)
		if err != nil {
			return err
		}
		for _, line := range done.Lines {
			l.counts["lines"]++
			if line.Outcome == "ended" {
				l.counts["ended"]++
			} else {
				l.counts["set_aside"]++
			}
		}
	}
	return l.wait(ctx, time.Minute)
}
