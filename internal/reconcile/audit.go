package reconcile

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
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

// progress is where the self-audit of a book stands.
type progress struct {
	adopted           bool
	way, cursor       string
	began, checked    int64 // the cycle that goes on: microseconds since 1970, rows
	ended, took, rows int64 // the last one
}

func (p *pair) readProgress(ctx context.Context, tx *sqlstore.Tx) (g progress, err error) {
	var adopted int64
	err = tx.QueryRow(ctx, `SELECT adopted, audit_way, audit_cursor, cycle_began, cycle_checked, cycle_ended, cycle_took, cycle_rows FROM r_pair WHERE id = $1`, p.id).
		Scan(&adopted, &g.way, &g.cursor, &g.began, &g.checked, &g.ended, &g.took, &g.rows)
	g.adopted = adopted == 1
	if g.way == "" {
		g.way = wayScan
	}
	return g, err
}

func (p *pair) writeProgress(ctx context.Context, tx *sqlstore.Tx, g progress) error {
	adopted := int64(0)
	if g.adopted {
		adopted = 1
	}
	_, err := tx.Exec(ctx, `UPDATE r_pair SET adopted = $2, audit_way = $3, audit_cursor = $4, cycle_began = $5, cycle_checked = $6,
		cycle_ended = $7, cycle_took = $8, cycle_rows = $9 WHERE id = $1`, p.id, adopted, g.way, g.cursor, g.began, g.checked, g.ended, g.took, g.rows)
	if err != nil {
		return fmt.Errorf("couldn't write down where the self-audit stands: %w", err)
	}
	return nil
}

// after is where the audit stands after a page.
func (g progress) after(page audited, now time.Time) progress {
	if g.way == wayScan && g.cursor == "" {
		g.began, g.checked = now.UnixMicro(), 0
	}
	g.checked += page.rows
	g.cursor = page.next
	switch {
	case page.next != "":
	case g.way == wayScan:
		g.way = wayLook
	default:
		g.way, g.adopted = wayScan, true
		g.ended, g.took, g.rows = now.UnixMicro(), now.UnixMicro()-g.began, g.checked
	}
	return g
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
	seen := newSeen(map[string]bool{})
	for {
		err = b.view(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			if at != nil {
				g = *at
			} else if g, err = p.readProgress(ctx, tx); err != nil {
				return err
			}
			page, err = b.look(ctx, tx, p, g, seen)
			return err
		})
		if err == nil {
			break
		}
		// A look at one key failed, panicked or hung: it is set aside, and the page goes on behind it.
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
				again, err := b.look(ctx, tx, p, g, newSeen(seen.aside))
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
	pages := max(next.rows, next.checked)/auditPage + 2
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

// seen is what was found out about the keys of a page, over the transactions that it takes. A look that hangs leaves its
// goroutine behind, with the seen that it had: whoever goes on takes a copy.
type seen struct {
	mu    sync.Mutex
	held  map[string]message.Hash // keys that were looked at; zero: there, but unreadable
	gone  map[string]bool
	aside map[string]bool // keys at which the look failed
	at    string          // the key that is being looked at
}

func newSeen(aside map[string]bool) *seen {
	return &seen{held: map[string]message.Hash{}, gone: map[string]bool{}, aside: aside}
}

// beyond is a copy in which the key is aside whose look did not come to an end; nil when there was none.
func (s *seen) beyond() *seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == "" {
		return nil
	}
	next := &seen{held: maps.Clone(s.held), gone: maps.Clone(s.gone), aside: maps.Clone(s.aside)}
	next.aside[s.at] = true
	return next
}

func (s *seen) begin(key string) { s.mu.Lock(); s.at = key; s.mu.Unlock() }

func (s *seen) end() { s.begin("") }

