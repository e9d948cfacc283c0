//go:build cgo

package main

import (
	"bufio"
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// inProcess makes this test program one that loads a module into itself, as the relay servers of 2016 did.
const inProcess = "AKASHI_TEST_IN_PROCESS"

// asItWas signs with the module in its own process, and says how far it came.
func asItWas(module string) {
	d := &device{module: module, label: "token-0", sessions: 4}
	if err := d.Open(context.Background(), token.Login{PIN: []byte(hsmtest.PIN)}); err != nil {
		fmt.Println(err)
		return
	}
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for n := range 50 {
				digest := sha256.Sum256(fmt.Append(nil, n))
				if _, err := d.Sign(context.Background(), "ec", crypto.SHA256, digest[:]); err != nil {
					fmt.Println(err)
				}
			}
		})
	}
	callers.Wait()
	fmt.Println("all signed")
}

// TestModuleInTheProgramItself: without a process for the token the same faults of the same library stop or end the program, and
// nothing is left to find out why; without a fault it signs.
func TestModuleInTheProgramItself(t *testing.T) {
	b := hsmtest.New(t)
	for fault, want := range map[string]string{"": "all signed", "stall": "it stands still", "lose": "it stands still", "crash": "it is gone"} {
		b.Fault(0, fault)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(b.Env(0), inProcess+"="+b.Shim)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := make(chan string, 1)
		go func() {
			defer close(said)
			for lines := bufio.NewScanner(out); lines.Scan(); {
				said <- lines.Text()
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 2*deadline)
		got := "it stands still"
		select {
		case line, more := <-said:
			if got = line; !more {
				got = "it is gone"
			}
		case <-ctx.Done():
		}
		cancel()
		cmd.Process.Kill()
		for range said { // what it said beside that
		}
		cmd.Wait()
		if !strings.Contains(got, want) {
			t.Errorf("fault %q: %s, want %s", fault, got, want)
		}
	}
}
