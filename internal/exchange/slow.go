package exchange

import (
	"time"

	"github.com/akashi-id/akashi/message"
)

// slowLane is how long a kind whose rule hung goes one at a time.
const slowLane = time.Minute

func (x *Exchange) setSlow(k message.Kind) {
	x.slowMu.Lock()
	defer x.slowMu.Unlock()
	x.slow[k] = x.cfg.Clock.Now()
}

func (x *Exchange) setQuick(k message.Kind) {
	x.slowMu.Lock()
	defer x.slowMu.Unlock()
	delete(x.slow, k)
}

func (x *Exchange) isSlow(k message.Kind) bool {
	x.slowMu.Lock()
	defer x.slowMu.Unlock()
	at, ok := x.slow[k]
	if ok && x.cfg.Clock.Now().Sub(at) > slowLane {
		delete(x.slow, k)
		return false
	}
	return ok
}

// slowTurn lets one message of a slow kind through every second: it shows whether the rule has recovered, and costs
// the others at most its deadline.
func (x *Exchange) slowTurn(k message.Kind) bool {
	x.slowMu.Lock()
	defer x.slowMu.Unlock()
	now := x.cfg.Clock.Now()
	if now.Sub(x.slow[k]) < time.Second {
		return false
	}
	x.slow[k] = now
	return true
}

func (x *Exchange) anySlow(b *message.Batch) bool {
	for _, e := range b.Envelopes {
		if x.isSlow(e.Kind) {
			return true
		}
	}
	return false
}
