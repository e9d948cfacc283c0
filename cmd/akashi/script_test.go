package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
)

func TestMain(m *testing.M) {
	testscript.Main(hsmtest.Main{M: m}, map[string]func(){"akashi": main})
}

// TestScripts runs the command as people type it: testdata/script/*.txtar, each about one subject.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			vectors, err := filepath.Abs("../../message/vectors/statements")
			e.Setenv("VECTORS", vectors)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// exits N COMMAND… runs a command that must end with status N.
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: exits N COMMAND…")
				}
				want, err := strconv.Atoi(args[0])
				if err != nil {
					ts.Fatalf("no status: %s", args[0])
				}
				got := 0
				var ended *exec.ExitError
				if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
					got = ended.ExitCode()
				} else if err != nil {
					ts.Fatalf("%v", err)
				}
				if got != want {
					ts.Fatalf("exit status %d, want %d", got, want)
				}
			},
			// waitfor FILE waits until a command in the background has made the file.
			"waitfor": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: waitfor FILE")
				}
				clk := clock.System()
				for until := clk.Now().Add(30 * time.Second); !exists(ts.MkAbs(args[0])); {
					if clk.Now().After(until) {
						ts.Fatalf("%s was not made within half a minute", args[0])
					}
					ts.Check(clk.Wait(t.Context(), clk.Now().Add(20*time.Millisecond), nil))
				}
			},
		},
	})
}
