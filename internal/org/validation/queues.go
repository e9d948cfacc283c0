package validation

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Queues are what takes items one after another here, beside what every organisation has.
func Queues() []queue.Queue {
	return []queue.Queue{
		{
			Name:  "validation/answers",
			Shape: queue.Waiting,
			Items: plain.Sentence{JA: "書き留める回答の記録", EN: "answers to be written down"},
			Aside: plain.Sentence{JA: "概況の「書き留められなかった回答」", EN: "the overview, under answers that could not be written down"},
			Loops: []string{"internal/org/validation:recorder.task", "internal/org/validation:recorder.write", "internal/org/validation:recorder.drain"},
			Bad:   []queue.Poison{queue.Undecodable},
			Never: map[queue.Poison]string{
				queue.Foreign: "a record of an answer refers to nothing", queue.Truncated: "it is no row yet",
				queue.Panic: "nobody's code runs in it", queue.Hang: "nobody's code runs in it",
			},
			Forgets: "they were answered, and never stored: the figure is since the start",
			Settles: time.Minute,
			Open:    openRecorderRig,
		},
		{
			Name:  "validation/keys",
			Shape: queue.Start,
			Items: plain.Sentence{JA: "回答に署名する鍵", EN: "keys that sign the answers"},
			Aside: plain.Sentence{JA: "概況の「回答に署名する鍵」", EN: "the overview, in the state of the keys"},
			Loops: []string{"internal/org/validation:Validation.planResponders", "internal/org/validation:Validation.usable", "internal/org/validation/internal/store:Tx.Responders"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
			Never: map[queue.Poison]string{
				queue.Panic: "nobody's code runs over the rows", queue.Hang: "a key is a file; making one is due work, and tried there",
			},
			// The rig is in internal/conform, with a CA that certifies keys.
		},
	}
}

func openRecorderRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	s, err := sqlstore.Open(ctx, g.Store("validation"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, store.Schema)
	if err != nil {
		return nil, err
	}
	r := newRecorder(s, g.Clock, g.Log)
	serial, err := cert.ParseSerial("01")
	if err != nil {
		return nil, err
	}
	note := func(requester string) {
		r.note(store.Answer{AskedAt: g.Clock.Now(), Serial: serial, Answer: "good", Requester: requester})
	}
	kept := func(ctx context.Context) (n int64, err error) {
		err = s.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM answer`).Scan(&n)
		})
		return n, err
	}
	return &queue.Rig{Tasks: []clock.Task{r.task()}, Close: s.Close,
		Plant: func(_ context.Context, _ queue.Poison, n int) error {
			for range n {
				note("\xff\x00") // what no database takes as text
			}
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			before, err := kept(ctx)
			note("good")
			return func(ctx context.Context) (bool, error) {
				now, err := kept(ctx)
				return now == before+1, err
			}, err
		},
		Aside: func(context.Context) (queue.Aside, error) {
			n := r.lost.Load()
			return queue.Aside{Counted: n, Shown: n, Reasons: []plain.Sentence{{JA: "書き留められなかった回答", EN: "Answers that could not be written down"}}}, nil
		}}, nil
}
