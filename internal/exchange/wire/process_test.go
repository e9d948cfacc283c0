package wire_test

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// pairOf is a city and its prefecture, each a process with its own user, directory, keys and database, joined by mutual
// TLS on loopback.
type pairOf struct {
	t        *testing.T
	binary   string
	city     *process
	pref     *process
	isolated bool // each has a user of its own
}

type process struct {
	child
	p     *pairOf
	uid   uint32
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	ready bool
}

func newPair(t *testing.T, messages int, seed uint64, cityStore, prefStore string) *pairOf {
	t.Helper()
	dir, err := os.MkdirTemp("", "akashi-wire.")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	// Others may pass through it to their own directory.
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	// The go command keeps test binaries where no other user can reach them.
	p := &pairOf{t: t, binary: filepath.Join(dir, "organisation"), isolated: os.Getuid() == 0}
	self, err := os.Executable()
	if err == nil {
		var text []byte
		if text, err = os.ReadFile(self); err == nil {
			err = os.WriteFile(p.binary, text, 0o755)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	now := clock.System().Now()
	ca := must(pki.NewInfrastructureCA(rand.Reader, now))
	addrs := []string{freeAddr(t), freeAddr(t)}
	p.city = &process{p: p, uid: 60201, child: child{Self: city, Peer: pref, Store: cityStore, Addr: addrs[0], PeerAddr: addrs[1]}}
	p.pref = &process{p: p, uid: 60202, child: child{Self: pref, Peer: city, Store: prefStore, Addr: addrs[1], PeerAddr: addrs[0]}}
	for _, x := range []*process{p.city, p.pref} {
		x.Messages, x.People, x.Seed = messages, 500, seed
		x.Dir = filepath.Join(dir, string(x.Self))
		k := keys.Dir(filepath.Join(x.Dir, "keys"))
		for name, usage := range map[string]pki.Usage{"sign": pki.ForSigning, "tls": pki.ForTLS} {
			key, _, err := k.Ensure(rand.Reader, name, cert.P256SHA256)
			if err != nil {
				t.Fatal(err)
			}
			der := must(ca.IssueOrganisation(rand.Reader, now, pki.Organisation{ID: string(x.Self), Usage: usage, Public: key.Public()}))
			if err := k.PutCertificates(name, der); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.PutCertificates("root", ca.Certificate()); err != nil {
			t.Fatal(err)
		}
		if x.Store == "" {
			x.Store = "sqlite:" + filepath.Join(x.Dir, "store.db")
		}
		x.own()
	}
	p.city.PeerDir, p.pref.PeerDir = p.pref.Dir, p.city.Dir
	t.Cleanup(func() { p.city.kill(); p.pref.kill() })
	return p
}

// own gives the directory to the process's user, and to nobody else.
func (x *process) own() {
	err := filepath.WalkDir(x.Dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && x.p.isolated {
			err = os.Lchown(path, int(x.uid), int(x.uid))
		}
		return err
	})
	if err == nil {
		err = os.Chmod(x.Dir, 0o700)
	}
	if err != nil {
		x.p.t.Fatal(err)
	}
}

func freeAddr(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func (x *process) start() {
	x.p.t.Helper()
	text, err := json.Marshal(x.child)
	if err != nil {
		x.p.t.Fatal(err)
	}
	x.cmd = exec.Command(x.p.binary)
	x.cmd.Env = []string{childEnv + "=" + string(text), "HOME=" + x.Dir, "TMPDIR=" + x.Dir}
	x.cmd.Dir = x.Dir
	x.cmd.Stderr = os.Stderr
	if x.p.isolated {
		x.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: x.uid, Gid: x.uid}}
	}
	x.in = must(x.cmd.StdinPipe())
	out := must(x.cmd.StdoutPipe())
	if err := x.cmd.Start(); err != nil {
		x.p.t.Fatal(err)
	}
	x.lines, x.ready = bufio.NewScanner(out), false
	x.lines.Buffer(nil, 1<<20)
}

// kill is SIGKILL, at whatever the process is doing.
func (x *process) kill() {
	if x.cmd == nil {
		return
	}
	x.cmd.Process.Kill()
	x.cmd.Wait()
	x.cmd = nil
}

// next reads a line that begins with word.
func (x *process) next(word string) []string {
	x.p.t.Helper()
	for x.lines.Scan() {
		f := strings.Fields(x.lines.Text())
		switch {
		case len(f) == 0:
		case f[0] == "sees" && x.p.isolated:
			x.p.t.Fatalf("%s, with a user of its own, can read %s", x.Self, f[1])
		case f[0] == "error":
			x.p.t.Fatalf("%s: %s", x.Self, x.lines.Text())
		case f[0] == word:
			return f[1:]
		}
	}
	x.p.t.Fatalf("%s ended before it said %q", x.Self, word)
	return nil
}

func (x *process) ask(line string) []string {
	x.p.t.Helper()
	if !x.ready {
		x.next("ready")
		x.ready = true
	}
	if _, err := fmt.Fprintln(x.in, line); err != nil {
		x.p.t.Fatalf("%s: %v", x.Self, err)
	}
	word, _, _ := strings.Cut(line, " ")
	return x.next(word)
}

type progress struct {
	applied, waiting, stuck int
	made                    bool
}

func (x *process) progress() progress {
	x.p.t.Helper()
	f := x.ask("progress")
	return progress{must(strconv.Atoi(f[0])), must(strconv.Atoi(f[1])), must(strconv.Atoi(f[2])), f[4] == "true"}
}

// stall is how long without what is waited for is a failure.
const stall = 90 * time.Second

// until polls; the processes do their work in real time.
func (p *pairOf) until(what string, done func(progress) bool) progress {
	p.t.Helper()
	deadline := clock.System().Now().Add(stall)
	for {
		at := p.city.progress()
		if done(at) {
			return at
		}
		if clock.System().Now().After(deadline) {
			p.t.Fatalf("%s: not within %v, the city is at %+v\ncity: %s\nprefecture: %s", what, stall, at, p.city.ask("stuck"), p.pref.ask("stuck"))
		}
		clock.System().Wait(p.t.Context(), clock.System().Now().Add(10*time.Millisecond), nil)
	}
}

// finish lets people accept what is parked, and waits for the rest.
func (p *pairOf) finish() {
	p.t.Helper()
	for {
		at := p.until("everything decided upon", func(at progress) bool { return at.made && at.waiting == 0 })
		if at.stuck == 0 {
			return
		}
		p.pref.ask("discard")
		p.pref.ask("accept")
		before := at
		p.until("what was held goes on", func(at progress) bool { return at.applied > before.applied || at.waiting > 0 })
	}
}

func engines(t *testing.T, test func(t *testing.T, cityStore, prefStore string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "", "") })
	t.Run("postgres", func(t *testing.T) { test(t, sqlstoretest.Postgres(t), sqlstoretest.Postgres(t)) })
}

