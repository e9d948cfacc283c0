package hsm

import (
	"math"
	"testing"
	"time"
)

// TestPace: the figures are of the last minute, also when it has more signatures than are remembered.
func TestPace(t *testing.T) {
	now := time.Date(2026, 1, 13, 9, 0, 0, 0, time.UTC)
	var p pace
	if s := p.stand(now); s != (Pace{}) {
		t.Errorf("before any: %+v", s)
	}
	p.add(now.Add(-time.Hour), time.Hour)
	for n := range 120 {
		p.add(now.Add(time.Duration(n-120)*500*time.Millisecond), time.Duration(n+1)*time.Millisecond)
	}
	if s := p.stand(now); math.Abs(s.PerSecond-119.0/60) > 0.01 || s.P99 != 119*time.Millisecond {
		t.Errorf("two a second: %+v", s)
	}
	for range 5000 {
		now = now.Add(time.Millisecond)
		p.add(now, 2*time.Millisecond)
	}
	if s := p.stand(now); math.Abs(s.PerSecond-1000) > 5 || s.P99 != 2*time.Millisecond {
		t.Errorf("a thousand a second: %+v", s)
	}
	if s := p.stand(now.Add(time.Hour)); s != (Pace{}) {
		t.Errorf("an hour later: %+v", s)
	}
}
