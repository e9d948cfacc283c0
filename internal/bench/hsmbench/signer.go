package hsmbench

import (
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/bench/hsmbench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/pki"
)

// The parts of this measurement that are processes of their own.
const (
	PartToken = "hsm-token" // through akashi-token, to SoftHSM
	PartFiles = "hsm-files" // through the process that serves keys in encrypted files
	PartPlain = "hsm-plain" // with the keys in memory: nothing but Go's own signature
)

// Part is the whole of such a process.
func Part(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	switch name {
	case PartToken:
		return peer.Serve(ctx, in, out, openToken)
	case PartFiles:
		return peer.Serve(ctx, in, out, openFiles)
	case PartPlain:
		return peer.Serve(ctx, in, out, openPlain)
	}
	return fmt.Errorf("the measurement of signatures has no part %q", name)
}

// signer signs with the same keys, wherever they lie.
type signer struct {
	says     string
	keys     map[string]crypto.Signer
	children []string // the processes of its token, as /proc names them
	stop     func()
}

func (s *signer) Ready() any { return order.Ready{Says: s.says} }

func (s *signer) Do(_ context.Context, o peer.Order) (peer.Took, error) {
	hash, digest := order.Digest(o.Key)
	key, here := s.keys[o.Key]
	if !here {
		return peer.Took{}, fmt.Errorf("there is no key %q", o.Key)
	}
	switch o.Do {
	case order.DoSign:
		before, err := seconds(s.children)
		if err != nil {
			return peer.Took{}, err
		}
		t, err := order.Each(o, func(string) error {
			_, err := key.Sign(rand.Reader, digest, hash)
			return err
		})
		if err != nil {
			return t, err
		}
		after, err := seconds(s.children) // the token's process works for us
		t.CPU = after - before
		return t, err
	case order.DoCheck:
		signature, err := key.Sign(rand.Reader, digest, hash)
		if err != nil {
			return peer.Took{}, err
		}
		return order.Each(o, func(string) error { return pki.VerifyDigest(key.Public(), digest, signature) })
	}
	return peer.Took{}, fmt.Errorf("a signer cannot %s", o.Do)
}

func (s *signer) Close() error {
	if s.stop != nil {
		s.stop()
	}
	return nil
}

func openPlain(_ context.Context, setup order.Setup) (peer.Worker, error) {
	s := &signer{says: "crypto.Signer in the caller's process", keys: map[string]crypto.Signer{}}
	for _, name := range order.Keys {
		text, err := os.ReadFile(filepath.Join(setup.Plain, name+".key"))
		if err != nil {
			return nil, err
		}
		if s.keys[name], err = pki.DecodeKey(text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func openToken(ctx context.Context, setup order.Setup) (peer.Worker, error) {
	start := hsm.Command([]string{"SOFTHSM2_CONF=" + setup.Config}, setup.Program, "--module", setup.Module, "--token", setup.Token, "--sessions", strconv.Itoa(order.MostCallers))
	return openDevice(ctx, setup, "akashi-token before SoftHSM", start)
}

func openFiles(ctx context.Context, setup order.Setup) (peer.Worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return openDevice(ctx, setup, "a process before encrypted key files", hsm.Command(nil, self, "keys", "serve", "--dir", setup.Files))
}

// openDevice has a token as an organisation has it, with the journal of what is in flight, and waits until it is ready.
func openDevice(ctx context.Context, setup order.Setup, says string, start func() (hsm.Process, error)) (peer.Worker, error) {
	plain, err := openPlain(ctx, setup)
	if err != nil {
		return nil, err
	}
	clk := clock.System()
	journal, err := hsm.OpenJournal(filepath.Join(setup.Plain, strconv.Itoa(os.Getpid())+".inflight"), nil)
	if err != nil {
		return nil, err
	}
	t := hsm.NewToken(hsm.Config{Name: "bench", Start: start, PIN: []byte(setup.PIN), Keys: order.Keys, Clock: clk, Journal: journal})
	running, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	tasks.Go(func() { t.Run(running) })
	s := &signer{says: says, keys: map[string]crypto.Signer{}, stop: func() { cancel(); tasks.Wait(); journal.Close() }}
	for t.Stand().State != hsm.Ready {
		if stand := t.Stand(); stand.Why != "" {
			s.stop()
			return nil, fmt.Errorf("the token is not ready: %s", stand.Why)
		}
		if err := clk.Wait(ctx, clk.Now().Add(5*time.Millisecond), nil); err != nil {
			s.stop()
			return nil, err
		}
	}
	s.children = children()
	keys := hsm.NewKeys(t)
	for name, key := range plain.(*signer).keys {
		if s.keys[name], err = keys.Signer(name, key.Public()); err != nil {
			s.stop()
			return nil, err
		}
	}
	return s, nil
}

// tick is the unit in which the kernel tells CPU time (USER_HZ, which is 100 wherever Go runs).
const tick = 10 * time.Millisecond

// children are the processes that this one has started, where the machine has a /proc.
func children() (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		if f, err := stat(file); err == nil && f[1] == strconv.Itoa(os.Getpid()) {
			found = append(found, file)
		}
	}
	return found
}

// seconds is the CPU time that processes which still run have used: fields 14 and 15 of /proc/PID/stat.
func seconds(files []string) (float64, error) {
	ticks := 0
	for _, file := range files {
		f, err := stat(file)
		if err != nil {
			return 0, fmt.Errorf("the token's process is not the one that it was: %w", err)
		}
		for _, n := range f[11:13] {
			spent, err := strconv.Atoi(n)
			if err != nil {
				return 0, err
			}
			ticks += spent
		}
	}
	return (time.Duration(ticks) * tick).Seconds(), nil
}

// stat reads /proc/PID/stat from its third field on: "pid (name) state ppid …".
func stat(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 13 {
		return nil, fmt.Errorf("%s cannot be read", file)
	}
	return f, nil
}
