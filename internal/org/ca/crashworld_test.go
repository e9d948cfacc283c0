package ca_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/exchange/wire"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// crashLimits: nobody in these tests is away for longer.
var crashLimits = exchange.Limits{ProbePause: 250 * time.Millisecond}

func sessionsOf(c clock.Clock) *access.Sessions {
	s, err := access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self),
		Key: []byte("a key of a test that holds no secret"), Clock: c, Personas: access.Personas()})
	if err != nil {
		panic(err) // of constants
	}
	return s
}

// mortal is a CA in a process of its own, its device in another, and the organisations around it, which live through all that is done
// to it and write down what they are sent.
type mortal struct {
	t     testing.TB
	cfg   childConfig
	root  *pki.InfrastructureCA
	trust *pki.Trust
	peers map[message.Org]*exchange.Exchange
	store map[message.Org]*sqlstore.Store

	cmd   *exec.Cmd // nil: it does not run
	in    io.WriteCloser
	lines chan string // what it prints; closed at its end
	said  *words

	mu    sync.Mutex
	got   map[message.Org][]message.Payload
	on    func(message.Payload) // called when one was taken, before the CA hears that it was
	asked map[string]string     // numbers of applications, and what they must come to: "issued", "refused", "" for either
	n     int                   // persons so far
	keys  int                   // of OCSP signers that are to be certified
}

