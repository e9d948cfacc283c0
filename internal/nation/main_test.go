package nation

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

func TestMain(m *testing.M) { webuitest.Main(m, func() { os.RemoveAll(built.dir) }) }

// full tells whether the long runs are wanted.
func full() bool { return os.Getenv("AKASHI_FULL") != "" }

// running is a country as everybody outside it sees it: its portal and its control socket.
type running struct {
	t       testing.TB
	dir     string
	url     string
	control *http.Client
	country *Country  // when it runs in this process
	up      *exec.Cmd // nil: it runs in this process
	said    *tail     // by up
	stop    func()
	again   map[[2]message.Org]int64 // messages that were decided a second time, because people had them sent again
}

// dataDir is a data directory that other users may pass through, as /var/lib is.
func dataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "akashi-country-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

// open starts a country in this process.
func open(t testing.TB, dir string) *running {
	t.Helper()
	return openTrial(t, dir, nil)
}

// openTrial starts a country whose organisations are given something else than they ask for.
func openTrial(t testing.TB, dir string, trial func(host.Config) host.Config) *running {
	t.Helper()
	return openWith(t, Options{Dir: dir, Trial: trial})
}

// withoutTowns is the test country of which no municipality keeps a master of towns: an address that nobody can read may be filed there.
func withoutTowns() *Spec {
	spec := must(Default())
	for i := range spec.Organisations {
		spec.Organisations[i].Towns = false
	}
	return spec
}

// openWith starts a country with other options than those of every test.
func openWith(t testing.TB, opt Options) *running {
	t.Helper()
	if opt.Spec == nil {
		opt.Spec = must(Default())
	}
	opt.Listen = "127.0.0.1:0"
	c, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, dir: opt.Dir, url: c.URL, country: c, control: controlOn(opt.Dir), again: map[[2]message.Org]int64{}}
	r.stop = sync.OnceFunc(func() {
		if err := c.Close(); err != nil {
			t.Errorf("the country did not close well: %v", err)
		}
	})
	t.Cleanup(r.stop)
	r.counting()
	return r
}

func controlOn(dir string) *http.Client {
	return &http.Client{Transport: socketTransport(filepath.Join(dir, socketName))}
}

// built is where the akashi command lies, once a test needed it.
var built struct {
	sync.Once
	dir string
	err error
}

// program is the akashi command, built from this tree.
func program(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "akashi-bin-"); built.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-buildvcs=false", "-o", built.dir, "github.com/akashi-id/akashi/cmd/akashi").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("couldn't build the program: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "akashi")
}

// up runs `akashi up` on a directory and returns when the counters can work.
func up(t testing.TB, dir string, flags ...string) *running {
	t.Helper()
	r := ready(t, dir, flags...)
	r.counting()
	return r
}

// ready runs `akashi up` on a directory and returns when it says that it is ready.
func ready(t testing.TB, dir string, flags ...string) *running {
	t.Helper()
	cmd := exec.Command(program(t), append([]string{"up", "--data", dir, "--listen", "127.0.0.1:0"}, flags...)...)
	// When the test dies, so does the country.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	said := &tail{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, dir: dir, control: controlOn(dir), up: cmd, said: said, again: map[[2]message.Org]int64{}}
	r.stop = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil && cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Errorf("akashi up did not end well: %v\n%s", err, said)
		}
	})
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			t.Logf("akashi up said at the end:\n%s", said)
		}
	})
	readyAt := make(chan string, 1)
	go func() {
		defer close(readyAt)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if address, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
				readyAt <- address
			}
		}
	}()
	deadline := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	r.url = <-readyAt
	deadline.Stop()
	if r.url == "" {
		t.Fatalf("akashi up did not become ready:\n%s", said)
	}
	return r
}

// counting waits until every counter has record codes to give, which the center allots when a country has just begun.
func (r *running) counting() {
	r.t.Helper()
	eventually(r.t, 30*time.Second, "every municipality has record codes", func() (bool, string) {
		all, err := r.pairs()
		if err != nil {
			return false, err.Error()
		}
		for k, p := range all {
			if k[0] == "nationalcenter" && k[1].Role() == message.Municipality && (p.Sent == 0 || p.Open > 0) {
				return false, "none at " + string(k[1])
			}
		}
		return true, ""
	})
}

// upProcesses is up with a process for each organisation under a user of its own, which takes root.
func upProcesses(t testing.TB, dir string) *running {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, PROCESSES WERE NOT TRIED: only root can give each organisation's process a user of its own")
	}
	return up(t, dir, "--processes")
}

// lasted wants every organisation's process to be the one that was started: one that ends is started again, which nobody
// may notice.
func (r *running) lasted() {
	r.t.Helper()
	if said := r.said.String(); strings.Contains(said, "starting it again") {
		r.t.Errorf("an organisation's process ended:\n%s", said)
	}
}

