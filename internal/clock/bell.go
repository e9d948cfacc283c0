package clock

import "sync"

// Bell tells a task that there is something to do now. Rings that come before the task looks are one ring. The zero
// Bell is ready; a Bell must not be copied.
type Bell struct {
	once sync.Once
	ch   chan struct{}
}

func (b *Bell) channel() chan struct{} {
	b.once.Do(func() { b.ch = make(chan struct{}, 1) })
	return b.ch
}

// Ring never blocks.
func (b *Bell) Ring() {
	select {
	case b.channel() <- struct{}{}:
	default:
	}
}

// C delivers a ring, and by that consumes it.
func (b *Bell) C() <-chan struct{} { return b.channel() }

// Rung says whether the bell rang since the last look, and consumes the ring.
func (b *Bell) Rung() bool {
	select {
	case <-b.channel():
		return true
	default:
		return false
	}
}
