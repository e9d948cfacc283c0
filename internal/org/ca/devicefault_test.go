package ca_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/faulty"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// tokenDeadline leaves a machine that does much else the time to sign.
const tokenDeadline = 3 * time.Second

// labels are the keys of the bench that stand for the CA's.
var labels = map[string]string{"ca-signature": "ec", "ca-authentication": "rsa"}

// trial is a CA under load, whose keys lie in devices of which one fails.
type trial struct {
	*country
	signs   func(label string, public crypto.PublicKey) (pki.ContextSigner, error)
	half    func() // called when half of the load is signed
	load    int
	signed  atomic.Int64
	slowest atomic.Int64
}

// measured is a key whose calls are counted and timed.
type measured struct {
	pki.ContextSigner
	t *trial
}

func (m measured) SignContext(ctx context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	if m.t.signed.Add(1) == int64(m.t.load/2) {
		m.t.half()
	}
	begun := clock.System().Now()
	signature, err := m.ContextSigner.SignContext(ctx, digest, hash)
	for took := int64(clock.System().Now().Sub(begun)); ; {
		was := m.t.slowest.Load()
		if took <= was || m.t.slowest.CompareAndSwap(was, took) {
			return signature, err
		}
	}
}

// newTrial founds a CA with the keys that the devices hold.
func newTrial(t *testing.T, keyOf func(name string) crypto.Signer) *trial {
	t.Helper()
	tr := &trial{country: newCountry(t, "memory:"), load: 40}
	if os.Getenv("AKASHI_FULL") != "" {
		tr.load = 1000
	}
	tr.Close()
	for name, label := range labels {
		for _, suffix := range []string{".key", ".crt"} {
			if err := os.Remove(filepath.Join(string(tr.keys), name+suffix)); err != nil {
				t.Fatal(err)
			}
		}
		if err := tr.keys.PutSigner(name, keyOf(label)); err != nil {
			t.Fatal(err)
		}
	}
	must[[][]byte](t)(ca.Found(rand.Reader, start, tr.keys, cert.P256SHA256))
	for name := range labels { // the keys are in the devices now, and nowhere else
		if err := os.Remove(filepath.Join(string(tr.keys), name+".key")); err != nil {
			t.Fatal(err)
		}
	}
	tr.device = func(name string, public crypto.PublicKey) (crypto.Signer, error) {
		key, err := tr.signs(labels[name], public)
		return measured{key, tr}, err
	}
	return tr
}

// issue sends the load and lets the CA work for as long as it takes, in real time at most that. It says what is wrong then.
func (tr *trial) issue(atMost time.Duration) (findings []string) {
	tr.t.Helper()
	tr.open()
	var batch []message.Payload
	for n := range tr.load {
		batch = append(batch, request(tr.t, fmt.Sprintf("r%d", n), cert.Profiles[n%2], person(tr.t, uint64(n+1), 1)))
	}
	tr.send(matsumoto, batch...)
	ctx, cancel := context.WithTimeout(tr.t.Context(), atMost)
	defer cancel()
	tasks := append([]clock.Task{}, tr.tasks...)
	if err := clock.Drive(ctx, tr.clk, append(tasks, tr.Tasks()...), tr.clk.Now().Add(time.Hour)); err != nil {
		findings = append(findings, fmt.Sprintf("it stands still: %v", err))
	}
	find := func(n int, what string) {
		if n != 0 {
			findings = append(findings, fmt.Sprintf("%d %s", n, what))
		}
	}
	issued := received[message.CertIssued](tr.country, matsumoto)
	find(tr.load-len(issued), "requests without an answer")
	serials, told, good := map[cert.Serial]int{}, map[cert.Serial]bool{}, map[cert.Serial]bool{}
	for _, n := range received[message.CertIssuance](tr.country, center) {
		told[n.Serial] = true
	}
	for _, n := range received[message.CertStatus](tr.country, validation) {
		good[n.Serial] = good[n.Serial] || !n.Revoked
	}
	twice, unrecorded, untold := 0, 0, 0
	tr.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		twice, unrecorded, untold = 0, 0, 0
		clear(serials)
		for _, n := range issued {
			if serials[n.Serial]++; serials[n.Serial] > 1 {
				twice++
			}
			var kept int
			if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM certificate WHERE serial = $1 AND certificate = $2 AND request = $3 AND state = 'valid'",
				n.Serial.Bytes(), n.Certificate, n.Request).Scan(&kept); err != nil {
				return err
			}
			if kept != 1 {
				unrecorded++
			}
			if !told[n.Serial] || !good[n.Serial] {
				untold++
			}
		}
		c, err := due.Count(ctx, tx)
		find(int(c.Parked), "signatures set aside")
		return err
	})
	find(twice, "serials used twice")
	find(unrecorded, "certificates without their record")
	find(untold, "certificates of which center and validation were not told")
	return findings
}

