package inspection_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// world is an inspection of things that a test makes wrong.
type world struct {
	t      *testing.T
	clk    *clock.Virtual
	faults *sqlstoretest.Faults
	store  *sqlstore.Store
	in     *inspection.Inspection
	keys   []string
	wrong  map[string][]inspection.Fault
	print  map[string]string
	fails  map[string]error
	looks  int // second looks
	// again is what a second look finds, when it differs.
	again map[string][]inspection.Fault
	// judging is called when an item is judged.
	judging func(key string)
}

func newWorld(t *testing.T, url string, keys ...string) *world {
	w := &world{t: t, clk: clock.NewVirtual(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)), keys: keys,
		wrong: map[string][]inspection.Fault{}, print: map[string]string{}, fails: map[string]error{}, again: map[string][]inspection.Fault{}}
	w.faults = new(sqlstoretest.Faults)
	w.store = sqlstoretest.Open(t, url, sqlstore.Options{Clock: w.clk, Faults: w.faults}, auditlog.Schema, inspection.Schema)
	w.open()
	return w
}

// open starts the inspection, as after a stop.
func (w *world) open() {
	item := func(k string, wrong map[string][]inspection.Fault) inspection.Item {
		return inspection.Item{Key: k, Print: func() []byte { return []byte(w.print[k]) }, Judge: func(context.Context) ([]inspection.Fault, error) {
			if w.judging != nil {
				w.judging(k)
			}
			if w.fails[k] == errPanics {
				panic("over " + k)
			}
			return wrong[k], w.fails[k]
		}}
	}
	w.in = inspection.New(inspection.Config{Self: "self", Store: w.store, Clock: w.clk},
		inspection.Way{Name: "things", Page: 2, Round: 10 * time.Second, Alarm: alarm.CertificateWrong, Other: map[string]alarm.Code{"away": alarm.ServedAway},
			Read: func(_ context.Context, _ *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
				for _, k := range w.keys {
					if k <= place {
						continue
					}
					if len(items) == limit {
						return items, items[limit-1].Key, nil
					}
					items = append(items, item(k, w.wrong))
				}
				return items, "", nil
			},
			Look: func(_ context.Context, _ *sqlstore.Tx, key string) (inspection.Item, bool, error) {
				w.looks++
				if f, ok := w.again[key]; ok {
					return item(key, map[string][]inspection.Fault{key: f}), true, nil
				}
				return item(key, w.wrong), true, nil
			}},
		inspection.Way{Name: "events", Alarm: alarm.ListWrong, Stays: func(rule string) bool { return rule == "event" }})
}

var errPanics = errors.New("panics")

func fault(rule string) []inspection.Fault {
	return []inspection.Fault{{Rule: rule, Sentence: plain.Sentence{JA: "違う。", EN: "It is wrong."}}}
}

func (w *world) run(d time.Duration) {
	w.t.Helper()
	if err := clock.Drive(w.t.Context(), w.clk, w.in.Tasks(), w.clk.Now().Add(d)); err != nil {
		w.t.Fatal(err)
	}
}

// found gives the open findings as "item rule".
func (w *world) found() string {
	w.t.Helper()
	var all []string
	for _, f := range w.open1() {
		all = append(all, f.Item+" "+f.Rule)
	}
	return strings.Join(all, ", ")
}

func (w *world) open1() (all []inspection.Finding) {
	w.t.Helper()
	if err := w.store.View(w.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = inspection.Open(ctx, tx, 100)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) close(f inspection.Finding, by, why string) error {
	return w.store.Update(w.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return w.in.Close(ctx, tx, f, by, why) })
}

func (w *world) want(now string) {
	w.t.Helper()
	if got := w.found(); got != now {
		w.t.Errorf("found %q, want %q", got, now)
	}
}

// TestFoundAndEnded: what is wrong is found within a round, stays while it is wrong, and ends when it is right.
func TestFoundAndEnded(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "a", "b", "c", "d", "e")
		w.run(time.Minute)
		w.want("")
		w.wrong["d"] = append(fault("one"), fault("two")...)
		w.run(11 * time.Second)
		w.want("d one, d two")
		w.run(time.Minute)
		w.want("d one, d two") // once, however many rounds
		w.wrong["d"] = fault("two")
		w.run(11 * time.Second)
		w.want("d two")
		delete(w.wrong, "d")
		w.run(11 * time.Second)
		w.want("")
	})
}

