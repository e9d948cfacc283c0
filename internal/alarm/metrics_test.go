package alarm_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/akashi-id/akashi/internal/alarm"
)

func scrape(t *testing.T, w *world, change func(*http.Request)) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8600/metrics", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, r)
	b, err := io.ReadAll(rec.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return rec.Code, string(b)
}

// metric reads the value of one line of the page.
func metric(t *testing.T, w *world, name string) string {
	t.Helper()
	_, page := scrape(t, w, nil)
	for _, line := range strings.Split(page, "\n") {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			return v
		}
	}
	t.Errorf("no metric %s in:\n%s", name, page)
	return ""
}

// measured is a source with figures, good and bad ones.
type measured struct{ script }

func (measured) Figures() []alarm.Figure {
	l := []alarm.Label{{Name: "peer", Value: "prefecture-20"}}
	return []alarm.Figure{
		{Name: "akashi_exchange_open_messages", Help: "Messages that have not ended.", Labels: l, Value: 7},
		{Name: "akashi_exchange_open_messages", Help: "Messages that have not ended.", Labels: l, Value: 8},                                           // twice the same
		{Name: "akashi_exchange_open_messages", Help: "Something else.", Value: 9},                                                                    // means something else
		{Name: "not a name", Help: "Nonsense.", Value: 1},                                                                                             // cannot be told
		{Name: "akashi_alarm_open", Help: "Nonsense.", Value: 1},                                                                                      // is ours
		{Name: "akashi_exchange_other_messages", Help: "Odd bytes.", Labels: []alarm.Label{{Name: "peer", Value: "\xff" + strings.Repeat("x", 500)}}}, // cut
	}
}

