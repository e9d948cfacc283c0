package validation

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

const (
	maxQueued = 10_000 // answers that wait to be written down
	maxKept   = 500    // of one transaction

	// When half of the room is full each who asks gets so much of the rest, so that one alone leaves the answers to others a place.
	crowded  = maxQueued / 2
	maxShare = maxQueued / 4

	// lossOver is how long after the last loss it is over.
	lossOver = 10 * time.Minute
)

// recorder writes down what was asked and told, behind the answers: a disk that is slow makes no asker wait. When more
// comes than can be written, what does not fit is counted, and the count is shown.
//
// A program that is told to stop writes down all that waits (drain). One that is killed, or loses its power, loses what
// waits and the transaction under way: maxQueued + maxKept answers at most, and where the disk keeps up the few of some
// milliseconds.
type recorder struct {
	store   *sqlstore.Store
	clock   clock.Clock
	bell    clock.Bell
	queue   chan noted
	pending []store.Answer // taken from the queue, not yet committed; of the task alone
	lost    atomic.Int64
	told    int64 // of those lost, in the journal, and when
	toldAt  time.Time
	shares  shares
	losses  lossRecord
	oldest  atomic.Int64 // of what is being written, when it was asked, in microseconds; 0: nothing is
	log     *slog.Logger
}

func newRecorder(s *sqlstore.Store, c clock.Clock, log *slog.Logger) *recorder {
	return &recorder{store: s, clock: c, log: log, queue: make(chan noted, maxQueued)}
}

// noted is an answer that was given about a number.
type noted struct {
	store.Answer
	number number
}

// note takes an answer. It never waits.
func (r *recorder) note(a store.Answer) { r.tell(noted{a, numberOf(a.Serial.Bytes())}) }

// tell takes an answer whose serial is read when it is written down, not while somebody waits.
func (r *recorder) tell(a noted) {
	if len(r.queue) < crowded || r.shares.take(a.Requester) {
		select {
		case r.queue <- a:
			r.bell.Ring()
			return
		default:
		}
	}
	r.lost.Add(1)
	r.losses.add(a.AskedAt, 1, a.Requester)
}

// behind tells whether answers to what was asked before a time may still wait to be written down. What waits comes in the order
// in which it was asked, but for a signature.
func (r *recorder) behind(at time.Time) bool {
	oldest := r.oldest.Load()
	if oldest == 0 {
		return len(r.queue) > 0
	}
	return oldest <= at.Add(2*signWithin).UnixMicro()
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

// write commits a batch. A batch on which a commit failed is tried again answer by answer, under the same numbers, so that
// one whose commit was applied and only its reply lost is found and not written twice.
func (r *recorder) write(ctx context.Context) (more bool, err error) {
	if n, now := r.lost.Load(), r.clock.Now(); n > r.told && now.Sub(r.toldAt).Abs() >= time.Minute {
		r.log.ErrorContext(ctx, "more is asked than can be written down: to whom these answers were given is not in the record", "answers", n-r.told)
		r.told, r.toldAt = n, now
	}
	if len(r.pending) > 0 {
		if err := r.singly(ctx); err != nil {
			return false, err
		}
	}
	if len(r.queue) > 0 && r.oldest.Load() == 0 {
		r.oldest.Store(1) // until it is known
	}
	if len(r.queue) < crowded {
		r.shares.forget()
	}
	for len(r.pending) < maxKept && len(r.queue) > 0 {
		a := <-r.queue
		if len(r.pending) == 0 {
			r.oldest.Store(a.AskedAt.UnixMicro())
		}
		if a.Serial.IsZero() {
			a.Serial, _ = cert.SerialFromBytes(a.number.serial()) // what was asked for is a serial
		}
		r.pending = append(r.pending, a.Answer)
	}
	if len(r.pending) == 0 {
		r.oldest.Store(0)
		return false, nil
	}
	if err := r.keep(ctx, r.pending, false); err != nil {
		return false, err
	}
	r.pending = r.pending[:0]
	if len(r.queue) == 0 {
		r.oldest.Store(0)
	}
	return len(r.queue) > 0, nil
}

// keep writes answers down in one transaction; again: each is first looked for.
func (r *recorder) keep(ctx context.Context, answers []store.Answer, again bool) error {
	return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for i := range answers {
			if again {
				if kept, err := store.In(tx, store.Books{}).Kept(ctx, answers[i].ID); kept || err != nil {
					return err
				}
			}
			if answers[i].ID == 0 {
				answers[i].ID = tx.Serial()
			}
			store.In(tx, store.Books{}).Keep(answers[i])
		}
		return nil
	})
}

// singly writes what failed together one by one. What fails while another can be written is itself to blame: it is counted
// among those that were lost, and holds up nobody. When nothing can be written it is the database, and all of it waits.
func (r *recorder) singly(ctx context.Context) error {
	var failed []store.Answer
	var first error
	for i := range r.pending {
		one := r.pending[i : i+1]
		if err := r.keep(ctx, one, one[0].ID != 0); err != nil {
			failed, first = append(failed, one[0]), cmp.Or(first, err)
		}
	}
	if len(failed) > 0 && len(failed) == len(r.pending) {
		if err := r.probe(ctx); err != nil {
			return first
		}
	}
	if ctx.Err() != nil {
		r.pending = append(r.pending[:0], failed...)
		return ctx.Err()
	}
	if len(failed) > 0 {
		r.log.ErrorContext(ctx, "answers cannot be written down", "answers", len(failed), "error", first)
		r.lost.Add(int64(len(failed)))
		r.losses.add(r.clock.Now(), int64(len(failed)), failed[0].Requester)
		r.told += int64(len(failed))
	}
	r.pending = r.pending[:0]
	return nil
}

// probe writes an answer in which nothing can be wrong, and takes it away again.
func (r *recorder) probe(ctx context.Context) error {
	return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		id := tx.Serial()
		store.In(tx, store.Books{}).Keep(store.Answer{ID: id, AskedAt: tx.Now(), Answer: "good"})
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM answer WHERE id = $1`, id)
		return err
	})
}

// drain writes everything that waits. It is for the end, when the task no longer runs. What cannot be written then is lost, and
// the journal says how much.
func (r *recorder) drain(ctx context.Context) error {
	for {
		more, err := r.write(ctx)
		if n := len(r.pending) + len(r.queue); err != nil && n > 0 {
			r.log.ErrorContext(ctx, "answers were not written down before the end", "answers", n, "error", err)
		}
		if err != nil || !more {
			return err
		}
	}
}
