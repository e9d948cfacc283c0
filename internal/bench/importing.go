package bench

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/akashi-id/akashi/internal/bench/registrybench"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var importBench = Bench{Name: "import", Title: plain.Sentence{JA: "住民の取り込み", EN: "residents imported, and at the center"}, BothEngines: true, Run: runImport}

const matsumoto = message.Org("municipality-202029")

// runImport measures a country's import to its center, and then one register of a municipality as large as there are.
func runImport(ctx context.Context, opt Options) ([]Result, error) {
	small, err := importToCenter(ctx, opt)
	if err != nil {
		return nil, err
	}
	large, err := registry(ctx, opt, registrybench.Import)
	return append(small, large...), err
}

func importToCenter(ctx context.Context, opt Options) ([]Result, error) {
	if opt.Count == 0 {
		opt.Count = 20_000
	}
	c, err := emptyCountry(ctx, filepath.Join(opt.Dir, "import"))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	m := c.Municipality(matsumoto)
	var file bytes.Buffer
	if err := population.Generate(&file, population.Options{Municipality: m.Code(), Count: opt.Count, Seed: 1}); err != nil {
		return nil, err
	}
	size := file.Len() / opt.Count
	clk := clock.System()
	begun := clk.Now()
	result, err := m.Import(ctx, &file, municipality.ImportOptions{By: "bench"})
	if err != nil {
		return nil, err
	}
	registered := clk.Now().Sub(begun)
	if int(result.Added) != opt.Count {
		return nil, fmt.Errorf("%d of %d residents were added", result.Added, opt.Count)
	}
	opt.Say("registered in %v", registered)
	if err := settled(ctx, clk, c, matsumoto, nation.PrefectureOf(matsumoto)); err != nil {
		return nil, err
	}
	reached := clk.Now().Sub(begun)
	bare, err := bareRate(ctx, opt.Dir, opt.Count, 500, size)
	if err != nil {
		return nil, err
	}
	const peer = "bare inserts of the same bytes, 500 rows a transaction"
	return []Result{
		Result{What: "residents into the register, with their notices in the outbox", Value: perSecond(opt.Count, registered), Unit: "residents/s"}.Beside(peer, bare),
		Result{What: "residents from the file to the national center, over two borders", Value: perSecond(opt.Count, reached), Unit: "residents/s"}.Beside(peer, bare),
	}, nil
}

// emptyCountry opens the test country without its first residents.
func emptyCountry(ctx context.Context, dir string) (*nation.Country, error) {
	spec, err := nation.Default()
	if err != nil {
		return nil, err
	}
	for i := range spec.Organisations {
		spec.Organisations[i].Residents = 0
	}
	return nation.Open(ctx, nation.Options{Dir: dir, Spec: spec, Listen: "127.0.0.1:0"})
}

// settled waits until the organisations have nothing on its way to anybody.
func settled(ctx context.Context, clk clock.Clock, c *nation.Country, orgs ...message.Org) error {
	for _, o := range orgs {
		for {
			pairs, err := c.Exchange(o).Pairs(ctx)
			if err != nil {
				return err
			}
			waiting := int64(0)
			for _, p := range pairs {
				waiting += p.Waiting
			}
			if waiting == 0 {
				break
			}
			if err := clk.Wait(ctx, clk.Now().Add(5*time.Millisecond), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func today(clk clock.Clock) resident.Date { return resident.DateOf(clk.Now()) }
