package hsmbench_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/hsmbench"
	"github.com/akashi-id/akashi/internal/bench/hsmbench/order"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
)

// The parts of the measurement are this program started again, as they are `akashi` started again in use; so is the process that
// serves key files.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "bench" && os.Args[2] == "--part":
		err = hsmbench.Part(context.Background(), os.Args[3], os.Stdin, os.Stdout)
	case len(os.Args) == 5 && os.Args[1] == "keys" && os.Args[2] == "serve":
		err = hsm.Child(context.Background(), &filekey.Device{Dir: os.Args[4]}, 4, nil)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestRun makes a short run, without the peer. Figures are shown; what is held is that every one is there, and that a signature in a
// process of its own costs no hundred of those that are not.
func TestRun(t *testing.T) {
	if _, err := os.Stat(hsmbench.Module); err != nil {
		t.Skip("SKIPPED, NO TOKEN WAS MEASURED: SoftHSM2 is not installed")
	}
	program := filepath.Join(t.TempDir(), "akashi-token")
	build := exec.Command("go", "build", "-o", program, "github.com/akashi-id/akashi/cmd/akashi-token")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	results, err := hsmbench.Run(t.Context(), hsmbench.Options{Dir: t.TempDir(), Program: program, Rounds: 1, Say: t.Logf,
		Counts: map[string]int{order.P256: 50, order.P384: 50, order.RSA2048: 50}})
	if err != nil {
		t.Fatal(err)
	}
	rates := 0
	for _, r := range results {
		t.Logf("%s: %.1f %s; %s: %.1f, ratio %.3f", r.What, r.Value, r.Unit, r.Peer, r.PeerValue, r.Ratio)
		if r.Unit != "signatures/s" {
			continue
		}
		rates++
		if r.Value <= 0 || r.Ratio != 0 && r.Ratio < 0.01 {
			t.Errorf("%s: %v, ratio %v", r.What, r.Value, r.Ratio)
		}
	}
	if want := 2 * len(order.Keys) * 2; rates != want {
		t.Errorf("%d rates, not %d", rates, want)
	}
}
