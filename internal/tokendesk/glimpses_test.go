package tokendesk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
)

// TestEvidenceIsReadOnce: a file is read when it is new or has changed, also one that cannot be read, and what is gone is forgotten.
func TestEvidenceIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	reads := map[string]int{}
	bad := errors.New("it ends too early")
	g := &glimpses{read: func(_, name string) (hsm.Evidence, error) {
		if reads[name]++; name == "bad" {
			return hsm.Evidence{}, bad
		}
		return hsm.Evidence{Token: "token of " + name, What: hsm.Stalled, Open: make([]hsm.Past, 3)}, nil
	}}
	put := func(name, text string, at time.Time) {
		t.Helper()
		if err := errors.Join(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600), os.Chtimes(filepath.Join(dir, name), at, at)); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	put("a", "1", at)
	put("bad", "1", at)
	for range 3 {
		all := g.of(dir, []string{"a", "bad", "gone"})
		if len(all) != 3 || all[0].token != "token of a" || all[0].open != 3 || all[0].err != nil || all[1].err != bad || all[2].err == nil {
			t.Fatalf("%+v", all)
		}
	}
	if reads["a"] != 1 || reads["bad"] != 1 || reads["gone"] != 0 {
		t.Errorf("read %v", reads)
	}
	put("a", "1", at.Add(time.Second))
	put("bad", "12", at)
	g.of(dir, []string{"a", "bad"})
	g.of(dir, []string{"bad"})
	g.of(dir, []string{"a", "bad"})
	if reads["a"] != 3 || reads["bad"] != 2 {
		t.Errorf("changed, and left out once: read %v", reads)
	}
}
