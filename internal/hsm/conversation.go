package hsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Process is a token's process that runs. What is written to it are calls; what is read are answers.
type Process interface {
	io.ReadWriter

	// Dump tells what the process is doing, for the evidence: stacks and states of its threads, no memory. It may take a
	// second, and may end the process.
	Dump() string

	// Kill ends the process and waits for its end. It may be called again.
	Kill()
}

// conversation is one run of a token's process: the calls that are under way, and the last ones that were.
type conversation struct {
	process Process
	clock   clock.Clock

	writing sync.Mutex
	lines   *token.Lines

	mu       sync.Mutex
	next     uint64
	underWay map[uint64]*call
	recent   []Past // a ring of the last calls
	at       int
	err      error         // why it is over
	over     chan struct{} // closed then
}

type call struct {
	Past
	answer chan token.Answer
}

// Past is a call as the evidence keeps it: what was asked of which key, never the PIN.
type Past struct {
	ID    uint64        `json:"id"`
	Op    token.Op      `json:"op"`
	Key   string        `json:"key,omitempty"`
	Hash  string        `json:"digest,omitempty"` // hex of the digest that was to be signed
	Begun time.Time     `json:"begun"`
	Took  time.Duration `json:"took_ns,omitempty"` // zero: it had no answer
	Error string        `json:"error,omitempty"`
}

// keptCalls is how many past calls the evidence shows.
const keptCalls = 100

var (
	errStalled = errors.New("the token did not answer before the deadline")
	errDied    = errors.New("the token's process ended")
)

func converse(p Process, clk clock.Clock) *conversation {
	c := &conversation{process: p, clock: clk, lines: token.NewLines(p, p), underWay: map[uint64]*call{}, over: make(chan struct{})}
	go c.listen()
	return c
}

// listen brings answers to their calls until there are no more.
func (c *conversation) listen() {
	for {
		var a token.Answer
		if err := c.lines.Read(&a); err != nil {
			if errors.Is(err, token.ErrGarbage) {
				c.end(err)
			} else {
				c.end(fmt.Errorf("%w: %w", errDied, err))
			}
			return
		}
		c.mu.Lock()
		call := c.underWay[a.ID]
		c.done(a.ID, a.Err)
		c.mu.Unlock()
		if call == nil {
			c.end(fmt.Errorf("%w: an answer to call %d, which nobody made", token.ErrGarbage, a.ID))
			return
		}
		call.answer <- a
	}
}

// done moves a call to the past. The caller holds mu.
func (c *conversation) done(id uint64, err *token.Error) {
	call := c.underWay[id]
	if call == nil {
		return
	}
	delete(c.underWay, id)
	call.Took = max(c.clock.Now().Sub(call.Begun), 1)
	if err != nil {
		call.Error = err.Error()
	}
	if len(c.recent) < keptCalls {
		c.recent = append(c.recent, call.Past)
		return
	}
	c.recent[c.at] = call.Past
	c.at = (c.at + 1) % keptCalls
}

// end ends the conversation for everybody, for the first reason that is given.
func (c *conversation) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = why
		close(c.over)
	}
}

// ask makes a call and waits for its answer. An answer that does not come before the deadline ends the conversation: a
// native module that hangs once is not asked anything any more.
func (c *conversation) ask(ctx context.Context, q token.Call, deadline time.Duration) (token.Answer, error) {
	mine := &call{answer: make(chan token.Answer, 1), Past: Past{Op: q.Op, Key: q.Key, Hash: fmt.Sprintf("%x", q.Digest), Begun: c.clock.Now()}}
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return token.Answer{}, c.err
	}
	c.next++
	q.ID, mine.ID = c.next, c.next
	c.underWay[q.ID] = mine
	c.mu.Unlock()

	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), deadline)
	defer cancel()
	written := make(chan error, 1)
	go func() { // a pipe that nobody reads fills, and then writing hangs too
		c.writing.Lock()
		defer c.writing.Unlock()
		written <- c.lines.Write(q)
	}()
	for {
		select {
		case err := <-written:
			if err != nil {
				c.end(fmt.Errorf("%w: %w", errDied, err))
			}
			written = nil
		case a := <-mine.answer:
			if a.Err != nil {
				return a, a.Err
			}
			return a, nil
		case <-c.over:
			c.mu.Lock()
			defer c.mu.Unlock()
			return token.Answer{}, c.err
		case <-limit.Done():
			c.end(fmt.Errorf("%w of %v: call %d, %s %s", errStalled, deadline, q.ID, q.Op, q.Key))
		}
	}
}

// calls are those without an answer, the oldest first, and the last ones with.
func (c *conversation) calls() (open, past []Past) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.underWay {
		open = append(open, call.Past)
	}
	slices.SortFunc(open, func(a, b Past) int { return int(a.ID) - int(b.ID) })
	return open, append(slices.Clone(c.recent[c.at:]), c.recent[:c.at]...)
}
