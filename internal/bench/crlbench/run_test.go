package crlbench_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/crlbench"
)

// TestRun measures a small list. Of the figures, those are held that no load of the machine can change: what is allocated.
func TestRun(t *testing.T) {
	results, err := crlbench.Run(t.Context(), crlbench.Options{Entries: []int{20_000}, Rounds: 1, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, r := range results {
		t.Logf("%s: %.4g %s, ratio %.4f", r.What, r.Value, r.Unit, r.Ratio)
		if r.Value <= 0 || r.PeerValue <= 0 {
			t.Errorf("%s: %v beside %v", r.What, r.Value, r.PeerValue)
		}
		if strings.HasSuffix(r.What, "allocated") {
			held++
			if r.Ratio > 0.2 {
				t.Errorf("%s: %.2f of the standard library's", r.What, r.Ratio)
			}
		}
	}
	if held != 2 {
		t.Errorf("%d figures of what is allocated, not 2", held)
	}
}
