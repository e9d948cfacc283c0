package due

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/plain"
)

// maxLeft is how many calls of one kind may be left behind at a time. More would only pile up before the same device.
const maxLeft = 4

// outside runs the outside steps of a batch, Parallel at a time, in the order of the items.
func (l *List) outside(ctx context.Context, batch []*work, slow bool) {
	todo := make(chan *work, len(batch))
	for _, w := range batch {
		if w.err == nil && !w.left && w.rule.Outside != nil {
			todo <- w
		}
	}
	close(todo)
	if l.Parallel < 2 || len(todo) < 2 {
		for w := range todo {
			l.outsideOne(ctx, w, slow)
		}
		return
	}
	var wg sync.WaitGroup
	for range min(l.Parallel, len(todo)) {
		wg.Go(func() {
			for w := range todo {
				l.outsideOne(ctx, w, slow)
			}
		})
	}
	wg.Wait()
}

// outsideOne calls one Outside and does not wait for it beyond its deadline.
func (l *List) outsideOne(parent context.Context, w *work, slow bool) {
	if parent.Err() != nil {
		return
	}
	if !l.lane(w, slow) {
		return
	}
	ctx, cancel := context.WithTimeout(parent, w.rule.Deadline)
	defer cancel()
	prepared := w.result
	w.result, w.err = leave.Call(ctx, l.left.At(w.Kind), func() (any, error) { return w.rule.Outside(ctx, prepared) }, nil)
	if parent.Err() != nil {
		return // the program ends; that says nothing about the device
	}
	switch {
	case errors.Is(w.err, leave.ErrFull):
		w.err = errHangs
	case errors.Is(w.err, leave.ErrLate), errors.Is(w.err, context.DeadlineExceeded):
		w.err = errDeadline
	}
	if errors.Is(w.err, errDeadline) {
		l.mark(w.Kind, true)
	}
}

var (
	errDeadline = plain.Bad("", "処理が期限までに応答しませんでした。装置の状態を確かめてください。",
		"The step did not answer before its deadline. Check the device behind it.")
	errHangs = plain.Bad("", "前の呼び出しがまだ戻っていないため、始めませんでした。装置の状態を確かめてください。",
		"Not started, because earlier calls have not come back. Check the device behind them.")
)

// mark moves a kind between the lanes, by the answer of its last Outside.
func (l *List) mark(kind string, slow bool) {
	l.mu.Lock()
	changed := l.slow[kind] != slow
	if slow {
		l.slow[kind] = true
	} else {
		delete(l.slow, kind)
	}
	l.mu.Unlock()
	if changed {
		l.log.Warn("due: lane of a kind", "kind", kind, "slow", slow)
		l.store.Bell(fastBell).Ring()
		l.store.Bell(slowBell).Ring()
	}
}

func (l *List) slowKinds() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kinds []string
	for k := range l.slow {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

func (l *List) look(kind string) (slow, hangs bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.slow[kind], l.left.At(kind).Full()
}
