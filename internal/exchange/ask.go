package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// A question is answered at once from what the other side can read, and changes nothing there: whatever must not get
// lost travels as a message. So a question needs no number and no receipt; one that gets no answer is asked again when
// its time comes.

// Asks are the answers to questions of other organisations, by the kind of question.
type Asks map[string]func(ctx context.Context, from message.Org, body []byte) ([]byte, error)

// MaxAsk is how many bytes a question, or its answer, may have.
const MaxAsk = message.MaxWire - 1<<16

// maxAsking is how many questions of one peer are answered at the same time.
const maxAsking = 4

// ErrNoAnswer is the answer to a question that the organisation does not know: its program is another version.
var ErrNoAnswer = errors.New("the organisation does not know the question")

// Answer says what peers get for questions of a kind, from now on.
func (x *Exchange) Answer(kind string, fn func(ctx context.Context, from message.Org, body []byte) ([]byte, error)) {
	x.askMu.Lock()
	defer x.askMu.Unlock()
	x.asks[kind] = fn
}

// Ask puts a question to a peer and returns its answer. It does not retry.
func (x *Exchange) Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error) {
	p := x.peers[to]
	if p == nil {
		return nil, fmt.Errorf("%s does not exchange with %s", x.cfg.Self, to)
	}
	if len(body) > MaxAsk {
		return nil, fmt.Errorf("a question has at most %d bytes, not %d", MaxAsk, len(body))
	}
	ctx, cancel := context.WithTimeout(ctx, x.cfg.Limits.SendDeadline)
	defer cancel()
	answer, err := guarded(ctx, x, func() ([]byte, error) { return x.cfg.Link.Ask(ctx, to, kind, body) })
	if err != nil {
		return nil, fmt.Errorf("couldn't ask %s for %s: %w", to, kind, err)
	}
	return answer, nil
}

// Asked answers a peer's question. from is who the link says the peer is.
func (x *Exchange) Asked(ctx context.Context, from message.Org, q *messagepb.Question) (a *messagepb.Answer, err error) {
	p := x.peers[from]
	if p == nil {
		return nil, &Refusal{fmt.Sprintf("%s does not exchange with %s", x.cfg.Self, from)}
	}
	if len(q.Body) > MaxAsk {
		return nil, &Refusal{fmt.Sprintf("a question has at most %d bytes", MaxAsk)}
	}
	x.askMu.RLock()
	fn := x.asks[q.Kind]
	x.askMu.RUnlock()
	if fn == nil {
		return nil, ErrNoAnswer
	}
	if !p.mayAsk(q.Kind) {
		return nil, fmt.Errorf("an earlier question of %s for %s has not come back yet", from, clean(q.Kind, maxCode))
	}
	select {
	case p.asking <- struct{}{}:
		defer func() { <-p.asking }()
	default:
		return nil, fmt.Errorf("%s has %d questions under way already", from, maxAsking)
	}
	body, err := x.answerWithin(ctx, p, q, fn)
	if err == nil && len(body) > MaxAsk {
		err = fmt.Errorf("the answer to %s has %d bytes, and may have %d", q.Kind, len(body), MaxAsk)
	}
	if err != nil {
		x.cfg.Log.WarnContext(ctx, "a question was not answered", "from", from, "question", clean(q.Kind, maxCode), "error", err)
		return nil, err
	}
	return &messagepb.Answer{Body: body}, nil
}

// answerWithin has a question answered as long as whoever asks waits, and at most for Limits.SendDeadline. An answer that
// takes no notice of that is left behind: its place is free for other questions, and the peer gets no other of its kind
// before it has come back.
func (x *Exchange) answerWithin(ctx context.Context, p *peer, q *messagepb.Question,
	fn func(ctx context.Context, from message.Org, body []byte) ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, x.cfg.Limits.SendDeadline)
	came := make(chan answer, 1)
	var left, back bool // under p.mu
	go func() {
		a := answer{err: fmt.Errorf("the answer to %s ended its goroutine", q.Kind)}
		defer cancel()
		defer func() {
			if r := recover(); r != nil {
				a = answer{err: fmt.Errorf("the answer to %s panicked: %v", q.Kind, r)}
			}
			came <- a
			p.mu.Lock()
			defer p.mu.Unlock()
			if back = true; left {
				p.asksLeft[q.Kind]--
			}
		}()
		a.body, a.err = fn(ctx, p.org, q.Body)
	}()
	select {
	case a := <-came:
		return a.body, a.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	if left = !back; left {
		p.asksLeft[q.Kind]++
	}
	p.mu.Unlock()
	select {
	case a := <-came: // at the last moment
		return a.body, a.err
	default:
		return nil, fmt.Errorf("the answer to %s did not come in time: %w", q.Kind, ctx.Err())
	}
}

// answer is what an answering function came to.
type answer struct {
	body []byte
	err  error
}

// mayAsk tells whether a question of a kind may be answered: no earlier one of the peer was left behind.
func (p *peer) mayAsk(kind string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asksLeft[kind] == 0
}
