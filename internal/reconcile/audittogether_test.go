package reconcile_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestAuditLooksAtAPageAtOnce: the self-audit asks the state tables for all entries of a page together, and key by key only where
// that failed. What is wrong is found either way.
func TestAuditLooksAtAPageAtOnce(t *testing.T) {
	const entries = 300
	for name, fails := range map[string]bool{"together": false, "one of them panics": true} {
		t.Run(name, func(t *testing.T) {
			store := sqlstoretest.Open(t, "memory:", sqlstore.Options{Log: slog.New(slog.DiscardHandler)}, auditlog.Schema, exchange.Schema(), reconcile.Schema(), recordSchema)
			state := map[string]message.Hash{}
			looks, most := 0, 0
			var pause time.Duration
			table := reconcile.Table{Book: message.Residents, Source: func(message.Org) bool { return true },
				Show:     func(context.Context, *sqlstore.Tx, message.Org, string) (s plain.Sentence, err error) { return s, nil },
				Snapshot: func(context.Context, *sqlstore.Tx, message.Org, string) (message.Payload, error) { return nil, nil },
				Scan: func(context.Context, *sqlstore.Tx, message.Org, string, int) ([]reconcile.Row, string, error) {
					return nil, "", nil
				},
				Look: func(_ context.Context, _ *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
					looks, most = looks+1, max(most, len(keys))
					held := map[string]message.Hash{}
					for _, k := range keys {
						if fails && k == "k7" {
							panic("planted")
						}
						if v, there := state[k]; there {
							held[k] = v
						}
					}
					return held, nil
				}}
			b, err := reconcile.New(t.Context(), reconcile.Config{Self: city, Store: store, Peers: []message.Org{pref}, Tables: []reconcile.Table{table},
				Secrets: reconciletest.Secrets(city), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			err = store.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
				for i := range entries {
					k := fmt.Sprintf("k%d", i)
					state[k] = value(i + 1)
					b.Set(tx, message.Residents, pref, k, state[k])
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Fold(t.Context()); err != nil {
				t.Fatal(err)
			}
			state["k1"] = value(5000)
			delete(state, "k2")
			for range 2 { // the scan, and the look at the entries
				if pause, err = b.AuditStep(t.Context(), message.Residents, pref); err != nil {
					t.Fatal(err)
				}
			}
			// A third of the cycle: what has come in is in its pages before a cycle has counted it.
			if pause, err = b.AuditStep(t.Context(), message.Residents, pref); err != nil || pause > 11*time.Second {
				t.Errorf("the next page is looked at after %s, %v", pause, err)
			}
			found, err := b.Findings(t.Context(), true, 100)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range found {
				got[f.Key] = f.What
			}
			want := map[string]string{"k1": "changed", "k2": "gone"}
			if fails {
				want["k7"] = "unreadable"
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("found %v, not %v", got, want)
			}
			// Once in the look, and once in the transaction that mends what is wrong.
			if !fails && looks != 2 || most != entries || fails && looks < entries {
				t.Errorf("%d looks at up to %d keys", looks, most)
			}
		})
	}
}
