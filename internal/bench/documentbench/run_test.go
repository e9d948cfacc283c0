package documentbench_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/documentbench"
	"github.com/akashi-id/akashi/internal/document/font"
)

// The parts of the measurement are this program started again, as they are `akashi` started again in use.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "bench" && os.Args[2] == "--part" {
		if err := documentbench.Part(context.Background(), os.Args[3], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRun makes a short run, without the peers. Figures are shown; what is held is that every one is there and above nothing, that the
// slowest document took no less than the one in the middle, and that a document is no empty file.
func TestRun(t *testing.T) {
	if _, err := os.Stat(font.IPAmj); err != nil {
		t.Skip("SKIPPED, NO DOCUMENT WAS MADE: the official font is not installed (Debian: fonts-ipamj-mincho)")
	}
	results, err := documentbench.Run(t.Context(), documentbench.Options{Count: 5, Rounds: 1, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	if want := 2*5 + 5 + 3 + 2; len(results) != want {
		t.Errorf("%d figures, not %d", len(results), want)
	}
	p50 := 0.0
	for _, r := range results {
		t.Logf("%s: %.2f %s", r.What, r.Value, r.Unit)
		switch {
		case r.Value <= 0, r.Unit == "kB" && r.Value < 50, r.Unit == "MiB" && r.Value > 1000:
			t.Errorf("%s: %v %s", r.What, r.Value, r.Unit)
		case strings.Contains(r.What, "p50"):
			p50 = r.Value
		case strings.Contains(r.What, "p99") && r.Value < p50:
			t.Errorf("%s: %v %s, which is less than the median, %v", r.What, r.Value, r.Unit, p50)
		}
	}
}
