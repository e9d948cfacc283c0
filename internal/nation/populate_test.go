package nation

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/message"
)

// A municipality that cannot take its first residents keeps no other from getting theirs, and is asked again at the next
// start; one that has them is not.
func TestPopulateGoesOn(t *testing.T) {
	asked := map[message.Org]int{}
	one := func(id message.Org, h http.HandlerFunc) member {
		return newMember(Entry{ID: id, Residents: 2}, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked[id]++
			h(w, r)
		}))
	}
	const full, broken, good, damaged = message.Org("municipality-202029"), message.Org("municipality-202053"), message.Org("municipality-131211"),
		message.Org("municipality-131016")
	members := []member{
		one(full, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "the disk is full", http.StatusInternalServerError)
		}),
		one(broken, func(http.ResponseWriter, *http.Request) { panic("broken") }),
		setAside(Entry{ID: damaged, Residents: 2}, io.ErrUnexpectedEOF),
		one(good, func(w http.ResponseWriter, r *http.Request) {
			file, err := io.ReadAll(r.Body)
			if n := strings.Count(string(file), "\n"); err != nil || n < 3 {
				t.Errorf("it was given %d lines, want a header and two residents at least: %v", n, err)
			}
			json.NewEncoder(w).Encode(ImportLine{Result: &municipality.ImportResult{Added: 2}})
		}),
		one(message.Org("prefecture-13"), nil), // has no residents of its own
	}
	dir := t.TempDir()
	for start := range 2 {
		var log strings.Builder
		if err := populate(t.Context(), dir, members, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		if asked[full] != start+1 || asked[broken] != start+1 || asked[good] != 1 || len(asked) != 3 {
			t.Errorf("start %d: asked %v", start, asked)
		}
		if strings.Count(log.String(), "at the next start") != 2 || !strings.Contains(log.String(), string(full)) || !strings.Contains(log.String(), string(broken)) {
			t.Errorf("the log says %s", &log)
		}
		if _, err := os.Stat(filepath.Join(dir, "populated", string(good))); err != nil {
			t.Error(err)
		}
	}
}
