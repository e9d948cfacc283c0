package reconcilebench_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/reconcilebench"
)

// TestRun measures a small book. That every difference is named is checked by the measurement itself; of the figures,
// that the comparison does not send the book.
func TestRun(t *testing.T) {
	results, err := reconcilebench.Run(t.Context(), reconcilebench.Options{Dir: t.TempDir(), Records: 20_000, Differences: []int{0, 3}, Rounds: 1, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		t.Logf("%s: %.1f %s, ratio %.4f", r.What, r.Value, r.Unit, r.Ratio)
		switch {
		case r.Value <= 0:
			t.Errorf("%s: %v", r.What, r.Value)
		case strings.HasSuffix(r.What, "round trips") && r.Value > 3:
			t.Errorf("%s: %v", r.What, r.Value)
		case r.Unit == "bytes" && r.Ratio > 0.5:
			t.Errorf("%s: %v of the book", r.What, r.Ratio)
		}
	}
}
