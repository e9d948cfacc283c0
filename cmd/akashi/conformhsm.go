package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/conform/module"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
)

// hsmTrial is what was typed after `akashi conform hsm`.
type hsmTrial struct {
	module, slot, label string
	pinFile, keys       string
	monitor, program    string
	evidence            string
	duration, deadline  time.Duration
	callers             int
}

// runConformHSM tries a module, its device and its monitor.
func runConformHSM(ctx context.Context, io streams, t hsmTrial, asJSON bool) error {
	pin, err := t.check()
	if err != nil {
		return err
	}
	program, err := nation.TokenProgram(t.program)
	if err != nil {
		return err
	}
	where := []string{"--module", t.module, "--token", t.label}
	if t.slot != "" {
		where = []string{"--module", t.module, "--slot", t.slot}
	}
	clk := clock.System()
	t.evidence = cmp.Or(t.evidence, filepath.Join(os.TempDir(), "akashi-conform-hsm-"+clk.Now().Format("20060102T150405Z")))
	opt := module.Options{PIN: pin, Duration: t.duration, Deadline: t.deadline, Callers: t.callers, Clock: clk, Evidence: hsm.KeepIn(t.evidence),
		Start: func(sessions int) func() (hsm.Process, error) {
			// The module may be told by the environment where its device is, and whoever tries it has set that.
			return hsm.Command(os.Environ(), program, append(where, "--sessions", fmt.Sprint(sessions))...)
		},
		Monitor: func(ctx context.Context) error { return monitor(ctx, clk, program, append(where, "--look")...) },
		Each: func(c module.Case, round int) {
			w := io.out
			if asJSON {
				w = io.err
			}
			fmt.Fprintf(w, "[%d] %s %s\n    %s\n", round, heldOrFailed(c.OK), c.Case, c.Says)
		}}
	if t.monitor != "" {
		opt.Monitor = func(ctx context.Context) error { return monitor(ctx, clk, "/bin/sh", "-c", t.monitor) }
	}
	if t.keys != "" {
		opt.Keys = strings.Split(t.keys, ",")
	}
	r, err := module.Try(ctx, opt)
	if err != nil {
		return err
	}
	if _, err := os.Stat(t.evidence); err == nil {
		r.Evidence = t.evidence
	}
	if asJSON {
		err = printJSON(io, r)
	} else {
		printHSM(io, r)
	}
	if err == nil && !r.Holds() {
		err = errDidNotHold
	}
	return err
}

// check reads the PIN and refuses what cannot be tried.
func (t hsmTrial) check() (pin []byte, err error) {
	var problems plain.Problems
	if t.module == "" {
		problems = append(problems, plain.Bad("module", "PKCS #11のライブラリを --module で指定してください。", "name the PKCS #11 library with --module"))
	}
	if (t.slot == "") == (t.label == "") {
		problems = append(problems, plain.Bad("slot", "トークンを --slot か --token の一方で指定してください。", "name the token, either with --slot or with --token"))
	}
	if t.pinFile == "" {
		problems = append(problems, plain.Bad("pin-file", "PINを書いたファイルを --pin-file で指定してください。", "name the file that holds the PIN with --pin-file"))
	}
	if len(problems) > 0 {
		return nil, usage{problems}
	}
	return nation.ReadPIN(t.pinFile)
}

// monitor runs a command, again and again, until ctx ends. That it fails once the trial is under way may be the device's fault, and
// is no end; that it fails at once is.
func monitor(ctx context.Context, clk clock.Clock, name string, args ...string) error {
	for first := true; ; first = false {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // what a shell started ends with it
		cmd.WaitDelay = time.Second
		out, err := cmd.CombinedOutput()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return errors.Join(err, errors.New(strings.TrimSpace(string(out[:min(len(out), 500)]))))
		}
		if err := clk.Wait(ctx, clk.Now().Add(50*time.Millisecond), nil); err != nil {
			return nil
		}
	}
}

// printHSM ends the list of the cases with what they come to.
func printHSM(io streams, r *module.Report) {
	fmt.Fprintf(io.out, "\n適合性評価の結果（%d巡） / result, after %d rounds\n", r.Rounds, r.Rounds)
	for _, c := range r.Cases {
		fmt.Fprintf(io.out, "  %s %s\n", heldOrFailed(c.OK), c.Says)
	}
	fmt.Fprintf(io.out, "\n%s\n%s\n", r.Verdict.JA, r.Verdict.EN)
	if r.Evidence != "" {
		fmt.Fprintf(io.out, "異常の証跡 / evidence of the anomalies: %s\n", r.Evidence)
	}
}
