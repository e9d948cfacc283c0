package drill_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/alarm/books"
	"github.com/akashi-id/akashi/internal/alarm/drill"
	"github.com/akashi-id/akashi/internal/alarm/pairs"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

const (
	city = message.Org("municipality-202029")
	pref = message.Org("prefecture-20")
)

type identity struct {
	trust  *pki.Trust
	signer exchange.Signer
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// identities are made once: keys are not what is tried here.
var identities = sync.OnceValue(func() map[message.Org]identity {
	ca := must(pki.NewInfrastructureCA(rand.Reader, start))
	trust := must(pki.NewTrust(ca.Certificate()))
	all := map[message.Org]identity{}
	for _, o := range []message.Org{city, pref} {
		all[o] = identity{trust, must(ca.NewIdentity(rand.Reader, start, string(o), pki.ForSigning))}
	}
	return all
})

// world is a municipality and its prefecture, each with alarms and drills, in virtual time.
type world struct {
	*testing.T
	clock      *clock.Virtual
	net        exchange.Memory
	city, pref *end
	driver     *clock.Driver
}

// end is one organisation. The switches take something out of it.
type end struct {
	w      *world
	self   message.Org
	faults *sqlstoretest.Faults
	store  *sqlstore.Store
	x      *exchange.Exchange
	books  *reconcile.Books
	alarms *alarm.Alarms
	drills *drill.Drills
	due    *due.List
	log    *bytes.Buffer
	mu     sync.Mutex
	told   []alarm.Notification
	switches
}

type switches struct {
	every                                        time.Duration // zero: no drill by itself
	noAlarms, noBooks, noWebhook, deaf, takesAll bool
	noDrills, coarse                             bool
}

func newWorld(t *testing.T, url string, at, to switches) *world {
	w := &world{T: t, clock: clock.NewVirtual(start)}
	w.city = w.open(url, city, pref, at)
	w.pref = w.open("memory:", pref, city, to)
	w.wire()
	return w
}

func (w *world) wire() {
	w.driver = clock.NewDriver(w.clock, slices.Concat(w.city.tasks(), w.pref.tasks()))
}

func (w *world) open(url string, self, peer message.Org, s switches) *end {
	w.Helper()
	e := &end{w: w, self: self, switches: s, faults: &sqlstoretest.Faults{}, log: &bytes.Buffer{}}
	e.store = sqlstoretest.Open(w, url, sqlstore.Options{Clock: w.clock, Faults: e.faults, Log: slog.New(slog.DiscardHandler)},
		auditlog.Schema, due.Schema, exchange.Schema(), reconcile.Schema(), alarm.Schema, drill.Schema)
	e.start(peer)
	return e
}

// start makes the program over the rows that there are.
func (e *end) start(peer message.Org) {
	w, self := e.w, e.self
	w.Helper()
	log := slog.New(slog.NewTextHandler(e.log, nil))
	var err error
	look, compare := time.Duration(0), time.Duration(0)
	if e.coarse { // a day passes faster
		look, compare = 30*time.Second, 2*time.Minute
	}
	if e.books, err = reconcile.New(w.Context(), reconcile.Config{Self: self, Store: e.store, Clock: w.clock, Peers: []message.Org{peer},
		Tables: []reconcile.Table{drill.Table(self)}, Secrets: reconciletest.Secrets(self), Every: compare, Cycle: compare, Log: log}); err != nil {
		w.Fatal(err)
	}
	raw := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	route := drill.Route()
	if e.takesAll {
		route = exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ExchangeDrill) ([]message.Out, error) {
			return nil, nil
		})
	}
	refuse := exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentInvalidation) ([]message.Out, error) {
		return nil, exchange.Reject("no", "受け取れません。", "not taken")
	})
	if e.x, err = exchange.New(w.Context(), exchange.Config{Self: self, Store: e.store, Clock: w.clock, Rand: rand.Reader,
		Signer: identities()[self].signer, Trust: identities()[self].trust, Link: w.net.As(self), Peers: []message.Org{peer},
		Routes: append(e.books.Routes(), route, refuse)}); err != nil {
		w.Fatal(err)
	}
	e.books.Join(e.x)
	w.net.Join(self, e.x)
	cfg := alarm.Config{Self: self, Store: e.store, Clock: w.clock, Log: log, HTTP: e, Every: look}
	if !e.noWebhook {
		cfg.Webhook.URL = "https://hook.example/"
	}
	if e.alarms, err = alarm.New(cfg); err != nil {
		w.Fatal(err)
	}
	e.drills = drill.New(drill.Config{Self: self, Store: e.store, Clock: w.clock, Rand: rand.Reader, Exchange: e.x, Books: e.books, Alarms: e.alarms,
		Peers: []message.Org{peer}, Log: log, Every: cmp.Or(e.every, -1)})
	e.alarms.Add(pairs.New(e.x), books.New(e.books), e.drills)
	e.due = due.New(e.store, w.clock, e.alarms.Due(), func(ctx context.Context, tx *sqlstore.Tx, outs []message.Out) error {
		_, err := e.x.Send(ctx, tx, outs, "")
		return err
	}, log)
}

