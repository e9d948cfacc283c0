package nation

import (
	"os"
	"path/filepath"
	"testing"
)

// nation.yaml may hold the passwords of every organisation's database.
func TestCountryFileIsItsStartersAlone(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "nation.yaml")
	if err := os.WriteFile(path, nil, 0o644); err != nil { // as an earlier version left it
		t.Fatal(err)
	}
	if err := writeNation(dir, spec); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v, want -rw-------", info.Mode(), err)
	}
	if again, err := Load(path); err != nil || len(again.Organisations) != len(spec.Organisations) {
		t.Errorf("it cannot be read again: %v", err)
	}
}

// An organisation's directory has been its own user's, who may have put links there for us to write through.
func TestHandOverFollowsNoLink(t *testing.T) {
	dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(dir, "config.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := handOver(&ServeConfig{ID: "ca", Dir: dir}, os.Getuid()); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(victim); string(text) != "precious" {
		t.Errorf("the file outside was overwritten: %s", text)
	}
	if info, err := os.Lstat(filepath.Join(dir, "config.yaml")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v, want a file of mode 0600", info.Mode(), err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v, want mode 0700", info.Mode(), err)
	}
}
