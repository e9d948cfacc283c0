package books_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/alarm/books"
	"github.com/akashi-id/akashi/internal/alarm/drill"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
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

// end is an organisation that holds one book, that of drills, and nothing else.
type end struct {
	store  *sqlstore.Store
	books  *reconcile.Books
	source *books.Source
	tasks  []clock.Task
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func open(t *testing.T, url string, clk *clock.Virtual, net *exchange.Memory, ca *pki.InfrastructureCA, self, peer message.Org) *end {
	e := &end{store: sqlstoretest.Open(t, url, sqlstore.Options{Clock: clk, Log: slog.New(slog.DiscardHandler)},
		auditlog.Schema, exchange.Schema(), reconcile.Schema(), drill.Schema)}
	e.books = must(reconcile.New(t.Context(), reconcile.Config{Self: self, Store: e.store, Clock: clk, Peers: []message.Org{peer},
		Tables: []reconcile.Table{drill.Table(self)}, Secrets: reconciletest.Secrets(self)}))
	signer := must(ca.NewIdentity(rand.Reader, start, string(self), pki.ForSigning))
	x := must(exchange.New(t.Context(), exchange.Config{Self: self, Store: e.store, Clock: clk, Rand: rand.Reader, Trust: must(pki.NewTrust(ca.Certificate())),
		Signer: signer, Link: net.As(self), Peers: []message.Org{peer}, Routes: e.books.Routes()}))
	e.books.Join(x)
	net.Join(self, x)
	e.source, e.tasks = books.New(e.books), slices.Concat(x.Tasks(), e.books.Tasks())
	return e
}

// expect compares what would be told with the table of alarms.
func (e *end) expect(t *testing.T, clk *clock.Virtual, when string, want ...string) {
	t.Helper()
	var got []string
	for _, s := range must(e.source.Signals(t.Context(), clk.Now())) {
		if d, ok := alarm.DefinitionOf(s.Code); ok && s.Value >= d.Raise {
			got = append(got, fmt.Sprintf("%s %s %s drill=%v", s.Code, s.Peer, s.About, s.Drill))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

// TestBooks: quiet while the books agree; an entry without a message, a row that a hand took out, a peer that is away and
// an audit that does not run are told, each as long as it is so.
func TestBooks(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		clk, net := clock.NewVirtual(start), &exchange.Memory{}
		ca := must(pki.NewInfrastructureCA(rand.Reader, start))
		a, b := open(t, url, clk, net, ca, city, pref), open(t, "memory:", clk, net, ca, pref, city)
		driver := clock.NewDriver(clk, slices.Concat(a.tasks, b.tasks))
		run := func(d time.Duration) {
			t.Helper()
			if err := driver.Until(t.Context(), clk.Now().Add(d)); err != nil {
				t.Fatal(err)
			}
		}
		update := func(fn func(ctx context.Context, tx *sqlstore.Tx) error) {
			t.Helper()
			if err := a.store.Update(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		run(5 * time.Minute)
		a.expect(t, clk, "quiet")
		b.expect(t, clk, "quiet")
		row := func(ctx context.Context, tx *sqlstore.Tx, id string) error {
			_, err := tx.Exec(ctx, `INSERT INTO alarm_drill(id, peer, by_person, begun_at, ended_at, state, webhook, poison, poison_screen, poison_metric, poison_webhook,
				poison_left, tries, loss, loss_screen, loss_metric, loss_webhook, loss_left, over_at)
				VALUES ($1, $2, '', 1, 1, 'held', FALSE, '', 0, 0, 0, FALSE, 0, TRUE, 0, 0, 0, TRUE, 1)`, id, string(pref))
			return err
		}
		update(func(ctx context.Context, tx *sqlstore.Tx) error {
			a.books.Set(tx, message.Drills, pref, "d1", message.EntryValue(message.Drills, "d1"))
			return row(ctx, tx, "d1")
		})
		run(2 * time.Minute)
		a.expect(t, clk, "a loss", "case-open prefecture-20 drill drill=true")
		b.expect(t, clk, "a loss", "case-open municipality-202029 drill drill=true")
		update(func(ctx context.Context, tx *sqlstore.Tx) error {
			a.books.Set(tx, message.Drills, pref, "d1", message.Hash{})
			_, err := tx.Exec(ctx, `UPDATE alarm_drill SET loss_left = FALSE`)
			return err
		})
		run(2 * time.Minute)
		a.expect(t, clk, "put right")
		b.expect(t, clk, "put right")
		update(func(ctx context.Context, tx *sqlstore.Tx) error { return row(ctx, tx, "d2") })
		run(2 * time.Minute)
		a.expect(t, clk, "a row by hand", "case-open prefecture-20 drill drill=true", "row-changed prefecture-20 drill drill=false")
		b.expect(t, clk, "what came of it", "case-open municipality-202029 drill drill=true")
		net.Join(pref, nil)
		run(4 * time.Minute)
		a.expect(t, clk, "the peer is away", "case-open prefecture-20 drill drill=true", "row-changed prefecture-20 drill drill=false", "comparison-missing prefecture-20 drill drill=false")
		b.expect(t, clk, "nobody asks", "case-open municipality-202029 drill drill=true", "comparison-missing municipality-202029 drill drill=false")
		clk.Set(clk.Now().Add(time.Hour)) // nothing runs
		b.expect(t, clk, "nothing runs", "case-open municipality-202029 drill drill=true", "comparison-missing municipality-202029 drill drill=false", "audit-late municipality-202029 drill drill=false")
		found := map[string]bool{}
		for _, f := range a.source.Figures() {
			found[f.Name] = true
			if !alarm.Documented(f) {
				t.Errorf("docs/alarms.md says nothing, or something else, of %+v", f)
			}
			if f.Name == "akashi_reconcile_findings" && f.Value != 1 {
				t.Errorf("%+v", f)
			}
		}
		if len(found) != 6 {
			t.Errorf("figures: %v", found)
		}
	})
}
