package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/conform/module"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
)

// conformHSM runs the command on token 0 of a bench.
func conformHSM(t *testing.T, b *hsmtest.Bench, pin string, args ...string) (status int, out, said string) {
	t.Helper()
	for _, e := range b.Env(0) {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	file := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(file, []byte(pin+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args = append([]string{"conform", "hsm", "--program", b.Program, "--pin-file", file, "--evidence", filepath.Join(filepath.Dir(file), "evidence")}, args...)
	status = akashi(t.Context(), streams{out: &stdout, err: &stderr}, args)
	t.Logf("%s%s", &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// A device that is well gets along with its monitor, ours or somebody's.
func TestConformHSM(t *testing.T) {
	b := hsmtest.New(t)
	looked := filepath.Join(t.TempDir(), "looked")
	status, out, _ := conformHSM(t, b, hsmtest.PIN, "--module", hsmtest.Module, "--slot", b.Slots[0], "--duration", "3s", "--monitor", "softhsm2-util --show-slots >> "+looked)
	if status != 0 || !strings.Contains(out, "got along") || !strings.Contains(out, "[1] 保った held       load with the monitor") {
		t.Errorf("exit status %d", status)
	}
	if text, err := os.ReadFile(looked); err != nil || !strings.Contains(string(text), "token-0") {
		t.Errorf("the monitor did not run: %s %v", text, err)
	}
}

// TestConformHSMThatItsMonitorStalls is 2016: the device holds under load, and stalls when its monitor looks. The report says
// just that, and where the evidence is.
func TestConformHSMThatItsMonitorStalls(t *testing.T) {
	b := hsmtest.New(t)
	b.Fault(0, "monitor")
	evidence := filepath.Join(t.TempDir(), "evidence")
	status, out, _ := conformHSM(t, b, hsmtest.PIN, "--json", "--module", b.Shim, "--token", "token-0", "--duration", "3s", "--deadline", "1500ms", "--key", "ec", "--evidence", evidence)
	var r module.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if status != 1 || !strings.Contains(r.Says, "does not get along with its monitor") || !strings.Contains(r.Says, "監視プログラムと両立しません") || r.Failed != 1 || r.Passed != 6 {
		t.Errorf("exit status %d: %d held, %d failed: %s", status, r.Passed, r.Failed, r.Says)
	}
	files, err := filepath.Glob(filepath.Join(r.Evidence, "*-stalled.txt"))
	if err != nil || len(files) == 0 || r.Evidence != evidence {
		t.Fatalf("no evidence in %q", r.Evidence)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), "期限までに答えませんでした") || strings.Contains(string(text), hsmtest.PIN) {
		t.Errorf("the evidence: %v\n%s", err, text)
	}
}

// A wrong PIN is tried once, and the command run again does not try it at all.
func TestConformHSMStopsAtAWrongPIN(t *testing.T) {
	b := hsmtest.New(t)
	for range 2 {
		if status, _, said := conformHSM(t, b, "0815", "--module", hsmtest.Module, "--token", "token-0"); status != 2 || !strings.Contains(said, "PINが断られました") {
			t.Errorf("exit status %d: %s", status, said)
		}
	}
}

func TestConformHSMUse(t *testing.T) {
	var out, said bytes.Buffer
	if status := akashi(t.Context(), streams{out: &out, err: &said}, []string{"conform", "hsm"}); status != 2 {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{"module: ", "slot: ", "pin-file: "} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not ask for %s\n%s", want, &said)
		}
	}
	open := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(open, []byte("1234"), 0o644); err != nil {
		t.Fatal(err)
	}
	said.Reset()
	if status := akashi(t.Context(), streams{out: &out, err: &said}, []string{"conform", "hsm", "--module", "x", "--slot", "1", "--pin-file", open}); status != 2 || !strings.Contains(said.String(), "0600") {
		t.Errorf("exit status %d: %s", status, &said)
	}
}