func (e *end) tasks() []clock.Task {
	all := slices.Concat(e.x.Tasks(), e.due.Tasks())
	if !e.noBooks {
		all = append(all, e.books.Tasks()...)
	}
	if !e.noAlarms {
		all = append(all, e.alarms.Tasks()...)
	}
	if !e.noDrills {
		all = append(all, e.drills.Tasks()...)
	}
	return all
}

// RoundTrip is the webhook's receiver.
func (e *end) RoundTrip(r *http.Request) (*http.Response, error) {
	status := http.StatusNoContent
	if e.deaf {
		status = http.StatusBadGateway
	} else {
		var n alarm.Notification
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			return nil, err
		}
		e.mu.Lock() // two notifications may come at a time
		e.told = append(e.told, n)
		e.mu.Unlock()
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func (w *world) run(d time.Duration) {
	w.Helper()
	if err := w.driver.Until(w.Context(), w.clock.Now().Add(d)); err != nil {
		w.Fatal(err)
	}
}

func (e *end) begin() drill.Drill {
	e.w.Helper()
	d, err := e.drills.Begin(e.w.Context(), e.peer(), "operator-1")
	if err != nil {
		e.w.Fatal(err)
	}
	return d
}

func (e *end) peer() message.Org {
	if e.self == city {
		return pref
	}
	return city
}

func (e *end) find(id string) drill.Drill {
	e.w.Helper()
	d, err := e.drills.Find(e.w.Context(), id)
	if err != nil {
		e.w.Fatal(err)
	}
	return d
}

// open lists the open alarms: "code about drill".
func (e *end) open() []string {
	e.w.Helper()
	v, err := e.alarms.View(e.w.Context(), 0)
	if err != nil {
		e.w.Fatal(err)
	}
	all := []string{}
	for _, a := range v.Open {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s", a.Code, a.What))+map[bool]string{true: " (drill)"}[a.Drill])
	}
	slices.Sort(all)
	return all
}

func (e *end) expect(when string, want ...string) {
	e.w.Helper()
	if got := e.open(); fmt.Sprint(got) != fmt.Sprint(want) {
		e.w.Errorf("%s: open at %s are %q, want %q", when, e.self, got, want)
	}
}

// nothingLeft fails unless a drill has left nothing but its history.
func (w *world) nothingLeft() {
	w.Helper()
	for _, e := range []*end{w.city, w.pref} {
		if items := must(e.x.Stuck(w.Context(), 100)); len(items) != 0 {
			w.Errorf("stuck at %s: %+v", e.self, items)
		}
		for _, s := range must(e.books.Standings(w.Context())) {
			if s.OpenCases != 0 || s.Findings != 0 || s.Entries != 0 || !s.Status().Agree {
				w.Errorf("left in the book at %s: %+v", e.self, s)
			}
		}
		for _, p := range must(e.x.Pairs(w.Context())) {
			if p.Open != 0 {
				w.Errorf("not ended at %s: %+v", e.self, p)
			}
		}
		e.expect("nothing left")
	}
}

// TestHeld: a drill of either end sets off both alarms, which reach the page, the metrics and the webhook, at the peer
// too, and are marked everywhere; then all of it is taken away.
func TestHeld(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, switches{}, switches{})
		w.run(10 * time.Minute) // the books agree, the audit has gone round
		for _, e := range []*end{w.city, w.pref} {
			d := e.begin()
			if d.State != drill.Running || d.By != "operator-1" || !d.Webhook || d.Loss == nil {
				t.Fatalf("begun as %+v", d)
			}
			if _, err := e.drills.Begin(t.Context(), e.peer(), "operator-1"); err == nil || !strings.Contains(err.Error(), d.ID) {
				t.Errorf("two at a time: %v", err)
			}
			seen := map[string]bool{}
			for range 300 {
				w.run(time.Second)
				for _, o := range append(w.city.open(), w.pref.open()...) {
					seen[o] = true
				}
			}
			d = e.find(d.ID)
			if d.State != drill.Held || len(d.Missing()) != 0 || d.Over.IsZero() || d.Ended.Sub(d.Begun) > 2*time.Minute {
				t.Errorf("%s: %+v, loss %+v", e.self, d, d.Loss)
			}
			want := map[string]bool{"message-parked exchange.drill (drill)": true, "message-parked-here exchange.drill (drill)": true, "case-open drill (drill)": true}
			if !reflect.DeepEqual(seen, want) {
				t.Errorf("%s: seen were %v", e.self, seen)
			}
			w.nothingLeft()
			for _, n := range append(w.city.told, w.pref.told...) {
				if !n.Drill {
					t.Errorf("told as if it were real: %+v", n)
				}
			}
			if len(w.city.told) == 0 || len(w.pref.told) == 0 {
				t.Error("one end was told nothing")
			}
			w.run(time.Minute)
		}
		w.run(10 * time.Minute)
		w.nothingLeft()
		if all := must(w.city.drills.Last(t.Context(), 10)); len(all) != 1 {
			t.Errorf("%d drills", len(all))
		}
	})
}