// size is what a run does: small in every test run, whole in the long one.
func size() (messages, kills int) {
	if os.Getenv("AKASHI_FULL") != "" {
		return 20_000, 50
	}
	return 4_000, 10
}

func seed(t *testing.T) (uint64, *mathrand.Rand) {
	s := mathrand.Uint64()
	if given := os.Getenv("AKASHI_SEED"); given != "" {
		s = must(strconv.ParseUint(given, 10, 64))
	}
	t.Logf("AKASHI_SEED=%d", s)
	return s, mathrand.New(mathrand.NewPCG(s, 1))
}

// TestKilled: two processes, of which one or both are killed again and again while messages flow.
func TestKilled(t *testing.T) {
	engines(t, func(t *testing.T, cityStore, prefStore string) {
		messages, kills := size()
		s, random := seed(t)
		p := newPair(t, messages, s, cityStore, prefStore)
		begun := clock.System().Now()
		p.city.start()
		p.pref.start()
		var history []porcupine.Operation
		done := 0
		for range kills {
			// The next kill comes when some more was applied, a little before or after a batch.
			want := min(done+1+random.IntN(2*messages/(kills+1)), messages*9/10)
			at := p.until("some progress", func(at progress) bool { return at.applied >= want || at.made && at.waiting == 0 })
			done = at.applied
			history = append(history, p.read(resident.RecordCodeOf(uint64(random.IntN(500)+1)).Reveal()))
			clock.System().Wait(t.Context(), clock.System().Now().Add(time.Duration(random.IntN(3000))*time.Microsecond), nil)
			which := random.IntN(3)
			if which != 0 {
				p.city.kill()
			}
			if which != 1 {
				p.pref.kill()
			}
			if which != 0 {
				p.city.start()
			}
			if which != 1 {
				p.pref.start()
			}
		}
		at := p.until("all but what is parked", func(at progress) bool { return at.made && at.waiting == 0 })
		if at.stuck == 0 {
			t.Error("nothing was parked or held: the test shows less than it says")
		}
		p.finish()
		took := clock.System().Now().Sub(begun)
		p.stop()
		out, log := p.databases()
		checkAppliedOnce(t, out, log, messages)
		checkSafePassed(t, log)
		checkHistory(t, history, out, log)
		t.Logf("%d messages, %d kills, %v; %d parked or held before people resolved them", messages, kills, took.Round(time.Millisecond), at.stuck)
	})
}

