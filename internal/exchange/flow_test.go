package exchange_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestBacklogsAndFlows: what waits and what is parked is told by kind on both sides, and what comes into the outbox is
// counted once.
func TestBacklogsAndFlows(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		c := newCountry(t)
		b := c.open("memory:", center, municipality, exchange.On(raw, func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
			if n.Count == 13 {
				return nil, exchange.Reject("unlucky", "十三は受け取れません。", "thirteen is not taken")
			}
			return nil, nil
		}))
		a := c.open(url, municipality, center)
		told := func(x member) string {
			all, err := x.Backlogs(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var s []string
			for _, l := range all {
				s = append(s, fmt.Sprintf("%s %s out=%v parked=%v %d +%v", l.Peer, l.Kind, l.Out, l.Parked, l.N, l.Oldest.Sub(start)))
			}
			return strings.Join(s, "; ")
		}
		var flows exchange.Flows
		flow := func() string {
			all, err := flows.Next(t.Context(), a.Exchange)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(all)
		}
		a.send(t, message.Out{To: center, Body: message.CodeRequest{Request: "before", Count: 1}})
		if got := flow(); got != "[]" {
			t.Errorf("the first look counts %s", got)
		}
		c.net.Join(center, nil)
		c.clk.Set(start.Add(time.Second))
		for i := range uint32(15) {
			a.send(t, message.Out{To: center, Body: message.CodeRequest{Request: fmt.Sprint(i), Count: i + 1}})
		}
		if got := flow(); got != "[{nationalcenter code.request 15}]" {
			t.Errorf("counted %s", got)
		}
		c.run(time.Second)
		if got := told(a); got != "nationalcenter code.request out=true parked=false 16 +0s" {
			t.Errorf("away: %s", got)
		}
		c.net.Join(center, b.Exchange)
		c.run(time.Minute)
		if got := told(a); got != "nationalcenter code.request out=true parked=true 1 +1s" {
			t.Errorf("the sender: %s", got)
		}
		if got := told(b); got != "municipality-202029 code.request out=false parked=true 1 +1s" {
			t.Errorf("the receiver: %s", got)
		}
		if got := flow(); got != "[]" {
			t.Errorf("counted again: %s", got)
		}
	})
}

// TestFlowsReadLittle: the alarms look every few seconds, at any number of messages.
func TestFlowsReadLittle(t *testing.T) {
	store := must(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{}, exchange.Schema()))
	defer store.Close()
	for query, want := range exchange.FlowQueries() {
		err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			args := []any{"center", int64(1), int64(1), int64(1)}[:strings.Count(query, "$")]
			rows, err := tx.Query(ctx, "EXPLAIN QUERY PLAN "+query, args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			var plan strings.Builder
			for rows.Next() {
				var a, b, c int64
				var detail string
				if err := rows.Scan(&a, &b, &c, &detail); err != nil {
					return err
				}
				plan.WriteString(detail + "; ")
			}
			if !strings.Contains(plan.String(), want) {
				t.Errorf("%s\nplan: %s\nwant: %s", query, plan.String(), want)
			}
			return rows.Err()
		})
		if err != nil {
			t.Error(err)
		}
	}
}
