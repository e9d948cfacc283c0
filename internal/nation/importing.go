package nation

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// ImportLine is one line of what a municipality answers to an import while it works: how far it has come, a piece of the
// reject file, or, last, the result or why there is none.
type ImportLine struct {
	Progress *municipality.Progress     `json:"progress,omitempty"`
	Reject   []byte                     `json:"reject,omitempty"` // any bytes: a bad line may be no UTF-8, and a piece may end within a character
	Result   *municipality.ImportResult `json:"result,omitempty"`
	Problem  *plain.Sentence            `json:"problem,omitempty"`
}

// serveImport reads a register file from the request and answers as it goes. What was taken stays when the caller
// goes away: the same file can be imported again.
func serveImport(w http.ResponseWriter, r *http.Request, o *municipality.Municipality) {
	// The answer begins before the request has been read to its end.
	if err := http.NewResponseController(w).EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	out := json.NewEncoder(w)
	say := func(l ImportLine) {
		out.Encode(l)
		http.NewResponseController(w).Flush()
	}
	result, err := o.Import(r.Context(), r.Body, municipality.ImportOptions{By: "import",
		Progress: func(p municipality.Progress) { say(ImportLine{Progress: &p}) },
		Reject:   rejectLines{say}})
	if problems, ok := plain.AsProblems(err); ok && len(problems) > 0 {
		say(ImportLine{Problem: &problems[0].Sentence, Result: &result})
		return
	}
	if err != nil {
		o.Log.ErrorContext(r.Context(), "import failed", "error", err)
		say(ImportLine{Result: &result, Problem: &plain.Sentence{
			JA: "取り込みが途中で止まりました。もう一度同じファイルを取り込むと、続きから入ります。",
			EN: "the import stopped on the way: import the same file again, and it goes on"}})
		return
	}
	say(ImportLine{Result: &result})
}

// rejectLines passes the reject file on as it is written.
type rejectLines struct{ say func(ImportLine) }

func (r rejectLines) Write(b []byte) (int, error) {
	r.say(ImportLine{Reject: b})
	return len(b), nil
}

// ReadImport reads the lines of an import's answer until the last, and hands each to see.
func ReadImport(answer io.Reader, see func(ImportLine)) (result municipality.ImportResult, err error) {
	lines := bufio.NewScanner(answer)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l ImportLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return result, fmt.Errorf("couldn't read the answer: %w", err)
		}
		see(l)
		if l.Result != nil {
			result = *l.Result
		}
		if l.Problem != nil {
			return result, &plain.Problem{Field: "file", Sentence: *l.Problem}
		}
		if l.Result != nil {
			return result, nil
		}
	}
	return result, errors.Join(lines.Err(), errors.New("the import's answer ended without a result"))
}

// townFile is the master of towns with which a municipality starts; nil: none.
func (e Entry) townFile() ([]byte, error) {
	if !e.Towns {
		return nil, nil
	}
	code, err := resident.ParseMunicipalityCode("municipality", e.ID.Code())
	if err != nil {
		return nil, err
	}
	return population.Towns(code, resident.Date{})
}

// populate gives the municipalities of a new country their first residents, once. One that cannot take them now gets them
// at the next start, and keeps the others from nothing.
func populate(ctx context.Context, dir string, members []member, log *slog.Logger) error {
	done := filepath.Join(dir, "populated")
	for _, m := range members {
		if m.entry.ID.Role() != message.Municipality || m.entry.Residents == 0 || m.down() != nil {
			continue
		}
		err := populateOnce(ctx, m, done)
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		if err != nil {
			log.ErrorContext(ctx, "a municipality did not get its first residents, and will at the next start", "organisation", m.entry.ID, "error", err)
		}
	}
	return nil
}

func populateOnce(ctx context.Context, m member, done string) error {
	marker := filepath.Join(done, string(m.entry.ID))
	if _, err := os.Stat(marker); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := populateOne(ctx, m); err != nil {
		return err
	}
	if err := os.MkdirAll(done, 0o755); err != nil {
		return err
	}
	return os.WriteFile(marker, nil, 0o644)
}

func populateOne(ctx context.Context, m member) error {
	code, err := resident.ParseMunicipalityCode("municipality", m.entry.ID.Code())
	if err != nil {
		return err
	}
	file, made := io.Pipe()
	go func() {
		_, err := leave.Caught(func() (any, error) {
			return nil, population.Generate(made, population.Options{Municipality: code, Count: m.entry.Residents, Seed: 1})
		})
		made.CloseWithError(err)
	}()
	defer file.Close() // which ends it, wherever it is
	// One that never comes back costs its time and no more; a hundred a second are entered on the slowest machine.
	ctx, cancel := context.WithTimeout(ctx, openingTakes+time.Duration(m.entry.Residents)*10*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/import", file)
	if err != nil {
		return err
	}
	r.ContentLength = -1 // unknown, and not none
	w, err := m.answered(r)
	if err != nil {
		return err
	}
	_, err = ReadImport(&w.body, func(ImportLine) {})
	return err
}
