package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/org/municipality"
)

type transport func(*http.Request) *http.Response

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// The rejected lines come in pieces that end anywhere, and may be in any encoding. Not a byte of them is lost.
func TestRejectFileIsKeptByteForByte(t *testing.T) {
	line := []byte("4,\"\",\"文字コード\",\"encoding\",\x8eR\x93c,髙")
	client := &http.Client{Transport: transport(func(r *http.Request) *http.Response {
		w := httptest.NewRecorder()
		if strings.HasSuffix(r.URL.Path, "/pairs") {
			w.WriteString("[]")
			return w.Result()
		}
		out := json.NewEncoder(w)
		for i := range line {
			out.Encode(nation.ImportLine{Reject: line[i : i+1]})
		}
		out.Encode(nation.ImportLine{Result: &municipality.ImportResult{Lines: 1, Rejected: 1}})
		return w.Result()
	})}
	dir := t.TempDir()
	path := filepath.Join(dir, "residents.csv")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out, errs bytes.Buffer
	if err := importFile(t.Context(), streams{nil, &out, &errs}, client, "municipality-202029", file, path+".rejected.csv"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path + ".rejected.csv")
	if want := append([]byte("\uFEFF"), line...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v: %q, want %q", err, got, want)
	}
	if !strings.Contains(out.String(), path+".rejected.csv") {
		t.Errorf("nobody is told where they are: %s", out.String())
	}
}
