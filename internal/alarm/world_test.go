package alarm_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

const (
	self = message.Org("municipality-202029")
	peer = message.Org("prefecture-20")
)

// world is an organisation's alarms over a store, in virtual time.
type world struct {
	*testing.T
	clock  *clock.Virtual
	faults *sqlstoretest.Faults
	store  *sqlstore.Store
	log    journal

	*alarm.Alarms
	due    *due.List
	driver *clock.Driver
}

func open(t *testing.T, url string, cfg alarm.Config, sources ...alarm.Source) *world {
	t.Helper()
	w := &world{T: t, clock: clock.NewVirtual(start), faults: &sqlstoretest.Faults{}}
	w.store = sqlstoretest.Open(t, url, sqlstore.Options{Clock: w.clock, Faults: w.faults}, due.Schema, alarm.Schema)
	w.restart(cfg, sources...)
	return w
}

// restart makes the program anew over the same rows.
func (w *world) restart(cfg alarm.Config, sources ...alarm.Source) {
	w.Helper()
	cfg.Self, cfg.Store, cfg.Clock, cfg.Log = self, w.store, w.clock, slog.New(slog.NewTextHandler(&w.log, nil))
	a, err := alarm.New(cfg)
	if err != nil {
		w.Fatal(err)
	}
	a.Add(sources...)
	w.Alarms = a
	w.due = due.New(w.store, w.clock, a.Due(), func(context.Context, *sqlstore.Tx, []message.Out) error { return nil }, slog.New(slog.DiscardHandler))
	w.driver = clock.NewDriver(w.clock, append(a.Tasks(), w.due.Tasks()...))
}

// until drives to so long after the start. An error that lasts is returned.
func (w *world) until(d time.Duration) error { return w.driver.Until(w.Context(), start.Add(d)) }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// open lists what a page shows as open: "code peer about=value".
func (w *world) open() []string {
	w.Helper()
	v, err := w.View(w.Context(), 0)
	w.must(err)
	var all []string
	for _, a := range v.Open {
		all = append(all, fmt.Sprintf("%s=%d", strings.Join(strings.Fields(fmt.Sprint(a.Code, " ", a.Peer, " ", a.What)), " "), a.Value))
	}
	return all
}

func (w *world) expect(when string, want ...string) {
	w.Helper()
	if got := w.open(); fmt.Sprint(got) != fmt.Sprint(want) {
		w.Errorf("%s: open are %q, want %q", when, got, want)
	}
}

// history is every alarm that ever opened, oldest first: "code about opened+s closed+s".
func (w *world) history() []string {
	w.Helper()
	v, err := w.View(w.Context(), 10000)
	w.must(err)
	var all []string
	for _, a := range v.Closed {
		all = append([]string{fmt.Sprintf("%s %s+%g+%g", a.Code, a.What, a.OpenedAt.Sub(start).Seconds(), a.ClosedAt.Sub(start).Seconds())}, all...)
	}
	for _, a := range v.Open {
		all = append(all, fmt.Sprintf("%s %s+%g", a.Code, a.What, a.OpenedAt.Sub(start).Seconds()))
	}
	return all
}

// script is a source that says what a test tells it.
type script struct {
	name string
	say  func(ctx context.Context, at time.Duration) ([]alarm.Signal, error)
}

func (s script) Name() string { return s.name }
func (s script) Signals(ctx context.Context, now time.Time) ([]alarm.Signal, error) {
	return s.say(ctx, now.Sub(start))
}

// journal collects what is logged.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// receiver is the other end of a webhook.
type receiver struct {
	answer func(r *http.Request, body []byte) (int, error)
	got    []string // bodies that it acknowledged
	calls  int
	mu     sync.Mutex // two notifications may come at a time
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.calls++
	status := http.StatusNoContent
	if r.answer != nil {
		if status, err = r.answer(req, body); err != nil {
			return nil, err
		}
	}
	if status < 300 {
		r.got = append(r.got, string(body))
	}
	h := http.Header{}
	if status >= 300 && status < 400 {
		h.Set("Location", "https://elsewhere.example/")
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("ok")), Request: req}, nil
}
