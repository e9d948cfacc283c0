// Package queue is how everything in the program that takes items one after another declares itself (順に処理するものの届出):
// every queue, every scan over rows, every batch, and every path that is gone through at the start.
//
// The poison rule (毒電文の決まり) holds for each of them: an item that cannot be processed is set aside, shown and counted,
// and never stops the others. In 2004 one message at the head of a queue stopped certificates for a whole country. So
// that nobody builds such a queue again, `akashi conform queue` (internal/conform) puts 1, 11, 100 and 1,000 bad items at
// the head of each declared queue and asks for the next good one within a second.
//
// A queue that nobody declares would not be tried. So a test reads the source (internal/conform/registered_test.go) and
// fails at each function that bears one of these marks and is named by no queue in its Loops:
//
//   - it is the step of a clock.Task, or makes one whose step is written there;
//   - it makes a due.Rule, which is how work for the due list, and so each webhook, is done;
//   - it starts a goroutine;
//   - it loops over a channel, over lines or records, or over files;
//   - it asks the database for rows, when a task, due work or a look through a book runs it;
//   - it runs when the program starts, and either asks for rows or has a loop that can end with an error.
//
// A function that bears a mark and is no queue (it reads the parts of one item, or takes nothing that anybody could make
// bad) is named with the reason in internal/conform/excepted_test.go. Rules for messages bear no mark: they are what
// exchange/inbox does with an item, where any that fails, panics or hangs is tried.
//
// A package that takes items declares its queues in a function named Queues, in a file queues.go:
//
//	// Queues are what takes items one after another here.
//	func Queues() []queue.Queue {
//		return []queue.Queue{{
//			Name:  "alarm/webhook",
//			Shape: queue.Waiting,
//			Items: plain.Sentence{JA: "通知先に送る警報", EN: "alarms to be sent to the webhook"},
//			Aside: plain.Sentence{JA: "警報画面の「送れなかった通知」", EN: "the alarm screen, under \"not delivered\""},
//			Loops: []string{"internal/alarm:Alarms.webhookRule"},
//			Bad:   []queue.Poison{queue.Undecodable, queue.Truncated, queue.Panic, queue.Hang},
//			Never: map[queue.Poison]string{queue.Foreign: "an alarm refers to nothing outside of its own row"},
//			Settles: 2 * time.Hour, // eight tries with growing pauses
//			Open:  openWebhookRig,
//		}}
//	}
//
//	func openWebhookRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
//		store, err := sqlstore.Open(ctx, g.Store("alarms"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, Schema)
//		…
//		return &queue.Rig{
//			Tasks: a.Tasks(),
//			Plant: func(ctx context.Context, p queue.Poison, n int) error {…}, // through the package's own rules and SQL
//			Good:  func(ctx context.Context) (func(context.Context) (bool, error), error) {…},
//			Aside: func(ctx context.Context) (queue.Aside, error) {…},     // from what the screens and metrics read
//			Close: store.Close,
//		}, nil
//	}
//
// and adds alarm.Queues to the table internal/conform/all.go. Declarations are plain values: nothing happens when a
// package is imported.
package queue

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
)

// Queue is one place in the program where items are taken one after another.
type Queue struct {
	Name  string // the unit and what it is: "due/list"; unique
	Shape Shape
	Items plain.Sentence // what an item is
	Aside plain.Sentence // where people see one that was set aside

	// Loops are the functions in the source that take the items, as in docs/walk.md: "internal/due:List.outside": those that
	// bear a mark, and others that a reader looks for.
	Loops []string

	// Bad are the poisons that can stand at the queue's head. The others must be in Never, each with the reason why it
	// cannot be.
	Bad   []Poison
	Never map[Poison]string

	// Settles is how long, in the queue's own time, a bad item may be tried again before it must be set aside.
	Settles time.Duration

	// Deadline is what a handler that never returns costs here, once; zero: the ground's, which the rig hands on.
	Deadline time.Duration

	// Forgets says why what was set aside is not there after a restart; empty: it must be.
	Forgets string

	// Open sets the queue up in a small world of its own, or opens again what an earlier Open on the same ground had set
	// up: that is a restart. Nil when the kit has a rig of its own for it, because the package stands too low to build the
	// world that its queue needs.
	Open func(ctx context.Context, g Ground) (*Rig, error)
}

// Shape is how items come.
type Shape string

// The shapes.
const (
	Waiting Shape = "queue" // items that are added while it runs, and wait for their turn
	Scan    Shape = "scan"  // all rows of a table, again and again
	Batch   Shape = "batch" // the items of one file or one call, to its end
	Start   Shape = "start" // what is read and done before the program serves
	// Request: each item comes with somebody who waits for its answer. A bad one is refused to whoever brought it and
	// leaves nothing behind, so that there is nothing to be set aside.
	Request Shape = "request"
)

// Poison is a way in which an item cannot be processed.
type Poison string

// The poisons.
const (
	Undecodable Poison = "undecodable" // bytes that mean nothing
	Foreign     Poison = "foreign"     // under somebody else's key: a signature, an order key or a reference that belongs to nobody here
	Panic       Poison = "panic"       // well-formed, but the handler panics over it
	Truncated   Poison = "truncated"   // a row that was good, and of which somebody cut off the end by hand
	Hang        Poison = "hang"        // the handler never returns, whatever becomes of its context
)

// Poisons are all of them.
var Poisons = []Poison{Undecodable, Foreign, Panic, Truncated, Hang}

// Ground is what a rig stands on. It lasts for one case: a restart gets the same one.
type Ground struct {
	// Store gives the URL for sqlstore.Open of the database of a name, empty at first. It is the same for the same name.
	Store func(name string) string
	Dir   string // a directory, empty at first
	Clock clock.Clock
	Rand  io.Reader
	Log   *slog.Logger

	// Drive steps the rig's tasks for a while, as the kit does, for a Plant or a Good that needs things to happen before. Its
	// error is that of tasks that fail. It must not be used by Open, whose tasks the kit does not know yet.
	Drive func(ctx context.Context, d time.Duration) error

	// Deadline is what a handler is given when the queue lets one choose; in real time.
	Deadline time.Duration
	// Hang is the handler that never returns. It takes no notice of any context; the kit lets it go when the case is over,
	// and counts how often it was called.
	Hang func()
}

// Rig is a queue that was set up, in the hands of the kit.
type Rig struct {
	// Tasks are stepped by the kit in the ground's time. A batch may have none: its Good does the work.
	Tasks []clock.Task

	// Plant puts n items that cannot be processed at the head, in the way in which they could come there: through the real
	// package's rules and SQL. For Start, that is into what the next Open reads. It may step the tasks itself.
	Plant func(ctx context.Context, p Poison, n int) error

	// Good puts a good item behind all others, and returns how to see whether it has come through.
	Good func(ctx context.Context) (done func(context.Context) (bool, error), err error)

	// Aside tells what was set aside, as people are told it. Nil for requests: their Plant fails when a bad one was not
	// refused, and returns when all have been.
	Aside func(ctx context.Context) (Aside, error)

	// Close stops the queue as the end of the program does. What is in the ground stays.
	Close func() error
}

// Aside is what was set aside: Counted by the figures that screens and alarms show, Shown in the lists that people open.
type Aside struct {
	Counted, Shown int64
	Reasons        []plain.Sentence // what the lists say of them; each once is enough
}
