package nation

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/message"
)

// TestVerifierIsFiledAndServed: when the country is ready, its verifier has filed, two persons have accepted, and validation
// answers it; once, also after a restart, and what people end stays ended.
func TestVerifierIsFiledAndServed(t *testing.T) {
	dir := dataDir(t)
	r := open(t, dir)
	served := func() (all []validation.VerifierView) {
		t.Helper()
		r.hears("/validation/verifiers", &all)
		return all
	}
	if all := served(); len(all) != 1 || all[0].Verifier != "verifier-etax" || !all[0].Served || all[0].Office != "電子申告受付" {
		t.Fatalf("served: %+v", all)
	}
	var filings []verifier.FilingView
	r.hears("/verifier-etax/filing", &filings)
	if len(filings) != 1 || filings[0].State != "accepted" {
		t.Errorf("filed: %+v", filings)
	}
	var report validation.ImpactReport
	r.hears("/validation/impact?from=2026-01-01", &report)
	if report.Cases == nil || len(report.Cases) > 0 || !report.Whole {
		t.Errorf("the impact is %+v", report)
	}
	body, err := json.Marshal(FilingOperation{As: "operator-ueda", Act: "end"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.control.Post("http://country/verifier-etax/filing", "application/json", bytes.NewReader(body))
	if err != nil || a.StatusCode != http.StatusOK {
		t.Fatal(a, err)
	}
	a.Body.Close()
	eventually(t, 20*time.Second, "the filing has ended at validation", func() (bool, string) { return !served()[0].Served, "served" })
	r.stop()
	// A start that finds no mark that it was done looks at what is there, and leaves what people have decided.
	if err := os.RemoveAll(filepath.Join(dir, "admitted")); err != nil {
		t.Fatal(err)
	}
	r = open(t, dir)
	if all := served(); len(all) != 1 || all[0].Served {
		t.Errorf("after a restart: %+v", all)
	}
}

// hears puts a question to the control socket, which must be answered.
func (r *running) hears(path string, into any) {
	r.t.Helper()
	if err := r.ask(path, into); err != nil {
		r.t.Fatal(err)
	}
}

// TestPrefectureOfAVerifier: it exchanges with the one that its line names, or else with the first.
func TestPrefectureOfAVerifier(t *testing.T) {
	const country = `organisations:
  - {id: nationalcenter, name: {ja: 国, en: c}}
  - {id: ca, name: {ja: 局, en: ca}}
  - {id: validation, name: {ja: 失, en: v}}
  - {id: prefecture-20, name: {ja: 長, en: n}}
  - {id: prefecture-13, name: {ja: 東, en: t}}
  - {id: verifier-a, name: {ja: 甲, en: a}}
  - {id: verifier-b, name: {ja: 乙, en: b}, prefecture: `
	spec, err := parseSpec([]byte(country + "prefecture-13}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[message.Org]message.Org{"verifier-a": "prefecture-20", "verifier-b": "prefecture-13"} {
		var with []message.Org
		for _, p := range spec.Peers(who) {
			if p.Role() == message.Prefecture {
				with = append(with, p)
			}
		}
		if len(with) != 1 || with[0] != want {
			t.Errorf("%s exchanges with %v, not %s", who, with, want)
		}
	}
	for _, bad := range []string{"prefecture-01", "ca"} {
		if _, err := parseSpec([]byte(country + bad + "}\n")); err == nil {
			t.Errorf("a verifier files with %s", bad)
		}
	}
}

// TestAdmissionThatCannotBe costs a start nothing but a line of its journal.
func TestAdmissionThatCannotBe(t *testing.T) {
	down := setAside(Entry{ID: "prefecture-20", Name: Name{"長野県", "Nagano"}}, os.ErrNotExist)
	members := []member{newMember(Entry{ID: "verifier-etax", Prefecture: "prefecture-20"}, nil, http.NotFoundHandler()), down,
		newMember(Entry{ID: "validation"}, nil, http.NotFoundHandler())}
	var log locked
	clk := clock.System()
	begun := clk.Now()
	if err := admit(t.Context(), t.TempDir(), "", members, clk, slog.New(slog.NewTextHandler(&log, nil))); err != nil || log.String() == "" || clk.Now().Sub(begun) > time.Second {
		t.Errorf("%v, after %s, and the log says %q", err, clk.Now().Sub(begun), log.String())
	}
}

// TestRefusedVerifierIsNotWaitedFor: what people have refused nobody will be told to serve, and a start does not wait for it.
func TestRefusedVerifierIsNotWaitedFor(t *testing.T) {
	says := func(path string, v any) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { answer(w, v, nil) })
		return mux
	}
	members := []member{
		newMember(Entry{ID: "verifier-etax", Prefecture: "prefecture-20"}, nil, says("/filing", []verifier.FilingView{{Number: 1, Act: "file", State: "refused"}})),
		newMember(Entry{ID: "prefecture-20"}, nil, says("/filings", []prefecture.FilingView{{Verifier: "verifier-etax", Number: 1, State: "refused"}})),
		newMember(Entry{ID: "validation"}, nil, says("/verifiers", []validation.VerifierView{})),
	}
	// The clock stands: whoever waits, waits until the test is over.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := admitOne(ctx, members[0], members, "", clock.NewVirtual(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))); err != nil {
		t.Error(err)
	}
}

// TestHomesOfVerifiers: the validation authority is told with which prefecture each files.
func TestHomesOfVerifiers(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if got := spec.homes(); len(got) != 1 || got["verifier-etax"].Role() != message.Prefecture {
		t.Errorf("%v", got)
	}
}