// TestRestored: databases restored from copies taken mid-way, of the sender, of the receiver, and of each.
func TestRestored(t *testing.T) {
	for _, who := range []string{"sender", "receiver", "each"} {
		t.Run(who, func(t *testing.T) {
			messages, _ := size()
			s, random := seed(t)
			// On a busy machine the sender may have made all its messages before its copy is complete. Such a copy knows
			// everything, and shows nothing about a lost one: it is taken anew.
			for attempt := 1; ; attempt++ {
				epochs, lost, kept := restored(t, who, messages, s, messages/20+random.IntN(messages/20))
				if who == "sender" && lost == 0 && attempt < 10 {
					continue
				}
				if who == "sender" && (epochs < 2 || lost == 0) {
					t.Error("the restored sender lost nothing or started no new epoch")
				}
				if who == "receiver" && (epochs != 1 || lost != 0 || kept != messages) {
					t.Error("a restored receiver costs its sender no message and no epoch")
				}
				return
			}
		})
	}
}

// restored runs two processes, restores a copy taken at a number of applied messages, and checks what became of all. It
// returns the epochs of the outbox, the messages that were applied and that their restored sender no longer knows, and
// those that the outbox holds.
func restored(t *testing.T, who string, messages int, seed uint64, mark int) (epochs, lost, kept int) {
	p := newPair(t, messages, seed, "", "")
	p.city.start()
	p.pref.start()
	p.until("the copy", func(at progress) bool { return at.applied >= mark || at.made && at.waiting == 0 })
	p.city.ask("backup " + filepath.Join(p.city.Dir, "copy.db"))
	p.pref.ask("backup " + filepath.Join(p.pref.Dir, "copy.db"))
	p.until("the loss", func(at progress) bool { return at.applied >= mark+messages/5 || at.made && at.waiting == 0 })
	p.city.kill()
	p.pref.kill()
	if who != "receiver" {
		p.city.restore()
	}
	if who != "sender" {
		p.pref.restore()
	}
	p.city.start()
	p.pref.start()
	p.finish()
	p.stop()
	out, log := p.databases()
	lost = checkAppliedOnce(t, out, log, -1)
	numbered := map[uint64]int{}
	for _, o := range out {
		numbered[o.id.Epoch]++
	}
	t.Logf("copy at %d messages; epochs of the outbox: %v; %d messages were applied that their restored sender no longer knows", mark, numbered, lost)
	return len(numbered), lost, len(out)
}

