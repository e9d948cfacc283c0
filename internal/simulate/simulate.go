package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Options say what is simulated. The same options give the same events.
type Options struct {
	Days      int
	Seed      uint64
	Residents int     // of the whole country, at the start
	Pace      float64 // how many times as often as in reality everything happens
	Fault     string  // the name of a fault to plant; empty: none
	Progress  io.Writer
}

// Defaults and limits. The codes that population has for invented residents are what bounds a country.
const (
	DefaultResidents = 20_000
	leastResidents   = 100
	mostResidents    = 400_000
	mostDays         = 366
)

// Check says everything that is wrong with the options.
func (o Options) Check() error {
	var ps plain.Problems
	if o.Days < 1 || o.Days > mostDays {
		ps = append(ps, plain.Bad("--days", fmt.Sprintf("日数を1から%dまでで指定してください。", mostDays), fmt.Sprintf("give a number of days from 1 to %d", mostDays)))
	}
	if o.Residents < leastResidents || o.Residents > mostResidents {
		ps = append(ps, plain.Bad("--residents", fmt.Sprintf("住民の数を%dから%dまでで指定してください。", leastResidents, mostResidents),
			fmt.Sprintf("give a number of residents from %d to %d", leastResidents, mostResidents)))
	}
	if !(o.Pace > 0 && o.Pace <= 10_000) {
		ps = append(ps, plain.Bad("--pace", "現実の何倍かを、0より大きく10000以下で指定してください。", "give a multiple of the real rates, above 0 and at most 10000"))
	}
	if _, ok := findFault(o.Fault); o.Fault != "" && !ok {
		ps = append(ps, plain.Bad("--fault", "その名前の障害はありません。`akashi help simulate` で名前を見てください。", "there is no such fault: `akashi help simulate` names them"))
	}
	if len(ps) > 0 {
		return ps
	}
	return nil
}

// begins is the first day, a Monday on which counters are open.
var begins = resident.MustDate(2026, 4, 6)

const (
	opens = 9 * time.Hour  // when the counters open
	slots = 14             // half hours in which they take notices
	looks = 21 * time.Hour // when the day is over, and everything is compared
)

// simulation is one run.
type simulation struct {
	opt   Options
	land  *land
	rng   *rand.Rand
	fault *fault
	plant *planted

	souls   []*soul // who is in some register, in an order of their own
	strange stranger
	moves   []*move
	report  *Report
	asked   []Difference // what the last morning's rounds found
}

// Run simulates. The error is that of a program that could not go on; what was found is in the report.
func Run(ctx context.Context, opt Options) (*Report, error) {
	if err := opt.Check(); err != nil {
		return nil, err
	}
	begun := clock.Steady()
	s := &simulation{opt: opt, rng: rand.New(rand.NewPCG(opt.Seed, 0x616b61736869)), report: newReport(opt)}
	if f, ok := findFault(opt.Fault); ok {
		s.fault = &f
	}
	err := s.run(ctx)
	s.report.Seconds = (clock.Steady() - begun).Seconds()
	return s.report, err
}

func (s *simulation) run(ctx context.Context) (err error) {
	if s.land, err = openLand(ctx, s.opt.Seed); err != nil {
		return fmt.Errorf("couldn't open the country: %w", err)
	}
	defer func() { err = errors.Join(err, s.land.close()) }()
	if err := s.settle(ctx); err != nil {
		return fmt.Errorf("couldn't settle the residents: %w", err)
	}
	plan := s.schedule()
	for n := range s.opt.Days {
		if err := s.day(ctx, n, plan[n]); err != nil {
			return fmt.Errorf("day %d: %w", n+1, err)
		}
		if s.plant != nil && s.named() {
			break // it was found, and every further day would find it again
		}
	}
	s.report.finish(ctx, s)
	return nil
}

// day lets happen what is planned for a day, and looks at the end of it whether all agree.
func (s *simulation) day(ctx context.Context, n int, plan []Kind) error {
	day := begins.AddDays(n).Start()
	perSlot := map[int][]Kind{}
	for _, k := range plan {
		slot := s.rng.IntN(slots)
		perSlot[slot] = append(perSlot[slot], k)
	}
	var over []late
	if open(n) {
		over = s.ranOut(begins.AddDays(n))
	}
	for slot := range slots {
		at := day.Add(opens + time.Duration(slot)*30*time.Minute)
		come := over[slot*len(over)/slots : (slot+1)*len(over)/slots]
		if slot == 0 || len(perSlot[slot]) > 0 || len(come) > 0 || slot == slots/2 {
			if err := s.land.until(ctx, at); err != nil {
				return err
			}
		}
		if slot == 0 {
			err := s.rounds(ctx) // every day
			if err == nil && open(n) {
				err = s.arrivals(ctx)
			}
			if err != nil {
				return err
			}
		}
		for _, x := range come {
			if err := s.comesLate(ctx, x); err != nil {
				return err
			}
		}
		for _, k := range perSlot[slot] {
			if err := s.happen(ctx, k); err != nil {
				return err
			}
		}
		// In the middle of the second day, or of the only one.
		if s.fault != nil && s.plant == nil && slot == slots/2 && n >= min(1, s.opt.Days-1) && open(n) {
			if err := s.plantFault(ctx); err != nil {
				return fmt.Errorf("couldn't plant %s: %w", s.fault.Name, err)
			}
		}
	}
	if err := s.land.until(ctx, day.Add(alarming.from+reviewed)); err != nil {
		return err
	}
	if err := s.reviews(ctx); err != nil {
		return err
	}
	if err := s.land.until(ctx, day.Add(alarming.from)); err != nil {
		return err
	}
	if err := s.namesakes(ctx); err != nil {
		return fmt.Errorf("couldn't tell namesakes apart: %w", err)
	}
	if err := s.land.until(ctx, day.Add(looks)); err != nil {
		return err
	}
	found, err := s.check(ctx)
	if err != nil {
		return err
	}
	s.report.add(DayReport{Day: begins.AddDays(n).String(), Events: len(plan), Digest: found.digest, Findings: found.findings})
	if s.opt.Progress != nil {
		fmt.Fprintf(s.opt.Progress, "%s  出来事 events %d  所見 findings %d\n", begins.AddDays(n), len(plan), len(found.findings))
		for i, d := range found.findings {
			if i == 10 {
				fmt.Fprintln(s.opt.Progress, "  …")
				break
			}
			fmt.Fprintf(s.opt.Progress, "  %s, %s: %s %s %s / %s\n", d.Where, d.By, d.What, d.Key, d.Says.JA, d.Says.EN)
		}
	}
	return nil
}
