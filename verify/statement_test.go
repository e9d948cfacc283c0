package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/verify"
)

//go:generate env AKASHI_GOLDEN=write go test -count=1 -run TestStatementsGolden .

const statementsDir = "../message/vectors/statements"

// statementKey signs as RFC 6979 says, so that the same file comes out each time. Anybody can make it from its name.
type statementKey struct{ *ecdsa.PrivateKey }

func (k statementKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}

func statementKeyNamed(t *testing.T, name string) statementKey {
	scalar := sha256.Sum256([]byte("akashi vector key: " + name))
	return statementKey{need(ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:]))(t)}
}

func need[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

type numbers byte

func (c *numbers) Read(b []byte) (int, error) {
	for i := range b {
		*c++
		b[i] = byte(*c)
	}
	return len(b), nil
}

// statementWorld is a CA and two organisations.
type statementWorld struct {
	*testing.T
	ca     *pki.InfrastructureCA
	signer map[message.Org]statementSigner
}

type statementSigner struct {
	key         statementKey
	certificate []byte
}

var statementStart = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

func newStatementWorld(t *testing.T) *statementWorld {
	key := statementKeyNamed(t, "Akashi vector CA")
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Akashi vector CA"}, NotBefore: statementStart.AddDate(-1, 0, 0),
		NotAfter: statementStart.AddDate(9, 0, 0), KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true}
	w := &statementWorld{T: t, signer: map[message.Org]statementSigner{}}
	w.ca = need(pki.OpenInfrastructureCA(need(x509.CreateCertificate(nil, template, template, key.Public(), key))(t), key))(t)
	for _, o := range []message.Org{"ca", "nationalcenter"} {
		k := statementKeyNamed(t, string(o))
		w.signer[o] = statementSigner{k, need(w.ca.IssueOrganisation(new(numbers), statementStart, pki.Organisation{ID: string(o), Usage: pki.ForSigning, Public: k.Public()}))(t)}
	}
	return w
}

// accounts are a day of 100 issuance notices, one of which is parked.
func accounts() (sender, receiver message.Account) {
	until := resident.MustDate(2026, 4, 2).Start()
	sender = message.Account{Sender: "ca", Node: "1", Receiver: "nationalcenter", Side: message.BySender, Span: message.Day,
		Since: until.AddDate(0, 0, -1), Until: until, MadeAt: until.Add(150 * time.Millisecond), From: message.Place{Epoch: 1, Seq: 1000}, To: message.Place{Epoch: 1, Seq: 1102},
		Numbered:  []message.Stretch{{Epoch: 1, First: 1001, Last: 1102}},
		Unsettled: []message.Stretch{{Epoch: 1, First: 1040, Last: 1040}},
		Kinds: []message.KindAccount{{Kind: message.KindCertIssuance, Applied: 99, AppliedSum: 5010 - 101, Inside: []message.StateCount{{State: "parked", N: 1}}, Oldest: until.Add(-time.Hour)},
			{Kind: message.KindExchangeStatement, Applied: 2, AppliedSum: 101 + 102 - 40 + 40}},
		Open:   []message.OpenMessage{{Epoch: 1, Seq: 1040, Kind: message.KindCertIssuance, State: "parked", Code: "unreadable-address"}},
		Books:  []message.BookAccount{{Book: message.Certificates, Entries: 5000, ComparedAt: until.Add(-time.Minute)}},
		Counts: []message.CountAccount{{Name: "certificates", Title: plain.Sentence{JA: "電子証明書", EN: "certificates"}, Kind: message.KindCertIssuance, Book: message.Certificates, N: 5000}}}
	receiver = sender
	receiver.Side, receiver.MadeAt, receiver.Held = message.ByReceiver, sender.MadeAt.Add(time.Second), sender.From
	receiver.Kinds = []message.KindAccount{{Kind: message.KindCertIssuance, Applied: 99, AppliedSum: 5010 - 101, Inside: []message.StateCount{{State: "rejected", N: 1}}, Oldest: until.Add(-time.Hour)},
		{Kind: message.KindExchangeStatement, Applied: 2, AppliedSum: 203}}
	receiver.Open = []message.OpenMessage{{Epoch: 1, Seq: 1040, Kind: message.KindCertIssuance, State: "rejected", Code: "unreadable-address"}}
	receiver.Books = []message.BookAccount{{Book: message.Certificates, Entries: 4999, ComparedAt: until.Add(-time.Minute)}}
	receiver.Counts = []message.CountAccount{{Name: "certificates", Title: plain.Sentence{JA: "電子証明書の保有者", EN: "holders of certificates"}, Kind: message.KindCertIssuance, Book: message.Certificates, N: 4999}}
	return sender, receiver
}

