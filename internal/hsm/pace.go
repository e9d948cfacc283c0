package hsm

import (
	"slices"
	"sync"
	"time"
)

// pace remembers the last signatures of a token, to tell how much it does and how long that takes.
type pace struct {
	mu   sync.Mutex
	ring []signature
	at   int
}

type signature struct {
	ended time.Time
	took  time.Duration
}

// Pace is how much a token did within the last minute.
type Pace struct {
	PerSecond float64       // signatures
	P99       time.Duration // of a hundred signatures, one took longer; zero: there was none
}

const (
	paceOver = time.Minute
	paceKept = 1024 // signatures; when more come in a minute, the figures are of these
)

func (p *pace) add(ended time.Time, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := signature{ended, took}
	if len(p.ring) < paceKept {
		p.ring = append(p.ring, s)
		return
	}
	p.ring[p.at] = s
	p.at = (p.at + 1) % paceKept
}

func (p *pace) stand(now time.Time) (is Pace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var took []time.Duration
	oldest := now
	for _, s := range p.ring {
		if now.Sub(s.ended) < paceOver {
			took = append(took, s.took)
			if s.ended.Before(oldest) {
				oldest = s.ended
			}
		}
	}
	if len(took) == 0 {
		return is
	}
	over := paceOver
	if len(took) == paceKept { // the minute's first are forgotten
		over = max(now.Sub(oldest), time.Millisecond)
	}
	slices.Sort(took)
	return Pace{PerSecond: float64(len(took)) / over.Seconds(), P99: took[(len(took)*99-1)/100]}
}
