package faulty

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Watch is the program of a monitor (監視プログラム): at each line that it reads it begins a look at the device, or ends the one
// that it is in, and says so. A real one does so by its own clock; this one by that of a replay.
func Watch(bus string, in io.Reader, out io.Writer) error {
	b, err := OpenBus(bus)
	if err != nil {
		return err
	}
	defer b.Close()
	inside := false
	for lines := bufio.NewScanner(in); lines.Scan(); {
		act, says := b.enter, "inside"
		if inside {
			act, says = b.leave, "outside"
		}
		if err := act(); err != nil {
			return err
		}
		inside = !inside
		if _, err := fmt.Fprintln(out, says); err != nil {
			return err
		}
	}
	return nil
}

// Watcher is a monitor that runs in a process of its own.
type Watcher struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// StartWatcher starts the program whose main part is Watch.
func StartWatcher(path string, args ...string) (*Watcher, error) {
	w := &Watcher{cmd: exec.Command(path, args...)}
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	w.out = bufio.NewScanner(out)
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("couldn't start the monitor: %w", err)
	}
	return w, nil
}

// Turn begins a look, or ends the one that is under way, and returns when it is so.
func (w *Watcher) Turn() error {
	if _, err := fmt.Fprintln(w.in); err != nil {
		return fmt.Errorf("the monitor has ended: %w", err)
	}
	if !w.out.Scan() {
		return fmt.Errorf("the monitor has ended: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

// Close ends the monitor.
func (w *Watcher) Close() error {
	w.in.Close()
	return w.cmd.Wait()
}
