//go:build cgo

package main

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

const softhsm = "/usr/lib/softhsm/libsofthsm2.so"

const pin = "geheim-4711"

// deadline leaves a machine that does much else the time to sign.
const deadline = 3 * time.Second

// bench is two tokens of SoftHSM with the same keys, each behind a shim of its own.
type bench struct {
	t     *testing.T
	dir   string
	shim  string
	bin   string
	bus   [2]string
	conf  string
	files map[string]crypto.PublicKey
}

// newBench makes two tokens whose keys are copies, as two HSMs of one maker have them.
func newBench(t *testing.T) *bench {
	t.Helper()
	for _, tool := range []string{"gcc", "softhsm2-util", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED, NO TOKEN WAS TRIED: %s is not installed", tool)
		}
	}
	if _, err := os.Stat(softhsm); err != nil {
		t.Skip("SKIPPED, NO TOKEN WAS TRIED: SoftHSM2 is not installed")
	}
	b := &bench{t: t, dir: t.TempDir()}
	b.conf = filepath.Join(b.dir, "softhsm2.conf")
	b.put("softhsm2.conf", "directories.tokendir = "+filepath.Join(b.dir, "tokens")+"\nobjectstore.backend = file\nlog.level = ERROR\n")
	if err := os.Mkdir(filepath.Join(b.dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", b.conf)
	built, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	b.shim, b.bin = filepath.Join(built, "shim.so"), filepath.Join(built, "akashi-token")
	for i := range 2 {
		label := fmt.Sprint("token-", i)
		b.run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "0000", "--pin", pin)
		for n, name := range []string{"ec", "rsa"} {
			b.run("softhsm2-util", "--import", filepath.Join(built, name+".pem"), "--token", label, "--label", name, "--id", fmt.Sprintf("%02x", n+1), "--pin", pin)
		}
		b.bus[i] = b.put(label+".bus", strings.Repeat("\x00", 64))
	}
	return b
}

// built is where buildOnce puts what it makes: the shim, the program, and two keys.
var built string

