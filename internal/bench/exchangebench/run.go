// Package exchangebench measures the exchange (電文交換の性能): business rows and messages from one organisation's process
// to the effect in another's and back to the verdict in the outbox, over mutual TLS, durable on both sides, with all
// that an organisation has switched on. Beside it, in the same run and on the same disk, the same work over a broker,
// and the bare rate at which the database takes the same bytes.
//
// All take turns, a slice each, and medians are given: what else the machine does meanwhile then touches all of them.
package exchangebench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/pair"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/bench/work"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// JetStream is the peer's name in the directory of the peers.
const JetStream = "jetstream"

// Options say where and how much. The zero value is no place; the counts have defaults.
type Options struct {
	Dir      string    // for files; removed by whoever made it
	Postgres [5]string // URLs of empty schemas: ours, the peer's and a bare one; empty: not measured
	Peer     string    // the program of the peer; empty: none
	Messages int       // of one slice; 5,000
	Rounds   int       // slices of each; 5
	Poison   []int     // how many stand at the head; 0, 1, 11, 100, 1,000
	Say      func(format string, args ...any)
}

// Run measures on SQLite, and on PostgreSQL when it is given.
func Run(ctx context.Context, opt Options) ([]figure.Result, error) {
	if opt.Messages == 0 {
		opt.Messages = 5000
	}
	if opt.Rounds == 0 {
		opt.Rounds = 5
	}
	if opt.Poison == nil {
		opt.Poison = []int{0, 1, 11, 100, 1000}
	}
	if opt.Say == nil {
		opt.Say = func(string, ...any) {}
	}
	opt.Messages = max(opt.Messages/work.Batch, 1) * work.Batch
	var stores [5]string
	for i, name := range []string{"sender", "receiver", "producer", "consumer", "bare"} {
		stores[i] = "sqlite:" + filepath.Join(opt.Dir, "exchange-"+name+".db")
	}
	results, err := measure(ctx, "SQLite", stores, opt)
	if err != nil {
		return nil, fmt.Errorf("couldn't measure the exchange on SQLite: %w", err)
	}
	if opt.Postgres[0] != "" {
		more, err := measure(ctx, "PostgreSQL", opt.Postgres, opt)
		if err != nil {
			return nil, fmt.Errorf("couldn't measure the exchange on PostgreSQL: %w", err)
		}
		results = append(results, more...)
	}
	return results, nil
}

// contest is all who are measured beside each other on one engine.
type contest struct {
	ours, theirs *peer.Process
	theySay      string
	bare         *sqlstore.Store
	bareRows     int64
}

func measure(ctx context.Context, engine string, stores [5]string, opt Options) (results []figure.Result, err error) {
	c := &contest{}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.open(ctx, engine, stores, opt); err != nil {
		return nil, err
	}
	rounds := figure.Rounds{}
	for n := range opt.Rounds + 1 {
		if n == 1 {
			rounds = figure.Rounds{} // the first round compiles statements and fills caches
		}
		if err := c.round(ctx, rounds, opt); err != nil {
			return nil, err
		}
	}
	what := "messages: row written, sent, applied and settled, durable on both sides, " + engine
	const unit = "messages/s"
	if c.theirs != nil {
		results = append(results,
			rounds.Beside(what, unit, "ours", "theirs", c.theySay+": the same work, batches of 100 with 100 outstanding"),
			rounds.Beside(what, unit, "ours", "atomic", c.theySay+": the same work, batches of 100 published atomically"),
			rounds.Beside(what, unit, "ours", "publish", c.theySay+": publishing alone, 100 outstanding"),
			rounds.Beside(what, unit, "ours", "publish atomic", c.theySay+": publishing alone, batches of 100 published atomically"))
	}
	results = append(results, rounds.Beside(what, unit, "ours", "bare", "bare inserts of the same bytes, 100 a transaction"))
	results = append(results, c.cpu(rounds, engine)...)
	more, err := c.poison(rounds, engine, opt)
	return append(results, more...), err
}

func (c *contest) open(ctx context.Context, engine string, stores [5]string, opt Options) error {
	cmd, err := part(ctx, PartSender)
	if err != nil {
		return err
	}
	if c.ours, err = peer.Start(cmd, work.Setup{Dir: opt.Dir, Stores: [2]string{stores[0], stores[1]}}, &work.Ready{}); err != nil {
		return err
	}
	if opt.Peer != "" {
		dir := filepath.Join(opt.Dir, JetStream+"-"+engine)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, opt.Peer)
		cmd.Stderr = os.Stderr
		var ready work.Ready
		if c.theirs, err = peer.Start(cmd, work.Setup{Dir: dir, Stores: [2]string{stores[2], stores[3]}}, &ready); err != nil {
			return err
		}
		c.theySay = ready.Says
	}
	c.bare, err = sqlstore.Open(ctx, stores[4], sqlstore.Options{}, work.Schema)
	return err
}

