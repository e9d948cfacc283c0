package peer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/plain"
)

// childEnv makes the test binary a peer that counts what it has been told.
const childEnv = "AKASHI_PEER_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := peer.Serve(context.Background(), os.Stdin, os.Stdout, open); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type setup struct {
	Unwilling bool
	Mark      string // a file that is made when it ends
}

type worker struct {
	setup
	sum int
}

func open(_ context.Context, s setup) (peer.Worker, error) {
	if s.Unwilling {
		return nil, errors.New("not today")
	}
	return &worker{setup: s}, nil
}

func (w *worker) Ready() any { return map[string]string{"says": "counting"} }

func (w *worker) Do(ctx context.Context, o peer.Order) (peer.Took, error) {
	switch o.Do {
	case "count":
		w.sum += o.Count
		return peer.Took{Seconds: 2, Trips: int64(w.sum)}, nil
	case "wait":
		fmt.Fprintln(os.Stderr, "waiting")
		<-ctx.Done()
	}
	return peer.Took{}, errors.New("that is beyond me")
}

func (w *worker) Close() error {
	return os.WriteFile(w.Mark, nil, 0o600)
}

func child(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1")
	return cmd
}

func TestObeysInOrder(t *testing.T) {
	var ready struct{ Says string }
	mark := filepath.Join(t.TempDir(), "ended")
	p, err := peer.Start(child(t), setup{Mark: mark}, &ready)
	if err != nil {
		t.Fatal(err)
	}
	if ready.Says != "counting" {
		t.Errorf("ready: %q", ready.Says)
	}
	for i := range 3 {
		took, err := p.Do(peer.Order{Do: "count", Count: 5})
		if err != nil || took.Trips != int64(5*(i+1)) || took.Rate(10) != 5 {
			t.Fatalf("order %d: %+v, %v", i, took, err)
		}
	}
	// What it cannot do it says, and goes on.
	if _, err := p.Do(peer.Order{Do: "fly"}); err == nil || !strings.Contains(err.Error(), "beyond me") {
		t.Errorf("flew: %v", err)
	}
	if took, err := p.Do(peer.Order{Do: "count", Count: 1}); err != nil || took.Trips != 16 {
		t.Errorf("after a failure: %+v, %v", took, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("it ended without closing: %v", err)
	}
}

func TestSaysWhyItDoesNotStart(t *testing.T) {
	if _, err := peer.Start(child(t), setup{Unwilling: true}, &struct{}{}); err == nil || !strings.Contains(err.Error(), "not today") {
		t.Errorf("started: %v", err)
	}
	gone := exec.CommandContext(t.Context(), "/bin/true")
	if _, err := peer.Start(gone, setup{}, &struct{}{}); err == nil {
		t.Error("a program that ends at once became ready")
	}
}

// TestEndsWithItsParent: whoever is in the middle of an order when its parent is killed must not stay behind.
func TestEndsWithItsParent(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "ended")
	cmd := child(t)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(in, "{\"Mark\":%q}\n{\"do\":\"wait\"}\n", mark)
	if _, err := said.Read(make([]byte, 100)); err != nil { // it waits now
		t.Fatal(err)
	}
	in.Close()
	cmd.Wait()
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("it did not end: %v", err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("ready", "#!/bin/sh\n", 0o755)
	write("notes", "no program\n", 0o644)
	write("go.mod", "module peers\n\ngo 1.26.0\n", 0o644)
	write("source/main.go", "package main\n\nfunc main() { println(\"built\") }\n", 0o644)
	write("broken/main.go", "package main\n\nfunc main() { nothing() }\n", 0o644)

	if at, err := peer.Find(t.Context(), dir, "ready", t.TempDir()); err != nil || at != filepath.Join(dir, "ready") {
		t.Errorf("ready: %q, %v", at, err)
	}
	built, err := peer.Find(t.Context(), dir, "source", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), built).CombinedOutput(); err != nil || string(out) != "built\n" {
		t.Errorf("source: %q, %v", out, err)
	}
	for _, name := range []string{"absent", "notes", "broken"} {
		_, err := peer.Find(t.Context(), dir, name, t.TempDir())
		problems, ok := plain.AsProblems(err)
		if !ok || !strings.Contains(problems[0].JA, name) || !strings.Contains(problems[0].EN, name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}
