package issuebench_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/issuebench"
	"github.com/akashi-id/akashi/internal/bench/issuebench/order"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// The parts of the measurement are this program started again, as they are `akashi` started again in use.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "bench" && os.Args[2] == "--part" {
		if err := issuebench.Part(context.Background(), os.Args[3], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRun makes a short run on each engine that is there, without the peer. Figures are shown; what is held is that a certificate
// costs no hundred bare signatures of RSA.
func TestRun(t *testing.T) {
	opt := issuebench.Options{Dir: t.TempDir(), Count: 100, Rounds: 1, Algorithms: []string{order.RSA2048}, Say: t.Logf}
	if os.Getenv(sqlstoretest.Env) != "" {
		opt.Postgres = []string{sqlstoretest.Postgres(t)}
	}
	results, err := issuebench.Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if want := 4 * (1 + len(opt.Postgres)); len(results) != want {
		t.Errorf("%d figures, not %d", len(results), want)
	}
	for _, r := range results {
		t.Logf("%s: %.1f %s; %s: %.1f, ratio %.3f", r.What, r.Value, r.Unit, r.Peer, r.PeerValue, r.Ratio)
		if r.Value <= 0 || strings.Contains(r.Unit, "CPU") && r.Ratio < 0.01 {
			t.Errorf("%s: %v %s, ratio %v", r.What, r.Value, r.Unit, r.Ratio)
		}
	}
}
