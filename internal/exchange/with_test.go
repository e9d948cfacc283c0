package exchange_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// TestWithIsOneTransaction shows that what a person does and what is recorded of it stand or fall together.
func TestWithIsOneTransaction(t *testing.T) {
	c := newCountry(t)
	c.open("memory:", center, municipality, exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.CodeRequest) ([]message.Out, error) {
		return nil, exchange.Reject("no", "受け取れません。", "not taken")
	}))
	a := c.open("memory:", municipality, center)
	id := a.send(t, message.Out{To: center, Body: message.CodeRequest{Request: "r", Count: 1}})[0]
	c.run(time.Minute)
	broken := errors.New("the audit log cannot be written")
	refuse := func(context.Context, *sqlstore.Tx, exchange.Proposal) error { return broken }
	proposal := func() *exchange.Proposal {
		_, notes, p, err := a.Find(t.Context(), id)
		if err != nil || len(notes) != 0 {
			t.Fatalf("%v, %d notes", err, len(notes))
		}
		return p
	}
	if err := a.Propose(t.Context(), id, exchange.Withdraw, "不要", "operator-1", refuse); !errors.Is(err, broken) || proposal() != nil {
		t.Fatalf("%v: proposed without a record", err)
	}
	if err := a.Write(t.Context(), id, "inquiry", "なぜか", "operator-1", refuse); !errors.Is(err, broken) || proposal() != nil {
		t.Fatalf("%v: written without a record", err)
	}
	if err := a.Propose(t.Context(), id, exchange.Withdraw, "不要", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := a.Confirm(t.Context(), id, "operator-2", refuse); !errors.Is(err, broken) || proposal() == nil {
		t.Fatalf("%v: carried out without a record", err)
	}
	if err := a.Confirm(t.Context(), id, "operator-2", func(_ context.Context, _ *sqlstore.Tx, p exchange.Proposal) error {
		if p.Act != exchange.Withdraw || p.By != "operator-1" {
			t.Errorf("confirmed %+v", p)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
