package module

import (
	"math/bits"
	"time"
)

// histogram counts durations in steps of one sixteenth, so that a trial of days needs no more room than one of minutes.
type histogram struct {
	counts [64 * 16]int
	n      int
	max    time.Duration
}

// step is the step of a duration: the place of its highest bit, and the four bits behind it.
func step(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	if us < 16 {
		return int(us)
	}
	high := bits.Len64(us) - 5
	return high*16 + int(us>>high)
}

// top is the longest duration of a step.
func top(step int) time.Duration {
	if step < 32 {
		return time.Duration(step) * time.Microsecond
	}
	high := step/16 - 1
	return time.Duration((uint64(step-high*16)+1)<<high-1) * time.Microsecond
}

func (h *histogram) add(d time.Duration) {
	h.counts[step(d)]++
	h.n++
	h.max = max(h.max, d)
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}

// quantile is the duration that a share of all did not exceed; none of none.
func (h *histogram) quantile(share float64) time.Duration {
	left := int(share * float64(h.n))
	for i, n := range h.counts {
		if left -= n; left < 0 {
			return min(top(i), h.max)
		}
	}
	return h.max
}
