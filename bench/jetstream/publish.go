package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/nats-io/nats.go/jetstream"
)

// publisher publishes batches, of which one may be outstanding: the next returns when the one before is durable.
type publisher interface {
	batch(ctx context.Context, subject string, bodies [][]byte) error
	wait(ctx context.Context) error
}

// async publishes one by one, with as many outstanding as the connection was told.
type async struct {
	js      jetstream.JetStream
	pending []jetstream.PubAckFuture
}

func (a *async) batch(ctx context.Context, subject string, bodies [][]byte) error {
	if err := a.failed(ctx); err != nil {
		return err
	}
	for _, b := range bodies {
		ack, err := a.js.PublishAsync(subject, b)
		if err != nil {
			return err
		}
		a.pending = append(a.pending, ack)
	}
	return nil
}

// failed looks at the answers of the batch before; the library keeps the number that is outstanding.
func (a *async) failed(ctx context.Context) error {
	for _, p := range a.pending {
		select {
		case <-p.Ok():
		case err := <-p.Err():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	a.pending = a.pending[:0]
	return nil
}

func (a *async) wait(ctx context.Context) error { return a.failed(ctx) }

// atomic publishes a batch as one, with one sync and one acknowledgement (AllowAtomicPublish).
type atomic struct {
	nc      *nats.Conn
	pending chan error // of the batch that is outstanding; nil: none
}

func (a *atomic) batch(ctx context.Context, subject string, bodies [][]byte) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	id := nuid.Next()
	for i, b := range bodies {
		m := nats.NewMsg(subject)
		m.Data = b
		m.Header["Nats-Batch-Id"] = []string{id}
		m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		if i < len(bodies)-1 {
			if err := a.nc.PublishMsg(m); err != nil {
				return err
			}
			continue
		}
		m.Header["Nats-Batch-Commit"] = []string{"1"}
		a.pending = make(chan error, 1)
		go func(done chan<- error) { done <- a.commit(ctx, m, len(bodies)) }(a.pending)
	}
	return nil
}

func (a *atomic) commit(ctx context.Context, m *nats.Msg, count int) error {
	answer, err := a.nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return err
	}
	var ack struct {
		Count int             `json:"count"`
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &ack); err != nil {
		return err
	}
	if len(ack.Error) > 0 || ack.Count != count {
		return fmt.Errorf("a batch of %d was not taken: %s", count, answer.Data)
	}
	return nil
}

func (a *atomic) wait(ctx context.Context) error {
	if a.pending == nil {
		return nil
	}
	select {
	case err := <-a.pending:
		a.pending = nil
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