// TestMetrics: an open alarm, what was measured and the sources' figures are on the page, whatever a source gives; the
// page follows the rules of Prometheus.
func TestMetrics(t *testing.T) {
	w := open(t, "memory:", alarm.Config{}, measured{script{"script", func(_ context.Context, at time.Duration) ([]alarm.Signal, error) {
		s := []alarm.Signal{{Code: alarm.MessageLag, Peer: peer, About: "resident.change", Value: 12}}
		if at >= 10*time.Second {
			s = append(s, alarm.Signal{Code: alarm.MessageParked, Peer: peer, About: "exchange.drill", Value: 1, Drill: true})
		}
		if at >= 30*time.Second {
			return nil, errors.New("gone")
		}
		return s, nil
	}}})
	if v := metric(t, w, `akashi_alarm_last_evaluation_timestamp_seconds{organisation="municipality-202029"}`); v != "0" {
		t.Errorf("never evaluated, and the time is %s", v)
	}
	w.must(w.until(5 * time.Second))
	if rung, err := w.Gathered(alarm.MessageParked, peer, "exchange.drill"); err != nil || rung {
		t.Errorf("rung before its time: %v, %v", rung, err)
	}
	w.must(w.until(time.Minute))
	if rung, err := w.Gathered(alarm.MessageParked, peer, "exchange.drill"); err != nil || !rung {
		t.Errorf("not rung: %v, %v", rung, err)
	}
	for name, want := range map[string]string{
		`akashi_alarm_open{about="exchange.drill",alarm="message-parked",drill="yes",organisation="municipality-202029",peer="prefecture-20",severity="warning"}`: "1",
		`akashi_alarm_value{about="resident.change",alarm="message-lag",drill="no",organisation="municipality-202029",peer="prefecture-20"}`:                      "12", // the last word of a source that fails
		`akashi_alarm_source_up{organisation="municipality-202029",source="script"}`:                                                                              "0",
		`akashi_alarm_source_up{organisation="municipality-202029",source="alarm"}`:                                                                               "1",
		`akashi_exchange_open_messages{organisation="municipality-202029",peer="prefecture-20"}`:                                                                  "7",
		`akashi_alarm_opened_total{alarm="message-parked",organisation="municipality-202029"}`:                                                                    "0", // a drill
		`akashi_alarm_opened_total{alarm="source-failed",organisation="municipality-202029"}`:                                                                     "1",
		`akashi_alarm_evaluations_total{organisation="municipality-202029",result="ok"}`:                                                                          "13",
	} {
		if v := metric(t, w, name); v != want {
			t.Errorf("%s is %s, want %s", name, v, want)
		}
	}
	_, page := scrape(t, w, nil)
	problems, err := promlint.New(strings.NewReader(page)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// TestOnlyThisMachineReads: not another machine, not through a proxy, not by a name that somebody made resolve to us.
func TestOnlyThisMachineReads(t *testing.T) {
	w := open(t, "memory:", alarm.Config{})
	for name, change := range map[string]func(*http.Request){
		"another machine":   func(r *http.Request) { r.RemoteAddr = "192.0.2.7:4711" },
		"through a proxy":   func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.7") },
		"by a foreign name": func(r *http.Request) { r.Host = "evil.example" },
		"through a proxy that leaves the first empty": func(r *http.Request) { r.Header["X-Forwarded-For"] = []string{"", "192.0.2.7"} },
		"through a proxy that tells only the name":    func(r *http.Request) { r.Header.Set("X-Forwarded-Host", "akashi.example") },
		"from nowhere": func(r *http.Request) { r.RemoteAddr = "@" },
	} {
		if status, page := scrape(t, w, change); status != http.StatusForbidden || strings.Contains(page, "akashi_") {
			t.Errorf("%s: %d", name, status)
		}
	}
	for _, from := range []string{"127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"} {
		if status, _ := scrape(t, w, func(r *http.Request) { r.RemoteAddr = from }); status != http.StatusOK {
			t.Errorf("%s: %d", from, status)
		}
	}
}

// TestDeadMan: an evaluation that does not run is told by whoever reads, before there ever was one too.
func TestDeadMan(t *testing.T) {
	w := open(t, "memory:", alarm.Config{}, value(alarm.CaseOpen, "", func(time.Duration) int64 { return 1 }))
	w.clock.Set(start.Add(29 * time.Second))
	w.expect("just started")
	w.clock.Set(start.Add(30 * time.Second))
	w.expect("never evaluated", "evaluation-stopped=30")
	w.must(w.until(31 * time.Second))
	w.expect("evaluated", "case-open prefecture-20=1")
	w.faults.FailNext(1_000_000)
	w.restart(alarm.Config{}) // without the source: there is something to write
	w.clock.Set(start.Add(60 * time.Second))
	if err := w.until(70 * time.Second); err == nil {
		t.Fatal("it could write")
	}
	w.expect("it cannot write", "evaluation-stopped=39", "case-open prefecture-20=1")
	v, err := w.View(t.Context(), 0)
	w.must(err)
	if !v.Stale || !v.AsOf.IsZero() || v.Open[0].Severity != alarm.Critical || !v.Open[0].OpenedAt.Equal(start.Add(61*time.Second)) {
		t.Errorf("the page shows %+v", v)
	}
	if metric(t, w, `akashi_alarm_evaluations_total{organisation="municipality-202029",result="failed"}`) == "0" {
		t.Error("nobody counts")
	}
	w.faults.FailNext(0)
	w.must(w.until(2 * time.Minute))
	w.expect("it can again")
}

// TestOwnFiguresAreDocumented: every metric on the page stands in docs/alarms.md, with the words of the page.
func TestOwnFiguresAreDocumented(t *testing.T) {
	w := open(t, "memory:", alarm.Config{Webhook: alarm.Webhook{URL: hook}, HTTP: &receiver{answer: func(*http.Request, []byte) (int, error) { return 500, nil }}},
		refusedFor(0, time.Hour))
	w.must(w.until(time.Minute))
	docs, err := os.ReadFile("../../docs/alarms.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page := scrape(t, w, nil)
	n := 0
	for _, line := range strings.Split(page, "\n") {
		name, help, ok := strings.Cut(strings.TrimPrefix(line, "# HELP "), " ")
		if !strings.HasPrefix(line, "# HELP ") || !ok {
			continue
		}
		n++
		if !strings.Contains(string(docs), "| `"+name+"` |") || !strings.Contains(string(docs), "| "+help+" |") {
			t.Errorf("docs/alarms.md says nothing, or something else, of %s: %s", name, help)
		}
	}
	if n < 10 {
		t.Errorf("%d metrics", n)
	}
}
