package due

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// update takes items through one transaction. at is the one whose rule did not come back, when that is the error.
func (l *List) update(ctx context.Context, batch []*work) (at *work, err error) {
	v := &visit{list: l}
	err = l.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, w := range batch {
			if err := l.finishOne(ctx, tx, v, w); err != nil {
				return err
			}
		}
		return nil
	})
	return v.abandoned(err), err
}

func (l *List) finishOne(ctx context.Context, tx *sqlstore.Tx, v *visit, w *work) error {
	// Removed first, and only if it is as it was claimed: it may have been finished by a commit whose answer was lost,
	// or removed, or started again by a person, while Outside ran.
	n, err := tx.Exec(ctx, "DELETE FROM due WHERE id = $1 AND tries = $2 AND state = 'waiting'", w.ID, w.Tries)
	if err != nil || n == 0 {
		return err
	}
	_, err = v.rule(tx, w, func() (any, error) {
		outs, err := w.rule.Finish(ctx, tx, w.Item, w.result)
		if err == nil && len(outs) > 0 {
			err = l.send(ctx, tx, outs)
		}
		if err == nil {
			err = tx.Flush(ctx) // so that a row that is refused is known as this item's
		}
		return nil, err
	})
	return err
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
