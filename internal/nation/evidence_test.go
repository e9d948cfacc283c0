package nation

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
)

// TestEvidenceIsKeptBySettingNothing: a configuration that says nothing about it keeps the evidence of a device that fails, here one that
// lacks a key.
func TestEvidenceIsKeptBySettingNothing(t *testing.T) {
	dir := t.TempDir()
	pin := filepath.Join(dir, "pin")
	if err := os.WriteFile(pin, []byte("1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "files")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	devices, err := openTokens(&ServeConfig{ID: "ca", Dir: dir, program: inside, TokenKeys: []string{"ca-signature"},
		Tokens: []TokenConfig{{Name: "hsm-1", Files: empty, PINFile: pin}}}, clock.System(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer devices.stop()
	eventually(t, 20*time.Second, "evidence is kept", func() (bool, string) {
		names, err := hsm.EvidenceIn(devices.evidence, 10)
		if err != nil || len(names) == 0 {
			return false, fmt.Sprint(names, err)
		}
		e, err := hsm.ReadEvidence(devices.evidence, names[0])
		return err == nil && e.Token == "hsm-1", fmt.Sprintf("%+v, %v", e, err)
	})
}
