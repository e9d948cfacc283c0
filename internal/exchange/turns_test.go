package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// TestDeferredGoByTurns: while a thousand messages fail again and again, one that nobody has seen yet is applied with the
// next batch but one, and not behind all of them.
func TestDeferredGoByTurns(t *testing.T) {
	c := newCountry(t)
	var a member
	failures, since, applied := 0, -1, false
	b := exchange.On(func(tx *sqlstore.Tx) *sqlstore.Tx { return tx },
		func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
			if n.Count == 7 {
				applied = true
				return nil, nil
			}
			switch failures++; {
			case failures > 1000 && since < 0: // all have failed, and the first is offered again: all are due
				since = 0
				a.send(t, request("good", 7))
			case since >= 0 && !applied:
				since++
			}
			return nil, errors.New("it fails")
		})
	c.open("memory:", center, municipality, b)
	a = c.open("memory:", municipality, center)
	var bad []message.Out
	for i := range 1000 {
		bad = append(bad, request(fmt.Sprint("bad", i), 13))
	}
	a.send(t, bad...)
	c.run(time.Second)
	if !applied || since < 0 || since > 60 {
		t.Errorf("the good one was applied: %v, after %d failures of others", applied, since)
	}
	c.run(time.Hour)
	pairs, err := a.Pairs(t.Context())
	if err != nil || pairs[0].Parked != 1000 {
		t.Errorf("in the end %d of 1,000 are parked: %v", pairs[0].Parked, err)
	}
}
