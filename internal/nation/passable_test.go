package nation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
)

// TestClosedPlaceIsRefused: who starts the processes as root in a home directory is told at once why that cannot work.
func TestClosedPlaceIsRefused(t *testing.T) {
	home := filepath.Join(dataDir(t), "root")
	data := filepath.Join(home, "akashi-data")
	if err := os.MkdirAll(data, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := passable(data); err != nil {
		t.Errorf("everybody may pass: %v", err)
	}
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	problems, ok := plain.AsProblems(passable(data))
	if !ok || problems[0].Field != "--data" || !strings.Contains(problems[0].JA, home) || !strings.Contains(problems[0].EN, home) {
		t.Errorf("a closed home: %v", problems)
	}
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED THE REST: only root's processes have users of their own")
	}
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenProcesses(t.Context(), Options{Dir: data, Spec: spec, Listen: "127.0.0.1:0"}); err == nil {
		t.Error("processes were started in a closed place")
	}
	if left, err := os.ReadDir(data); err != nil || len(left) > 0 {
		t.Errorf("something was founded there: %v %v", left, err)
	}
}
