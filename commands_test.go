package akashi_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// How a line of the table in cmd/akashi/main.go begins, how a flag is defined, and how documents write a command: between
// backquotes, or on an indented line.
var (
	tableLine = regexp.MustCompile(`(?m)^\t\t\{"([a-z]+(?: [a-z]+)?)", "`)
	flagVar   = regexp.MustCompile(`\bfs\.[A-Za-z0-9]*Var\([^"\n]*"([a-z-]+)", `)
	written   = regexp.MustCompile("(?m)(?:`|^ {4,})(?:akashi|go run \\./cmd/akashi) ([^`\n]+)")
	flagUsed  = regexp.MustCompile(`(?:^|[\s\[(])--([a-z-]+)`)
	formatOf  = regexp.MustCompile(`^[a-z]+ v[0-9]`) // "akashi receipt v1" is the name of a format
)

// TestCommandsInDocumentsExist: whoever types what a document says is not told that there is no such command.
func TestCommandsInDocumentsExist(t *testing.T) {
	files, err := filepath.Glob("cmd/akashi/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for _, name := range files {
		for _, m := range flagVar.FindAllStringSubmatch(read(t, name), -1) {
			flags = append(flags, m[1])
		}
	}
	var commands []string
	for _, m := range tableLine.FindAllStringSubmatch(read(t, "cmd/akashi/main.go"), -1) {
		commands = append(commands, m[1])
	}
	seen := 0
	for _, doc := range markdown(t) {
		for _, m := range written.FindAllStringSubmatch(read(t, doc), -1) {
			if formatOf.MatchString(m[1]) {
				continue
			}
			seen++
			words := slices.DeleteFunc(strings.Fields(m[1]), func(w string) bool { return strings.HasPrefix(w, "-") })
			// Of "exchange list|show" the first is looked at.
			first, _, _ := strings.Cut(strings.Join(words[:min(2, len(words))], " "), "|")
			if len(words) > 0 && !slices.Contains(commands, words[0]) && !slices.Contains(commands, first) {
				t.Errorf("%s: `akashi %s`: there is no such command", doc, m[1])
			}
			for _, f := range flagUsed.FindAllStringSubmatch(m[1], -1) {
				if !slices.Contains(flags, f[1]) {
					t.Errorf("%s: `akashi %s`: no command has a flag --%s", doc, m[1], f[1])
				}
			}
		}
	}
	if len(commands) < 20 || len(flags) < 20 || seen < 50 {
		t.Errorf("%d commands, %d flags and %d uses in documents: one of the patterns no longer finds them", len(commands), len(flags), seen)
	}
}