func (w *statementWorld) sign(a message.Account, by message.Org) message.ExchangeStatement {
	w.Helper()
	return need(a.Sign(nil, w.signer[by].key, w.signer[by].certificate))(w.T)
}

// file is a statement after a change of its accounts.
func (w *statementWorld) file(change func(s, r *message.Account)) []byte {
	w.Helper()
	s, r := accounts()
	if change != nil {
		change(&s, &r)
	}
	ns := w.sign(s, "ca")
	r.Answers = sha256.Sum256(ns.Account)
	nr := w.sign(r, "nationalcenter")
	return need(verify.EncodeStatement(ns, &nr))(w.T)
}

func (w *statementWorld) files() map[string][]byte {
	w.Helper()
	s, _ := accounts()
	return map[string][]byte{
		"explained": w.file(nil),
		"agreed": w.file(func(s, r *message.Account) {
			for _, a := range []*message.Account{s, r} {
				a.Unsettled, a.Open = nil, nil
				a.Kinds[0].Applied, a.Kinds[0].AppliedSum, a.Kinds[0].Inside, a.Kinds[0].Oldest = 100, 5010-101+40, nil, time.Time{}
				a.Books[0].Entries, a.Counts[0].N = 5000, 5000
			}
		}),
		"unexplained": w.file(func(_, r *message.Account) { r.Kinds[0].Applied, r.Kinds[0].AppliedSum = 98, 5010-101-77 }),
		"incomplete":  need(verify.EncodeStatement(w.sign(s, "ca"), nil))(w.T),
	}
}