func newMortal(t testing.TB, url string) *mortal {
	t.Helper()
	now := clock.System().Now()
	root := must[*pki.InfrastructureCA](t)(pki.NewInfrastructureCA(rand.Reader, now))
	m := &mortal{t: t, root: root, trust: must[*pki.Trust](t)(pki.NewTrust(root.Certificate())), peers: map[message.Org]*exchange.Exchange{},
		store: map[message.Org]*sqlstore.Store{}, got: map[message.Org][]message.Payload{}, asked: map[string]string{}, said: new(words),
		cfg: childConfig{Dir: t.TempDir(), URL: url, Addr: freeAddr(t), Peers: map[message.Org]string{}, Lock: mathrand.Int64N(1 << 30)}}
	dir := keys.Dir(filepath.Join(m.cfg.Dir, "keys"))
	for _, sub := range []string{"keys", "token"} {
		if err := os.Mkdir(filepath.Join(m.cfg.Dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	must[[][]byte](t)(ca.Found(rand.Reader, now, dir, cert.P256SHA256))
	for _, name := range caKeyNames { // to the device, and nowhere else
		key := must[crypto.Signer](t)(dir.Signer(name))
		if err := filekey.Put(filepath.Join(m.cfg.Dir, "token"), name, key, tokenPIN, 10); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(string(dir), name+".key")); err != nil {
			t.Fatal(err)
		}
	}
	for name, usage := range map[string]pki.Usage{"sign": pki.ForSigning, "tls": pki.ForTLS} {
		id := m.identity(self, usage)
		if err := dir.PutSigner(name, id.Key); err != nil {
			t.Fatal(err)
		}
		if err := dir.PutCertificates(name, id.Certificate); err != nil {
			t.Fatal(err)
		}
	}
	if err := dir.PutCertificates("root", root.Certificate()); err != nil {
		t.Fatal(err)
	}
	for _, o := range []message.Org{center, validation, matsumoto, iida} {
		m.join(o)
	}
	t.Cleanup(func() {
		m.kill()
		if t.Failed() {
			t.Logf("the CA said: %s", m.said)
		}
	})
	return m
}

func freeAddr(t testing.TB) string {
	ln := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer ln.Close()
	return ln.Addr().String()
}

func (m *mortal) identity(o message.Org, usage pki.Usage) pki.Identity {
	m.t.Helper()
	key := must[crypto.Signer](m.t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	der := must[[]byte](m.t)(m.root.IssueOrganisation(rand.Reader, clock.System().Now(), pki.Organisation{ID: string(o), Usage: usage, Public: key.Public()}))
	return pki.Identity{Certificate: der, Key: key}
}

// join has another organisation listen, and send.
func (m *mortal) join(o message.Org) {
	m.t.Helper()
	store := must[*sqlstore.Store](m.t)(sqlstore.Open(m.t.Context(), "memory:", sqlstore.Options{}, exchange.Schema()))
	sign, tls := m.identity(o, pki.ForSigning), m.identity(o, pki.ForTLS)
	log := slog.New(slog.DiscardHandler)
	now := clock.System().Now
	x := must[*exchange.Exchange](m.t)(exchange.New(m.t.Context(), exchange.Config{Self: o, Store: store, Clock: clock.System(), Rand: rand.Reader, Trust: m.trust,
		Signer: exchange.Signer{Key: sign.Key, Certificate: sign.Certificate}, Link: wire.NewClient(map[message.Org]string{self: m.cfg.Addr}, tls, m.trust, now),
		Peers: []message.Org{self}, Limits: crashLimits, Log: log, Routes: []exchange.Route{
			note[message.CertIssued](m, o), note[message.CertRefused](m, o), note[message.CertIssuance](m, o), note[message.CertStatus](m, o),
			note[message.CertCRL](m, o), note[message.ResponderIssued](m, o),
		}}))
	server := must[*wire.Server](m.t)(wire.Serve("127.0.0.1:0", x, tls, m.trust, now, log))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, task := range x.Tasks() {
		running.Go(func() { clock.Run(ctx, clock.System(), task, log) })
	}
	m.t.Cleanup(func() {
		stop()
		server.Close(ctx)
		running.Wait()
		store.Close()
	})
	m.peers[o], m.store[o], m.cfg.Peers[o] = x, store, server.Addr()
}

func note[P message.Payload](m *mortal, o message.Org) exchange.Route {
	in := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	return exchange.On(in, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, p P) ([]message.Out, error) {
		tx.OnCommit(func() {
			m.mu.Lock()
			m.got[o] = append(m.got[o], p)
			if m.on != nil {
				m.on(p)
			}
			m.mu.Unlock()
		})
		return nil, nil
	})
}

// all gives what an organisation was sent of one kind.
func all[P message.Payload](m *mortal, o message.Org) (of []P) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.got[o] {
		if v, ok := p.(P); ok {
			of = append(of, v)
		}
	}
	return of
}

// start starts the CA as after a stop.
func (m *mortal) start() {
	m.t.Helper()
	text := must[[]byte](m.t)(json.Marshal(m.cfg))
	m.cmd = exec.Command(must[string](m.t)(os.Executable()))
	m.cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	m.cmd.Stderr = m.said
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	m.in = must[io.WriteCloser](m.t)(m.cmd.StdinPipe())
	out := must[io.ReadCloser](m.t)(m.cmd.StdoutPipe())
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	lines := make(chan string, 1000)
	m.lines = lines
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	m.hear("ready")
}

// hear waits until the CA says something, and gives what it adds.
func (m *mortal) hear(what string) string {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	for {
		select {
		case line, alive := <-m.lines:
			if rest, it := strings.CutPrefix(line, what); it {
				return strings.TrimSpace(rest)
			}
			if !alive || strings.HasPrefix(line, "error") {
				m.t.Fatalf("waiting for %q, the CA said %q", what, line)
			}
		case <-ctx.Done():
			m.t.Fatalf("the CA does not say %q", what)
		}
	}
}

func (m *mortal) tell(what ...any) {
	m.t.Helper()
	if _, err := fmt.Fprintln(m.in, what...); err != nil {
		m.t.Fatal(err)
	}
}

// ended waits for the end of the process, and wants a SIGKILL when it was killed.
func (m *mortal) ended(killed bool) {
	m.t.Helper()
	process := m.cmd.Process
	late := time.AfterFunc(time.Minute, func() { process.Signal(syscall.SIGQUIT) })
	defer late.Stop()
	for range m.lines { // to its end
	}
	m.cmd.Wait()
	if status := m.cmd.ProcessState.Sys().(syscall.WaitStatus); killed != (status.Signal() == syscall.SIGKILL) || !killed && status.ExitStatus() != 0 {
		m.t.Fatalf("the CA ended with %v", m.cmd.ProcessState)
	}
	m.cmd = nil
}

func (m *mortal) kill() {
	if m.cmd != nil {
		m.cmd.Process.Kill()
		m.ended(true)
	}
}

// stop ends it as people do.
func (m *mortal) stop() {
	m.t.Helper()
	m.tell("stop")
	m.ended(false)
}

func (m *mortal) send(from message.Org, payloads ...message.Payload) {
	m.t.Helper()
	var outs []message.Out
	for _, p := range payloads {
		outs = append(outs, message.Out{To: self, Body: p})
	}
	if err := m.store[from].Update(m.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := m.peers[from].Send(ctx, tx, outs, "t-crash")
		return err
	}); err != nil {
		m.t.Fatal(err)
	}
}

// eventually asks again and again until it is so.
func (m *mortal) eventually(what string, so func() (yes bool, now string)) {
	m.t.Helper()
	if now, is := m.within(time.Minute, so); !is {
		m.t.Fatalf("not within a minute: %s; now: %s", what, now)
	}
}

func (m *mortal) within(d time.Duration, so func() (yes bool, now string)) (now string, yes bool) {
	clk := clock.System()
	for until := clk.Now().Add(d); ; {
		if yes, now = so(); yes || clk.Now().After(until) {
			return now, yes
		}
		if err := clk.Wait(m.t.Context(), clk.Now().Add(3*time.Millisecond), nil); err != nil {
			return err.Error(), false
		}
	}
}

// words are what a process says, for whoever has to find out why a test failed.
type words struct {
	mu   sync.Mutex
	text []byte
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, b...)
	return len(b), nil
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.text)
}
