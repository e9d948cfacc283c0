package validation

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

const (
	maxQueued = 10_000 // answers that wait to be written down
	maxKept   = 500    // of one transaction
)

// recorder writes down what was asked and told, behind the answers: a disk that is slow makes no asker wait. When more
// comes than can be written, what does not fit is counted, and the count is shown.
type recorder struct {
	store   *sqlstore.Store
	clock   clock.Clock
	bell    clock.Bell
	queue   chan store.Answer
	pending []store.Answer // taken from the queue, not yet committed; of the task alone
	lost    atomic.Int64
}

func newRecorder(s *sqlstore.Store, c clock.Clock) *recorder {
	return &recorder{store: s, clock: c, queue: make(chan store.Answer, maxQueued)}
}

// note takes an answer. It never waits.
func (r *recorder) note(a store.Answer) {
	select {
	case r.queue <- a:
		r.bell.Ring()
	default:
		r.lost.Add(1)
	}
}

// task is the loop that writes.
func (r *recorder) task() clock.Task {
	return clock.Task{Name: "answers", Bell: &r.bell, Step: func(ctx context.Context) (time.Time, error) {
		more, err := r.write(ctx)
		if err != nil || !more {
			return time.Time{}, err
		}
		return r.clock.Now(), nil
	}}
}

// write commits a batch. A batch on which a commit failed is tried again as it was, under the same numbers, so that one whose
// commit was applied and only its reply lost is found and not written twice.
func (r *recorder) write(ctx context.Context) (more bool, err error) {
	again := len(r.pending) > 0
	for !again && len(r.pending) < maxKept && len(r.queue) > 0 {
		r.pending = append(r.pending, <-r.queue)
	}
	if len(r.pending) == 0 {
		return false, nil
	}
	err = r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if again {
			if kept, err := store.In(tx, store.Books{}).Kept(ctx, r.pending[0].ID); err != nil || kept {
				return err
			}
		}
		for i := range r.pending {
			if r.pending[i].ID == 0 {
				r.pending[i].ID = tx.Serial()
			}
			store.In(tx, store.Books{}).Keep(r.pending[i])
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	r.pending = r.pending[:0]
	return len(r.queue) > 0, nil
}

// drain writes everything that waits. It is for the end, when the task no longer runs.
func (r *recorder) drain(ctx context.Context) error {
	for {
		more, err := r.write(ctx)
		if err != nil || !more {
			return err
		}
	}
}