// restore puts the copy in the database's place.
func (x *process) restore() {
	db := strings.TrimPrefix(x.Store, "sqlite:")
	for _, f := range []string{db, db + "-wal", db + "-shm"} {
		os.Remove(f)
	}
	if err := os.Rename(filepath.Join(x.Dir, "copy.db"), db); err != nil {
		x.p.t.Fatal(err)
	}
	x.own()
	x.Generation++
}

func (p *pairOf) stop() {
	for _, x := range []*process{p.city, p.pref} {
		if !x.ready {
			x.next("ready")
		}
		fmt.Fprintln(x.in, "stop")
		if err := x.cmd.Wait(); err != nil {
			p.t.Errorf("%s: %v", x.Self, err)
		}
		x.cmd = nil
	}
}

// read reads one key's log from the running receiver, as an operation of the history.
func (p *pairOf) read(key string) porcupine.Operation {
	f := p.pref.ask("read " + key)
	list := ""
	if len(f) > 2 {
		list = f[2]
	}
	return porcupine.Operation{ClientId: 1, Input: op{key: key, read: true}, Output: list,
		Call: must(strconv.ParseInt(f[0], 10, 64)), Return: must(strconv.ParseInt(f[1], 10, 64))}
}

type sentRow struct {
	id               message.ID
	state            string
	keys             []string
	n                int64
	safe             bool
	created, decided int64
}

type logRow struct {
	key    string
	n, pos int64
	safe   bool
}

// databases reads both databases when their processes are gone.
func (p *pairOf) databases() (out []sentRow, log []logRow) {
	view := func(url string, fn func(context.Context, *sqlstore.Tx) error) {
		store, err := sqlstore.Open(p.t.Context(), url, sqlstore.Options{}, exchange.Schema(), ownSchema)
		if err != nil {
			p.t.Fatal(err)
		}
		defer store.Close()
		if err := store.View(p.t.Context(), fn); err != nil {
			p.t.Fatal(err)
		}
	}
	view(p.city.Store, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		out, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *sentRow) error {
			var envelope []byte
			if err := r.Scan(&s.state, &s.created, &s.decided, &envelope); err != nil {
				return err
			}
			e := must(message.OpenEnvelope(envelope))
			s.id, s.keys = e.ID, e.Keys
			switch b := must(message.Decode(e.Kind, e.Body)).(type) {
			case message.ResidentChange:
				s.n = int64(b.After.Version)
			case message.ResidentInvalidation:
				s.n, s.safe = int64(b.Version), true
			}
			return nil
		}, `SELECT state, created_at, decided_at, envelope FROM x_out WHERE kind LIKE 'resident.%'`)
		return err
	})
	view(p.pref.Store, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		log, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, l *logRow) error {
			var safe int64
			err := r.Scan(&l.key, &l.n, &l.pos, &safe)
			l.safe = safe == 1
			return err
		}, `SELECT k, n, pos, safe FROM log ORDER BY pos`)
		return err
	})
	return out, log
}

// checkAppliedOnce: each message in the outbox is applied, once for each of its keys, and each key's are in their order.
// It returns how many were applied that the outbox does not know.
func checkAppliedOnce(t *testing.T, out []sentRow, log []logRow, messages int) (unknown int) {
	t.Helper()
	if messages >= 0 && len(out) != messages {
		t.Errorf("the outbox has %d messages, %d were sent", len(out), messages)
	}
	type application struct {
		key string
		n   int64
	}
	applied, last, sent := map[application]int{}, map[string]int64{}, map[int64]bool{}
	for _, l := range log {
		applied[application{l.key, l.n}]++
		if l.safe {
			continue
		}
		if l.n <= last[l.key] {
			t.Errorf("message %d was applied after %d of the same key", l.n, last[l.key])
		}
		last[l.key] = l.n
	}
	for _, o := range out {
		sent[o.n] = true
		if o.state != "applied" {
			t.Errorf("%s ended as %s", o.id, o.state)
		}
		for _, k := range o.keys {
			if n := applied[application{k, o.n}]; n != 1 {
				t.Errorf("%s (%d) was applied %d times", o.id, o.n, n)
			}
		}
	}
	lost := map[int64]bool{}
	for _, l := range log {
		if !sent[l.n] {
			lost[l.n] = true
		}
	}
	return len(lost)
}