// TestSwitchedOff: with one part of the way switched off, the drill says what did not come through where, and that is an
// alarm until a drill comes through again.
func TestSwitchedOff(t *testing.T) {
	all := []string{"screen", "metric", "webhook"}
	for name, c := range map[string]struct {
		at, to switches
		want   map[string][]string
		open   []string
	}{
		"nothing":                  {switches{}, switches{}, map[string][]string{}, nil},
		"no webhook is configured": {switches{noWebhook: true}, switches{}, map[string][]string{}, nil},
		"the receiver is deaf":     {switches{deaf: true}, switches{}, map[string][]string{"poison": {"webhook"}, "loss": {"webhook"}}, []string{"drill-failed loss", "drill-failed poison", "webhook-late"}},
		"nobody evaluates":         {switches{noAlarms: true}, switches{}, map[string][]string{"poison": all, "loss": all}, []string{"evaluation-stopped"}},
		"nobody compares":          {switches{noBooks: true}, switches{}, map[string][]string{"loss": all}, []string{"comparison-missing drill", "drill-failed loss"}},
		"the poison is taken":      {switches{}, switches{takesAll: true}, map[string][]string{"poison": all}, []string{"drill-failed poison"}},
		"the peer has no alarms":   {switches{}, switches{noAlarms: true}, map[string][]string{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "memory:", c.at, c.to)
			w.run(time.Minute)
			d := w.city.begin()
			w.run(8 * time.Minute)
			d = w.city.find(d.ID)
			if got := d.Missing(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("missing are %v, want %v", got, c.want)
			}
			if want := map[bool]drill.State{true: drill.Held, false: drill.Failed}[len(c.want) == 0]; d.State != want {
				t.Errorf("it is %s, want %s", d.State, want)
			}
			w.city.expect("after the drill", c.open...)
			if failed := strings.Contains(w.city.log.String(), `level=ERROR msg="drill failed: an alarm did not come through"`); failed != (len(c.want) > 0) {
				t.Errorf("the journal:\n%s", w.city.log)
			}
			// Mended, and held again: the alarm of the failed one is over.
			w.city.switches, w.pref.switches = switches{}, switches{}
			w.city.start(pref)
			w.pref.start(city)
			w.wire()
			w.run(10 * time.Minute)
			d = w.city.begin()
			w.run(10 * time.Minute)
			if d = w.city.find(d.ID); d.State != drill.Held {
				t.Errorf("once more: %+v, missing %v", d, d.Missing())
			}
			if name != "the receiver is deaf" { // what was given up waits for a person
				w.nothingLeft()
			}
		})
	}
}

