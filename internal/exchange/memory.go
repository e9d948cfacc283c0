package exchange

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// Memory is the Link of organisations in one process: the country in a box, tests and replays. What it hands over is
// encoded and read again, so that nothing passes that could not pass over a wire.
type Memory struct {
	mu  sync.RWMutex
	org map[message.Org]*Exchange
}

// Join makes an organisation reachable; joining again replaces it, and a nil x takes it off the network.
func (m *Memory) Join(org message.Org, x *Exchange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.org == nil {
		m.org = map[message.Org]*Exchange{}
	}
	m.org[org] = x
}

// As is the link as one organisation uses it.
func (m *Memory) As(self message.Org) Link { return memoryLink{m, self} }

type memoryLink struct {
	net  *Memory
	self message.Org
}

func (l memoryLink) to(org message.Org) (*Exchange, error) {
	l.net.mu.RLock()
	defer l.net.mu.RUnlock()
	if x := l.net.org[org]; x != nil {
		return x, nil
	}
	return nil, fmt.Errorf("%s is not reachable", org)
}

func (l memoryLink) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	x, err := l.to(to)
	if err != nil {
		return nil, err
	}
	return x.Hello(ctx, l.self, g)
}

func (l memoryLink) Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error) {
	x, err := l.to(to)
	if err != nil {
		return nil, err
	}
	a, err := x.Asked(ctx, l.self, &messagepb.Question{Kind: kind, Body: slices.Clone(body)})
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.Body), nil
}

func (l memoryLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	x, err := l.to(to)
	if err != nil {
		return nil, err
	}
	raw, err := proto.Marshal(b)
	if err != nil {
		return nil, err
	}
	var over messagepb.Batch
	if err := proto.Unmarshal(raw, &over); err != nil {
		return nil, err
	}
	return x.Deliver(ctx, l.self, &over)
}
