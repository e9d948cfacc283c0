package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"

	"github.com/akashi-id/akashi/internal/bench"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/plain"
)

func runBench(ctx context.Context, io streams, args []string) error {
	var opt bench.Options
	var asJSON, part bool
	var profile string
	rest, err := parse(io, "bench", args, func(fs *flag.FlagSet) {
		jsonFlag(fs, &asJSON)
		fs.StringVar(&opt.Dir, "dir", "", "データベースを作る場所（別のディスクを測るとき） / where the databases are made, to measure another disk; empty: the temporary directory")
		fs.StringVar(&opt.Peers, "peers", "bench", "並べて測る相手の場所（空なら相手なし） / the directory of the peers that are measured beside us; empty: measure without them")
		fs.StringVar(&opt.Postgres, "postgres", os.Getenv("AKASHI_TEST_POSTGRES"), "スキーマを作れる役割の postgres:// URL（そこでも測る） / a postgres:// URL of a role that may create schemas, to measure there too; scripts/with-postgres.sh starts a server")
		fs.StringVar(&profile, "profile", "", "CPU時間の記録を残す場所（go tool pprof で読む） / a directory for profiles of the CPU time of the processes that a measurement starts, for go tool pprof")
		fs.BoolVar(&part, "part", false, "測定の一つのプロセスになる（bench 自身が使う） / be one process of a measurement; bench itself starts them")
		fs.IntVar(&opt.Residents, "residents", 0, "住民の数（search、register、import。0なら100万） / how many residents the registers hold, for search, register and import; 0: a million")
		fs.IntVar(&opt.Count, "count", 0, "量（0なら値が落ち着くまで） / how much; 0: as much as gives a steady figure")
	}, 1)
	if err != nil {
		return err
	}
	if part {
		return bench.Part(ctx, rest[0], io.in, io.out)
	}
	if rest[0] == "list" {
		for _, b := range bench.All() {
			fmt.Fprintf(io.out, "%s  %s / %s\n", b.Name, b.Title.JA, b.Title.EN)
		}
		return nil
	}
	chosen := bench.All()
	if rest[0] != "all" {
		b, ok := bench.Find(rest[0])
		if !ok {
			return usage{plain.Bad("bench", "「"+rest[0]+"」という測定はありません。`akashi bench list` で一覧を見てください。",
				"there is no measurement named "+rest[0]+": see `akashi bench list`")}
		}
		chosen = []bench.Bench{b}
	}
	if profile != "" {
		if err := os.Setenv(peer.ProfileEnv, profile); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(opt.Dir, "akashi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	opt.Dir = dir
	opt.Say = func(format string, a ...any) { fmt.Fprintf(io.err, format+"\n", a...) }
	for _, b := range chosen {
		r, err := b.Measure(ctx, opt)
		if err != nil {
			return err
		}
		if asJSON {
			if err := printJSON(io, r); err != nil {
				return err
			}
			continue
		}
		printBench(io, r)
	}
	return nil
}

func printBench(io streams, r *bench.Report) {
	fmt.Fprintf(io.out, "%s (%d CPUs, load %.1f before, %s, %s)\n", r.Name, r.Machine.CPUs, r.Machine.Load, r.Machine.Go, r.Machine.Engine)
	for _, n := range r.Notes {
		fmt.Fprintf(io.out, "  %s\n", n)
	}
	for _, v := range r.Results {
		fmt.Fprintf(io.out, "  %s: %s %s\n", v.What, figures(v.Value), v.Unit)
		if v.Peer != "" {
			fmt.Fprintf(io.out, "      %s: %s %s, ratio %.3g\n", v.Peer, figures(v.PeerValue), v.Unit, v.Ratio)
		}
	}
}

// figures writes a value with one place, and a small one with two: a few milliseconds are told apart by it.
func figures(v float64) string {
	if math.Abs(v) < 10 {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.1f", v)
}
