package registrybench_test

import (
	"context"
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/registrybench"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestRun measures small registers on each engine that is there. Figures are shown and not held: a search that does not find the
// person, and an import that leaves somebody out, fail by themselves.
func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		run     func(context.Context, registrybench.Options) ([]figure.Result, error)
		figures int // of an engine
	}{"search": {registrybench.Search, 16}, "register": {registrybench.Register, 5}, "import": {registrybench.Import, 4}} {
		t.Run(name, func(t *testing.T) {
			opt := registrybench.Options{Dir: t.TempDir(), Residents: 400, Questions: 40, Say: t.Logf}
			engines := 1
			if os.Getenv(sqlstoretest.Env) != "" {
				engines = 2
				for range registrybench.Stores {
					opt.Postgres = append(opt.Postgres, sqlstoretest.Postgres(t))
				}
			}
			results, err := c.run(t.Context(), opt)
			if err != nil {
				t.Fatal(err)
			}
			if len(results) != engines*c.figures {
				t.Errorf("%d figures, not %d", len(results), engines*c.figures)
			}
			for _, r := range results {
				t.Logf("%s: %.3f %s; %s: %.3f, ratio %.3f", r.What, r.Value, r.Unit, r.Peer, r.PeerValue, r.Ratio)
				if r.Value <= 0 {
					t.Errorf("%s: %v %s", r.What, r.Value, r.Unit)
				}
			}
		})
	}
}