func (c *contest) close() error {
	var errs []error
	if c.bare != nil {
		errs = append(errs, c.bare.Close())
	}
	for _, p := range []*peer.Process{c.ours, c.theirs} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

// round is a slice of each.
func (c *contest) round(ctx context.Context, rounds figure.Rounds, opt Options) error {
	for _, slice := range []struct {
		who string
		p   *peer.Process
		do  string
	}{{"ours", c.ours, work.DoExchange}, {"theirs", c.theirs, work.DoExchange}, {"atomic", c.theirs, work.DoExchangeAtomic},
		{"publish", c.theirs, work.DoPublish}, {"publish atomic", c.theirs, work.DoPublishAtomic}} {
		if slice.p == nil {
			continue
		}
		took, err := slice.p.Do(peer.Order{Do: slice.do, Count: opt.Messages})
		if err != nil {
			return err
		}
		opt.Say("%s: %.0f messages/s, %.1f µs of CPU each", slice.who, took.Rate(opt.Messages), took.CPU*1e6/float64(opt.Messages))
		rounds.Add(slice.who, took.Rate(opt.Messages))
		rounds.Add(slice.who+" cpu", took.CPU*1e6/float64(opt.Messages))
	}
	rate, err := c.inserted(ctx, opt.Messages)
	opt.Say("bare: %.0f rows/s", rate)
	rounds.Add("bare", rate)
	return err
}

// cpu says what a message costs: a figure that other work on the machine touches less than a rate.
func (c *contest) cpu(rounds figure.Rounds, engine string) []figure.Result {
	what := "CPU of both processes for such a message, that of the database's server not counted, " + engine
	if c.theirs == nil {
		return []figure.Result{{What: what, Value: rounds.Median("ours cpu"), Unit: "µs"}}
	}
	return []figure.Result{rounds.Beside(what, "µs", "ours cpu", "theirs cpu", c.theySay+": the same work")}
}

// poison measures the delay of the next good message behind those that cannot be applied: first those that the rule
// refuses and that park at once, then, with these parked, the rate of good ones, and then those that are tried again.
func (c *contest) poison(rounds figure.Rounds, engine string, opt Options) (results []figure.Result, err error) {
	parked := 0
	for _, n := range opt.Poison {
		r, err := c.behind(fmt.Sprintf("delay of the next good message behind %d that the rule refuses, %s", n, engine), work.DoPoison, n, opt)
		if err != nil {
			return nil, err
		}
		parked += n
		results = append(results, r)
	}
	for range opt.Rounds {
		took, err := c.ours.Do(peer.Order{Do: work.DoExchange, Count: opt.Messages})
		if err != nil {
			return nil, err
		}
		opt.Say("ours with %d parked: %.0f messages/s, %.1f µs of CPU each", parked, took.Rate(opt.Messages), took.CPU*1e6/float64(opt.Messages))
		rounds.Add("parked", took.Rate(opt.Messages))
	}
	results = append(results, rounds.Beside(fmt.Sprintf("messages while %d others are parked, %s", parked, engine), "messages/s", "parked", "ours", "ours with none parked"))
	for _, n := range opt.Poison {
		if n == 0 {
			continue
		}
		r, err := c.behind(fmt.Sprintf("delay of the next good message behind %d at which the rule panics, %s", n, engine), work.DoPanic, n, opt)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

func (c *contest) behind(what, do string, n int, opt Options) (r figure.Result, err error) {
	took, err := c.ours.Do(peer.Order{Do: do, Count: n})
	if err != nil {
		return r, err
	}
	r = figure.Result{What: what, Value: took.Seconds * 1000, Unit: "ms"}
	if c.theirs != nil {
		took, err := c.theirs.Do(peer.Order{Do: do, Count: n})
		if err != nil {
			return r, err
		}
		r = r.Beside(c.theySay+": they are dropped, and nobody is told", took.Seconds*1000)
	}
	opt.Say("%s: %.1f ms beside %.1f", what, r.Value, r.PeerValue)
	return r, nil
}

// inserted puts as many rows, of the bytes that a message has, into a table of their own. Rows per second.
func (c *contest) inserted(ctx context.Context, rows int) (float64, error) {
	payload := make([]byte, envelopeBytes)
	took := peer.Stopwatch()
	for left := rows; left > 0; left -= work.Batch {
		from := c.bareRows
		err := c.bare.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
			for i := range int64(work.Batch) {
				tx.Collect("bare", "stream, seq, payload", string(pair.Prefecture), from+i, payload)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		c.bareRows += work.Batch
	}
	return float64(rows) / took(), nil
}

// envelopeBytes is what an envelope with such a change takes.
const envelopeBytes = 260
