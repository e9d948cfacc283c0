package booktable_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

var schema = sqlstore.Schema{Name: "booktable_test", FS: fstest.MapFS{"0001_test.sql": {Data: []byte(`
	CREATE TABLE fact(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, present BOOLEAN NOT NULL);
	CREATE TABLE struck(id BIGINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, book TEXT NOT NULL, key TEXT NOT NULL,
		case_ref TEXT NOT NULL, kind TEXT NOT NULL, body BYTEA NOT NULL);`)}}}

// fact is a row whose value is one letter; anything longer cannot be read.
type fact struct{ key, value string }

func (f fact) Entry() reconcile.Row {
	if len(f.value) != 1 {
		return reconcile.Row{Key: f.key}
	}
	return reconcile.Row{Key: f.key, Value: message.Hash{f.value[0]}}
}

var facts = booktable.Table[fact]{Of: "facts", Select: `SELECT f.key, f.value FROM fact AS f`, Key: "f.key", Where: "f.present = TRUE",
	Read: func(r *sqlstore.Rows, f *fact) error { return r.Scan(&f.key, &f.value) }}

// TestTable: page by page and key by key the book is the same, a row that cannot be read is there without a value, and one
// that the book does not have is nowhere but where it is asked for by its key.
func TestTable(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, schema)
		err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			for _, f := range []struct {
				fact
				present bool
			}{{fact{"a", "1"}, true}, {fact{"b", "damaged"}, true}, {fact{"c", "3"}, false}, {fact{"d", "4"}, true}, {fact{"e", "5"}, true}} {
				tx.Collect("fact", "key, value, present", f.key, f.value, f.present)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []reconcile.Row{{Key: "a", Value: message.Hash{'1'}}, {Key: "b"}, {Key: "d", Value: message.Hash{'4'}}, {Key: "e", Value: message.Hash{'5'}}}
		err = s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			for limit := 1; limit <= 5; limit++ {
				var all []reconcile.Row
				for cursor, first := "", true; first || cursor != ""; first = false {
					page, next, err := facts.Scan(ctx, tx, "ca", cursor, limit)
					if err != nil {
						return err
					}
					all, cursor = append(all, page...), next
				}
				if !slices.Equal(all, want) {
					t.Errorf("by %d: %v", limit, all)
				}
			}
			held, err := facts.Look(ctx, tx, "ca", []string{"a", "b", "c", "d", "nobody's"})
			if !maps.Equal(held, map[string]message.Hash{"a": {'1'}, "b": {}, "d": {'4'}}) {
				t.Errorf("looked up: %v", held)
			}
			if err != nil {
				return err
			}
			for key, there := range map[string]bool{"a": true, "b": true, "c": true, "nobody's": false} {
				f, found, err := facts.Find(ctx, tx, key)
				if err != nil {
					return err
				}
				if found != there || found && f.key != key {
					t.Errorf("%q: %v, %v", key, f, found)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestKeep(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, schema)
		was := message.ExchangeDrill{Drill: "d1"}
		err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return booktable.Keep(tx, message.Drills, "d1", "ca/1", was)
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			var book, key, of, kind string
			var body []byte
			if err := tx.QueryRow(ctx, `SELECT book, key, case_ref, kind, body FROM struck`).Scan(&book, &key, &of, &kind, &body); err != nil {
				return err
			}
			got, err := message.Decode(message.Kind(kind), body)
			if got != message.Payload(was) || book != string(message.Drills) || key != "d1" || of != "ca/1" {
				t.Errorf("%s %s %s: %v", book, key, of, got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestCarried(t *testing.T) {
	n := message.Snapshot{Book: message.Drills, Key: "d1"}
	drill := message.ExchangeDrill{Drill: "d1"}
	if got, err := booktable.Carried[message.ExchangeDrill](n, drill); err != nil || got == nil || *got != drill {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := booktable.Carried[message.ExchangeDrill](n, nil); err != nil || got != nil {
		t.Errorf("nothing carried: %v, %v", got, err)
	}
	if got, err := booktable.Carried[message.ExchangeDrill](n, message.CertStatus{}); err == nil {
		t.Errorf("another kind is taken for nothing: %v", got)
	}
}

func TestGround(t *testing.T) {
	d := exchange.Delivery{ID: message.ID{Sender: "ca", Node: "1", Epoch: 1, Receiver: "validation", Seq: 7}}
	if got := booktable.Ground(d, message.Snapshot{Case: "ca/1"}); got != "ca/1" {
		t.Errorf("of a case: %s", got)
	}
	if got := booktable.Ground(d, message.Snapshot{}); got != d.ID.String() {
		t.Errorf("of no case: %s", got)
	}
}
