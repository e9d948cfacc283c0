package simulate_test

import (
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/simulate"
)

// TestEveryFaultIsNamed: a run in which something was planted names it, in the organisation where it is.
func TestEveryFaultIsNamed(t *testing.T) {
	for i, f := range simulate.Faults() {
		t.Run(f.Name, func(t *testing.T) {
			if os.Getenv("AKASHI_FULL") == "" && i%2 == 1 {
				t.Skip("every second fault: AKASHI_FULL=1 plants all")
			}
			r, err := simulate.Run(t.Context(), simulate.Options{Days: 1, Seed: 3, Residents: 100, Pace: 1, Fault: f.Name})
			if err != nil {
				t.Fatal(err)
			}
			if !r.Found || r.Held {
				t.Errorf("it was not found by the country itself and named; what was: %v", r.Findings)
			}
			t.Logf("%.1f s; named by %v", r.Seconds, r.Named)
		})
	}
}
