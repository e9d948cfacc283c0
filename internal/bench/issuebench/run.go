// Package issuebench measures issuance (電子証明書の発行の性能): from the counter's request to the certificate at the counter and the notices
// at validation and the national center, with all that a CA has switched on. Beside it, in the same run and on the same disk, another CA with its default
// database and a key of the same algorithm, and the bare signature.
//
// What a certificate costs is told in CPU time of the CA's own process, which other work on the machine touches least.
package issuebench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/issuebench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
)

// StepCA is the peer's name in the directory of the peers.
const StepCA = "stepca"

// The parts of this measurement that are processes of their own.
const (
	PartCounter = "issue-counter"
	PartCA      = "issue-ca"
)

// Part is the whole of such a process.
func Part(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	switch name {
	case PartCounter:
		return peer.Serve(ctx, in, out, openCounter)
	case PartCA:
		return peer.Serve(ctx, in, out, openAuthority)
	}
	return fmt.Errorf("the measurement of issuance has no part %q", name)
}

// part starts this program again as a part of the measurement.
func part(ctx context.Context, name string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", "--part", name)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// Options say where and how much.
type Options struct {
	Dir        string
	Postgres   []string // a URL of an empty schema for each algorithm; nil: not measured
	Peer       string   // the program of the peer; empty: none
	Algorithms []string // nil: all
	Count      int      // certificates of one slice; 1,000
	Rounds     int      // slices of each; 3
	Say        func(format string, args ...any)
}

// Algorithms are those that are measured.
var Algorithms = []string{order.P256, order.P384, order.RSA2048}

// Run measures each algorithm on SQLite, and on PostgreSQL when it is given.
func Run(ctx context.Context, opt Options) (results []figure.Result, err error) {
	if opt.Algorithms == nil {
		opt.Algorithms = Algorithms
	}
	if opt.Count == 0 {
		opt.Count = 1000
	}
	if opt.Rounds == 0 {
		opt.Rounds = 3
	}
	if opt.Say == nil {
		opt.Say = func(string, ...any) {}
	}
	for i, algorithm := range opt.Algorithms {
		stores := []string{"sqlite:" + filepath.Join(opt.Dir, "issue-"+algorithm+".db")}
		if opt.Postgres != nil {
			stores = append(stores, opt.Postgres[i])
		}
		some, err := measure(ctx, algorithm, stores, opt)
		if err != nil {
			return nil, fmt.Errorf("couldn't measure issuance with %s: %w", algorithm, err)
		}
		results = append(results, some...)
	}
	return results, nil
}

// engines are those of stores, in their order.
var engines = []string{"SQLite", "PostgreSQL"}

// contestant is a CA, by its process.
type contestant struct {
	name string
	*peer.Process
	says string
}

// measure lets all CAs of an algorithm take turns.
func measure(ctx context.Context, algorithm string, stores []string, opt Options) (results []figure.Result, err error) {
	var all []contestant
	defer func() {
		for _, c := range all {
			err = errors.Join(err, c.Close())
		}
	}()
	start := func(name string, cmd *exec.Cmd, store string) error {
		dir := filepath.Join(opt.Dir, "issue-"+name+"-"+algorithm)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		var ready order.Ready
		p, err := peer.Start(cmd, order.Setup{Dir: dir, Store: store, Algorithm: algorithm}, &ready)
		if err == nil {
			all = append(all, contestant{name, p, ready.Says})
		}
		return err
	}
	for i, store := range stores {
		cmd, err := part(ctx, PartCounter)
		if err == nil {
			err = start(engines[i], cmd, store)
		}
		if err != nil {
			return nil, err
		}
	}
	if opt.Peer != "" {
		cmd := exec.CommandContext(ctx, opt.Peer)
		cmd.Stderr = os.Stderr
		if err := start(StepCA, cmd, ""); err != nil {
			return nil, err
		}
	}
	rounds := figure.Rounds{}
	for n := range opt.Rounds + 1 {
		if n == 1 {
			rounds = figure.Rounds{} // the first round compiles statements and fills caches
		}
		if err := round(all, rounds, opt); err != nil {
			return nil, err
		}
	}
	for i := range stores {
		results = append(results, tell(rounds, algorithm, engines[i], all)...)
	}
	return results, nil
}

// round is a slice of each.
func round(all []contestant, rounds figure.Rounds, opt Options) error {
	for _, c := range all {
		took, err := c.Do(peer.Order{Do: order.DoIssue, Count: opt.Count})
		if err != nil {
			return err
		}
		rounds.Add(c.name+" rate", took.Rate(opt.Count))
		rounds.Add(c.name+" per cpu", float64(opt.Count)/took.Server)
		alone, err := c.Do(peer.Order{Do: order.DoEach, Count: max(opt.Count/4, order.Callers)})
		if err != nil {
			return err
		}
		rounds.Add(c.name+" p50", alone.P50)
		rounds.Add(c.name+" p99", alone.P99)
		opt.Say("%s: %.0f certificates/s, %.0f a CPU-second; one by one %.1f ms, at most %.1f of 99 in 100", c.name, took.Rate(opt.Count), float64(opt.Count)/took.Server, alone.P50, alone.P99)
	}
	signed, err := all[0].Do(peer.Order{Do: order.DoSign, Count: opt.Count})
	if err == nil {
		rounds.Add("bare per cpu", float64(opt.Count)/signed.Server)
		opt.Say("bare: %.0f signatures a CPU-second", float64(opt.Count)/signed.Server)
	}
	return err
}

// tell makes the figures of an algorithm on an engine.
func tell(rounds figure.Rounds, algorithm, engine string, all []contestant) (results []figure.Result) {
	on := ", " + algorithm + ", " + engine
	if engine == engines[1] {
		on += " (whose server's CPU is not counted)"
	}
	perCPU, rate := "certificates a CPU-second of the CA: accepted, linted, signed, compared, stored, told to three"+on, "certificates a second, many asked for at once"+on
	p50, p99 := fmt.Sprintf("from request to certificate, %d callers, p50", order.Callers)+on, "the same, p99"+on
	const cpu = "certificates/CPU-s"
	if last := all[len(all)-1]; last.name == StepCA {
		results = append(results,
			rounds.Beside(perCPU, cpu, engine+" per cpu", StepCA+" per cpu", last.says),
			rounds.Beside(rate, "certificates/s", engine+" rate", StepCA+" rate", last.says),
			rounds.Beside(p50, "ms", engine+" p50", StepCA+" p50", last.says),
			rounds.Beside(p99, "ms", engine+" p99", StepCA+" p99", last.says))
	} else {
		for _, r := range []struct{ what, unit, who string }{{rate, "certificates/s", " rate"}, {p50, "ms", " p50"}, {p99, "ms", " p99"}} {
			results = append(results, figure.Result{What: r.what, Unit: r.unit, Value: rounds.Median(engine + r.who)})
		}
	}
	return append(results, rounds.Beside(perCPU, cpu, engine+" per cpu", "bare per cpu", "the CA's key signing, and nothing else"))
}
