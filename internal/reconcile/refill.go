package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// A refill sends a whole book anew: to a new copy, or to a side that was restored from an old one. One person proposes it
// and another confirms. It goes on in small steps beside everything else, and over restarts.

// refillPage is how many keys one step sends.
const refillPage = 100

// RefillProgress is a refill that is proposed or under way.
type RefillProgress struct {
	Sent   int64     `json:"sent"`   // keys
	Aside  int64     `json:"aside"`  // keys of which no message could be made
	By     string    `json:"by"`     // who proposed it
	Second string    `json:"second"` // who confirmed it; empty until then
	Reason string    `json:"reason"`
	At     time.Time `json:"at"` // when it was proposed, or confirmed
}

// Proposed reports whether a second person has yet to confirm it.
func (p RefillProgress) Proposed() bool { return p.Second == "" }

var errRefilling = plain.Bad("book", "この帳簿は、いま送り直しています。終わるまで待ってください。",
	"this book is being sent anew already: wait until that has ended")

// ProposeRefill writes down that a person would have a book sent anew to its copy, and why; in place of what was proposed
// before. Nothing is sent until ConfirmRefill.
func (b *Books) ProposeRefill(ctx context.Context, book message.Book, peer message.Org, text, by string, with ...With) error {
	if err := reason(text, by); err != nil {
		return err
	}
	return b.onRefill(ctx, book, peer, with, func(ctx context.Context, tx *sqlstore.Tx, p *pair, was *RefillProgress) error {
		if was != nil && !was.Proposed() {
			return errRefilling
		}
		from, _ := bucketEnds(0)
		_, to := bucketEnds(buckets - 1)
		_, err := tx.Exec(ctx, `INSERT INTO r_refill(pair, place, skey, last_place, sent, aside, by_person, second_person, reason, at)
			VALUES ($1, $2, '', $3, 0, 0, $4, '', $5, $6) ON CONFLICT (pair) DO UPDATE SET by_person = excluded.by_person, reason = excluded.reason, at = excluded.at`,
			p.id, from, to, by, text, tx.Now())
		return err
	})
}

// ConfirmRefill has a book sent anew, as another person proposed.
func (b *Books) ConfirmRefill(ctx context.Context, book message.Book, peer message.Org, second string, with ...With) error {
	return b.onRefill(ctx, book, peer, with, func(ctx context.Context, tx *sqlstore.Tx, p *pair, was *RefillProgress) error {
		switch {
		case was == nil:
			return errNothing
		case !was.Proposed():
			return errRefilling
		case second == "" || second == was.By:
			return errSame
		}
		if _, err := tx.Exec(ctx, `UPDATE r_refill SET second_person = $2, at = $3 WHERE pair = $1`, p.id, second, tx.Now()); err != nil {
			return err
		}
		auditlog.Write(tx, auditlog.Entry{Actor: was.By, Act: "book.refill", Case: string(book) + " " + string(peer), Detail: cut("confirmed by "+second+": "+was.Reason, 900)})
		tx.Ring(refillBell)
		return nil
	})
}

// DropRefill takes a proposal back.
func (b *Books) DropRefill(ctx context.Context, book message.Book, peer message.Org, with ...With) error {
	return b.onRefill(ctx, book, peer, with, func(ctx context.Context, tx *sqlstore.Tx, p *pair, was *RefillProgress) error {
		switch {
		case was == nil:
			return errNothing
		case !was.Proposed():
			return errRefilling
		}
		_, err := tx.Exec(ctx, `DELETE FROM r_refill WHERE pair = $1`, p.id)
		return err
	})
}

