package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/hsm/faulty"
	"github.com/akashi-id/akashi/internal/incident"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// replayGC is the garbage collector's percentage in a replay, which keeps whole databases in memory.
const replayGC = 400

func runReplay(ctx context.Context, io streams, args []string) error {
	opt := incident.Options{Seed: 1}
	var asJSON bool
	var part string
	rest, err := parse(io, "replay", args, func(fs *flag.FlagSet) {
		jsonFlag(fs, &asJSON)
		fs.Uint64Var(&opt.Seed, "seed", 1, "種（違う種なら、違う成り行き） / another seed is another schedule")
		fs.IntVar(&opt.Late, "late", 0, "障害に関わる電子証明書のうち、持ち主が引っ越すものの数（0なら26） / how many of the certificates that the fault is about belong to holders who move; 0 means 26")
		fs.StringVar(&part, "part", "", "片方だけを動かしてJSONで出す（as-it-was か akashi） / run one variant alone, as-it-was or akashi, and print it as JSON")
		fs.StringVar(&opt.Keep, "keep", "", "こちらのデータベースを残す場所 / leave the databases of our variant in this directory")
	}, 1)
	if err != nil {
		return err
	}
	if rest[0] == "list" {
		for _, i := range incident.All() {
			fmt.Fprintf(io.out, "%s  %s / %s\n", i.Name, i.Title.JA, i.Title.EN)
		}
		return nil
	}
	chosen := incident.All()
	if rest[0] != "all" {
		i, ok := incident.Find(rest[0])
		if !ok {
			return usage{plain.Bad("replay", "「"+rest[0]+"」という障害はありません。`akashi replay list` で一覧を見てください。",
				"there is no failure named "+rest[0]+": see `akashi replay list`")}
		}
		chosen = []incident.Incident{i}
	}
	if part != "" {
		return printPart(ctx, io, chosen, part, opt)
	}
	// Collecting a quarter as often saves a tenth of the time.
	debug.SetGCPercent(replayGC)
	held := true
	for _, i := range chosen {
		r, err := replayBeside(ctx, i, opt)
		if err != nil {
			return err
		}
		held = held && r.Akashi.Holds && !r.AsItWas.Holds
		if asJSON {
			err = printJSON(io, r)
		} else {
			printReplay(io, i, r)
		}
		if err != nil {
			return err
		}
	}
	if !held {
		return errDidNotHold
	}
	return nil
}

// replayBeside runs the as-it-was variant in a process of its own, beside ours in this one: each then has a processor.
func replayBeside(ctx context.Context, i incident.Incident, opt incident.Options) (*incident.Report, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.CommandContext(ctx, program, "replay", "--part", "as-it-was", "--seed", strconv.FormatUint(opt.Seed, 10),
		"--late", strconv.Itoa(opt.Late), i.Name)
	child.Env = append(os.Environ(), "GOGC="+strconv.Itoa(replayGC))
	var out, sayings bytes.Buffer
	child.Stdout, child.Stderr = &out, &sayings
	if err := child.Start(); err != nil {
		return nil, fmt.Errorf("couldn't start the as-it-was variant: %w", err)
	}
	ours, err := i.Part(ctx, opt, false)
	if err := errors.Join(err, child.Wait()); err != nil {
		return nil, fmt.Errorf("couldn't replay %s: %w %s", i.Name, err, bytes.TrimSpace(sayings.Bytes()))
	}
	var was incident.Part
	if err := json.Unmarshal(out.Bytes(), &was); err != nil {
		return nil, fmt.Errorf("couldn't read the as-it-was variant: %w", err)
	}
	return i.Join(&was, ours), nil
}

func printPart(ctx context.Context, io streams, chosen []incident.Incident, part string, opt incident.Options) error {
	if len(chosen) != 1 || part != "as-it-was" && part != "akashi" {
		return usage{plain.Bad("--part", "一つの障害について、as-it-was か akashi を指定してください。", "name one failure, and as-it-was or akashi")}
	}
	p, err := chosen[0].Part(ctx, opt, part == "as-it-was")
	if err != nil {
		return err
	}
	return printJSON(io, p)
}