func TestStatementsGolden(t *testing.T) {
	w := newStatementWorld(t)
	files := map[string][]byte{"root.pem": pki.EncodeCertificates(w.ca.Certificate())}
	for name, file := range w.files() {
		files[name+".json"] = file
	}
	for name, want := range files {
		path := filepath.Join(statementsDir, name)
		if os.Getenv("AKASHI_GOLDEN") == "write" {
			if err := errors.Join(os.MkdirAll(statementsDir, 0o755), os.WriteFile(path, want, 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		if has, err := os.ReadFile(path); err != nil || !bytes.Equal(has, want) {
			t.Errorf("%s is not what the code makes (%v); go generate ./verify, and look at the difference", path, err)
		}
	}
	if here := need(filepath.Glob(filepath.Join(statementsDir, "*")))(t); len(here) != len(files) {
		t.Errorf("%v: some of these are not made", here)
	}
}

func TestStatement(t *testing.T) {
	w := newStatementWorld(t)
	for state, file := range w.files() {
		r, err := verify.Statement(file, [][]byte{w.ca.Certificate()})
		want := verify.Valid
		if state == "incomplete" {
			want = verify.Indeterminate
		}
		if err != nil || r.Verdict != want || r.State != state || r.Sender != "ca" || r.Receiver != "nationalcenter" || r.Reason.JA == "" {
			t.Errorf("%s: %v %+v", state, err, r)
		}
		if state == "unexplained" {
			var named bool
			for _, l := range r.Lines {
				named = named || l.State == "unexplained" && strings.Join(l.Messages, " ") == "ca.1.1.nationalcenter.1077 ca.1.1.nationalcenter.1040"
			}
			if !named {
				t.Errorf("the message that is missing is not named: %+v", r.Lines)
			}
		}
	}
	// After a change of the key, and long after the certificate has ended, what was signed then stays good.
	other := need(pki.NewInfrastructureCA(rand.Reader, statementStart))(t)
	if _, err := verify.Statement(w.file(nil), [][]byte{other.Certificate(), w.ca.Certificate()}); err != nil {
		t.Error(err)
	}
	if _, err := verify.Statement(w.file(nil), [][]byte{other.Certificate()}); err == nil {
		t.Error("a strange CA was trusted")
	}
}

// spoilt are files in which one thing is wrong; the script and the program must both refuse them.
func (w *statementWorld) spoilt() map[string][]byte {
	edit := func(change func(f map[string]any)) []byte {
		var f map[string]any
		if err := json.Unmarshal(w.file(nil), &f); err != nil {
			w.Fatal(err)
		}
		change(f)
		return need(json.Marshal(f))(w.T)
	}
	account := func(f map[string]any, i int) map[string]any { return f["accounts"].([]any)[i].(map[string]any) }
	s, r := accounts()
	ns := w.sign(s, "ca")
	r.Answers = sha256.Sum256(ns.Account)
	forged := w.sign(r, "ca") // the sender signs for both
	nr := w.sign(r, "nationalcenter")
	line := statementKeyNamed(w.T, "nationalcenter, line") // its certificate is for TLS
	byLine := need(r.Sign(nil, line, need(w.ca.IssueOrganisation(new(numbers), statementStart, pki.Organisation{ID: "nationalcenter",
		Usage: pki.ForTLS, Public: line.Public()}))(w.T)))(w.T)
	late := s
	late.MadeAt = s.MadeAt.AddDate(5, 0, 0) // after the certificate's end
	s.Kinds[0].Applied = 1000
	again := w.sign(s, "ca")
	encode := func(s message.ExchangeStatement, r *message.ExchangeStatement) []byte {
		return need(verify.EncodeStatement(s, r))(w.T)
	}
	swapped := edit(func(f map[string]any) {
		account(f, 0)["account"] = base64.StdEncoding.EncodeToString(again.Account)
		account(f, 0)["signature"] = base64.StdEncoding.EncodeToString(again.Signature)
	})
	return map[string][]byte{
		"another figure in the readable part": edit(func(f map[string]any) {
			account(f, 1)["says"].(map[string]any)["kinds"].([]any)[0].(map[string]any)["applied"] = 100
		}),
		"another signature":               edit(func(f map[string]any) { account(f, 0)["signature"] = account(f, 1)["signature"] }),
		"another certificate":             edit(func(f map[string]any) { account(f, 0)["certificate"] = account(f, 1)["certificate"] }),
		"another hash":                    edit(func(f map[string]any) { account(f, 0)["sha256"] = account(f, 1)["sha256"] }),
		"another state":                   edit(func(f map[string]any) { f["state"] = "agreed" }),
		"one side for both":               encode(ns, &forged),
		"signed by the key of the line":   encode(ns, &byLine),
		"another account of the sender's": swapped,
		"signed after the certificate":    encode(w.sign(late, "ca"), nil),
		"two of the receiver":             edit(func(f map[string]any) { f["accounts"].([]any)[0] = account(f, 1) }),
		"another format":                  edit(func(f map[string]any) { f["akashi"] = "receipt v1" }),
		"no account":                      edit(func(f map[string]any) { f["accounts"] = []any{} }),
		"lines of another":                edit(func(f map[string]any) { f["lines"] = f["lines"].([]any)[:0]; f["state"] = "agreed" }),
		"a whole that passes":             encode(ns, &nr),
	}
}

func TestSpoiltStatements(t *testing.T) {
	w := newStatementWorld(t)
	for name, file := range w.spoilt() {
		r, err := verify.Statement(file, [][]byte{w.ca.Certificate()})
		if name == "a whole that passes" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || r.Verdict == verify.Valid || r.Reason.JA == "" || r.Reason.EN == "" {
			t.Errorf("%s passes: %+v", name, r)
		}
	}
	for _, file := range []string{"", "{", "[]", `{"akashi":"akashi statement v1","accounts":[{}]}`} {
		if _, err := verify.Statement([]byte(file), [][]byte{w.ca.Certificate()}); err == nil {
			t.Errorf("%q passes", file)
		}
	}
}

// TestStatementsByScript: openssl, sha256sum and jq come to the same.
func TestStatementsByScript(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("half a minute of openssl: AKASHI_FULL=1 runs it")
	}
	for _, tool := range []string{"bash", "openssl", "jq", "sha256sum", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	w := newStatementWorld(t)
	dir := t.TempDir()
	root := filepath.Join(dir, "root.pem")
	write := func(path string, b []byte) string {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(root, pki.EncodeCertificates(w.ca.Certificate()))
	script := need(filepath.Abs("../message/vectors/statement.sh"))(t)
	run := func(files ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), script, append([]string{root}, files...)...).CombinedOutput()
		return string(out), err
	}
	if out, err := run(need(filepath.Glob(filepath.Join(statementsDir, "*.json")))(t)...); err != nil || strings.Count(out, ": ok: ") != 4 {
		t.Errorf("%v\n%s", err, out)
	}
	names, paths := map[string]string{}, []string{}
	for name, file := range w.spoilt() {
		base := strings.ReplaceAll(name, " ", "-") + ".json"
		names[base], paths = name, append(paths, write(filepath.Join(dir, base), file))
	}
	out, err := run(paths...)
	if err == nil || strings.Count(out, "\n") != len(paths) {
		t.Errorf("%v\n%s", err, out)
	}
	for result := range strings.Lines(out) {
		base, says, _ := strings.Cut(result, ": ")
		// Which lines there must be is more than the script knows.
		if passes := strings.HasPrefix(says, "ok"); passes != (names[base] == "a whole that passes" || names[base] == "lines of another") {
			t.Errorf("%s: %s", base, says)
		}
	}
}
