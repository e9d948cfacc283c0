package simulate_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/simulate"
)

func TestCountryHolds(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		r, err := simulate.Run(t.Context(), simulate.Options{Days: 2, Seed: seed, Residents: 200, Pace: 50})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i, d := range r.Findings {
			if i < 20 {
				t.Errorf("seed %d: %s, %s: %s %s %s", seed, d.Where, d.By, d.What, d.Key, d.Says.EN)
			}
		}
		if !r.Held {
			t.Errorf("seed %d did not hold; nobody had %v", seed, r.Skipped)
		}
		t.Logf("%+v", r.Events)
		t.Logf("refused %d, messages %d, %.1f s", r.Refused, r.Messages, r.Seconds)
	}
}
