package exchangebench_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/exchangebench"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// The parts of the measurement are this program started again, as they are `akashi` started again in use.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "bench" && os.Args[2] == "--part" {
		if err := exchangebench.Part(context.Background(), os.Args[3], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRun makes a short run on each engine that is there. Figures are shown; they are judged with a slack of ten: a
// message must not cost a hundred times what its bare row does, and 100 poison messages must not hold up the next.
func TestRun(t *testing.T) {
	opt := exchangebench.Options{Dir: t.TempDir(), Messages: 500, Rounds: 2, Poison: []int{0, 100}, Say: t.Logf}
	if os.Getenv(sqlstoretest.Env) != "" {
		for i := range opt.Postgres {
			opt.Postgres[i] = sqlstoretest.Postgres(t)
		}
	}
	results, err := exchangebench.Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		t.Logf("%s: %.1f %s; %s: %.1f, ratio %.3f", r.What, r.Value, r.Unit, r.Peer, r.PeerValue, r.Ratio)
		switch {
		case r.Value <= 0:
			t.Errorf("%s: %v", r.What, r.Value)
		case r.Unit == "messages/s" && r.Ratio < 0.005:
			t.Errorf("%s: ratio %.4f", r.What, r.Ratio)
		case r.Unit == "ms" && r.Value > 10_000:
			t.Errorf("%s: %.0f ms", r.What, r.Value)
		}
	}
}
