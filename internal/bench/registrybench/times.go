package registrybench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// times are how long each of many acts took, the shortest first.
type times []time.Duration

// ms is a quantile in milliseconds.
func (t times) ms(q float64) float64 {
	if len(t) == 0 {
		return 0
	}
	return float64(t[int(q*float64(len(t)-1))].Microseconds()) / 1000
}

// beside are the median and the slowest hundredth beside those of a peer.
func (t times) beside(what, name string, peer times) []figure.Result {
	one := func(label string, q float64) figure.Result {
		return figure.Result{What: what + ", " + label, Value: t.ms(q), Unit: "ms"}.Beside(name, peer.ms(q))
	}
	return []figure.Result{one("p50", 0.5), one("p99", 0.99)}
}

// take has n acts done by several people at once, each one after the other.
func take(people, n int, act func(person, i int) error) (times, error) {
	clk := clock.System()
	took, errs := make(times, n), make([]error, people)
	var all sync.WaitGroup
	for p := range people {
		all.Go(func() {
			for i := p; i < n && errs[p] == nil; i += people {
				begun := clk.Now()
				errs[p] = act(p, i)
				took[i] = clk.Now().Sub(begun)
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took, errors.Join(errs...)
}

// bareCommits has rows inserted into a table of the same database, each in a durable transaction of its own.
func bareCommits(ctx context.Context, s *sqlstore.Store, n int) (times, error) {
	if err := s.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS bench_bare(seq BIGINT NOT NULL PRIMARY KEY, payload TEXT NOT NULL)`)
		return err
	}); err != nil {
		return nil, err
	}
	payload := strings.Repeat("x", 200)
	return take(readers, n, func(int, int) error {
		return s.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
			tx.Collect("bench_bare", "seq, payload", tx.Serial(), payload)
			return nil
		})
	})
}

const bareCommit = "one row in a durable transaction of the bare database, 4 at once"

// syncs is how long the disk itself takes: a page written and synced, one after the other. No durable commit is faster.
func syncs(dir string, n int) (t times, err error) {
	f, err := os.Create(filepath.Join(dir, "syncs"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, 4096)
	return take(1, n, func(_, i int) error {
		if _, err := f.WriteAt(page, int64(i)*4096); err != nil {
			return err
		}
		return f.Sync()
	})
}

// disk are the figures of the disk alone.
func disk(dir string, n int) ([]figure.Result, error) {
	t, err := syncs(dir, n)
	if err != nil {
		return nil, err
	}
	return []figure.Result{{What: "a page written and synced on this disk, p50", Value: t.ms(0.5), Unit: "ms"},
		{What: "the same, p99", Value: t.ms(0.99), Unit: "ms"}}, nil
}

func sorted(t times) times {
	slices.Sort(t)
	return t
}