// lookOne looks a key up in the state tables, once.
func (b *Books) lookOne(ctx context.Context, tx *sqlstore.Tx, p *pair, key string, s *seen) (value message.Hash, there bool, err error) {
	s.mu.Lock()
	value, done := s.held[key]
	gone := s.gone[key]
	s.mu.Unlock()
	if done {
		return value, !gone, nil
	}
	s.begin(key)
	tx.Limit(b.cfg.Deadline)
	found, err := p.table.Look(ctx, tx, p.peer, []string{key})
	if err != nil {
		return value, false, fmt.Errorf("couldn't look into the state tables: %w", err)
	}
	if !tx.Limit(0) {
		return value, false, sqlstore.ErrTaken // too late: the page has gone on without it
	}
	value, there = found[key]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = ""
	s.held[key], s.gone[key] = value, !there
	return value, there, nil
}

// lookAtState holds a page of the state tables against the entries.
func (b *Books) lookAtState(ctx context.Context, tx *sqlstore.Tx, p *pair, cursor string) (audited, error) {
	rows, next, err := p.table.Scan(ctx, tx, p.peer, cursor, auditPage)
	if err != nil {
		return audited{}, fmt.Errorf("couldn't read the state tables: %w", err)
	}
	if next == cursor && next != "" {
		return audited{}, errors.New("the scan of the state tables does not move")
	}
	a := audited{rows: int64(len(rows)), next: next}
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	kept, err := p.valuesOf(ctx, tx, keys)
	if err != nil {
		return a, err
	}
	for i := 0; i < len(rows); {
		n := i + 1
		for n < len(rows) && rows[n].Key == rows[i].Key {
			n++
		}
		held, what := said(rows[i:n])
		if w := (wrongRow{rows[i].Key, kept[rows[i].Key], held, what}); w.kept != w.held {
			switch {
			case what != "":
			case w.kept == message.Hash{}:
				w.what = appeared
			default:
				w.what = changed
			}
			a.wrong = append(a.wrong, w)
		}
		i = n
	}
	return a, nil
}

// said is the value of a key by its rows. A row that is there twice, or that cannot be read, has a value that no message
// gives, so that the other end sees that something is wrong with it.
func said(rows []Row) (message.Hash, string) {
	what := ""
	h := sha256.New()
	for _, r := range rows {
		if r.Value == (message.Hash{}) {
			what = unreadable
		}
		h.Write(r.Value[:])
	}
	if len(rows) > 1 {
		what = doubled
	}
	if what == "" {
		return rows[0].Value, ""
	}
	h.Write([]byte(what + rows[0].Key))
	return message.Hash(h.Sum(nil)), what
}

// lookAtEntries holds a page of the entries, whole buckets, against the sums and the state tables. The cursor is the first
// bucket of the page.
func (b *Books) lookAtEntries(ctx context.Context, tx *sqlstore.Tx, p *pair, cursor string, s *seen) (audited, error) {
	from := 0
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%d", &from); err != nil {
			from = 0
		}
	}
	entries, to, err := wholeBuckets(ctx, tx, p.id, from)
	if err != nil {
		return audited{}, err
	}
	a := audited{sums: map[int]*Digest{}}
	kept, err := bucketSums(ctx, tx, p.id, from, to)
	if err != nil {
		return a, err
	}
	h := newHasher(p.secret, p.book)
	off := map[int]*Digest{}
	for bucket, d := range kept {
		off[bucket] = &Digest{}
		off[bucket].part(d)
	}
	for _, e := range entries {
		bucket := bucketOf(e.place)
		if off[bucket] == nil {
			off[bucket] = new(Digest)
		}
		off[bucket].add(h.of(e.key, hashOf(e.value)))
	}
	for bucket, d := range off {
		if *d != (Digest{}) {
			a.sums[bucket] = d
		}
	}
	odd, err := oddKeys(ctx, tx, p.id)
	if err != nil {
		return a, err
	}
	fresh, err := unfolded(ctx, tx, p.id)
	if err != nil {
		return a, err
	}
	// The sums are of what is folded; what the book says is that and what is not.
	book := over(entries, fresh, inPlace(fresh), from, to)
	a.rows = int64(len(book))
	for _, e := range book {
		w := wrongRow{key: e.key, kept: e.value, what: changed}
		if odd[e.key] == unreadable {
			continue // it is told until somebody closes it; the scan sees when it can be read again
		}
		if s.aside[e.key] {
			w.held, w.what = w.kept, unreadable // nobody knows what is held: the entry stays
			a.wrong = append(a.wrong, w)
			continue
		}
		value, there, err := b.lookOne(ctx, tx, p, e.key, s)
		if err != nil {
			return a, err
		}
		w.held = value
		switch {
		case odd[e.key] == doubled && there:
			continue // told already; the scan finds its end
		case !there:
			w.what = gone
		case value == message.Hash{}:
			w.held, w.what = said([]Row{{e.key, value}})
		}
		if w.kept != w.held {
			a.wrong = append(a.wrong, w)
		}
	}
	if to < buckets-1 {
		a.next = fmt.Sprint(to + 1)
		return a, nil
	}
	return a, checkRoot(ctx, tx, p, &a)
}

