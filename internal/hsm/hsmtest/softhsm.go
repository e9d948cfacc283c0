// Package hsmtest gives tests a token to try: SoftHSM2, behind a library that fails as devices have been seen to fail
// (試験用の装置). Without SoftHSM2 a test that asks for it is skipped, and says so.
package hsmtest

import (
	"crypto"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/pki"
)

// Module is the library of SoftHSM2.
const Module = "/usr/lib/softhsm/libsofthsm2.so"

// PIN is that of both tokens.
const PIN = "geheim-4711"

// Bench is two tokens, "token-0" and "token-1", whose keys "ec" and "rsa" are copies, as two HSMs of one maker have them. Each is
// behind a shim of its own.
type Bench struct {
	Program string // akashi-token
	Shim    string // a module that passes on to SoftHSM2 what it does not spoil
	Slots   [2]string

	t    *testing.T
	dir  string
	conf string
	bus  [2]string
}

// New makes two tokens, for one test.
func New(t *testing.T) *Bench {
	t.Helper()
	for _, tool := range []string{"gcc", "softhsm2-util", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED, NO TOKEN WAS TRIED: %s is not installed", tool)
		}
	}
	if _, err := os.Stat(Module); err != nil {
		t.Skip("SKIPPED, NO TOKEN WAS TRIED: SoftHSM2 is not installed")
	}
	built, err := build()
	if err != nil {
		t.Fatal(err)
	}
	b := &Bench{Program: filepath.Join(built, "akashi-token"), Shim: filepath.Join(built, "shim.so"), t: t, dir: t.TempDir()}
	b.conf = b.put("softhsm2.conf", "directories.tokendir = "+filepath.Join(b.dir, "tokens")+"\nobjectstore.backend = file\nlog.level = ERROR\n")
	if err := os.Mkdir(filepath.Join(b.dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", b.conf)
	for i := range 2 {
		label := fmt.Sprint("token-", i)
		said := b.run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "0000", "--pin", PIN)
		b.Slots[i] = regexp.MustCompile(`[0-9]+\s*$`).FindString(strings.TrimSpace(said))
		for n, name := range []string{"ec", "rsa"} {
			b.run("softhsm2-util", "--import", filepath.Join(built, name+".pem"), "--token", label, "--label", name, "--id", fmt.Sprintf("%02x", n+1), "--pin", PIN)
		}
		b.bus[i] = b.put(label+".bus", strings.Repeat("\x00", 64))
	}
	return b
}

// Env is the environment of a process that has token i behind the shim.
func (b *Bench) Env(i int) []string {
	return []string{"SOFTHSM2_CONF=" + b.conf, "SHIM_MODULE=" + Module, "SHIM_BUS=" + b.bus[i]}
}

// Start starts the process of token i.
func (b *Bench) Start(i int) func() (hsm.Process, error) {
	return hsm.Command(b.Env(i), b.Program, "--module", b.Shim, "--token", fmt.Sprint("token-", i))
}

// Key is the key that both tokens have under a name.
func (b *Bench) Key(name string) crypto.Signer {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(b.Program), name+".pem"))
	if err != nil {
		b.t.Fatal(err)
	}
	key, err := pki.DecodeKey(text)
	if err != nil {
		b.t.Fatal(err)
	}
	return key
}

// Monitor starts a monitor of token i, a process of its own that looks at it all the time until the test ends.
func (b *Bench) Monitor(i int) (end func()) {
	b.t.Helper()
	cmd := exec.Command(b.Program, "--look", "--module", b.Shim, "--token", fmt.Sprint("token-", i))
	cmd.Env = b.Env(i)
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	end = sync.OnceFunc(func() { cmd.Process.Kill(); cmd.Wait() })
	b.t.Cleanup(end)
	return end
}

// Fault has token i fail from now on, in a way that shim.c names; "" ends it.
func (b *Bench) Fault(i int, name string) {
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

func (b *Bench) put(name, text string) string {
	b.t.Helper()
	file := filepath.Join(b.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return file
}

func (b *Bench) run(name string, args ...string) string {
	b.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		b.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

//go:embed testdata/shim.c
var shim []byte

// made is where build puts what it makes.
var made string

// build makes what all tests of a program share: the shim, the process's program, and two keys.
var build = sync.OnceValues(func() (dir string, err error) {
	header, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/miekg/pkcs11").Output()
	if err != nil {
		return "", fmt.Errorf("couldn't find the header of PKCS #11: %w", err)
	}
	if made, err = os.MkdirTemp("", "akashi-hsmtest-"); err != nil {
		return "", err
	}
	source := filepath.Join(made, "shim.c")
	if err := os.WriteFile(source, shim, 0o600); err != nil {
		return "", err
	}
	for _, step := range [][]string{
		{"gcc", "-Wall", "-Werror", "-pthread", "-shared", "-fPIC", "-I", strings.TrimSpace(string(header)), "-o", filepath.Join(made, "shim.so"), source, "-ldl"},
		{"go", "build", "-o", filepath.Join(made, "akashi-token"), "github.com/akashi-id/akashi/cmd/akashi-token"},
		{"openssl", "genpkey", "-out", filepath.Join(made, "ec.pem"), "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
		{"openssl", "genpkey", "-out", filepath.Join(made, "rsa.pem"), "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
	} {
		cmd := exec.Command(step[0], step[1:]...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", errors.Join(fmt.Errorf("%v: %w\n%s", step, err, out), os.RemoveAll(made))
		}
	}
	return made, nil
})

// Main is a test program that removes at its end what was built.
type Main struct{ *testing.M }

// Run runs the tests.
func (m Main) Run() int {
	defer Clean()
	return m.M.Run()
}

// Clean removes what was built, for a test program that has a main part of its own.
func Clean() {
	if made != "" {
		os.RemoveAll(made)
	}
}
