// Package peer runs what is measured side by side, each as a process of its own (並べて測る相手): ours, the database bare,
// and programs of others that do the same work.
//
// All speak one protocol, a line of JSON at a time, so that nobody is measured differently: the process reads a set-up
// and answers when it is ready; then it reads an Order at a time and answers each with what it took. It idles between
// orders, so that those that are measured side by side take turns, and ends when its input ends.
package peer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

// Order is a slice of work: what to do, and how much of it.
type Order struct {
	Do    string `json:"do"`
	Count int    `json:"count"`
	// Of signatures: with which key, and how many ask at once.
	Key     string `json:"key,omitempty"`
	Callers int    `json:"callers,omitempty"`
}

// Took is what an order took.
type Took struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"`              // seconds of it, of all processes that take part but the database's server
	Server  float64 `json:"server,omitempty"` // CPU seconds of the process that serves, where those who ask are counted apart
	P50     float64 `json:"p50,omitempty"`    // milliseconds, of each single answer
	P99     float64 `json:"p99,omitempty"`
	Bytes   int64   `json:"bytes,omitempty"`
	Trips   int64   `json:"trips,omitempty"`
	Error   string  `json:"error,omitempty"`
}

// Each takes down how long single answers took, in seconds. It sorts them.
func (t *Took) Each(seconds []float64) {
	slices.Sort(seconds)
	at := func(q float64) float64 { return seconds[int(q*float64(len(seconds)-1))] * 1000 }
	t.P50, t.P99 = at(0.5), at(0.99)
}

// Rate is how many of count a second were done.
func (t Took) Rate(count int) float64 { return float64(count) / t.Seconds }

// Process is a program that obeys.
type Process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// Start starts cmd with a set-up and waits until it is ready; what it says then is read into ready. Its messages go
// where cmd.Stderr says.
func Start(cmd *exec.Cmd, setup, ready any) (*Process, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	// Who ends the run from the keyboard ends the processes through their input, not by a signal to each: one that is
	// told to stop by its parent has a child of its own to stop first.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, in: in, out: bufio.NewReader(out)}
	if err := p.say(setup, ready); err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not become ready: %w", cmd.Path, err), p.Close())
	}
	return p, nil
}

func (p *Process) say(what, answer any) error {
	line, err := json.Marshal(what)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return err
	}
	if line, err = p.out.ReadBytes('\n'); err != nil {
		return fmt.Errorf("it ended without an answer: %w", err)
	}
	var failed Took
	if json.Unmarshal(line, &failed) == nil && failed.Error != "" {
		return errors.New(failed.Error)
	}
	return json.Unmarshal(line, answer)
}

// Do has an order done, and waits for its end.
func (p *Process) Do(o Order) (t Took, err error) {
	if err = p.say(o, &t); err != nil {
		return t, fmt.Errorf("couldn't %s: %w", o.Do, err)
	}
	return t, nil
}

// Close ends the process and waits for it.
func (p *Process) Close() error {
	p.in.Close()
	return p.cmd.Wait()
}

// Worker is the other side: what a process does with orders.
type Worker interface {
	// Ready is what is said when the work can begin.
	Ready() any
	// Do does an order, and tells the CPU seconds that processes of its own took for it; its own are added by Serve.
	Do(ctx context.Context, o Order) (Took, error)
	Close() error
}

// Serve obeys until the input ends.
func Serve[S any](ctx context.Context, in io.Reader, out io.Writer, open func(context.Context, S) (Worker, error)) (err error) {
	end, err := profile()
	if err != nil {
		return err
	}
	defer end()
	lines, say := json.NewDecoder(in), json.NewEncoder(out)
	var setup S
	if err := lines.Decode(&setup); err != nil {
		return fmt.Errorf("couldn't read the set-up: %w", err)
	}
	w, err := open(ctx, setup)
	if err != nil {
		return errors.Join(err, say.Encode(Took{Error: err.Error()}))
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := say.Encode(w.Ready()); err != nil {
		return err
	}
	// The input is read beside the work: who is no longer there waits for no answer.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	orders, ended := make(chan Order), make(chan error, 1)
	go func() {
		for {
			var o Order
			if err := lines.Decode(&o); err != nil {
				cancel()
				ended <- err
				return
			}
			select {
			case orders <- o:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		var o Order
		select {
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("couldn't read the order: %w", err)
		case o = <-orders:
		}
		before := CPUSeconds()
		t, err := w.Do(ctx, o)
		t.CPU += CPUSeconds() - before
		if err != nil {
			t.Error = err.Error()
		}
		if err := say.Encode(t); err != nil {
			return err
		}
	}
}

// CPUSeconds is what this process has used so far, its children not counted.
func CPUSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}

// MostMemory is the most that this process has held in memory so far, in octets; what Go took from the system where the kernel does not
// tell.
func MostMemory() int64 {
	if text, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(text)) {
			var kib int64
			if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
				return kib << 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

// Stopwatch measures from where it is made to where it is called.
func Stopwatch() func() float64 {
	clk := clock.System()
	begun := clk.Now()
	return func() float64 { return clk.Now().Sub(begun).Seconds() }
}

// ProfileEnv names the directory into which each process writes a profile of its CPU time, for `go tool pprof`.
const ProfileEnv = "AKASHI_BENCH_PROFILE"

func profile() (end func(), err error) {
	dir := os.Getenv(ProfileEnv)
	if dir == "" {
		return func() {}, nil
	}
	name := fmt.Sprintf("%s-%d.pprof", filepath.Base(os.Args[len(os.Args)-1]), os.Getpid())
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}
