// Package hsmbench measures signatures (署名の性能) with keys that lie behind a process of their own, in SoftHSM and in encrypted files, beside
// the same keys without that border: SoftHSM's library in the caller's process, and Go's own signature.
package hsmbench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/hsmbench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
)

// SoftHSM is the peer's name in the directory of the peers.
const SoftHSM = "softhsm"

// Options say where and how much.
type Options struct {
	Dir     string
	Program string         // akashi-token
	Peer    string         // the program of the peer; empty: none
	Counts  map[string]int // signatures of one slice, by key; nil: as many as take about a second
	Rounds  int            // slices of each; 3
	Say     func(format string, args ...any)
}

// callers is how many ask at once.
var callers = []int{1, order.MostCallers}

// Run measures each key.
func Run(ctx context.Context, opt Options) (results []figure.Result, err error) {
	if opt.Counts == nil {
		opt.Counts = map[string]int{order.P256: 5000, order.P384: 1500, order.RSA2048: 1000}
	}
	if opt.Rounds == 0 {
		opt.Rounds = 3
	}
	if opt.Say == nil {
		opt.Say = func(string, ...any) {}
	}
	setup, err := found(ctx, opt.Dir)
	if err != nil {
		return nil, err
	}
	setup.Program = opt.Program
	all := map[string]*peer.Process{}
	says := map[string]string{}
	defer func() {
		for _, p := range all {
			err = errors.Join(err, p.Close())
		}
	}()
	start := func(name string, cmd *exec.Cmd) error {
		cmd.Stderr = os.Stderr
		var ready order.Ready
		p, err := peer.Start(cmd, setup, &ready)
		if err == nil {
			all[name], says[name] = p, ready.Says
		}
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{PartToken, PartFiles, PartPlain} {
		if err := start(name, exec.CommandContext(ctx, self, "bench", "--part", name)); err != nil {
			return nil, err
		}
	}
	if opt.Peer != "" {
		if err := start(SoftHSM, exec.CommandContext(ctx, opt.Peer)); err != nil {
			return nil, err
		}
	}
	rounds := figure.Rounds{}
	for n := range opt.Rounds + 1 {
		if n == 1 {
			rounds = figure.Rounds{} // the first round fills caches
		}
		if err := round(all, rounds, opt); err != nil {
			return nil, err
		}
	}
	return tell(rounds, says), nil
}

// turns is the order in which they take turns, those that are compared after each other.
var turns = []string{PartToken, SoftHSM, PartFiles, PartPlain}

func round(all map[string]*peer.Process, rounds figure.Rounds, opt Options) error {
	for _, key := range order.Keys {
		checked := max(opt.Counts[key], 1)
		t, err := all[PartPlain].Do(peer.Order{Do: order.DoCheck, Count: checked, Key: key, Callers: 1})
		if err != nil {
			return err
		}
		rounds.Add("check "+key, t.CPU*1e6/float64(checked))
		for _, n := range callers {
			for _, who := range turns {
				p, here := all[who]
				if !here {
					continue
				}
				count := max(opt.Counts[key], n)
				t, err := p.Do(peer.Order{Do: order.DoSign, Count: count, Key: key, Callers: n})
				if err != nil {
					return fmt.Errorf("%s: %w", who, err)
				}
				cpu := t.CPU * 1e6 / float64(count)
				opt.Say("%s, %s, %d at once: %.0f signatures/s, %.0f µs of CPU each, p50 %.3f ms, p99 %.3f ms", who, key, n, t.Rate(count), cpu, t.P50, t.P99)
				for what, v := range map[string]float64{"rate": t.Rate(count), "cpu": cpu, "p50": t.P50 * 1000, "p99": t.P99 * 1000} {
					rounds.Add(name(who, key, n, what), v)
				}
			}
		}
	}
	return nil
}

func name(who, key string, callers int, what string) string {
	return fmt.Sprintf("%s %s %d %s", who, key, callers, what)
}

// tell makes the figures: keys in SoftHSM beside SoftHSM alone, keys in files beside Go's signature.
func tell(rounds figure.Rounds, says map[string]string) (results []figure.Result) {
	for _, beside := range []struct{ ours, theirs string }{{PartToken, SoftHSM}, {PartFiles, PartPlain}} {
		for _, key := range order.Keys {
			for _, n := range callers {
				of := fmt.Sprintf(", %s, %d at once: %s", key, n, says[beside.ours])
				for _, f := range []struct{ what, unit, figure string }{
					{"signatures a second", "signatures/s", "rate"}, {"CPU of a signature, both processes", "µs", "cpu"}, {"time of a signature, p50", "µs", "p50"}, {"time of a signature, p99", "µs", "p99"},
				} {
					ours, theirs := name(beside.ours, key, n, f.figure), name(beside.theirs, key, n, f.figure)
					if says[beside.theirs] == "" {
						results = append(results, figure.Result{What: f.what + of, Unit: f.unit, Value: rounds.Median(ours)})
						continue
					}
					results = append(results, rounds.Beside(f.what+of, f.unit, ours, theirs, says[beside.theirs]))
				}
				if says[beside.theirs] != "" {
					results = append(results, border(rounds, beside.ours, beside.theirs, key, n, of))
				}
			}
		}
	}
	return results
}

// border is what it costs that the key is in another process: all but the signature itself and the check of what comes back, which is
// done there and not by the peers.
func border(rounds figure.Rounds, ours, theirs, key string, n int, of string) figure.Result {
	cost := figure.Rounds{}
	for i, v := range rounds[name(ours, key, n, "cpu")] {
		cost.Add("cpu", v-rounds[name(theirs, key, n, "cpu")][i]-rounds["check "+key][i])
	}
	return figure.Result{What: "what the border between the processes costs a signature, CPU" + of, Unit: "µs", Value: cost.Median("cpu")}.
		Beside("the check of what comes back, which is in the CPU of a signature too", rounds.Median("check "+key))
}
