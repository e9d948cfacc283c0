package exchange_test

import (
	"context"
	"errors"
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
