package figure_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/bench/figure"
)

// TestRatiosAreTakenWithinARound: the machine was slow in the second round, for both.
func TestRatiosAreTakenWithinARound(t *testing.T) {
	r := figure.Rounds{}
	for _, v := range [][2]float64{{100, 50}, {10, 4}, {120, 60}} {
		r.Add("ours", v[0])
		r.Add("theirs", v[1])
	}
	got := r.Beside("what", "unit", "ours", "theirs", "peer")
	if want := (figure.Result{What: "what", Unit: "unit", Value: 100, Peer: "peer", PeerValue: 50, Ratio: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	r.Add("even", 1)
	r.Add("even", 3)
	if m := r.Median("even"); m != 2 {
		t.Errorf("the median of 1 and 3 is %v", m)
	}
}
