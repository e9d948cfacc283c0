package module

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Quantiles are right within a sixteenth, whatever was measured.
func TestQuantiles(t *testing.T) {
	const seed = 4
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	for range 200 {
		var h histogram
		all := make([]time.Duration, 1+random.IntN(500))
		for i := range all {
			all[i] = time.Duration(random.Int64N(1<<random.IntN(40))) * time.Microsecond
			h.add(all[i])
		}
		slices.Sort(all)
		for _, share := range []float64{0, 0.5, 0.99, 1} {
			want := all[min(int(share*float64(len(all))), len(all)-1)]
			if got := h.quantile(share); got < want || float64(got) > float64(want)*17/16+float64(time.Microsecond) {
				t.Fatalf("%v of %d: %v, want %v", share, len(all), got, want)
			}
		}
	}
}
