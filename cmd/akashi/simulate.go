package main

import (
	"context"
	"flag"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/akashi-id/akashi/internal/simulate"
)

func runSimulate(ctx context.Context, io streams, args []string) error {
	opt := simulate.Options{Days: 7, Seed: 1, Residents: simulate.DefaultResidents, Pace: 1}
	var asJSON bool
	if _, err := parse(io, "simulate", args, func(fs *flag.FlagSet) {
		jsonFlag(fs, &asJSON)
		fs.IntVar(&opt.Days, "days", opt.Days, "仮想の日数 / virtual days")
		fs.Uint64Var(&opt.Seed, "seed", opt.Seed, "種（同じ種なら、同じ成り行き） / the same seed is the same course of events")
		fs.IntVar(&opt.Residents, "residents", opt.Residents, "国全体の住民の数 / residents of the whole country")
		fs.Float64Var(&opt.Pace, "pace", opt.Pace, "現実の何倍の頻度で出来事が起こるか / how many times as often as in reality everything happens")
		fs.StringVar(&opt.Fault, "fault", "", "仕込む障害。見つけて名指しするはず / a fault to plant, which has to be found and named: "+faultNames())
	}, 0); err != nil {
		return err
	}
	if err := opt.Check(); err != nil {
		return usage{err}
	}
	if !asJSON {
		opt.Progress = io.err
	}
	// Whole databases are kept in memory, and collecting a quarter as often saves a tenth of the time.
	debug.SetGCPercent(replayGC)
	r, err := simulate.Run(ctx, opt)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(io, r)
	} else {
		printSimulation(io, r)
	}
	if err == nil && !r.Held {
		err = errDidNotHold
	}
	return err
}

func faultNames() string {
	var names []string
	for _, f := range simulate.Faults() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// mostShown is how many findings are printed; --json has all.
const mostShown = 20

func printSimulation(io streams, r *simulate.Report) {
	fmt.Fprintf(io.out, "%d日 days  種 seed %d  住民 residents %d → %d  頻度 pace %g\n\n", r.Days, r.Seed, r.Residents, r.Present, r.Pace)
	for _, k := range simulate.Kinds() {
		ja, en := simulate.EventName(k)
		guess := ""
		if simulate.Guessed(k) {
			guess = " *"
		}
		fmt.Fprintf(io.out, "  %6d  %s / %s%s\n", r.Events[k], ja, en, guess)
		if why := r.Skipped[k]; why != "" {
			fmt.Fprintf(io.out, "          起こらなかったもの / some that did not happen: %s\n", why)
		}
	}
	fmt.Fprintf(io.out, "  * 頻度は推定 / the rate is a guess\n\n電文 messages %d  窓口の却下 refused %d  同姓同名の件 namesakes %d  閲覧の確認 looks reviewed %d  実時間 real time %.1f s\n", r.Messages, r.Refused, r.Namesakes, r.Reviewed, r.Seconds)
	fmt.Fprintf(io.out, "登録の要約値 digest of all registers %s\n", r.Digest)
	fmt.Fprintf(io.out, "差異 differences %d\n", len(r.Findings))
	for i, d := range r.Findings {
		if i == mostShown {
			fmt.Fprintf(io.out, "  ほか / and %d more\n", len(r.Findings)-i)
			break
		}
		fmt.Fprintf(io.out, "  %s  %s %s  %s\n      %s / %s\n", d.Where, d.By, d.What, d.Key, d.Says.JA, d.Says.EN)
	}
	switch {
	case r.Held:
		fmt.Fprintln(io.out, "\n保った / held")
	case r.Found:
		fmt.Fprintf(io.out, "\n見つけた / found: %s\n", r.Fault)
		for _, d := range r.Named {
			fmt.Fprintf(io.out, "  %s  %s %s  %s\n", d.Where, d.By, d.What, d.Key)
		}
	case r.Fault != "":
		fmt.Fprintf(io.out, "\n見つからなかった / not found: %s\n", r.Fault)
	default:
		fmt.Fprintln(io.out, "\n保てなかった / did not hold")
	}
}
