// Package leave calls what may never come back, and goes on without it when its time is over (見切り).
//
// A device, a page, a rule with a fault may take no notice of the end of its context, and Go ends no goroutine from
// outside: whoever waits for such a call hangs with it. Call waits as long as its context and no longer. Then the call is
// left behind in its goroutine, the only one that stays, and its place counts it until it comes back. A place at which too
// many were left behind takes no other, because more would only pile up before the same fault. A panic is an error of the
// call, and never the end of the program.
//
// 戻らない処理は外から止められないので、期限が来たら置いて先へ進む。置いてきた数は場所ごとに数え、上限に達した場所では、
// 戻るまで次を始めない。処理のパニックは、その処理の失敗として扱う。
//
// Time comes from the context alone. What comes back after its end counts for nothing, of a call that heeds its context as
// of one that does not, so that the result does not hang on which goroutine runs first.
package leave

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// Whoever calls says these in words of its own: another call, further out, must not take them for its own.
var (
	// ErrLate is the error of a call that did not come back in time. The context's error is in it too.
	ErrLate = errors.New("it did not come back in time")

	// ErrFull is the error of a call that was not made, because earlier ones have not come back.
	ErrFull = errors.New("earlier calls have not come back")
)

// Call calls fn in a goroutine of its own and returns what it came to, its panic as a *Panic. When ctx ends first, fn is
// left behind at the place p, and the error is ErrLate. Then late, which may be nil, gets what fn returns after all when
// that is no error, so that what nobody waits for any more is closed; until late is over the call has not come back.
func Call[T any](ctx context.Context, p *Place, fn func() (T, error), late func(T)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("%w: %w", ErrLate, err)
	}
	if !p.begin() {
		return none, ErrFull
	}
	c := &call{place: p, over: make(chan struct{})}
	result, err := none, errGone
	go func() {
		defer func() {
			if c.inTime(ctx) {
				return
			}
			defer p.count(-1)
			if late != nil && err == nil {
				late(result)
			}
		}()
		result, err = Caught(fn)
	}()
	select {
	case <-c.over:
	case <-ctx.Done():
		if !c.leave() {
			return none, fmt.Errorf("%w: %w", ErrLate, ctx.Err())
		}
	}
	return result, err
}

// errGone is the error of a function that ended its goroutine and so never returned.
var errGone = errors.New("it ended its goroutine")

// call is one call on its way. It comes back or is left, and stays what it became first.
type call struct {
	place      *Place
	over       chan struct{} // closed when it came back
	came, left bool          // under place.mu
}

// inTime ends a call that is back, when its time is not over.
func (c *call) inTime(ctx context.Context) bool {
	if ctx.Err() != nil {
		return c.leave()
	}
	c.place.mu.Lock()
	defer c.place.mu.Unlock()
	if c.left {
		return false
	}
	c.came = true
	c.place.running--
	close(c.over)
	return true
}

// leave leaves a call behind, unless it has come back.
func (c *call) leave() (came bool) {
	c.place.mu.Lock()
	defer c.place.mu.Unlock()
	if !c.came && !c.left {
		c.left = true
		c.place.left++
	}
	return c.came
}

// Panic is a panic as an error. Its message leaves out the stack, and what follows "panic: " may be anything that the
// program held at that moment, a person's record too.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Caught calls fn in this goroutine and returns its panic as a *Panic.
func Caught[T any](fn func() (T, error)) (result T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Panic{r, debug.Stack()}
		}
	}()
	return fn()
}

// Place is where calls are left behind and counted: one device, one peer, one source. It must not be copied. The zero
// Place is ready.
type Place struct {
	// Most is how many calls may be left behind before the place takes no other; 0: one.
	Most int
	// AtOnce is how many calls may run at the same time, those left behind among them; 0: as many as are made. Those that
	// run together may all be left behind, so it, or how many its owner makes, is what bounds them.
	AtOnce int

	mu            sync.Mutex
	running, left int
}

func (p *Place) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full() || p.AtOnce > 0 && p.running >= p.AtOnce {
		return false
	}
	p.running++
	return true
}

func (p *Place) full() bool { return p.left >= max(1, p.Most) }

// Full tells whether as many calls were left behind as may be.
func (p *Place) Full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.full()
}

// Left is how many calls were left behind and have not come back.
func (p *Place) Left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

// Leave counts a call that its caller has left behind by other means, until back is called, once.
func (p *Place) Leave() (back func()) {
	p.count(1)
	return func() { p.count(-1) }
}

func (p *Place) count(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running += n
	p.left += n
}

// Places are places of one sort by their names, of which there are few: each is kept. The zero Places is ready, and
// must not be copied.
type Places struct {
	Most int // of each Place

	mu  sync.Mutex
	all map[string]*Place
}

// At is the place of a name.
func (s *Places) At(name string) *Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.all[name]
	if p == nil {
		if s.all == nil {
			s.all = map[string]*Place{}
		}
		p = &Place{Most: s.Most}
		s.all[name] = p
	}
	return p
}
