// Package due keeps and does the work whose time comes later (期日の来た仕事): a planned date, an expiry, the second step of
// a signature, the next step of a long affair.
//
// An item is a row that a rule adds in its own transaction, with the time from which it may be done. The List of the
// organisation takes the items whose time has come, in the order of their times, through up to three steps:
//
//   - Prepare reads what the next step needs, in a short read transaction;
//   - Outside does what takes long or may hang, signing for example, with no transaction open and under a deadline;
//   - Finish writes the effect and returns the messages to send; the item is removed in the same transaction.
//
// So Finish takes effect exactly once, and Outside at least once: after a crash between the two it is simply called
// again, and must therefore be harmless to repeat.
//
// An item that fails costs nobody else anything. It is tried again after a pause that grows to an hour, maxTries times
// in all, and is then parked: set aside with the sentence of its last failure, shown and counted, until a person lets it
// try again. A kind of which a step hangs costs its deadline once and goes to a lane of its own until it answers again;
// that holds for the steps inside of a transaction too, which is then rolled back.
//
// What fails for a reason that is not the item's (Later: no device is there that could sign) waits without being parked.
package due

import (
	"context"
	"embed"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the table due.
var Schema = sqlstore.SchemaIn("due", files)

// Item is one piece of work.
type Item struct {
	ID      int64     // unique in the store
	At      time.Time // when it was to be done
	Kind    string    // which Rule does it
	Ref     string    // what it is about, for Remove and for people: a case, a request, a record's key
	Payload []byte    // what the rule needs to know and cannot read; kept until the item is done
	Tries   int       // failures so far
}

// LogValue leaves out what the item is about.
func (i Item) LogValue() slog.Value {
	return slog.GroupValue(slog.Int64("id", i.ID), slog.String("kind", i.Kind), slog.Int("tries", i.Tries))
}

// The bells of a store for its List.
const (
	fastBell = "due"
	slowBell = "due/slow"
)

// Add puts an item on the list, to be done at or after the given time; a time that has passed means now. It is written
// with the transaction.
func Add(tx *sqlstore.Tx, at time.Time, kind, ref string, payload []byte) {
	if payload == nil {
		payload = []byte{}
	}
	tx.Collect("due", "id, kind, ref, payload, due_at, at, state, tries, reason_ja, reason_en",
		tx.Serial(), kind, ref, payload, at, at, "waiting", int64(0), "", "")
	ring(tx)
}

func ring(tx *sqlstore.Tx) {
	tx.Ring(fastBell)
	tx.Ring(slowBell)
}

// Remove takes the items of a kind and ref off the list, waiting or parked, and returns their number: the plan was
// cancelled. An item whose Outside is running is removed too; its Finish is then not called.
func Remove(ctx context.Context, tx *sqlstore.Tx, kind, ref string) (int64, error) {
	if err := tx.Flush(ctx); err != nil {
		return 0, err
	}
	return tx.Exec(ctx, "DELETE FROM due WHERE kind = $1 AND ref = $2", kind, ref)
}
