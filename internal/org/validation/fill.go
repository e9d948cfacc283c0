package validation

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

const (
	loadPage = 2000 // rows of one look while the shelf is filled
	signPage = 64   // of one look while answers are signed
	readPage = 256  // of what was written since
)

// filler goes round the tables: first to learn all states, which takes seconds for a million, and then to sign every
// answer, and again before half of its life is over. Each round reads the rows anew, so that one that was changed behind the
// program's back is told as it stands, as long as it does not say that a revocation never was.
type filler struct {
	round   uint32 // 1: only learns
	hurried bool   // this round makes no pauses
	root    int
	after   []byte
	begun   time.Time // the round
	pages   int64     // of it so far
	reading reading   // of the root
}

// fillTask goes round, paced; the first two rounds, and one after the answers had to stop, without a pause.
func (o *Validation) fillTask() clock.Task {
	f := &filler{round: 1}
	return clock.Task{Name: "answers-ahead", Bell: &o.fillBell, Step: func(ctx context.Context) (time.Time, error) { return o.fill(ctx, f) }}
}

func (o *Validation) fill(ctx context.Context, f *filler) (next time.Time, err error) {
	now := o.Clock.Now()
	if f.root == 0 && f.pages == 0 {
		if f.hurried = o.hurry.Swap(false) || f.round <= 2; !f.hurried {
			if due := f.begun.Add(o.roundTime()); now.Before(due) && !f.begun.After(now) {
				return due, nil
			}
		}
		f.begun = now
		o.round.Store(f.round)
	}
	if f.root < len(o.roots) {
		if err := o.fillPage(ctx, f, o.roots[f.root]); err != nil {
			return time.Time{}, err
		}
	}
	if f.root >= len(o.roots) {
		*f = filler{round: f.round + 1, begun: f.begun}
		return now, nil
	}
	if f.hurried || o.hurry.Load() {
		return now, nil
	}
	var total int64 // of the pages, as far as it can be foreseen
	for _, r := range o.roots {
		total += r.shelf.known.Load()/signPage + 1
	}
	return f.begun.Add(o.roundTime() * time.Duration(f.pages) / time.Duration(total)), nil
}

// goRound has all answers that ran out signed again at once, and the missing ones.
func (o *Validation) goRound() {
	o.hurry.Store(true)
	o.fillBell.Ring()
}

// roundTime is in what time all answers are signed anew: each is before half of its life is over.
func (o *Validation) roundTime() time.Duration {
	life := mostLife
	for _, r := range o.roots {
		life = min(life, lifeOf(r.shelf.known.Load()))
	}
	return life * 2 / 5
}

func (o *Validation) fillPage(ctx context.Context, f *filler, r *root) error {
	limit := signPage
	if f.round == 1 {
		limit = loadPage
	}
	if f.after == nil {
		f.after, f.reading = []byte{}, reading{gen: r.shelf.gen.Load(), round: f.round}
	}
	page := reading{gen: r.shelf.gen.Load(), round: f.round}
	var rows []store.State
	var next []byte
	if err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows, next, err = o.in(tx).States(ctx, r.id, f.after, limit)
		return err
	}); err != nil {
		return err
	}
	f.pages++
	able := f.round > 1
	for _, row := range rows {
		if row.Serial == nil {
			continue // it is nobody's; the self-audit of the book finds it
		}
		n := numberOf(row.Serial)
		if !r.shelf.take(n, row, true, page) {
			o.revokedStays(ctx, r, 1)
		}
		able = able && o.renew(ctx, r, n)
	}
	if f.after = next; next != nil {
		return nil
	}
	if stay := r.shelf.missed(f.reading); stay > 0 {
		o.revokedStays(ctx, r, stay)
	}
	r.shelf.whole.Store(true)
	f.root, f.after = f.root+1, nil
	return nil
}

func (o *Validation) revokedStays(ctx context.Context, r *root, rows int) {
	o.Log.ErrorContext(ctx, "rows no longer say that a certificate was revoked, which stays answered", "issuer", r.id, "rows", rows)
}

// renew signs the answers about a certificate that are missing or no longer new. It reports false when nothing can be
// signed: what was signed is told to its end, and what is asked for meanwhile is tried again then.
func (o *Validation) renew(ctx context.Context, r *root, n number) bool {
	now := o.Clock.Now()
	life := lifeOf(r.shelf.known.Load())
	for hash := range preSigned {
		f := r.shelf.look(n, hash)
		if !f.sure || f.state != good && f.state != revoked ||
			f.signed.octets != nil && now.Sub(time.Unix(int64(f.signed.made), 0)).Abs() < life/10 {
			continue
		}
		by, err := o.signer(ctx, r, now)
		if err != nil {
			return false
		}
		sig, err := o.signOne(ctx, r, by, n, hash, f)
		if err != nil {
			return false
		}
		r.shelf.keep(n, hash, f.gen, sig)
	}
	return true
}

// settleTask reads again what was written and signs its answers: the first thing after a commit.
func (o *Validation) settleTask() clock.Task {
	return clock.Task{Name: "answers-changed", Bell: o.Store.Bell(bellChanged), Step: func(ctx context.Context) (next time.Time, err error) {
		for _, r := range o.roots {
			at, err := o.settle(ctx, r)
			if err != nil {
				return time.Time{}, err
			}
			next = cert.Earlier(next, at)
		}
		return next, nil
	}}
}

// bellChanged rings after each commit that changed a state.
const bellChanged = "validation/changed"

func (o *Validation) settle(ctx context.Context, r *root) (next time.Time, err error) {
	now := o.Clock.Now()
	changed, aged, next := r.shelf.toRead(now, readPage)
	for _, part := range []struct {
		numbers []number
		aged    bool
	}{{changed, false}, {aged, true}} {
		if len(part.numbers) == 0 {
			continue
		}
		as := reading{gen: r.shelf.gen.Load(), round: o.round.Load(), aged: part.aged}
		rows, err := o.rowsOf(ctx, r, part.numbers)
		if err != nil {
			r.shelf.again(changed)
			return next, err
		}
		for _, n := range part.numbers {
			row, found := rows[n]
			if !r.shelf.take(n, row, found, as) {
				o.revokedStays(ctx, r, 1)
			}
		}
		able := true
		for _, n := range part.numbers {
			able = able && o.renew(ctx, r, n)
		}
	}
	return next, nil
}

// rowsOf reads the table for some certificates.
func (o *Validation) rowsOf(ctx context.Context, r *root, numbers []number) (map[number]store.State, error) {
	serials := make([][]byte, len(numbers))
	for i := range numbers {
		serials[i] = numbers[i].serial()
	}
	rows := map[number]store.State{}
	err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		clear(rows)
		all, err := o.in(tx).StatesOf(ctx, r.id, serials)
		for _, s := range all {
			if s.Serial != nil {
				rows[numberOf(s.Serial)] = s
			}
		}
		return err
	})
	return rows, err
}

// touch has a state that is being written told no more from the shelf.
func (o *Validation) touch(tx *sqlstore.Tx, issuer string, serial []byte) {
	r := o.byID[issuer]
	if r == nil || len(serial) == 0 || len(serial) > len(number{}) {
		return
	}
	n := numberOf(serial)
	r.shelf.doubt(n, o.Clock.Now())
	tx.OnCommit(func() {
		r.shelf.committed(n)
		o.heardOf(r)
	})
	tx.Ring(bellChanged)
}