// TestPeerAway: the drill fails, the next waits, and when the peer is back what was left is taken away.
func TestPeerAway(t *testing.T) {
	w := newWorld(t, "memory:", switches{}, switches{})
	w.run(time.Minute)
	w.net.Join(pref, nil)
	d := w.city.begin()
	w.run(time.Hour)
	if d = w.city.find(d.ID); d.State != drill.Failed || len(d.Missing()) != 2 || !d.Over.IsZero() {
		t.Errorf("away: %+v", d)
	}
	if !slices.Contains(w.city.open(), "drill-failed poison") {
		t.Errorf("open: %q", w.city.open())
	}
	if _, err := w.city.drills.Begin(t.Context(), pref, "operator-1"); err == nil {
		t.Error("two at a time")
	}
	w.net.Join(pref, w.pref.x)
	w.run(10 * time.Minute)
	if d = w.city.find(d.ID); d.Over.IsZero() {
		t.Errorf("back: %+v", d)
	}
	if d = w.city.begin(); d.State != drill.Running {
		t.Errorf("%+v", d)
	}
	w.run(10 * time.Minute)
	w.nothingLeft()
}

// TestDaily: a drill is held by itself when the time between two is over, the first one so long after the first start;
// where none is held, that is an alarm after a day.
func TestDaily(t *testing.T) {
	w := newWorld(t, "memory:", switches{every: 2 * time.Hour, coarse: true}, switches{every: 2 * time.Hour, coarse: true, noDrills: true})
	w.run(110 * time.Minute)
	if all := must(w.city.drills.Last(t.Context(), 10)); len(all) != 0 {
		t.Fatalf("held at once: %+v", all)
	}
	w.city.start(pref) // a restart does not begin the time anew
	w.wire()
	w.run(30 * time.Minute)
	all := must(w.city.drills.Last(t.Context(), 10))
	if len(all) != 1 || all[0].State != drill.Held || all[0].By != "schedule" || !all[0].Begun.Equal(start.Add(2*time.Hour)) {
		t.Errorf("%+v", all)
	}
	w.city.expect("in time")
	missed := func(e *end, at time.Duration) (alarmed bool) {
		d, _ := alarm.DefinitionOf(alarm.DrillMissed)
		for _, s := range must(e.drills.Signals(t.Context(), start.Add(at))) {
			alarmed = alarmed || s.Code == alarm.DrillMissed && s.Value >= d.Raise
		}
		return alarmed
	}
	for _, f := range w.city.drills.Figures() {
		if !alarm.Documented(f) {
			t.Errorf("docs/alarms.md says nothing, or something else, of %+v", f)
		}
	}
	if missed(w.pref, 26*time.Hour-time.Second) || !missed(w.pref, 26*time.Hour) || missed(w.city, 28*time.Hour) || !missed(w.city, 28*time.Hour+10*time.Minute) {
		t.Error("a missed drill is not told, or one that was held is called missed")
	}
}

