package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The self-audit goes round all the time: the entries of a book against the state tables (look), the state tables against
// the entries (scan). An incremental digest does not see a row that somebody changed behind the program's back; this does.
// What it finds is kept as a finding, and the entry is made what the state says, so that the next comparison tells the
// other end.

// The ways of the self-audit.
const (
	wayLook = "look" // entries and sums, in the order of the buckets
	wayScan = "scan" // state tables, in the order of the keys
)

const (
	auditPage = 500 // rows in one step
	// auditShare is how much of the time one step may take of the machine: a step that took t is followed by a pause of
	// (auditShare-1)·t, however large the book is.
	auditShare = 10
)

// auditor is what the self-audit of all books keeps in memory.
type auditor struct {
	last int // the pair that was last looked at
}

// auditing is what it keeps of one book.
type auditing struct {
	due     time.Time
	at      *progress // where it stands; nil: to be read
	written time.Time
	trouble string // why the last step failed
	ring    bool   // the source is to be told that there is something to compare
}

// writeEvery is how long where the audit stands is kept in memory, while it finds nothing.
const writeEvery = time.Minute

// auditStep looks at one page of the book whose turn it is.
func (b *Books) auditStep(ctx context.Context) (time.Time, error) {
	b.ringAsked(ctx)
	now := b.cfg.Clock.Now()
	var todo *pair
	var next time.Time
	for i := range b.order {
		at := (b.auditor.last + 1 + i) % len(b.order)
		p := b.order[at]
		if b.idle(p) {
			continue
		}
		p.mu.Lock()
		due := p.auditing.due
		p.mu.Unlock()
		if todo == nil && !due.After(now) {
			todo = p
			b.auditor.last = at
			continue
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	if todo == nil {
		return next, nil
	}
	pause, err := b.auditPage(ctx, todo)
	if ctx.Err() != nil {
		return time.Time{}, ctx.Err()
	}
	todo.mu.Lock()
	todo.auditing.trouble = ""
	if err != nil {
		todo.auditing.trouble = err.Error()
		pause = b.cfg.Cycle
	}
	todo.auditing.due = b.cfg.Clock.Now().Add(pause)
	due := todo.auditing.due
	todo.mu.Unlock()
	if err != nil {
		// The other books go on. This one is shown as not audited, and its cycle grows.
		b.cfg.Log.ErrorContext(ctx, "self-audit failed", "book", todo.book, "peer", todo.peer, "error", err)
	}
	if next.IsZero() || due.Before(next) {
		next = due
	}
	return next, nil
}

// auditPage looks at one page, and says how long to pause.
func (b *Books) auditPage(ctx context.Context, p *pair) (pause time.Duration, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it panicked: %v", r)
		}
	}()
	began := b.cfg.Clock.Now()
	p.mu.Lock()
	at, written := p.auditing.at, p.auditing.written
	p.mu.Unlock()
	var g progress
	var page audited
	var kept Digest
	seen := newSeen(map[string]bool{})
	for {
		err = b.view(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			if at != nil {
				g = *at
			} else if g, err = p.readProgress(ctx, tx); err != nil {
				return err
			}
			if d, err := root(ctx, tx, p.id); err == nil { // one that cannot be read is found at the end of the cycle
				kept = d
			}
			page, err = b.look(ctx, tx, p, g, seen)
			return err
		})
		if err == nil {
			break
		}
		// A look failed, panicked or hung: the page is looked at key by key, and the one at which it does so again is set aside.
		beyond := seen.beyond()
		if ctx.Err() != nil || beyond == nil {
			return 0, err
		}
		seen = beyond
	}
	next := g.after(page, began)
	wrong := len(page.wrong) > 0 || len(page.sums) > 0
	if wrong || !g.adopted || at == nil || began.Sub(written) >= writeEvery {
		err = b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			if wrong {
				// Looked at again in the transaction that mends it: what is mended must be what is there.
				again, err := b.look(ctx, tx, p, g, seen.anew())
				if err != nil {
					return err
				}
				next = g.after(again, began)
				if err := b.mend(ctx, tx, p, g, again); err != nil {
					return err
				}
			}
			return p.writeProgress(ctx, tx, next)
		})
		if err != nil {
			return 0, err
		}
		written = began
	}
	p.mu.Lock()
	p.auditing.at, p.auditing.written, p.adopted = &next, written, next.adopted
	p.mu.Unlock()
	if !next.adopted {
		return 0, nil // nothing is compared before the entries are made
	}
	// As many as the last cycle had, or more when many rows have come since: each entry is looked at twice.
	pages := max(next.rows, next.checked, 2*kept.N)/auditPage + 2
	pause = b.cfg.Cycle / time.Duration(pages)
	return max(pause, (auditShare-1)*b.cfg.Clock.Now().Sub(began)), nil
}

// wrongRow is an entry that is not what the state says.
type wrongRow struct {
	key        string
	kept, held message.Hash // the entry; what the state says
	what       string
}

// What the self-audit finds.
const (
	changed    = "changed"    // 書換え
	gone       = "gone"       // 消失
	appeared   = "appeared"   // 出現
	doubled    = "doubled"    // 二重
	unreadable = "unreadable" // 読取不能
	wrongSums  = "sums"       // 帳簿の合計の狂い
	lost       = "lost"       // 記帳の欠損: what a transaction set cannot be read any more
)

// audited is what one page came to.
type audited struct {
	wrong []wrongRow
	sums  map[int]*Digest // what has to be added to the sums
	rows  int64
	next  string // the cursor of the next page; "" at the end of the way
}

func (b *Books) look(ctx context.Context, tx *sqlstore.Tx, p *pair, g progress, s *seen) (audited, error) {
	if g.way == wayLook {
		return b.lookAtEntries(ctx, tx, p, g.cursor, s)
	}
	tx.Limit(b.cfg.Deadline)
	defer tx.Limit(0)
	return b.lookAtState(ctx, tx, p, g.cursor)
}

// view is a View whose panic is an error.
func (b *Books) view(ctx context.Context, fn func(context.Context, *sqlstore.Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it panicked: %v", r)
		}
	}()
	return b.cfg.Store.View(ctx, fn)
}