// kill kills `akashi up` itself, and waits for its end.
func (r *running) kill() {
	r.t.Helper()
	if err := r.up.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	r.stop()
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (b *tail) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	if over := len(b.text) - 8000; over > 0 {
		b.text = b.text[over:]
	}
	return len(p), nil
}

func (b *tail) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}

// eventually asks again and again until it is so, and fails when it is not so in time. It returns how long it took.
func eventually(t testing.TB, within time.Duration, what string, so func() (yes bool, now string)) time.Duration {
	t.Helper()
	clk := clock.System()
	begun := clk.Now()
	for {
		yes, now := so()
		took := clk.Now().Sub(begun)
		if yes {
			return took
		}
		if took > within {
			t.Fatalf("not within %v: %s; now: %s", within, what, now)
		}
		if err := clk.Wait(t.Context(), clk.Now().Add(20*time.Millisecond), nil); err != nil {
			t.Fatal(err)
		}
	}
}

// ask puts a question to the control socket.
func (r *running) ask(path string, into any) error {
	a, err := r.control.Get("http://country" + path)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		return err
	}
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d %s", path, a.StatusCode, text)
	}
	return json.Unmarshal(text, into)
}

func (r *running) trace(what string) Trace {
	r.t.Helper()
	var t Trace
	if err := r.ask("/trace?what="+url.QueryEscape(what), &t); err != nil {
		r.t.Fatal(err)
	}
	return t
}

// pairs is how every organisation says it stands with every peer.
func (r *running) pairs() (map[[2]message.Org]exchange.Pair, error) {
	spec, err := Default()
	if err != nil {
		return nil, err
	}
	all := map[[2]message.Org]exchange.Pair{}
	for _, e := range spec.Organisations {
		var ps []exchange.Pair
		if err := r.ask("/"+string(e.ID)+"/pairs", &ps); err != nil {
			return nil, err
		}
		for _, p := range ps {
			all[[2]message.Org{p.Self, p.Peer}] = p
		}
	}
	return all, nil
}

// settled waits until nothing is under way, and checks that both sides of every pair count the same: what one has sent
// the other has decided once each, and nothing waits, is held or is parked.
func (r *running) settled(within time.Duration) (messages int64) {
	r.t.Helper()
	eventually(r.t, within, "every message is decided, and both sides count the same", func() (bool, string) {
		all, err := r.pairs()
		if err != nil {
			return false, err.Error()
		}
		messages = 0
		var open []string
		for k, p := range all {
			other := all[[2]message.Org{k[1], k[0]}]
			messages += p.Sent
			if p.Open != 0 || p.Parked != 0 || p.Held != 0 || p.InParked != 0 || p.Applied != p.Sent || other.Received != p.Sent+r.again[k] {
				open = append(open, fmt.Sprintf("%s → %s: sent %d, ended %d, open %d (parked %d, held %d), received %d", k[0], k[1], p.Sent, p.Applied, p.Open, p.Parked, p.Held, other.Received))
			}
		}
		slices.Sort(open)
		return len(open) == 0, strings.Join(open, "\n")
	})
	return messages
}

// get fetches what the country publishes.
func (r *running) get(path string) []byte {
	r.t.Helper()
	a, err := http.Get(r.url + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		r.t.Fatalf("GET %s: %d %v %s", path, a.StatusCode, err, text)
	}
	return text
}

// certificateOf reads one PEM certificate.
func certificateOf(t testing.TB, text []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("this is no PEM: %.200s", text)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tool runs a program of another maker in a directory of its own.
type tool struct {
	t    testing.TB
	path string
	dir  string
}

// openssl is the openssl program, which judges us without knowing us.
func openssl(t testing.TB) tool {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so nothing foreign has judged us")
	}
	return tool{t, path, t.TempDir()}
}

// put writes a file for the program.
func (o tool) put(name string, content []byte) string {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), content, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return name
}

// run returns what the program says, and whether it says yes.
func (o tool) run(args ...string) (said string, yes bool) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.path, args...)
	cmd.Dir = o.dir
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		o.t.Fatalf("openssl %v: %v", args, err)
	}
	return string(out), err == nil
}

// does fails the test when the program says no.
func (o tool) does(args ...string) string {
	o.t.Helper()
	said, yes := o.run(args...)
	if !yes {
		o.t.Fatalf("openssl %s: %s", strings.Join(args, " "), said)
	}
	return said
}

func (o tool) read(name string) []byte {
	o.t.Helper()
	content, err := os.ReadFile(filepath.Join(o.dir, name))
	if err != nil {
		o.t.Fatal(err)
	}
	return content
}
