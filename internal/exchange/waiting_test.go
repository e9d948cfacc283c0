package exchange_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestWhenWaiting: what must not wait with a message goes out when the message is refused or cannot be read, and what goes
// wrong with it changes neither that decision nor any other message's.
func TestWhenWaiting(t *testing.T) {
	var told []string
	c := newCountry(t)
	rule := func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
		if n.Request != "good" {
			return nil, exchange.Reject("no", "受け取れません。", "not taken")
		}
		return nil, nil
	}
	var x member
	x = c.open("memory:", center, municipality, exchange.On(raw, rule).WhenWaiting(
		func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery) ([]message.Out, error) {
			outs := []message.Out{{To: municipality, Body: message.CodeAllotment{Request: "for-" + d.Keys[0], Codes: []resident.RecordCode{resident.RecordCodeOf(1)}}}}
			switch d.Keys[0] {
			case "fails-after-writing":
				if _, err := x.Send(ctx, tx, outs, "t"); err != nil {
					return nil, err
				}
				return nil, errors.New("a fault")
			case "panics":
				panic("a fault")
			}
			return outs, nil
		}))
	a := c.open("memory:", municipality, center, exchange.On(raw, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CodeAllotment) ([]message.Out, error) {
		tx.OnCommit(func() { told = append(told, n.Request) })
		return nil, nil
	}))
	var outs []message.Out
	for _, r := range []string{"refused", "fails-after-writing", "panics", "good", "refused-too"} {
		outs = append(outs, message.Out{To: center, Body: message.CodeRequest{Request: r, Count: 1}})
	}
	outs = append(outs, message.Out{To: center, Body: message.CodeRequest{Request: "unreadable"}}) // of no code
	ids := a.send(t, outs...)
	c.run(time.Minute)
	for i, want := range []string{"no", "no", "no", "", "no", "malformed"} {
		item, _, _, err := a.Find(t.Context(), ids[i])
		if err != nil || item.Code != want {
			t.Errorf("%s: %q, want %q; %v", ids[i], item.Code, want, err)
		}
	}
	slices.Sort(told)
	if want := []string{"for-refused", "for-refused-too", "for-unreadable"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
