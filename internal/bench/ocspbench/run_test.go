package ocspbench_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/ocspbench"
	"github.com/akashi-id/akashi/internal/bench/peer"
)

// env makes this test program a server.
const env = "AKASHI_TEST_OCSP_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(env) != "" {
		if err := ocspbench.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			io.WriteString(os.Stderr, err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRun measures little. Held is what no load of the machine can change: who was measured, that the answers were right (the
// client checks them), and what is allocated.
func TestRun(t *testing.T) {
	_, missing := exec.LookPath("openssl")
	if missing != nil {
		t.Log("openssl is missing: nothing is measured beside it")
	}
	results, err := ocspbench.Run(t.Context(), ocspbench.Options{Dir: t.TempDir(), Certificates: 2000, Rounds: 1, Questions: 4000, Peers: missing == nil, Say: t.Logf,
		Start: func(ctx context.Context, s ocspbench.Setup, ready *ocspbench.Ready) (*peer.Process, error) {
			cmd := exec.CommandContext(ctx, os.Args[0])
			cmd.Env, cmd.Stderr = append(os.Environ(), env+"=1"), os.Stderr
			return peer.Start(cmd, s, ready)
		}})
	if err != nil {
		t.Fatal(err)
	}
	besides := 0
	for _, r := range results {
		t.Logf("%s: %.4g %s; %s %.4g, ratio %.3f", r.What, r.Value, r.Unit, r.Peer, r.PeerValue, r.Ratio)
		if r.Peer != "" {
			besides++
		}
		if r.Value <= 0 || r.Peer != "" && r.PeerValue <= 0 {
			t.Errorf("%s: %v beside %v", r.What, r.Value, r.PeerValue)
		}
		if r.Unit == "objects" && r.Value > 60 {
			t.Errorf("%s: %.0f", r.What, r.Value)
		}
	}
	if want := 17; (missing == nil && besides != want) || missing != nil && besides != want-7 {
		t.Errorf("%d figures beside a peer", besides)
	}
}

// TestDemandedPeer: what is missing and was demanded is named, before anything is made.
func TestDemandedPeer(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := ocspbench.Run(t.Context(), ocspbench.Options{Dir: t.TempDir(), Certificates: 10, Peers: true})
	if err == nil {
		t.Fatal("it went on without openssl")
	}
	t.Log(err)
}
