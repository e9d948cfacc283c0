package exchange

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/akashi-id/akashi/internal/leave"
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

// AnswerAlso is Answer, and lets some organisations ask this one kind with which no messages are exchanged: those that may names, of
// whom the infrastructure CA has certified that they are.
func (x *Exchange) AnswerAlso(kind string, may func(from message.Org) bool, fn func(ctx context.Context, from message.Org, body []byte) ([]byte, error)) {
	x.Answer(kind, fn)
	x.askMu.Lock()
	defer x.askMu.Unlock()
	x.askers[kind] = may
}

// asker is where questions of an organisation are counted: of a peer, or of somebody who may ask this one kind. Of these there are no
// more than were certified.
func (x *Exchange) asker(from message.Org, kind string) *peer {
	if p := x.peers[from]; p != nil {
		return p
	}
	x.askMu.Lock()
	defer x.askMu.Unlock()
	if may := x.askers[kind]; may == nil || !may(from) {
		return nil
	}
	p := x.asking[from]
	if p == nil {
		p = &peer{org: from, asking: make(chan struct{}, maxAsking)}
		x.asking[from] = p
	}
	return p
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

// Asked answers a peer's question. from is who the link says the peer is. It is answered as long as whoever asks waits, and
// at most for Limits.SendDeadline. An answer that takes no notice of that is left behind: its place is free for other
// questions, and the peer gets no other of its kind before it has come back.
func (x *Exchange) Asked(ctx context.Context, from message.Org, q *messagepb.Question) (a *messagepb.Answer, err error) {
	p := x.asker(from, q.Kind)
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
	select {
	case p.asking <- struct{}{}:
		defer func() { <-p.asking }()
	default:
		return nil, fmt.Errorf("%s has %d questions under way already", from, maxAsking)
	}
	asker := ctx
	ctx, cancel := context.WithTimeout(ctx, x.cfg.Limits.SendDeadline)
	defer cancel()
	body, err := leave.Call(ctx, p.asksLeft.At(q.Kind), func() ([]byte, error) { return fn(ctx, from, q.Body) }, nil)
	var panicked *leave.Panic
	switch {
	case errors.Is(err, leave.ErrFull):
		return nil, fmt.Errorf("an earlier question of %s for %s has not come back yet", from, clean(q.Kind, maxCode))
	case errors.Is(err, leave.ErrLate):
		err = fmt.Errorf("the answer to %s did not come in time: %w", q.Kind, ctx.Err())
	case errors.As(err, &panicked):
		err = fmt.Errorf("the answer to %s panicked: %v", q.Kind, panicked.Value)
	}
	if err == nil && len(body) > MaxAsk {
		err = fmt.Errorf("the answer to %s has %d bytes, and may have %d", q.Kind, len(body), MaxAsk)
	}
	if err != nil {
		level := slog.LevelWarn
		if errors.Is(asker.Err(), context.Canceled) {
			level = slog.LevelInfo // whoever asked has ended or gone away
		}
		x.cfg.Log.Log(ctx, level, "a question was not answered", "from", from, "question", clean(q.Kind, maxCode), "error", err)
		return nil, err
	}
	return &messagepb.Answer{Body: body}, nil
}
