package interop

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// tool is a program by others. judge gives it a scenario and says whether it accepts, and what it said.
type tool struct {
	name     string
	programs []string // that it needs
	packages string   // of Debian, that have them
	judge    func(*bench, *scenario, files) (accepts bool, said string)
}

var tools = [4]tool{
	{"OpenSSL", []string{"openssl"}, "openssl", (*bench).openssl},
	{"NSS", []string{"vfychain", "crlutil", "certutil"}, "libnss3-tools", (*bench).nss},
	{"Java", []string{"java", "javac"}, "default-jdk-headless", (*bench).java},
	{"GnuTLS", []string{"certtool", "ocsptool"}, "gnutls-bin", (*bench).gnutls},
}

// bench is what the programs need beside a scenario, made once.
type bench struct {
	*testing.T
	database string // NSS: an empty one, to be copied
	jvm      *jvm
}

// newBench fails with the name of every program that is missing: this is asked for, and a run without one would show nothing of it.
func newBench(t *testing.T) *bench {
	t.Helper()
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("programs of others judge in the full run: AKASHI_FULL=1 (make full installs them)")
	}
	for _, x := range tools {
		for _, program := range x.programs {
			if _, err := exec.LookPath(program); err != nil {
				t.Errorf("%s cannot judge: %s is missing; run: scripts/need.sh %s", x.name, program, x.packages)
			}
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	b := &bench{T: t, database: filepath.Join(t.TempDir(), "nss")}
	if err := os.Mkdir(b.database, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := b.run("certutil", "-N", "-d", "sql:"+b.database, "--empty-password"); err != nil {
		t.Fatalf("couldn't make a database for NSS: %v\n%s", err, out)
	}
	b.jvm = startJVM(t)
	return b
}

// patience is how long a program may take for one question, on a machine that does much else.
const patience = time.Minute

// run runs a program to its end, in the words that the tests know.
func (b *bench) run(program string, args ...string) (said string, err error) {
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
