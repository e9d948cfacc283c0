package auditpage

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// written are the places where the program says what an act is called in the log.
var written = regexp.MustCompile(`(?:auditlog\.Entry\{[^\n]*\bAct: *|\brecord(?:ed|edCase)?\([^\n]*?|\bact :?= )"([a-z.-]+)"`)

// TestEveryActHasWords reads the program for what it writes into the log. What is put together from parts is in the table by
// hand.
func TestEveryActHasWords(t *testing.T) {
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !strings.Contains(string(source), "auditlog.") && !strings.HasPrefix(path, filepath.Join("..", "desk")) {
			return nil
		}
		for _, m := range written.FindAllStringSubmatch(string(source), -1) {
			if act := strings.TrimSuffix(m[1], "."); m[1] == act {
				found++
				words, known := acts[act]
				if !known {
					words, known = acts["case."+act] // the reconciliation says only what follows
				}
				if !known || words.JA == "" || words.EN == "" {
					t.Errorf("%s writes the act %q, which has no words", path, act)
				}
			}
		}
		return nil
	})
	if err != nil || found < 30 {
		t.Errorf("%v, and only %d acts were found", err, found)
	}
}