// checkSafePassed: safe messages were applied before changes of the same key that had been sent before them.
func checkSafePassed(t *testing.T, log []logRow) {
	t.Helper()
	highest, passed := map[string]int64{}, 0
	for _, l := range log {
		if l.safe {
			highest[l.key] = max(highest[l.key], l.n)
		} else if l.n < highest[l.key] {
			passed++
		}
	}
	if passed == 0 {
		t.Error("no safe message passed a held one")
	}
}

// op is one operation on a key's log: an application, or a read of all that was applied.
type op struct {
	key   string
	n     int64
	after int64 // the message of the key that was sent before; 0: none
	read  bool
}

// keyLog is the model: a log per key, to which messages are appended in the order in which they were sent. The state is
// the log as text, "3,17,20".
var keyLog = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, o := range history {
			key := o.Input.(op).key
			byKey[key] = append(byKey[key], o)
		}
		return slices.Collect(maps.Values(byKey))
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		log, in := state.(string), input.(op)
		if in.read {
			return log == output, log
		}
		last := log[strings.LastIndex(log, ",")+1:]
		if in.after == 0 {
			return log == "", strconv.FormatInt(in.n, 10)
		}
		return last == strconv.FormatInt(in.after, 10), log + "," + strconv.FormatInt(in.n, 10)
	},
}

// checkHistory: what was read while processes died, and what is there at the end, is what a log per key could have
// answered, each message being appended between its sending and the moment in which its sender knew that it was applied.
func checkHistory(t *testing.T, reads []porcupine.Operation, out []sentRow, log []logRow) {
	t.Helper()
	history := slices.Clone(reads)
	var end int64
	last := map[string]int64{}
	slices.SortFunc(out, func(a, b sentRow) int { return cmp.Compare(a.n, b.n) })
	for _, o := range out {
		end = max(end, o.decided+1)
		for i, k := range o.keys {
			if !o.safe && !slices.Contains(o.keys[:i], k) {
				history = append(history, porcupine.Operation{Input: op{key: k, n: o.n, after: last[k]}, Call: o.created, Return: o.decided})
				last[k] = o.n
			}
		}
	}
	logs := map[string][]string{}
	for _, l := range log {
		if !l.safe {
			logs[l.key] = append(logs[l.key], strconv.FormatInt(l.n, 10))
		}
	}
	for k, ns := range logs {
		history = append(history, porcupine.Operation{Input: op{key: k, read: true}, Output: strings.Join(ns, ","), Call: end, Return: end + 1})
	}
	if result := porcupine.CheckOperationsTimeout(keyLog, history, time.Minute); result != porcupine.Ok {
		t.Errorf("porcupine says %s of a history of %d operations on %d keys", result, len(history), len(logs))
	}
	// The same history with one message twice, or two exchanged, must not pass: the check can fail.
	for k, ns := range logs {
		if len(ns) > 2 {
			wrong := slices.Clone(ns)
			wrong[0], wrong[1] = wrong[1], wrong[0]
			bad := append(slices.Clone(history), porcupine.Operation{Input: op{key: k, read: true}, Output: strings.Join(wrong, ","), Call: end, Return: end + 1})
			if result := porcupine.CheckOperationsTimeout(keyLog, bad, time.Minute); result != porcupine.Illegal {
				t.Errorf("porcupine says %s of a log with two messages exchanged", result)
			}
			break
		}
	}
}