func printReplay(io streams, i incident.Incident, r *incident.Report) {
	fmt.Fprintf(io.out, "%s — %s / %s\n\n", i.Name, i.Title.JA, i.Title.EN)
	for _, m := range r.Timeline {
		fmt.Fprintf(io.out, "%s  %s / %s\n", m.At.In(resident.JST).Format("2006-01-02 15:04"), m.What.JA, m.What.EN)
		printView(io, i, "当時 as it was", m.AsItWas)
		printView(io, i, "Akashi        ", m.Akashi)
	}
	for _, o := range []struct {
		name string
		incident.Outcome
	}{{"当時 / as it was", r.AsItWas}, {"Akashi", r.Akashi}} {
		verdict := "保てなかった / did not hold"
		if o.Holds {
			verdict = "保った / held"
		}
		fmt.Fprintf(io.out, "\n%s: %s\n  %s\n", o.name, verdict, strings.Join(o.Findings, "\n  "))
	}
	fmt.Fprintln(io.out, "\n数 / counts")
	for _, k := range slices.Sorted(maps.Keys(r.Counts)) {
		fmt.Fprintf(io.out, "  %-32s %d\n", k, r.Counts[k])
	}
	for _, q := range []struct {
		name string
		*incident.Inquiry
	}{{"当時 / as it was", r.InquiryAsItWas}, {"Akashi、同じ障害を組み込んで / with the fault in it", r.InquiryAkashi}} {
		if q.Inquiry == nil {
			continue
		}
		fmt.Fprintf(io.out, "\n事後の調査 / asked afterwards (akashi delivery affected): %s\n", q.name)
		t := nation.AffectedTown{Municipality: q.Town, Affected: q.Affected}
		printAffected(io.out, nation.JoinAffected(t, nation.DecidedAnswer{Requests: q.Decided, Whole: q.Whole}, q.Unknown))
	}
	fmt.Fprintf(io.out, "\n注 / notes\n  %s\n", strings.Join(r.Notes, "\n  "))
}

func printView(io streams, i incident.Incident, who string, v incident.View) {
	line := fmt.Sprintf("未通知 unsent %d  保留 parked %d  不一致 cases %d  警報 alarms %d  失効遅れ late %d", v.Unsent, v.Parked, v.Cases, v.Alarms, v.Late)
	if v.ToldGood != nil {
		line += fmt.Sprintf("  誤った回答 told good %d", *v.ToldGood)
	}
	if i.Line != nil {
		line = i.Line(v)
	}
	fmt.Fprintf(io.out, "    %s  %s\n", who, line)
	for _, party := range slices.Sorted(maps.Keys(v.Sees)) {
		fmt.Fprintf(io.out, "        %s: %s\n", party, v.Sees[party])
	}
}

// runReplayDevice is the process of a device that fails, for a replay.
func runReplayDevice(ctx context.Context, io streams, args []string) error {
	var bus, dir string
	if _, err := parse(io, "replay device", args, func(fs *flag.FlagSet) {
		fs.StringVar(&bus, "bus", "", "装置と監視が共有するファイル / the file that the device and its monitor share")
		fs.StringVar(&dir, "keys", "", "暗号化した鍵のディレクトリ / the directory of encrypted keys")
	}, 0); err != nil {
		return err
	}
	return faulty.Serve(context.WithoutCancel(ctx), bus, dir)
}

// runReplayMonitor is the monitor that looks at such a device.
func runReplayMonitor(_ context.Context, io streams, args []string) error {
	var bus string
	if _, err := parse(io, "replay monitor", args, func(fs *flag.FlagSet) {
		fs.StringVar(&bus, "bus", "", "装置と監視が共有するファイル / the file that the device and its monitor share")
	}, 0); err != nil {
		return err
	}
	return faulty.Watch(bus, io.in, io.out)
}
