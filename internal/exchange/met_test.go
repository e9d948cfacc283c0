package exchange_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestNoDecisionBeforeHello shows that people of a receiver that was started anew decide on nothing before the sender has
// called: its database may be a restored copy, in which their decision would count as one that was lost.
func TestNoDecisionBeforeHello(t *testing.T) {
	c := newCountry(t)
	refuse := exchange.On(raw, func(_ context.Context, _ *sqlstore.Tx, d exchange.Delivery, _ message.CodeRequest) ([]message.Out, error) {
		if d.Accepted {
			return nil, nil
		}
		return nil, exchange.Reject("no", "受け取れません。", "not taken")
	})
	url := sqlstoretest.SQLite(t)
	b := c.open(url, center, municipality, refuse)
	c.tasks = nil // it only receives
	a := c.open("memory:", municipality, center)
	id := a.send(t, message.Out{To: center, Body: message.CodeRequest{Request: "r", Count: 1}})[0]
	c.run(time.Minute)
	if err := b.Propose(t.Context(), id, exchange.Accept, "確認した", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	senders := c.tasks
	b = c.open(url, center, municipality, refuse)
	if err := b.Confirm(t.Context(), id, "operator-2"); !errors.Is(err, exchange.ErrNotMet) {
		t.Fatalf("%v: decided before the sender has called", err)
	}
	c.tasks = senders
	a.send(t, message.Out{To: center, Body: message.CodeRequest{Request: "s", Count: 1}})
	c.run(time.Minute)
	if err := b.Confirm(t.Context(), id, "operator-2"); err != nil {
		t.Errorf("after the hello: %v", err)
	}
}

// TestRestoredReceiverKnows: a receiver that was started anew learns from its own hello whether its database is a restored
// copy: if not, people may decide at once, though the sender has nothing to say; if so, they wait for it.
func TestRestoredReceiverKnows(t *testing.T) {
	c := newCountry(t)
	refuse := exchange.On(raw, func(_ context.Context, _ *sqlstore.Tx, d exchange.Delivery, _ message.CodeRequest) ([]message.Out, error) {
		if d.Accepted {
			return nil, nil
		}
		return nil, exchange.Reject("no", "受け取れません。", "not taken")
	})
	url := sqlstoretest.SQLite(t)
	copyOf := filepath.Join(t.TempDir(), "copy.db")
	b := c.open(url, center, municipality, refuse)
	a := c.open("memory:", municipality, center)
	id := a.send(t, message.Out{To: center, Body: message.CodeRequest{Request: "r", Count: 1}})[0]
	c.run(time.Minute)
	if err := b.Propose(t.Context(), id, exchange.Accept, "確認した", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Backup(t.Context(), copyOf); err != nil {
		t.Fatal(err)
	}
	a.send(t, message.Out{To: center, Body: message.CodeRequest{Request: "s", Count: 1}}) // the copy does not know of it
	c.run(time.Minute)
	start := func(url string) {
		if err := b.store.Close(); err != nil {
			t.Fatal(err)
		}
		c.tasks = nil
		b = c.open(url, center, municipality, refuse)
		c.run(time.Second) // the sender says nothing
	}
	start("sqlite:" + copyOf)
	if err := b.Confirm(t.Context(), id, "operator-2"); !errors.Is(err, exchange.ErrNotMet) {
		t.Errorf("%v: decided on a restored copy", err)
	}
	// The hello told the sender, too: it calls, and sends again what was lost.
	c.tasks = append(c.tasks, a.Tasks()...)
	c.run(time.Second)
	if p := must(b.Pairs(t.Context()))[0]; p.Received != 2 {
		t.Errorf("sent again: %+v", p)
	}
	if err := b.Confirm(t.Context(), id, "operator-2"); err != nil {
		t.Errorf("after the sender's hello: %v", err)
	}
	start(url)
	if err := b.Confirm(t.Context(), id, "operator-2"); err != nil {
		t.Errorf("on a database that was not restored: %v", err)
	}
}