// onRefill does something about the refill of a book of which we are the source; with is told what was proposed before.
func (b *Books) onRefill(ctx context.Context, book message.Book, peer message.Org, with []With, do func(context.Context, *sqlstore.Tx, *pair, *RefillProgress) error) error {
	p := b.pairs[pairName{book, peer}]
	if p == nil || p.side != source {
		return plain.Bad("book", "この帳簿の元ではないため、送り直せません。", "this organisation is not the source of the book, and cannot send it anew")
	}
	return b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		was, err := refillOf(ctx, tx, p.id)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, p, was); err != nil {
			return err
		}
		c := Case{Book: book, Self: b.cfg.Self, Peer: peer, AsSource: true}
		if was != nil {
			c.Proposal = &Proposal{Act: Resend, Text: was.Reason, By: was.By, At: was.At}
		}
		for _, w := range with {
			if err := w(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// refillOf reads the refill of a book; nil for none.
func refillOf(ctx context.Context, tx *sqlstore.Tx, pair int64) (*RefillProgress, error) {
	all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, f *RefillProgress) error {
		return r.Scan(&f.Sent, &f.Aside, &f.By, &f.Second, &f.Reason, sqlstore.Time(&f.At))
	}, `SELECT sent, aside, by_person, second_person, reason, at FROM r_refill WHERE pair = $1`, pair)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// refillStep sends one page of one book.
func (b *Books) refillStep(ctx context.Context) (time.Time, error) {
	trace, err := b.x.NewTrace()
	if err != nil {
		return time.Time{}, err
	}
	now := b.cfg.Clock.Now()
	var next time.Time
	for _, p := range b.order {
		if p.side != source {
			continue
		}
		more, err := b.refill(ctx, p, trace)
		full := errors.Is(err, errWindow)
		switch {
		case ctx.Err() != nil:
			return time.Time{}, ctx.Err()
		case err != nil:
			// The window is full, or something of this book is wrong: the others go on, and it does so later.
			if !full {
				b.cfg.Log.ErrorContext(ctx, "a book could not be sent anew", "book", p.book, "peer", p.peer, "error", err)
			}
			if at := now.Add(5 * time.Second); next.IsZero() || at.Before(next) {
				next = at
			}
		case more:
			next = now
		}
	}
	return next, nil
}

// refill sends one page. A key whose message cannot be made, or hangs while it is made, is set aside.
func (b *Books) refill(ctx context.Context, p *pair, trace string) (more bool, err error) {
	s := newSeen(map[string]bool{})
	for {
		err = b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			more, err = b.refillPage(ctx, tx, p, trace, s)
			return err
		})
		beyond := s.beyond()
		if !errors.Is(err, sqlstore.ErrTaken) || beyond == nil {
			return more, err
		}
		s = beyond
	}
}

var errAside = errors.New("the message of the key could not be made in time")

// errWindow means that the peer has to catch up first.
var errWindow = errors.New("the peer's window is full")

type refillRow struct {
	place, last, sent, aside int64
	key                      string
}

// refillPage sends the next keys. A key of which no message can be made is set aside as a finding, and counted.
func (b *Books) refillPage(ctx context.Context, tx *sqlstore.Tx, p *pair, trace string, s *seen) (more bool, err error) {
	rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *refillRow) error {
		return r.Scan(&v.place, &v.key, &v.last, &v.sent, &v.aside)
	}, `SELECT place, skey, last_place, sent, aside FROM r_refill WHERE pair = $1 AND second_person <> ''`, p.id)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	v := rows[0]
	if err := b.foldIn(ctx, tx, p); err != nil { // what it goes through are the places
		return false, err
	}
	entries, err := sqlstore.List(ctx, tx, scanEntry, `SELECT place, skey, value FROM r_entry WHERE pair = $1 AND place >= $2 AND (place, skey) > ($3, $4) AND place <= $5
		ORDER BY place, skey LIMIT $6`, p.id, v.place, v.place, v.key, v.last, int64(refillPage))
	if err != nil {
		return false, fmt.Errorf("couldn't read what is to be sent anew: %w", err)
	}
	odd, err := oddKeys(ctx, tx, p.id)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		v.place, v.key = e.place, e.key
		if odd[e.key] == unreadable { // known to the people here already
			v.aside++
			continue
		}
		err := tx.Attempt(ctx, func() (err error) {
			if s.aside[e.key] {
				return errAside
			}
			s.begin(e.key)
			tx.Limit(b.cfg.Deadline)
			defer s.end()
			defer tx.Limit(0)
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("it panicked: %v", r)
				}
			}()
			n, err := b.snapshot(ctx, tx, p, e.key, "")
			if err != nil {
				return err
			}
			if _, err := b.x.Send(ctx, tx, []message.Out{{To: p.peer, Body: n}}, trace); err != nil {
				if errors.As(err, new(*exchange.WindowFull)) {
					return errWindow
				}
				return err
			}
			return nil
		})
		switch {
		case errors.Is(err, errWindow) || ctx.Err() != nil:
			return false, errors.Join(err, ctx.Err())
		case err != nil:
			v.aside++
			if err := b.find(ctx, tx, p, progress{}, wrongRow{key: e.key, kept: hashOf(e.value), held: hashOf(e.value), what: unreadable}); err != nil {
				return false, err
			}
		default:
			v.sent++
		}
	}
	if len(entries) < refillPage {
		auditlog.Write(tx, auditlog.Entry{Actor: string(b.cfg.Self), Act: "book.refilled", Case: string(p.book) + " " + string(p.peer),
			Detail: fmt.Sprintf("%d sent, %d set aside", v.sent, v.aside)})
		_, err := tx.Exec(ctx, `DELETE FROM r_refill WHERE pair = $1`, p.id)
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE r_refill SET place = $2, skey = $3, sent = $4, aside = $5 WHERE pair = $1`, p.id, v.place, v.key, v.sent, v.aside)
	return true, err
}