// TestTouchesNothingElse: what is parked and differs in earnest stays, and rings beside the drill.
func TestTouchesNothingElse(t *testing.T) {
	w := newWorld(t, "memory:", switches{}, switches{})
	w.run(time.Minute)
	if err := w.city.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := w.city.x.Send(ctx, tx, []message.Out{{To: pref, Body: message.ExchangeDrill{Drill: "somebody-else"}}}, "t-test")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	w.run(30 * time.Second)
	w.city.expect("somebody else's", "message-parked exchange.drill (drill)")
	before := must(w.city.x.Stuck(t.Context(), 10))
	d := w.city.begin()
	w.run(10 * time.Minute)
	after := must(w.city.x.Stuck(t.Context(), 10))
	if len(before) != 1 || len(after) != 1 || before[0].ID != after[0].ID || after[0].State != "parked" {
		t.Errorf("before %+v, after %+v", before, after)
	}
	// Its own alarm was open already, by somebody else's message: that proves nothing.
	if d = w.city.find(d.ID); d.State != drill.Failed || !d.Over.IsZero() {
		t.Errorf("%+v", d)
	}
}

// TestCommitsFail: whichever commit fails, or is applied and its answer lost, the drill comes to its end and leaves
// nothing.
func TestCommitsFail(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		for name, fail := range map[string]func(f *sqlstoretest.Faults){
			"failed":                 func(f *sqlstoretest.Faults) { f.FailNext(1) },
			"failed but was applied": func(f *sqlstoretest.Faults) { f.LoseNext(1) },
		} {
			t.Run(name, func(t *testing.T) {
				url := map[bool]func(testing.TB) string{true: sqlstoretest.Postgres, false: sqlstoretest.SQLite}[strings.HasPrefix(url, "postgres")](t)
				w := newWorld(t, url, switches{}, switches{})
				w.run(time.Minute)
				d := w.city.begin()
				for i := range 200 {
					if i%2 == 0 {
						fail(w.city.faults)
					}
					w.driver.Until(t.Context(), w.clock.Now().Add(3*time.Second)) // what failed last may be told
				}
				w.city.faults.FailNext(0)
				w.city.faults.LoseNext(0)
				w.run(5 * time.Minute)
				if d = w.city.find(d.ID); d.State == drill.Running || d.Over.IsZero() {
					t.Errorf("%+v", d)
				}
				w.nothingLeft()
			})
		}
	})
}

// TestDamagedRow: a drill that a hand has cut off ends, and stops no other. Only SQLite lets such be written.
func TestDamagedRow(t *testing.T) {
	w := newWorld(t, sqlstoretest.SQLite(t), switches{every: 24 * time.Hour}, switches{})
	w.run(time.Minute)
	bad := w.city.begin()
	if err := w.city.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE alarm_drill SET peer = x'ff00', begun_at = 'long ago', poison = '', state = 'runn', tries = 'many'`)
		if n != 1 {
			t.Errorf("%d rows", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	w.run(time.Minute)
	if d := w.city.find(bad.ID); d.State != drill.Failed || d.Over.IsZero() || !strings.Contains(d.Reason().EN, "could not be read") {
		t.Errorf("%+v", d)
	}
	if !strings.Contains(w.city.log.String(), "a drill cannot be read") {
		t.Errorf("the journal:\n%s", w.city.log)
	}
	// Its message and its entry are still there, and ring: they are for people now.
	if got := w.city.open(); !slices.Contains(got, "message-parked exchange.drill (drill)") {
		t.Errorf("open: %q", got)
	}
	items := must(w.city.x.Stuck(t.Context(), 10))
	if len(items) != 1 {
		t.Fatalf("%+v", items)
	}
	if err := w.city.x.Propose(t.Context(), items[0].ID, exchange.Withdraw, "訓練の残り", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := w.city.x.Confirm(t.Context(), items[0].ID, "operator-2"); err != nil {
		t.Fatal(err)
	}
	w.run(5 * time.Minute) // the self-audit has put the entry right
	d := w.city.begin()
	w.run(5 * time.Minute)
	if d = w.city.find(d.ID); d.State != drill.Held || d.Over.IsZero() {
		t.Errorf("the next one: %+v, missing %v", d, d.Missing())
	}
}
