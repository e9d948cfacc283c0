package hsm

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The files of a token's process, beside the three that every process has. Standard output is not among them: native
// modules print there.
const (
	CallsFile   = 3 // it reads calls
	AnswersFile = 4 // it writes answers
)

// Command starts a program as a token's process (token.Serve on CallsFile and AnswersFile). It gets no environment but the
// one given, and no secret but by its calls. The program must say at its start that it leaves no core (token.NoCore).
func Command(env []string, path string, args ...string) func() (Process, error) {
	return func() (Process, error) {
		callsOut, callsIn, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		defer callsOut.Close()
		answersOut, answersIn, err := os.Pipe()
		if err != nil {
			callsIn.Close()
			return nil, err
		}
		defer answersIn.Close()
		p := &process{calls: callsIn, answers: answersOut}
		p.cmd = exec.Command(path, args...)
		p.cmd.Env = append([]string{"GOTRACEBACK=all"}, env...)
		p.cmd.ExtraFiles = []*os.File{callsOut, answersIn}
		p.cmd.Stderr = &p.said
		p.cmd.WaitDelay = quitting                              // a grandchild that got away may hold the pipe of standard error
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it, and no terminal interrupts it
		if err := p.cmd.Start(); err != nil {
			callsIn.Close()
			answersOut.Close()
			return nil, fmt.Errorf("couldn't start %s: %w", path, err)
		}
		p.gone = make(chan struct{})
		go func() {
			p.cmd.Wait()
			close(p.gone)
		}()
		return p, nil
	}
}

// process is a child of ours. A pipe ends for us when it ends, so nobody has to wait for both.
type process struct {
	cmd     *exec.Cmd
	calls   *os.File
	answers *os.File
	said    ending
	gone    chan struct{}
	kill    sync.Once
}

func (p *process) Write(b []byte) (int, error) { return p.calls.Write(b) }

func (p *process) Read(b []byte) (int, error) { return p.answers.Read(b) }

// quitting is how long a process may take to end by itself, and to say where its goroutines are.
const quitting = time.Second

// Dump is what the kernel says of the process's threads, and what the process says itself when it is told to quit.
func (p *process) Dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "process %d, %s\n", p.cmd.Process.Pid, p.cmd.Path)
	threads(&b, p.cmd.Process.Pid)
	p.cmd.Process.Signal(syscall.SIGQUIT)
	ctx, cancel := context.WithTimeout(context.Background(), quitting) // in real time: it is a process
	defer cancel()
	select {
	case <-p.gone:
		fmt.Fprintf(&b, "it ended: %v\n", p.cmd.ProcessState)
	case <-ctx.Done():
		b.WriteString("it did not quit when it was told to\n")
	}
	b.WriteString("it said at the end:\n")
	b.WriteString(p.said.String())
	return b.String()
}

// threads writes what the kernel knows of each thread: its state, the call it is in, and where in the kernel it waits.
func threads(w io.Writer, pid int) {
	dirs, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	for _, dir := range dirs {
		fmt.Fprintf(w, "thread %s", filepath.Base(dir))
		for _, name := range []string{"comm", "stat", "wchan", "syscall", "stack"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || len(text) == 0 {
				continue // the kernel does not tell everybody everything
			}
			if name == "stat" { // "pid (comm) S …": the state
				if _, rest, ok := strings.Cut(string(text), ") "); ok {
					text = []byte(rest[:1])
				}
			}
			fmt.Fprintf(w, "  %s: %s", name, strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "; "))
		}
		fmt.Fprintln(w)
	}
}

func (p *process) End() {
	p.calls.Close() // which ends token.Serve
	ctx, cancel := context.WithTimeout(context.Background(), quitting)
	defer cancel()
	select {
	case <-p.gone:
	case <-ctx.Done():
	}
	p.Kill()
}

func (p *process) Kill() {
	p.kill.Do(func() { // once: its number may be another's later
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.gone
		p.calls.Close()
		p.answers.Close()
	})
}

// ending keeps the end of what is written.
type ending struct {
	mu   sync.Mutex
	text []byte
}

// keptText is how much of a process's own words the evidence holds, in bytes.
const keptText = 256 << 10

func (e *ending) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = append(e.text, b...)
	if over := len(e.text) - keptText; over > 0 {
		e.text = append(e.text[:0], e.text[over:]...)
	}
	return len(b), nil
}

func (e *ending) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return string(e.text)
}