// TestIssuanceWhileADeviceFails: while applications are signed, one of two devices fails in each way that the shim knows, behind
// its process. No request is lost, no serial is used twice, no certificate is without its record, the other device signs within
// the deadline, and the evidence says what happened.
func TestIssuanceWhileADeviceFails(t *testing.T) {
	b := hsmtest.New(t)
	for fault, want := range map[string]hsm.Anomaly{
		"late": "", "logout": hsm.Failed, "stall": hsm.Stalled, "lose": hsm.Stalled, "monitor": hsm.Stalled, "crash": hsm.Died, "garbage": hsm.Garbage,
	} {
		if os.Getenv("AKASHI_FULL") == "" && fault != "monitor" && fault != "crash" {
			continue // each of them waits for deadlines
		}
		t.Run(fault, func(t *testing.T) {
			b.Fault(0, "")
			tr := newTrial(t, b.Key)
			evidence := filepath.Join(t.TempDir(), "evidence")
			tokens := startTokens(t, b, evidence)
			tr.signs = func(label string, public crypto.PublicKey) (pki.ContextSigner, error) {
				return hsm.NewKeys(tokens...).Signer(label, public)
			}
			tr.half = func() { b.Fault(0, fault) }
			if fault == "monitor" { // a program that is not ours, at the device in the same moments
				end := b.Monitor(0)
				defer end()
				tr.load = max(tr.load, 120) // until a signature meets it
			}
			if findings := tr.issue(10 * time.Minute); len(findings) > 0 {
				t.Errorf("%q", findings)
			}
			slowest := time.Duration(tr.slowest.Load())
			t.Logf("%d certificates; the slowest signature took %v, the deadline is %v", tr.load, slowest.Round(time.Millisecond), tokenDeadline)
			if slowest > 3*tokenDeadline { // one for the token that fails, and a busy machine
				t.Errorf("the other device had signed after %v", slowest)
			}
			names := must[[]string](t)(hsm.EvidenceIn(evidence, 100))
			if want == "" {
				if len(names) > 0 {
					t.Errorf("evidence of nothing: %q", names)
				}
				return
			}
			if len(names) == 0 {
				t.Fatal("no evidence")
			}
			e := must[hsm.Evidence](t)(hsm.ReadEvidence(evidence, names[len(names)-1]))
			text := must[[]byte](t)(os.ReadFile(filepath.Join(evidence, names[len(names)-1])))
			if e.What != want || e.Token != "token-0" || len(e.Open)+len(e.Past) == 0 || e.Process == "" || strings.Contains(string(text), hsmtest.PIN) ||
				!strings.Contains(string(text), want.Sentence().JA) {
				t.Errorf("the evidence, want %s:\n%s", want, text)
			}
		})
	}
}

// startTokens starts the processes of both devices.
func startTokens(t *testing.T, b *hsmtest.Bench, evidence string) (tokens []*hsm.Token) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	for i := range 2 {
		tok := hsm.NewToken(hsm.Config{Name: fmt.Sprint("token-", i), PIN: []byte(hsmtest.PIN), Clock: clock.System(), Deadline: tokenDeadline,
			Start: b.Start(i), Evidence: hsm.KeepIn(evidence)})
		running.Go(func() { tok.Run(ctx) })
		tokens = append(tokens, tok)
	}
	for _, tok := range tokens {
		for tok.Stand().State != hsm.Ready {
			if err := clock.System().Wait(t.Context(), clock.System().Now().Add(time.Millisecond), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	return tokens
}

// inProgram is the key as it was: in the program itself, without deadline, without another device, without a new login.
type inProgram struct {
	*faulty.Device
	label  string
	public crypto.PublicKey
}

func (k inProgram) Public() crypto.PublicKey { return k.public }

func (k inProgram) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("a device is asked for signatures with a context")
}

func (k inProgram) SignContext(_ context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	return k.Device.Sign(context.Background(), k.label, hash, digest)
}

// TestIssuanceAsItWas: with the same faults in a device that is called in the program itself the same trial does not hold, and
// without a fault it does.
func TestIssuanceAsItWas(t *testing.T) {
	keys := map[string]crypto.Signer{}
	passphrase, dir := []byte("a passphrase of a test"), t.TempDir()
	for _, label := range labels {
		keys[label] = must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
		if err := filekey.Put(dir, label, keys[label], passphrase, 10); err != nil {
			t.Fatal(err)
		}
	}
	faults := []faulty.Fault{faulty.None, faulty.Lose}
	if os.Getenv("AKASHI_FULL") != "" {
		faults = append(faults, faulty.Late, faulty.Stall, faulty.Logout, faulty.Garbage)
	}
	for _, fault := range faults {
		t.Run("fault "+string(fault), func(t *testing.T) {
			bus := must[*faulty.Bus](t)(faulty.MakeBus(filepath.Join(t.TempDir(), "bus")))
			t.Cleanup(func() { bus.Close() })
			d := &faulty.Device{Device: &filekey.Device{Dir: dir}, Bus: bus}
			if err := d.Open(t.Context(), token.Login{PIN: passphrase}); err != nil {
				t.Fatal(err)
			}
			tr := newTrial(t, func(label string) crypto.Signer { return keys[label] })
			tr.load = 20
			tr.signs = func(label string, public crypto.PublicKey) (pki.ContextSigner, error) {
				return inProgram{d, label, public}, nil
			}
			tr.half = func() {
				if err := bus.Set(fault); err != nil {
					t.Error(err)
				}
			}
			patience := time.Minute
			if fault == faulty.Stall || fault == faulty.Lose {
				patience = tokenDeadline // within which ours has signed
			}
			findings := tr.issue(patience)
			t.Logf("%q", findings)
			if held := len(findings) == 0; held != (fault == faulty.None || fault == faulty.Late) {
				t.Errorf("it held: %v", held)
			}
		})
	}
}