// TestSecondLook: what a second look does not find was a row that changed meanwhile; what is sure needs none.
func TestSecondLook(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t), "a", "b")
	w.wrong["a"], w.again["a"] = fault("passing"), nil
	w.again["a"] = []inspection.Fault{}
	w.run(time.Minute)
	w.want("")
	if w.looks == 0 {
		t.Error("nobody looked twice")
	}
	w.looks = 0
	sure := fault("told")
	sure[0].Sure = true
	w.wrong["a"] = sure
	w.run(11 * time.Second)
	w.want("a told")
	if w.looks != 0 {
		t.Errorf("%d second looks at what is sure", w.looks)
	}
}

// TestPoison: over which a judge fails or panics is set aside and counted, and what stands behind it is judged.
func TestPoison(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t), "a", "b", "c", "d")
	w.fails["a"], w.fails["b"] = errors.New("no"), errPanics
	w.wrong["d"] = fault("one")
	w.run(11 * time.Second)
	w.want("a unjudged, b unjudged, d one")
	all, err := w.in.Standings(t.Context())
	if err != nil || all[0].Aside != 2 || all[0].Open != 3 || all[0].Rounds == 0 {
		t.Errorf("%+v, %v", all, err)
	}
	delete(w.fails, "a")
	w.run(11 * time.Second)
	w.want("b unjudged, d one")
}

// TestClosedByAPerson: a person's word holds for the item as it was, and no longer; who says nothing closes nothing.
func TestClosedByAPerson(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t), "a")
	w.wrong["a"], w.print["a"] = fault("one"), "as it is"
	w.run(11 * time.Second)
	f := w.open1()[0]
	for _, no := range [][2]string{{"operator-ueda", " "}, {"", "looked into"}, {"operator-ueda", strings.Repeat("x", 4000)}} {
		if err := w.close(f, no[0], no[1]); err == nil {
			t.Errorf("closed by %q for %.10q", no[0], no[1])
		}
	}
	if err := w.close(f, "operator-ueda", "a test certificate"); err != nil {
		t.Fatal(err)
	}
	if err := w.close(f, "operator-ueda", "again"); err == nil {
		t.Error("closed twice")
	}
	w.run(time.Minute)
	w.want("")
	w.print["a"] = "otherwise"
	w.run(11 * time.Second)
	w.want("a one")
}

// TestOpenIsLookedAtFirst: a finding ends soon after its cause, however far the round is from it; what is not gone round any more ends too.
func TestOpenIsLookedAtFirst(t *testing.T) {
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("%04d", i)
	}
	w := newWorld(t, sqlstoretest.SQLite(t), keys...)
	w.wrong["0001"] = fault("one")
	w.run(0)
	w.want("0001 one")
	delete(w.wrong, "0001")
	w.keys = keys[500:]
	w.run(time.Second)
	w.want("")
}

// TestFaults: a commit that failed, and one that was applied and whose answer was lost: each finding is written once, and the round goes on
// from where it was.
func TestFaults(t *testing.T) {
	for name, breaks := range map[string]func(*sqlstoretest.Faults){
		"failed":              func(f *sqlstoretest.Faults) { f.FailNext(1) },
		"failed, but applied": func(f *sqlstoretest.Faults) { f.LoseNext(1) },
	} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				w := newWorld(t, url, "a", "b", "c")
				w.wrong["a"], w.wrong["c"] = fault("one"), fault("two")
				breaks(w.faults)
				w.run(20 * time.Second)
				w.want("a one, c two")
				delete(w.wrong, "a")
				breaks(w.faults)
				w.run(20 * time.Second)
				w.want("c two")
				var found, ended int64
				if err := w.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					all, err := auditlog.List(ctx, tx, auditlog.Filter{Limit: 100})
					for _, e := range all {
						switch e.Act {
						case "check.found":
							found++
						case "check.ended":
							ended++
						}
					}
					return err
				}); err != nil || found != 2 || ended != 1 {
					t.Errorf("%d found, %d ended, %v; want 2 and 1", found, ended, err)
				}
				all, err := w.in.Standings(t.Context())
				if err != nil || all[0].Items != 3 {
					t.Errorf("%+v, %v", all, err)
				}
			})
		})
	}
}

