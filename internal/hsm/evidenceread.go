package hsm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// evidenceName is the name of a file that KeepIn made.
var evidenceName = regexp.MustCompile(`^[A-Za-z0-9._-]+-([0-9]{8}T[0-9]{6}\.[0-9]{6}Z)-[a-z]+\.txt$`)

// IsEvidence tells whether a file of that name can be one that KeepIn made. It is then no path either.
func IsEvidence(name string) bool { return evidenceName.MatchString(name) }

// EvidenceIn lists the files of a directory that KeepIn made, the newest first, up to limit. A directory that is not there has none.
func EvidenceIn(dir string, limit int) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't list the evidence: %w", err)
	}
	for _, e := range entries {
		if e.Type().IsRegular() && IsEvidence(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return bytes.Compare([]byte(evidenceName.FindStringSubmatch(b)[1]), []byte(evidenceName.FindStringSubmatch(a)[1]))
	})
	return names[:min(limit, len(names))], nil
}

// maxEvidence bounds what is read of a file: what a process said of itself is the most of it.
const maxEvidence = 4 << 20

// ReadEvidence reads one of the files.
func ReadEvidence(dir, name string) (e Evidence, err error) {
	if !IsEvidence(name) {
		return e, fmt.Errorf("%q is no file of evidence", name)
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return e, fmt.Errorf("couldn't read the evidence: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxEvidence))
	if err != nil {
		return e, fmt.Errorf("couldn't read the evidence: %w", err)
	}
	_, rest, whole := bytes.Cut(text, []byte(forMachines))
	if !whole {
		return e, fmt.Errorf("the evidence %s ends too early", name)
	}
	if err := json.Unmarshal(rest, &e); err != nil {
		return e, fmt.Errorf("couldn't read the evidence %s: %w", name, err)
	}
	return e, nil
}
