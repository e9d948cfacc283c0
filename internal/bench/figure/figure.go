// Package figure is what a measurement says (測定値): a value, and beside it what was measured in the same run.
package figure

import "slices"

// Result is one figure. Ratio is ours ÷ the peer's: more is better unless the unit is a time.
type Result struct {
	What      string  `json:"what"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Peer      string  `json:"peer,omitempty"`
	PeerValue float64 `json:"peer_value,omitempty"`
	Ratio     float64 `json:"ratio,omitempty"`
}

// Beside names the peer of a result.
func (r Result) Beside(peer string, value float64) Result {
	r.Peer, r.PeerValue, r.Ratio = peer, value, r.Value/value
	return r
}

// Rounds are the values that each of several contestants had in each round of one run.
//
// What else the machine does changes from round to round and touches all contestants of a round alike, so ratios are
// taken within a round, and then their median; the median of a quotient is not the quotient of the medians.
type Rounds map[string][]float64

// Add adds the next round's value of a contestant.
func (r Rounds) Add(who string, value float64) { r[who] = append(r[who], value) }

// Median is a contestant's.
func (r Rounds) Median(who string) float64 { return median(r[who]) }

// Beside is the figure of one contestant beside another.
func (r Rounds) Beside(what, unit, who, peer, peerName string) Result {
	ratios := make([]float64, len(r[who]))
	for i, v := range r[who] {
		ratios[i] = v / r[peer][i]
	}
	return Result{What: what, Unit: unit, Value: r.Median(who), Peer: peerName, PeerValue: r.Median(peer), Ratio: median(ratios)}
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s) == 0 {
		return 0
	}
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
