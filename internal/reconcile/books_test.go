package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

func openBooks(t testing.TB, url string, opt sqlstore.Options) (*sqlstore.Store, *reconcile.Books) {
	t.Helper()
	store := sqlstoretest.Open(t, url, opt, exchange.Schema(), reconcile.Schema(), recordSchema)
	table := (&end{self: city, peer: pref}).table(message.Residents)
	b, err := reconcile.New(t.Context(), reconcile.Config{Self: city, Store: store, Peers: []message.Org{pref}, Tables: []reconcile.Table{table},
		Secrets: reconciletest.Secrets(city)})
	if err != nil {
		t.Fatal(err)
	}
	return store, b
}

func value(n int) (h message.Hash) {
	h[0], h[31] = byte(n>>8)|0x80, byte(n)
	return h
}

var errUndo = errors.New("undo")

// Whatever is set, in whatever transactions, some of them failed and some failed but applied: the entries are those of a
// map, and the digests are the sums of the entries.
func TestSetKeepsEntriesAndSums(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		faults := new(sqlstoretest.Faults)
		store, b := openBooks(t, url, sqlstore.Options{Faults: faults})
		b.FoldBy(3, 40)
		want := map[string]message.Hash{}
		rapid.Check(t, func(r *rapid.T) {
			next := map[string]message.Hash{}
			for k, v := range want {
				next[k] = v
			}
			fault := rapid.SampledFrom([]string{"", "", "", "failed", "failed but applied", "rule"}).Draw(r, "fault")
			steps := rapid.IntRange(1, 30).Draw(r, "steps")
			type set struct {
				key   string
				value message.Hash
				undo  bool
				flush bool
			}
			var sets []set
			for range steps {
				s := set{key: fmt.Sprint("k", rapid.IntRange(0, 40).Draw(r, "key")), undo: rapid.IntRange(0, 5).Draw(r, "undo") == 0,
					flush: rapid.IntRange(0, 5).Draw(r, "flush") == 0}
				if n := rapid.IntRange(0, 3).Draw(r, "value"); n > 0 {
					s.value = value(n)
				}
				sets = append(sets, s)
			}
			switch fault {
			case "failed":
				faults.FailNext(1)
			case "failed but applied":
				faults.LoseNext(1)
			}
			err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				for _, s := range sets {
					if s.undo {
						err := tx.Attempt(ctx, func() error {
							b.Set(tx, message.Residents, pref, s.key, value(9))
							if s.flush {
								if err := tx.Flush(ctx); err != nil {
									return err
								}
							}
							return errUndo
						})
						if !errors.Is(err, errUndo) {
							return err
						}
						continue
					}
					b.Set(tx, message.Residents, pref, s.key, s.value)
					next[s.key] = s.value
					if s.flush {
						if err := tx.Flush(ctx); err != nil {
							return err
						}
					}
				}
				if fault == "rule" {
					return errUndo
				}
				return nil
			})
			faults.FailNext(0)
			faults.LoseNext(0)
			if (err != nil) != (fault != "") {
				r.Fatalf("%s: %v", fault, err)
			}
			if fault == "" || fault == "failed but applied" {
				want = next
			}
			// Whether it is folded, and how far, is nothing that anybody sees.
			switch rapid.SampledFrom([]string{"", "", "all", "failed", "failed but applied", "in a transaction", "undone"}).Draw(r, "fold") {
			case "all":
				if err := b.Fold(t.Context()); err != nil {
					r.Fatal(err)
				}
			case "failed":
				faults.FailNext(1)
				b.Fold(t.Context())
				faults.FailNext(0)
			case "failed but applied":
				faults.LoseNext(1)
				b.Fold(t.Context())
				faults.LoseNext(0)
			case "in a transaction":
				if err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return b.FoldIn(ctx, tx) }); err != nil {
					r.Fatal(err)
				}
			case "undone":
				store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return errors.Join(b.FoldIn(ctx, tx), errUndo) })
			}
			got, sums, err := b.Held(t.Context(), message.Residents, pref)
			if err != nil {
				r.Fatal(err)
			}
			n := 0
			for k, v := range want {
				if v != (message.Hash{}) {
					n++
				}
				if got[k] != v {
					r.Fatalf("%s is %x, not %x", k, got[k], v)
				}
			}
			if len(got) != n {
				r.Fatalf("%d entries, not %d", len(got), n)
			}
			if sums != "" {
				r.Fatal(sums)
			}
		})
	})
}

func TestSetRefusesWhatNoTableHolds(t *testing.T) {
	store, b := openBooks(t, "memory:", sqlstore.Options{})
	for _, set := range []func(tx *sqlstore.Tx){
		func(tx *sqlstore.Tx) { b.Set(tx, message.Certificates, pref, "k", value(1)) },
		func(tx *sqlstore.Tx) { b.Set(tx, message.Residents, city, "k", value(1)) },
		func(tx *sqlstore.Tx) { b.Set(tx, message.Residents, pref, "", value(1)) },
	} {
		if err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { set(tx); return nil }); err == nil {
			t.Error("an entry was set that no table holds")
		}
	}
}

func TestNoBookWithoutASecret(t *testing.T) {
	store := sqlstoretest.Open(t, "memory:", sqlstore.Options{}, exchange.Schema(), reconcile.Schema(), recordSchema)
	table := (&end{self: city, peer: pref}).table(message.Residents)
	for _, secrets := range []func(message.Org) []byte{nil, func(message.Org) []byte { return make([]byte, 31) }} {
		_, err := reconcile.New(t.Context(), reconcile.Config{Self: city, Store: store, Peers: []message.Org{pref}, Tables: []reconcile.Table{table}, Secrets: secrets})
		if _, refused := plain.AsProblems(err); !refused {
			t.Errorf("opened: %v", err)
		}
	}
}
