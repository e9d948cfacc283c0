package due

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// update takes items through one transaction. at are those for which a rule did not come back, when that is the error.
func (l *List) update(ctx context.Context, batch []*work, slow bool) (at []*work, err error) {
	v := &visit{list: l}
	err = l.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, run := range runs(batch, slow, func(w *work) bool { return w.rule.FinishAll != nil }) {
			if err := l.finishRun(ctx, tx, v, run); err != nil {
				return err
			}
		}
		return nil
	})
	return v.abandoned(err), err
}

// finishRun finishes items of one kind, more than one only together.
func (l *List) finishRun(ctx context.Context, tx *sqlstore.Tx, v *visit, run []*work) error {
	run, err := remove(ctx, tx, run)
	if err != nil || len(run) == 0 {
		return err
	}
	return v.rule(tx, run, func() error {
		var outs []message.Out
		var err error
		if rule := run[0].rule; rule.FinishAll != nil {
			results := make([]any, len(run))
			for i, w := range run {
				results[i] = w.result
			}
			outs, err = rule.FinishAll(ctx, tx, items(run), results)
		} else {
			outs, err = rule.Finish(ctx, tx, run[0].Item, run[0].result)
		}
		if err == nil && len(outs) > 0 {
			err = l.send(ctx, tx, outs)
		}
		if err == nil {
			err = tx.Flush(ctx) // so that a row that is refused is known as these items'
		}
		return err
	})
}

// remove takes items off the list and gives those that were on it as they were claimed. Another may have been finished by a commit
// whose answer was lost, or removed, or started again by a person, while Outside ran: it is not done again.
func remove(ctx context.Context, tx *sqlstore.Tx, run []*work) (there []*work, err error) {
	if len(run) == 1 {
		n, err := tx.Exec(ctx, "DELETE FROM due WHERE id = $1 AND tries = $2 AND state = 'waiting'", run[0].ID, run[0].Tries)
		if err != nil || n == 0 {
			return nil, err
		}
		return run, nil
	}
	// By their tries, mostly none: those that failed before come again at times of their own.
	ids := map[int][]int64{}
	for _, w := range run {
		ids[w.Tries] = append(ids[w.Tries], w.ID)
	}
	was := map[int64]bool{}
	for _, tries := range slices.Sorted(maps.Keys(ids)) {
		some := ids[tries]
		for len(some)&(len(some)-1) != 0 { // few different statements, so that each stays compiled
			some = append(some, some[0])
		}
		err := sqlstore.InParts(tx, 2, some, func(marks string, part []any) error {
			removed, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, id *int64) error { return r.Scan(id) },
				"DELETE FROM due WHERE tries = $1 AND state = 'waiting' AND id IN ("+marks+") RETURNING id", append([]any{tries}, part...)...)
			for _, id := range removed {
				was[id] = true
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, w := range run {
		if was[w.ID] {
			there = append(there, w)
		}
	}
	return there, nil
}

const (
	maxTries   = 8
	firstPause = time.Second
	lastPause  = time.Hour
)

// pause grows fourfold from a second to an hour, so that the tries of an item last for more than an hour and a device
// that is replaced meanwhile leaves nothing parked.
func pause(tries int) time.Duration {
	d := firstPause
	for ; tries > 1 && d < lastPause; tries-- {
		d *= 4
	}
	return min(d, lastPause)
}

// Later makes an error of a step the mark of a state that is known, is shown elsewhere, and has nothing to do with the item:
// nobody is there who could do it. The item waits for as long as that lasts; it does not count as a try, and nothing is
// parked for it. Whoever uses it has an alarm for the state.
func Later(err error) error { return later{err} }

type later struct{ error }

func (l later) Unwrap() error { return l.error }

func isLater(err error) bool { return errors.As(err, new(later)) }

// waits is until when an item that waits for that long is looked at again: soon, and then less and less often, so that thousands
// that wait cost little.
func waits(since time.Duration) time.Duration {
	return max(time.Second, min(since/4, 30*time.Second))
}

// setBack writes down the failures of a batch: a later try, or the end of trying.
func (l *List) setBack(ctx context.Context, batch []*work) error {
	if !slices.ContainsFunc(batch, func(w *work) bool { return w.err != nil }) {
		return nil
	}
	return l.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, w := range batch {
			if w.err == nil {
				continue
			}
			tries, state, next := w.Tries+1, "waiting", tx.Now().Add(pause(w.Tries+1))
			if isLater(w.err) {
				tries, next = w.Tries, tx.Now().Add(waits(tx.Now().Sub(w.At)))
			} else if tries >= maxTries {
				state, next = "parked", tx.Now()
			}
			s := sentence(w.err)
			n, err := tx.Exec(ctx, `UPDATE due SET tries = $1, state = $2, at = $3, reason_ja = $4, reason_en = $5
				WHERE id = $6 AND tries = $7 AND state = 'waiting'`, tries, state, next, s.JA, s.EN, w.ID, w.Tries)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			tx.OnCommit(func() {
				level, what := slog.LevelWarn, "due: item failed"
				if isLater(w.err) {
					level, what = slog.LevelDebug, "due: item waits"
				}
				if state == "parked" {
					level, what = slog.LevelError, "due: item parked"
				}
				args := []any{"item", w.Item, "error", w.err, "next", next}
				var p *leave.Panic
				if errors.As(w.err, &p) {
					args = append(args, "stack", string(p.Stack))
				}
				l.log.Log(ctx, level, what, args...)
			})
		}
		return nil
	})
}

// sentence is what people read about a failure.
func sentence(err error) plain.Sentence {
	if ps, ok := plain.AsProblems(err); ok {
		return plain.Sentence{JA: storable(ps[0].JA), EN: storable(ps[0].EN)}
	}
	text := storable(err.Error())
	return plain.Sentence{JA: "処理に失敗しました(" + text + ")。原因を取り除いてから再開してください。",
		EN: "The step failed (" + text + "). Remove the cause, then start it again."}
}

// storable makes any text fit for the row, so that the words of a failure can never keep it from being written down.
func storable(text string) string {
	const most = 500
	var clean []rune
	for _, r := range text { // broken UTF-8 comes as U+FFFD
		if r != 0 {
			clean = append(clean, r)
		}
		if len(clean) == most {
			break
		}
	}
	return string(clean)
}

func noRule(kind string) error {
	return plain.Bad("", "種別 "+kind+" を扱う規則がこのプログラムにありません。版を確かめてください。",
		"This program has no rule for the kind "+kind+". Check its version.")
}