// TestNobodySteps: a way whose task nobody steps stands still for no one; one whose first piece fails does.
func TestNobodySteps(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t), "a")
	w.clk.Set(w.clk.Now().Add(time.Hour))
	if all, err := w.in.Source().Signals(t.Context(), w.clk.Now()); err != nil || len(all) > 0 {
		t.Errorf("%+v, %v", all, err)
	}
	w.faults.FailNext(1 << 30)
	_ = clock.Drive(t.Context(), w.clk, w.in.Tasks(), w.clk.Now().Add(20*time.Minute))
	all, err := w.in.Source().Signals(t.Context(), w.clk.Now())
	if err != nil || len(all) != 1 || all[0].Code != alarm.InspectionStopped || all[0].Value < 600 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestSlowAnswers: an address that lets us wait makes a piece long, and the next one comes all the same, and nothing stands still.
func TestSlowAnswers(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t), "a", "b")
	pieces := 0
	w.judging = func(key string) {
		if key == "a" {
			pieces++
		}
		w.clk.Set(w.clk.Now().Add(100 * time.Second))
	}
	w.run(13 * time.Minute)
	if all, err := w.in.Source().Signals(t.Context(), w.clk.Now()); err != nil || len(all) > 0 && all[0].Value >= 600 {
		t.Errorf("%+v, %v", all, err)
	}
	if pieces < 3 {
		t.Errorf("%d pieces in the time of three", pieces)
	}
}

// TestPutOff: who cannot tell today ends no finding and makes none.
func TestPutOff(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t), "a", "b")
	w.wrong["a"] = fault("one")
	w.run(11 * time.Second)
	delete(w.wrong, "a")
	w.fails["a"], w.fails["b"] = inspection.ErrPutOff, inspection.ErrPutOff
	w.run(time.Minute)
	w.want("a one")
	delete(w.fails, "a")
	w.run(11 * time.Second)
	w.want("")
}

// TestEventsStay: an event was seen once and stays for a person, though what comes after it is right; a state ends.
func TestEventsStay(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t))
	note := func(faults ...inspection.Fault) {
		t.Helper()
		if err := w.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return w.in.Note(ctx, tx, "events", "list", []byte("1"), faults)
		}); err != nil {
			t.Fatal(err)
		}
	}
	note(append(fault("event"), fault("state")...)...)
	w.want("list event, list state")
	note()
	w.want("list event")
	if err := w.close(w.open1()[0], "operator-ueda", "an old copy"); err != nil {
		t.Fatal(err)
	}
	w.clk.Set(w.clk.Now().Add(time.Second))
	note(fault("event")...) // it happened again
	w.want("list event")
}

// TestGoesOnWhereItStopped: after a restart a round goes on, and does not begin anew.
func TestGoesOnWhereItStopped(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "a", "b", "c", "d", "e", "f")
		w.run(0) // the first piece: a, b
		w.open()
		w.wrong["a"], w.wrong["c"] = fault("one"), fault("one")
		w.run(0)
		w.want("c one")
		all, err := w.in.Standings(t.Context())
		if err != nil || all[0].Looked != 4 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// TestSignals: each alarm counts its own findings; a way that stands still says so.
func TestSignals(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t), "a", "b", "c")
	w.wrong["a"], w.wrong["b"], w.wrong["c"] = fault("one"), fault("two"), fault("away")
	w.run(11 * time.Second)
	says := func() map[alarm.Code]int64 {
		t.Helper()
		all, err := w.in.Source().Signals(t.Context(), w.clk.Now())
		if err != nil {
			t.Fatal(err)
		}
		values := map[alarm.Code]int64{}
		for _, s := range all {
			values[s.Code] = s.Value
			if s.About != "things" || s.Code != alarm.InspectionStopped && (s.Since.IsZero() || !strings.Contains(s.Detail.EN, "It is wrong.")) {
				t.Errorf("%+v", s)
			}
		}
		return values
	}
	if v := says(); v[alarm.CertificateWrong] != 2 || v[alarm.ServedAway] != 1 || len(v) != 2 {
		t.Errorf("%v", v)
	}
	w.clk.Set(w.clk.Now().Add(15 * time.Minute))
	if v := says(); v[alarm.InspectionStopped] < 600 {
		t.Errorf("a way that stands still: %v", v)
	}
	figures := map[string]float64{}
	for _, f := range w.in.Source().Figures() {
		if !alarm.Documented(f) {
			t.Errorf("docs/alarms.md says nothing, or something else, of %+v", f)
		}
		if f.Labels[0].Value == "things" {
			figures[f.Name] = f.Value
		}
	}
	if figures["akashi_inspection_findings"] != 3 || figures["akashi_inspection_judged_total"] < 3 || figures["akashi_inspection_round_items"] != 3 {
		t.Errorf("%v", figures)
	}
}
