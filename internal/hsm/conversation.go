package hsm

import (
	"cmp"
	"context"
	"encoding/hex"
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

	// End lets the process finish what it does and log out, for a second, and kills it if it has not ended by then. SoftHSM loses
	// a token whose login is cut off, and other devices count the sessions of the dead.
	End()

	// Kill ends the process at once and waits for its end; a Read or Write that is under way returns then. It may be called
	// again, and after End.
	Kill()
}

// conversation is one run of a token's process: the calls that are under way, and the last ones that were.
//
// It is over for one reason and for good, and an answer that comes after that moment reaches nobody: its caller may have
// another token's signature by then.
type conversation struct {
	process Process
	clock   clock.Clock
	journal *Journal
	pace    *pace // may be nil

	lines *token.Lines
	calls chan token.Call // to the goroutine that writes
	busy  sync.WaitGroup  // the goroutines that write and read, and those who write into the journal

	mu       sync.Mutex // guards what follows
	next     uint64
	underWay map[uint64]*call
	recent   []Past // a ring of the last calls
	at       int
	err      error         // why it is over
	over     chan struct{} // closed then
}

// call is a call on its way.
type call struct {
	Past
	line   int               // of the journal
	answer chan token.Answer // has room for one: whoever asked may be gone
	stop   func()            // the deadline
}

// Past is a call as the journal and the evidence keep it: what was asked of which key, never the PIN, and of what is signed
// the digest alone.
type Past struct {
	ID    uint64        `json:"id"`
	Op    token.Op      `json:"op"`
	Key   string        `json:"key,omitempty"`
	Hash  string        `json:"digest,omitempty"` // hex of the digest that was to be signed
	Begun time.Time     `json:"begun"`
	Took  time.Duration `json:"took_ns,omitempty"` // zero: it had no answer
	Late  bool          `json:"late,omitempty"`    // the answer came when nobody waited for it any more
	Error string        `json:"error,omitempty"`
}

// keptCalls is how many past calls the evidence shows.
const keptCalls = 100

var (
	errStalled = errors.New("the token did not answer before the deadline")
	errDied    = errors.New("the token's process ended")
)

func converse(p Process, cfg Config, rate *pace) *conversation {
	c := &conversation{process: p, clock: cfg.Clock, journal: cfg.Journal, pace: rate, lines: token.NewLines(p, p),
		calls: make(chan token.Call), underWay: map[uint64]*call{}, over: make(chan struct{})}
	c.busy.Go(c.speak)
	c.busy.Go(c.listen)
	return c
}

// speak writes calls. It does so alone, because a pipe that nobody reads fills, and then writing hangs too.
func (c *conversation) speak() {
	for {
		select {
		case q := <-c.calls:
			if err := c.lines.Write(q); err != nil {
				c.end(fmt.Errorf("%w: %w", errDied, err))
			}
		case <-c.over:
			return
		}
	}
}

// listen brings answers to their calls until there are no more.
func (c *conversation) listen() {
	for {
		var a token.Answer
		switch err := c.lines.Read(&a); {
		case errors.Is(err, token.ErrGarbage):
			c.end(err)
			return
		case err != nil:
			c.end(fmt.Errorf("%w: %w", errDied, err))
			return
		case !c.settle(a):
			c.end(fmt.Errorf("%w: an answer to call %d, which nobody made", token.ErrGarbage, a.ID))
			return
		}
	}
}

// settle gives an answer to whoever made the call, if the conversation is not over. It is false when nobody made it.
func (c *conversation) settle(a token.Answer) bool {
	c.mu.Lock()
	k := c.underWay[a.ID]
	if k == nil {
		c.mu.Unlock()
		return false
	}
	k.Took = max(c.clock.Now().Sub(k.Begun), 1)
	if a.Err != nil {
		k.Error = a.Err.Error()
	}
	if k.Late = c.err != nil; !k.Late {
		k.answer <- a
	}
	c.forget(k)
	line, past := k.line, k.Past
	c.mu.Unlock()
	c.journal.clear(line)
	if c.pace != nil && past.Op == token.OpSign && past.Error == "" {
		c.pace.add(past.Begun.Add(past.Took), past.Took)
	}
	return true
}

