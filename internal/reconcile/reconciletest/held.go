package reconciletest

import (
	"context"
	"maps"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Failer is a test, or a check of one.
type Failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Held gives what an organisation holds of a book with a peer. It fails unless the state tables, read in small pages and
// looked up key by key, say the same as the entries that were written with the state. A row that cannot be read has the
// zero value, and whatever entry.
func Held(t Failer, store *sqlstore.Store, table reconcile.Table, peer message.Org) map[string]message.Hash {
	t.Helper()
	state, looked := map[string]message.Hash{}, map[string]message.Hash{}
	var entries map[string]message.Hash
	err := store.View(context.Background(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var keys []string
		for cursor := ""; ; {
			rows, next, err := table.Scan(ctx, tx, peer, cursor, 2)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if _, twice := state[r.Key]; twice {
					t.Fatalf("%s: %s is listed twice", table.Book, r.Key)
				}
				state[r.Key], keys = r.Value, append(keys, r.Key)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		var err error
		if looked, err = table.Look(ctx, tx, peer, append(keys, "nothing", "00000000000/7")); err != nil {
			return err
		}
		if entries, err = reconcile.Entries(ctx, tx, table.Book, peer); err != nil {
			return err
		}
		for k := range entries {
			if held, there := state[k]; there && held == (message.Hash{}) {
				entries[k] = held
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("couldn't read the book %s with %s: %v", table.Book, peer, err)
	}
	if !maps.Equal(state, looked) || !maps.Equal(state, entries) {
		t.Fatalf("book %s with %s: the state tables say %x, looked up %x, and the entries are %x", table.Book, peer, state, looked, entries)
	}
	return state
}

// Told gives the entries that messages have left in a book, one after the other. A snapshot leaves what it says under its
// key, and takes out what its payload takes out.
func Told(book message.Book, messages ...message.Payload) map[string]message.Hash {
	held := map[string]message.Hash{}
	for _, m := range messages {
		only := ""
		if n, ok := m.(message.Snapshot); ok {
			if n.Book == book {
				delete(held, n.Key)
			}
			only = n.Key
			m, _ = n.State()
		}
		told, ok := m.(message.Booked)
		if !ok {
			continue
		}
		for _, e := range told.Entries() {
			switch {
			case e.Book != book:
			case e.Is == message.Hash{}:
				delete(held, e.Key)
			case only == "" || only == e.Key:
				held[e.Key] = e.Is
			}
		}
	}
	return held
}
