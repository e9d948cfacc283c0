package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/message"
)

// apart is the least time between two comparisons of a book, however often somebody asks for one.
const apart = time.Second

// Tasks are the loops to step: one for each peer with which we compare as source, one for the self-audit of all books,
// one for what is being sent anew, one that folds what has been set.
func (b *Books) Tasks() []clock.Task {
	var tasks []clock.Task
	done := map[message.Org]bool{}
	now := b.cfg.Clock.Now()
	for _, p := range b.order {
		if p.side != source {
			continue
		}
		// Not all at the same moment: a center has many peers, and a restart would have them all ask at once.
		p.next = now.Add(time.Duration(place(string(p.book)+string(p.peer)+string(b.cfg.Self))%5000) * time.Millisecond)
		if done[p.peer] {
			continue
		}
		done[p.peer] = true
		peer := p.peer
		tasks = append(tasks, clock.Task{
			Name: string(b.cfg.Self) + " compares with " + string(peer),
			Step: func(ctx context.Context) (time.Time, error) { return b.step(ctx, peer) },
			Bell: b.cfg.Store.Bell(bellOf(peer)),
		})
	}
	if len(b.order) > 0 {
		tasks = append(tasks, clock.Task{Name: string(b.cfg.Self) + " self-audit", Step: b.auditStep, Bell: b.cfg.Store.Bell(auditBell)})
		tasks = append(tasks, clock.Task{Name: string(b.cfg.Self) + " refill", Step: b.refillStep, Bell: b.cfg.Store.Bell(refillBell)})
		tasks = append(tasks, clock.Task{Name: string(b.cfg.Self) + " folds", Step: b.foldStep, Bell: b.cfg.Store.Bell(foldBell)})
	}
	return tasks
}

func bellOf(peer message.Org) string { return "reconcile/" + string(peer) }

const (
	auditBell  = "reconcile/audit"
	refillBell = "reconcile/refill"
	foldBell   = "reconcile/fold"
)

// hurry has a book compared now, when we are its source.
func (b *Books) hurry(p *pair) {
	p.mu.Lock()
	p.hurried = true
	p.mu.Unlock()
	b.cfg.Store.Bell(bellOf(p.peer)).Ring()
}

// CompareNow has all books compared whose source we are, without waiting for their time.
func (b *Books) CompareNow() {
	for _, p := range b.order {
		if p.side == source {
			b.hurry(p)
		}
	}
}

// idle tells whether a book is with a peer with which nothing has been exchanged: there is nothing to compare and nothing to audit.
func (b *Books) idle(p *pair) bool { return b.x != nil && b.x.Idle(p.peer) }

// sleep lets a book that is written into wake the comparison with a peer.
func (b *Books) sleep(peer message.Org) {
	for _, p := range b.order {
		if p.peer == peer && p.side == source {
			p.mu.Lock()
			p.asleep = true
			p.mu.Unlock()
		}
	}
}

// step compares one book with a peer, if its time has come, and says when the next one's comes.
func (b *Books) step(ctx context.Context, peer message.Org) (time.Time, error) {
	if b.x != nil && b.x.Idle(peer) {
		b.sleep(peer)
		return time.Time{}, nil // until something is written into a book with it
	}
	now := b.cfg.Clock.Now()
	var todo *pair
	var next time.Time
	for _, p := range b.order {
		if p.peer != peer || p.side != source {
			continue
		}
		p.mu.Lock()
		at := p.next
		if soon := p.last.tried.Add(apart); p.hurried && soon.Before(at) {
			at = soon
		}
		p.mu.Unlock()
		if todo == nil && !at.After(now) {
			todo = p
			continue
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if todo == nil {
		return next, nil
	}
	todo.mu.Lock()
	todo.hurried = false
	todo.next = now.Add(b.cfg.Every)
	todo.mu.Unlock()
	// A fault of one book must not keep the other books of the peer from being compared: it is told and tried again.
	if err := b.compareAndSettle(ctx, todo); err != nil {
		if ctx.Err() != nil {
			return time.Time{}, ctx.Err()
		}
		b.cfg.Log.ErrorContext(ctx, "comparison failed", "book", todo.book, "peer", todo.peer, "error", err)
		b.failed(ctx, todo, err)
	}
	return now, nil
}

// compareAndSettle compares a book, and opens and closes the cases of what it finds.
func (b *Books) compareAndSettle(ctx context.Context, p *pair) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it panicked: %v", r)
		}
	}()
	c, err := b.compare(ctx, p)
	if err != nil {
		return err
	}
	p.suspects = c.suspects
	if err := b.settle(ctx, c); err != nil {
		return err
	}
	if len(c.putOff) > 0 || c.outcome == Making {
		p.mu.Lock()
		p.next = c.asked.Add(b.again)
		p.mu.Unlock()
	}
	return nil
}
