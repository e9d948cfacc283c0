package registrybench

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// allotted is how many codes the center gives at once: a pool is never larger by much.
const allotted = 200

// Register measures how long it takes to enter somebody (記載) into a register that is full already, at four counters.
func Register(ctx context.Context, o Options) ([]figure.Result, error) {
	return o.each(ctx, "register", func(ctx context.Context, g ground) (all []figure.Result, err error) {
		m, err := g.openTown(ctx, 0)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, m.Close()) }()
		if _, _, err := g.fillTown(ctx, m); err != nil {
			return nil, err
		}
		took, commits, err := g.registerAll(ctx, m)
		if err != nil {
			return nil, err
		}
		bare, err := bareCommits(ctx, m.Store, len(took))
		if err != nil {
			return nil, err
		}
		all = took.beside(fmt.Sprintf("%s: somebody registered in a municipality of %d, 4 counters", g.engine, g.Residents), bareCommit, bare)
		all = append(all, figure.Result{What: g.engine + ": durable transactions of a registration, shared by counters that file at once", Value: float64(commits) / float64(len(took)), Unit: "transactions"})
		physical, err := disk(g.Dir, len(took))
		return append(all, physical...), err
	})
}

// registerAll enters newcomers, and has codes allotted in between.
func (g ground) registerAll(ctx context.Context, m *municipality.Municipality) (took times, commits int64, err error) {
	comers := g.newcomers(resident.DateOf(m.Clock.Now()))
	clerk := access.With(ctx, access.Personas()[0])
	for from, code := 0, uint64(9_000_000_000); from < len(comers); from += allotted / 2 {
		if err := m.Store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
			for range allotted / 2 {
				code++
				tx.Collect("code_pool", "code, request, allotted_at, given_at", resident.RecordCodeOf(code).Reveal(), "bench", tx.Now(), int64(0))
			}
			return nil
		}); err != nil {
			return nil, 0, err
		}
		part, before := comers[from:min(from+allotted/2, len(comers))], m.Store.Commits()
		t, err := take(readers, len(part), func(_, i int) error {
			_, err := m.Register(clerk, part[i])
			return err
		})
		if err != nil {
			return nil, 0, err
		}
		took, commits = append(took, t...), commits+m.Store.Commits()-before
	}
	return sorted(took), commits, nil
}

// newcomers come from abroad on a day, each with a household of their own.
func (g ground) newcomers(day resident.Date) (all []municipality.Registration) {
	opt := g.people()
	opt.Seed, opt.Count = 7, 2*g.Questions
	for r := range population.People(opt) {
		if r.Nationality.Valid() || len(all) == g.Questions/2 {
			continue
		}
		all = append(all, municipality.Registration{Reason: resident.MoveIn, Basis: municipality.BasesOf(resident.MoveIn)[0].Key, AsIs: true, Another: true,
			Record: resident.Record{BasicFour: r.BasicFour, Kana: reading(r), Relation: resident.Head, BecameResident: day}})
	}
	return all
}