// forget moves a call to the past. The caller holds mu.
func (c *conversation) forget(k *call) {
	k.stop()
	delete(c.underWay, k.ID)
	if len(c.recent) < keptCalls {
		c.recent = append(c.recent, k.Past)
		return
	}
	c.recent[c.at] = k.Past
	c.at = (c.at + 1) % keptCalls
}

// end ends the conversation for everybody, for the first reason that is given.
func (c *conversation) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = why
	close(c.over)
	for _, k := range c.underWay { // they stay there, for the evidence
		k.stop()
	}
}

// why is the reason for which it is over.
func (c *conversation) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// close ends the process, and waits for what still speaks with it.
func (c *conversation) close() {
	c.process.Kill()
	c.busy.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.underWay {
		c.journal.clear(k.line)
	}
}

// load is how many calls are under way.
func (c *conversation) load() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.underWay)
}

// begin makes a call, which is under way from now on and has a deadline. Who begins one carries it on with run.
func (c *conversation) begin(q token.Call, deadline time.Duration) (*call, token.Call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, q, c.err
	}
	c.next++
	q.ID = c.next
	k := &call{Past: Past{ID: q.ID, Op: q.Op, Key: q.Key, Hash: hex.EncodeToString(q.Digest), Begun: c.clock.Now()}, line: noLine,
		answer: make(chan token.Answer, 1)}
	// In real time, because what hangs is a device. The deadline is the call's and not its caller's, who may go: a native
	// module that hangs once is not asked anything any more.
	limit, cancel := context.WithTimeout(context.Background(), deadline)
	unwatch := context.AfterFunc(limit, func() {
		c.end(fmt.Errorf("%w of %v: call %d, %s %s", errStalled, deadline, q.ID, q.Op, q.Key))
	})
	k.stop = func() { unwatch(); cancel() }
	c.underWay[q.ID] = k
	c.busy.Add(1) // until it is in the journal
	return k, q, nil
}

// run carries a call to its answer. A caller whose context ends goes away; the call goes on, and so does its deadline.
func (c *conversation) run(ctx context.Context, k *call, q token.Call) (token.Answer, error) {
	c.note(k)
	select {
	case c.calls <- q:
	case <-ctx.Done():
		c.drop(k)
		return token.Answer{}, ctx.Err()
	case <-c.over:
		return token.Answer{}, c.why()
	}
	return c.await(ctx, k)
}

// drop forgets a call that the process has not heard of.
func (c *conversation) drop(k *call) {
	c.mu.Lock()
	k.stop()
	delete(c.underWay, k.ID)
	line := k.line
	c.mu.Unlock()
	c.journal.clear(line)
}

// await is the answer to a call that was made, if it comes before the conversation is over.
func (c *conversation) await(ctx context.Context, k *call) (token.Answer, error) {
	select {
	case a := <-k.answer:
		return answered(a)
	case <-ctx.Done():
		return token.Answer{}, ctx.Err()
	case <-c.over:
	}
	select {
	case a := <-k.answer: // it came before the end did
		return answered(a)
	default:
		return token.Answer{}, c.why()
	}
}

func answered(a token.Answer) (token.Answer, error) {
	if a.Err != nil {
		return a, a.Err
	}
	return a, nil
}

// note writes a call into the journal, before the process hears of it.
func (c *conversation) note(k *call) {
	defer c.busy.Done()
	c.mu.Lock()
	was := k.Past
	c.mu.Unlock()
	line := c.journal.note(was)
	c.mu.Lock()
	k.line = line
	answered := c.underWay[k.ID] != k // by a process that answers what it was not asked
	c.mu.Unlock()
	if answered {
		c.journal.clear(line)
	}
}

// ask makes a call and waits for its answer.
func (c *conversation) ask(ctx context.Context, q token.Call, deadline time.Duration) (token.Answer, error) {
	k, q, err := c.begin(q, deadline)
	if err != nil {
		return token.Answer{}, err
	}
	return c.run(ctx, k, q)
}

// seen are the calls without an answer, the oldest first, and the last ones with.
func (c *conversation) seen() (open, past []Past) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.underWay {
		open = append(open, k.Past)
	}
	slices.SortFunc(open, func(a, b Past) int { return cmp.Compare(a.ID, b.ID) })
	return open, append(slices.Clone(c.recent[c.at:]), c.recent[:c.at]...)
}