var buildOnce = sync.OnceValues(func() (string, error) {
	header, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/miekg/pkcs11").Output()
	if err != nil {
		return "", err
	}
	if built, err = os.MkdirTemp("", "akashi-token-test-"); err != nil {
		return "", err
	}
	for _, step := range [][]string{
		{"gcc", "-Wall", "-Werror", "-shared", "-fPIC", "-I", strings.TrimSpace(string(header)), "-o", built + "/shim.so", "testdata/shim.c", "-ldl"},
		{"go", "build", "-o", built + "/akashi-token", "."},
		{"openssl", "genpkey", "-out", built + "/ec.pem", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
		{"openssl", "genpkey", "-out", built + "/rsa.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
	} {
		if out, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w\n%s", step, err, out)
		}
	}
	return built, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

func (b *bench) put(name, text string) string {
	b.t.Helper()
	file := filepath.Join(b.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return file
}

func (b *bench) run(name string, args ...string) string {
	b.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		b.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func (b *bench) env(i int) []string {
	return []string{"SOFTHSM2_CONF=" + b.conf, "SHIM_MODULE=" + softhsm, "SHIM_BUS=" + b.bus[i]}
}

// fault has token i fail from now on.
func (b *bench) fault(i int, name string) {
	b.t.Helper()
	f, err := os.OpenFile(b.bus[i], os.O_RDWR, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(name+"\x00"), 1); err != nil {
		b.t.Fatal(err)
	}
}

// tokens starts both, and waits until they are ready.
func (b *bench) tokens(seen func(hsm.Evidence) error) []*hsm.Token {
	b.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	b.t.Cleanup(func() { stop(); running.Wait() })
	var all []*hsm.Token
	for i := range 2 {
		t := hsm.NewToken(hsm.Config{Name: fmt.Sprint("token-", i), PIN: []byte(pin), Clock: clock.System(), Deadline: deadline, Evidence: seen,
			Start: hsm.Command(b.env(i), b.bin, "--module", b.shim, "--token", fmt.Sprint("token-", i))})
		running.Go(func() { t.Run(ctx) })
		all = append(all, t)
	}
	for _, t := range all {
		b.ready(t)
	}
	return all
}

func (b *bench) ready(t *hsm.Token) {
	b.t.Helper()
	for until := time.Now().Add(30 * time.Second); t.Stand().State != hsm.Ready; {
		if time.Now().After(until) {
			b.t.Fatalf("the token is not ready: %+v", t.Stand())
		}
		clock.System().Wait(context.Background(), clock.System().Now().Add(5*time.Millisecond), nil)
	}
}

// TestFaultsOfADevice: under load, whatever one device does, every signature comes, from the other one if need be, within
// the deadline; the evidence says what was under way; and the device is used again when it has come to itself.
func TestFaultsOfADevice(t *testing.T) {
	b := newBench(t)
	for name, want := range map[string]hsm.Anomaly{
		"late": "", "logout": hsm.Failed, "stall": hsm.Stalled, "lose": hsm.Stalled, "crash": hsm.Died, "garbage": hsm.Garbage,
	} {
		for _, key := range []string{"ec", "rsa"} {
			t.Run(name+"/"+key, func(t *testing.T) {
				b.t = t
				b.fault(0, "")
				seen := make(chan hsm.Evidence, 100)
				tokens := b.tokens(func(e hsm.Evidence) error { seen <- e; return nil })
				public, err := tokens[0].Public(key)
				if err != nil {
					t.Fatal(err)
				}
				signer, err := hsm.NewKeys(tokens...).Signer(key, public)
				if err != nil {
					t.Fatal(err)
				}
				var signed, slowest atomic.Int64
				var load sync.WaitGroup
				half := make(chan struct{})
				var reached sync.Once
				const callers, each = 4, 50
				for range callers {
					load.Go(func() {
						for n := range each {
							digest := sha256.Sum256(fmt.Append(nil, n))
							begun := time.Now()
							if _, err := signer.Sign(nil, digest[:], crypto.SHA256); err != nil {
								t.Errorf("%v", err)
								return
							}
							for took := int64(time.Since(begun)); took > slowest.Load(); {
								slowest.Store(took)
							}
							if signed.Add(1) == callers*each/2 {
								reached.Do(func() { close(half) })
							}
						}
					})
				}
				<-half
				b.fault(0, name)
				load.Wait()
				t.Logf("%d signatures, the slowest after %v", signed.Load(), time.Duration(slowest.Load()).Round(time.Millisecond))
				if signed.Load() != callers*each || slowest.Load() > int64(4*deadline) {
					t.Errorf("%d signatures, the slowest after %v", signed.Load(), time.Duration(slowest.Load()))
				}
				if want == "" {
					return
				}
				e := <-seen
				if e.What != want || e.Token != "token-0" || len(e.Open)+len(e.Past) == 0 || e.Process == "" {
					t.Errorf("evidence %+v, want %s", e, want)
				}
				if strings.Contains(fmt.Sprintf("%+v", e), pin) {
					t.Error("the evidence holds the PIN")
				}
				b.fault(0, "")
				b.ready(tokens[0])
			})
		}
	}
}

// TestMonitorThatIsNotOurs is C1: a program that is not ours looks at the device all the time; signatures that meet it are
// carried out and never completed. None is missing in the end.
func TestMonitorThatIsNotOurs(t *testing.T) {
	b := newBench(t)
	monitor := exec.Command(b.bin, "--look", "--module", b.shim, "--token", "token-0")
	monitor.Env = b.env(0)
	if err := monitor.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { monitor.Process.Kill(); monitor.Wait() }()
	var stalls atomic.Int64
	tokens := b.tokens(func(e hsm.Evidence) error {
		if e.What == hsm.Stalled {
			stalls.Add(1)
		}
		return nil
	})
	b.fault(0, "monitor")
	public, err := tokens[1].Public("ec")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := hsm.NewKeys(tokens...).Signer("ec", public)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; n < 5000 && stalls.Load() == 0; n++ {
		digest := sha256.Sum256(fmt.Append(nil, n))
		if _, err := signer.Sign(nil, digest[:], crypto.SHA256); err != nil {
			t.Fatal(err)
		}
	}
	if stalls.Load() == 0 {
		t.Errorf("%d signatures, and none met the monitor: nothing was tried", n)
	}
	t.Logf("the signature that met the monitor was number %d", n)
}

// TestWrongPIN: it is tried once, also by a program that is started again and again; a person may try again, until the last try.
func TestWrongPIN(t *testing.T) {
	newBench(t)
	wrong, right := token.Login{PIN: []byte("0815")}, token.Login{PIN: []byte(pin)}
	d := &device{module: softhsm, label: "token-0", sessions: 1}
	defer d.Close()
	if err := d.Open(t.Context(), wrong); token.FaultOf(err) != token.LoginRefused || !strings.Contains(err.Error(), "PIN_INCORRECT") {
		t.Errorf("error %v", err)
	}
	for _, l := range []token.Login{wrong, right} {
		if err := d.Open(t.Context(), l); token.FaultOf(err) != token.LoginRefused || !strings.Contains(err.Error(), "not tried") {
			t.Errorf("the device was asked again: %v", err)
		}
	}
	right.Despite = true
	if err := d.Open(t.Context(), right); err != nil {
		t.Errorf("a person has looked, and it is not tried: %v", err)
	}
	right.Despite = false
	if err := d.Open(t.Context(), right); err != nil {
		t.Errorf("the right PIN was given since, and it is not tried: %v", err)
	}
	for flags, despite := range map[uint]bool{
		pkcs11.CKF_USER_PIN_FINAL_TRY | pkcs11.CKF_USER_PIN_COUNT_LOW: true, pkcs11.CKF_USER_PIN_LOCKED: true, pkcs11.CKF_USER_PIN_COUNT_LOW: false,
	} {
		if err := mayTry(flags, despite); token.FaultOf(err) != token.LoginRefused {
			t.Errorf("with flags %x a PIN is tried", flags)
		}
	}
}

// TestTokenThatIsNotThere: whoever set it up is told which.
func TestTokenThatIsNotThere(t *testing.T) {
	newBench(t)
	slot := uint(99)
	for want, d := range map[string]*device{
		"token-9":       {module: softhsm, label: "token-9", sessions: 1},
		"slot 99":       {module: softhsm, slot: &slot, sessions: 1},
		"/none/none.so": {module: "/none/none.so", label: "token-0", sessions: 1},
	} {
		if err := d.Open(t.Context(), token.Login{PIN: []byte(pin)}); token.FaultOf(err) != token.DeviceFailed || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		d.Close()
	}
}

// TestLogout: a device that is made to forget us is logged in to again by the next call.
func TestLogout(t *testing.T) {
	newBench(t)
	d := &device{module: softhsm, label: "token-0", sessions: 2}
	defer d.Close()
	if err := d.Open(t.Context(), token.Login{PIN: []byte(pin)}); err != nil {
		t.Fatal(err)
	}
	if keys, err := d.Keys(t.Context()); err != nil || len(keys) != 2 || keys[0].Why != "" || keys[1].Why != "" {
		t.Errorf("keys %+v, %v", keys, err)
	}
	digest := sha256.Sum256(nil)
	if err := d.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sign(t.Context(), "ec", crypto.SHA256, digest[:]); token.FaultOf(err) != token.LoginLost {
		t.Errorf("after logging out: %v", err)
	}
	if _, err := d.Sign(t.Context(), "none", crypto.SHA256, digest[:]); token.FaultOf(err) != token.NoSuchKey {
		t.Errorf("no such key: %v", err)
	}
}

// TestStartedByHand: whoever does is told in a sentence.
func TestStartedByHand(t *testing.T) {
	b := newBench(t)
	for want, args := range map[string][]string{
		"--module":   {},
		"--slot":     {"--module", softhsm},
		"started by": {"--module", softhsm, "--token", "token-0"},
	} {
		cmd := exec.Command(b.bin, args...)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
}
