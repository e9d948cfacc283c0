package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/bench/work"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// producer is the city: its database, the broker, and the parent of the consumer.
type producer struct {
	*broker
	store    *sqlstore.Store
	consumer *peer.Process
	last     uint64
}

func openProducer(ctx context.Context, setup work.Setup) (w peer.Worker, err error) {
	p := &producer{}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if p.store, err = sqlstore.Open(ctx, setup.Stores[0], sqlstore.Options{}, work.Schema); err != nil {
		return nil, err
	}
	if p.broker, err = openBroker(ctx, setup.Dir); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, asConsumer)
	cmd.Stderr = os.Stderr
	p.seat.Store = setup.Stores[1]
	p.consumer, err = peer.Start(cmd, p.seat, &work.Ready{})
	return p, err
}

func (p *producer) Ready() any {
	return work.Ready{Says: "NATS JetStream " + server.VERSION + ", SyncAlways"}
}

func (p *producer) Close() error {
	var errs []error
	if p.consumer != nil {
		errs = append(errs, p.consumer.Close())
		p.consumer = nil
	}
	if p.broker != nil {
		p.broker.close()
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	return errors.Join(errs...)
}

func (p *producer) Do(ctx context.Context, o peer.Order) (peer.Took, error) {
	each := &async{js: p.js}
	switch o.Do {
	case work.DoExchange:
		return p.exchange(ctx, o.Count, each)
	case work.DoExchangeAtomic:
		return p.exchange(ctx, o.Count, &atomic{nc: p.nc})
	case work.DoPublish:
		return p.publish(ctx, o.Count, each)
	case work.DoPublishAtomic:
		return p.publish(ctx, o.Count, &atomic{nc: p.nc})
	case work.DoPoison:
		return p.behind(ctx, o.Count, work.Refused)
	case work.DoPanic:
		return p.behind(ctx, o.Count, work.Panics)
	}
	return peer.Took{}, fmt.Errorf("JetStream cannot %s", o.Do)
}

// exchange writes rows and publishes their messages, a batch at a time, and waits until the consumer has acknowledged
// the last. While a batch is outstanding the rows of the next are written.
func (p *producer) exchange(ctx context.Context, count int, by publisher) (t peer.Took, err error) {
	changes, err := work.Changes(&p.last, count, work.Good)
	if err != nil {
		return t, err
	}
	applied := work.Take(p.consumer, count)
	took := peer.Stopwatch()
	for some := range slices.Chunk(changes, work.Batch) {
		if err := p.write(ctx, some); err != nil {
			return t, err
		}
		bodies, err := encode(some)
		if err != nil {
			return t, err
		}
		if err := by.batch(ctx, subject, bodies); err != nil {
			return t, err
		}
	}
	if err := by.wait(ctx); err != nil {
		return t, err
	}
	if t, err = applied(); err != nil {
		return t, err
	}
	t.Seconds = took()
	return t, nil
}

func (p *producer) write(ctx context.Context, changes []message.ResidentChange) error {
	return p.store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
		for _, c := range changes {
			work.Write(tx, "business", c)
		}
		return nil
	})
}

func encode(changes []message.ResidentChange) ([][]byte, error) {
	bodies := make([][]byte, len(changes))
	for i, c := range changes {
		var err error
		if bodies[i], err = message.Encode(c); err != nil {
			return nil, err
		}
	}
	return bodies, nil
}

// publish publishes to where nobody listens.
func (p *producer) publish(ctx context.Context, count int, by publisher) (t peer.Took, err error) {
	changes, err := work.Changes(new(uint64), count, work.Good)
	if err != nil {
		return t, err
	}
	bodies, err := encode(changes)
	if err != nil {
		return t, err
	}
	took := peer.Stopwatch()
	for some := range slices.Chunk(bodies, work.Batch) {
		if err := by.batch(ctx, bare, some); err != nil {
			return t, err
		}
	}
	err = by.wait(ctx)
	return peer.Took{Seconds: took()}, err
}

// behind measures how long a good message takes that stands behind others, from when all are durable in the stream.
func (p *producer) behind(ctx context.Context, count int, kind work.Kind) (t peer.Took, err error) {
	changes, err := work.Changes(&p.last, count, kind)
	if err != nil {
		return t, err
	}
	good, err := work.Changes(&p.last, 1, work.Good)
	if err != nil {
		return t, err
	}
	changes = append(changes, good...)
	if err := p.write(ctx, changes); err != nil {
		return t, err
	}
	bodies, err := encode(changes)
	if err != nil {
		return t, err
	}
	by := &async{js: p.js}
	for some := range slices.Chunk(bodies, work.Batch) {
		if err := by.batch(ctx, subject, some); err != nil {
			return t, err
		}
	}
	if err := by.wait(ctx); err != nil {
		return t, err
	}
	took := peer.Stopwatch()
	// The consumer looks only when it is asked, so they are all there when it does.
	if t, err = work.Take(p.consumer, len(changes))(); err != nil {
		return t, err
	}
	t.Seconds = took()
	return t, nil
}