// wholeBuckets reads entries from a bucket on, about a page, and says up to which bucket.
func wholeBuckets(ctx context.Context, tx *sqlstore.Tx, pair int64, from int) (entries []entryRow, to int, err error) {
	first, _ := bucketEnds(from)
	for limit := auditPage; ; limit *= 8 {
		entries, err = sqlstore.List(ctx, tx, scanEntry, `SELECT place, skey, value FROM r_entry WHERE pair = $1 AND place >= $2 ORDER BY place, skey LIMIT $3`,
			pair, first, int64(limit))
		if err != nil || len(entries) < limit {
			return entries, buckets - 1, err
		}
		// The last bucket may go on behind the limit.
		last := bucketOf(entries[len(entries)-1].place)
		n := len(entries)
		for n > 0 && bucketOf(entries[n-1].place) == last {
			n--
		}
		if n > 0 {
			return entries[:n], last - 1, nil
		}
	}
}

// checkRoot holds the sum of all against the sums of the buckets.
func checkRoot(ctx context.Context, tx *sqlstore.Tx, p *pair, a *audited) error {
	var sum Digest
	for node := range 16 { // in parts: all at once would be a large answer
		part, err := bucketSums(ctx, tx, p.id, node<<12, node<<12+4095)
		if err != nil {
			return err
		}
		for _, d := range part {
			sum.join(d)
		}
	}
	kept, err := root(ctx, tx, p.id)
	if err != nil {
		return err
	}
	sum.part(kept)
	if sum != (Digest{}) {
		a.sums[rootBucket] = &sum
	}
	return nil
}

// ringSource has the source compare, once the transaction is durable.
func (b *Books) ringSource(tx *sqlstore.Tx, p *pair) {
	tx.OnCommit(func() {
		if p.side == source {
			b.hurry(p)
			return
		}
		p.mu.Lock()
		p.auditing.ring = true
		p.mu.Unlock()
		b.cfg.Store.Bell(auditBell).Ring()
	})
}

// ringAsked asks the sources for a comparison where something has been found or mended. A source that does not answer
// compares in its own time.
func (b *Books) ringAsked(ctx context.Context) {
	for _, p := range b.order {
		p.mu.Lock()
		ring := p.auditing.ring
		p.auditing.ring = false
		p.mu.Unlock()
		if !ring {
			continue
		}
		body, err := proto.Marshal(&messagepb.BookRing{Book: string(p.book)})
		if err == nil {
			_, err = b.x.Ask(ctx, p.peer, askRing, body)
		}
		if err != nil {
			b.cfg.Log.InfoContext(ctx, "the source could not be asked to compare now", "book", p.book, "peer", p.peer, "error", err)
		}
	}
}
