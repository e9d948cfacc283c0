package registrybench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/population"
)

// Import measures how fast a register is taken over from a file: checked, entered, and told to the outbox.
func Import(ctx context.Context, o Options) ([]figure.Result, error) {
	return o.each(ctx, "import", func(ctx context.Context, g ground) (all []figure.Result, err error) {
		m, err := g.openTown(ctx, 0)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, m.Close()) }()
		before := m.Store.Commits()
		took, cpu, err := g.fillTown(ctx, m)
		if err != nil {
			return nil, err
		}
		return []figure.Result{
			{What: fmt.Sprintf("%s: %d residents into the register, with their notices in the outbox", g.engine, g.Residents), Value: float64(g.Residents) / took.Seconds(), Unit: "residents/s"},
			{What: g.engine + ": the same, of a CPU-second of this process", Value: float64(g.Residents) / cpu, Unit: "residents/CPU-s"},
			{What: g.engine + ": residents in a durable transaction", Value: float64(g.Residents) / float64(m.Store.Commits()-before), Unit: "residents"},
			{What: g.engine + ": memory of this process at its most", Value: float64(peer.MostMemory()) / (1 << 20), Unit: "MiB"},
		}, nil
	})
}

// fillTown imports everybody, from a file that was made before. cpu is in seconds: other work on the machine touches it less than the time.
func (g ground) fillTown(ctx context.Context, m *municipality.Municipality) (took time.Duration, cpu float64, err error) {
	f, err := os.Create(filepath.Join(g.Dir, "residents.csv"))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if err := population.Generate(f, g.people()); err != nil {
		return 0, 0, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		return 0, 0, err
	}
	begun, used := m.Clock.Now(), peer.CPUSeconds()
	result, err := m.Import(ctx, f, municipality.ImportOptions{By: "bench"})
	if err != nil {
		return 0, 0, err
	}
	took, cpu = m.Clock.Now().Sub(begun), peer.CPUSeconds()-used
	if int(result.Added) != g.Residents {
		return 0, 0, fmt.Errorf("%d of %d residents were added", result.Added, g.Residents)
	}
	g.Say("%s: %d residents imported in %v, %.1f s of CPU", g.engine, g.Residents, took, cpu)
	return took, cpu, settle(ctx, m.Store)
}
