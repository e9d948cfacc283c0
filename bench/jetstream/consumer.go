package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/bench/work"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// asConsumer is the argument that makes the program the consumer.
const asConsumer = "consumer"

// consumer is the prefecture.
type consumer struct {
	store *sqlstore.Store
	nc    *nats.Conn
	from  jetstream.Consumer
}

func openConsumer(ctx context.Context, s seat) (w peer.Worker, err error) {
	c := &consumer{}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	trust, err := pki.NewTrust(s.Root)
	if err != nil {
		return nil, err
	}
	key, err := pki.DecodeKey(s.Key)
	if err != nil {
		return nil, err
	}
	own := pki.Identity{Certificate: s.TLS, Key: key}
	if c.store, err = sqlstore.Open(ctx, s.Store, sqlstore.Options{}, work.Schema); err != nil {
		return nil, err
	}
	if c.nc, err = nats.Connect(s.URL, nats.Secure(pki.ClientTLS(own, trust, city, clock.System().Now))); err != nil {
		return nil, fmt.Errorf("couldn't connect: %w", err)
	}
	js, err := jetstream.New(c.nc)
	if err != nil {
		return nil, err
	}
	c.from, err = js.Consumer(ctx, stream, durable)
	return c, err
}

func (c *consumer) Ready() any { return work.Ready{} }

func (c *consumer) Close() error {
	if c.nc != nil {
		c.nc.Close()
	}
	if c.store != nil {
		return c.store.Close()
	}
	return nil
}

// Do takes so many messages, whatever becomes of them.
func (c *consumer) Do(ctx context.Context, o peer.Order) (t peer.Took, err error) {
	if o.Do != work.DoTake {
		return t, fmt.Errorf("a consumer cannot %s", o.Do)
	}
	took := peer.Stopwatch()
	// Two batches ahead, so that no batch waits for a request.
	coming, err := c.from.Messages(jetstream.PullMaxMessages(2 * work.Batch))
	if err != nil {
		return t, err
	}
	defer coming.Stop()
	for rest := o.Count; rest > 0; {
		batch := make([]jetstream.Msg, min(rest, work.Batch))
		for i := range batch {
			if batch[i], err = coming.Next(jetstream.NextContext(ctx)); err != nil {
				return t, err
			}
		}
		if err := c.apply(ctx, batch); err != nil {
			return t, err
		}
		rest -= len(batch)
		last := batch[len(batch)-1]
		if rest > 0 {
			err = last.Ack() // of all up to it
		} else {
			err = last.DoubleAck(ctx)
		}
		if err != nil {
			return t, err
		}
	}
	return peer.Took{Seconds: took()}, nil
}

// apply writes a batch in one transaction, without those that its rule refuses. When the rule breaks down, the batch is
// taken one by one, each in a transaction of its own, and what it breaks down over is left out.
func (c *consumer) apply(ctx context.Context, batch []jetstream.Msg) error {
	err := c.together(ctx, batch)
	if !errors.Is(err, errPanicked) {
		return err
	}
	for i := range batch {
		if err := c.together(ctx, batch[i:i+1]); err != nil && !errors.Is(err, errPanicked) {
			return err
		}
	}
	return nil
}

var errPanicked = errors.New("the rule panicked")

func (c *consumer) together(ctx context.Context, batch []jetstream.Msg) error {
	return c.store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
		for _, m := range batch {
			if err := rule(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// rule writes one row. What it refuses is acknowledged with the rest, as good as terminated: gone, and nobody is told.
func rule(tx *sqlstore.Tx, m jetstream.Msg) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanicked
		}
	}()
	p, err := message.Decode(message.KindResidentChange, m.Data())
	if err != nil {
		return err
	}
	n := p.(message.ResidentChange)
	switch work.KindOf(n) {
	case work.Refused:
		return nil
	case work.Panics:
		panic("a rule that panics")
	}
	work.Write(tx, "effect", n)
	return nil
}
