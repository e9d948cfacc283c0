package inspection

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of the inspection.
var Schema = sqlstore.SchemaIn("inspection", files)

// Fault is what a rule finds wrong with an item.
type Fault struct {
	Rule string // names the rule, for ever: "signature"
	// Sure says that nothing which happened between two looks can explain it, so that one look is enough.
	Sure bool
	plain.Sentence
}

// Unjudged is the rule of an item over which its judge failed or panicked: it was set aside, and may be wrong.
const Unjudged = "unjudged"

// Item is one thing, with all that it is held against.
type Item struct {
	Key string // names it within its way; shown, so that it is no person's
	// Print gives a hash of what is judged. A finding that a person has closed comes again when the item has another one. Few
	// items need theirs.
	Print func() []byte
	// Judge gives what is wrong. No transaction is open. It must return when ctx ends.
	Judge func(ctx context.Context) ([]Fault, error)
	// Learnt gives how to write down what the judge has seen, in the transaction in which the faults are; it is asked afterwards. It
	// and what it gives may be nil.
	Learnt func() func(ctx context.Context, tx *sqlstore.Tx) error
}

// ErrPutOff is the error of a judge who cannot tell today, for a reason that is told elsewhere: what was found stays as it is.
var ErrPutOff = errors.New("it cannot be told today")

// Way is a kind of thing that is gone round.
type Way struct {
	Name  string // "certificates"; unique in an organisation
	Title plain.Sentence
	Item  plain.Sentence // what the key of an item is: a serial, a municipality

	// Read gives at most about limit items behind a place ("": from the start), and the place behind them, "" at the end. An
	// item that cannot be read is an item whose Judge says so. Nil: nobody goes round, and Note is told what is wrong.
	Read func(ctx context.Context, tx *sqlstore.Tx, place string, limit int) (items []Item, next string, err error)
	// Look reads one item again; false: it is not there any more.
	Look func(ctx context.Context, tx *sqlstore.Tx, key string) (Item, bool, error)

	Page  int           // items in one piece
	Pause time.Duration // at least, between two pieces
	Round time.Duration // a round takes at least as long

	// Stays says that what a rule finds was an event, and no state: its finding does not end when the item is found right.
	Stays func(rule string) bool

	Alarm alarm.Code
	// Other gives a rule an alarm of its own.
	Other map[string]alarm.Code
	Href  string // the page with the findings
}

// alarmOf is the alarm of a rule.
func (w *Way) alarmOf(rule string) alarm.Code {
	if c, ok := w.Other[rule]; ok {
		return c
	}
	return w.Alarm
}

func (w *Way) stays(rule string) bool { return w.Stays != nil && w.Stays(rule) }
