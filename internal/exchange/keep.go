package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// keepReceipt puts a receipt into the transaction.
func (x *Exchange) keepReceipt(ctx context.Context, tx *sqlstore.Tx, dir string, peer message.Org, r *message.Receipt) error {
	lines, err := message.EncodeReceiptLines(r.Lines)
	if err != nil {
		return err
	}
	print := pki.Fingerprint(r.Certificate)
	if _, known := x.certificates.Load(print); !known {
		if _, err := tx.Exec(ctx, `INSERT INTO x_certificate(fingerprint, der) VALUES ($1, $2) ON CONFLICT DO NOTHING`, print[:], r.Certificate); err != nil {
			return err
		}
		tx.OnCommit(func() { x.certificates.Store(print, true) })
	}
	// A commit whose answer was lost has kept it already, and so has the page that was asked for beside it.
	_, err = tx.Exec(ctx, `INSERT INTO x_receipt(dir, peer, number, signed_at, decisions, head, signature, certificate, lines)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`, dir, string(peer), int64(r.Head.Number),
		r.Head.SignedAt.UnixMicro(), int64(r.Head.Decisions), r.HeadRaw, r.Signature, print[:], lines)
	return err
}

// lastReceipt is the highest number of a receipt that is kept.
func lastReceipt(ctx context.Context, tx *sqlstore.Tx, dir string, peer message.Org) (uint64, error) {
	var last int64
	err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0) FROM x_receipt WHERE dir = $1 AND peer = $2`, dir, string(peer)).Scan(&last)
	return uint64(last), err
}

// keepSigned puts what this node has signed and not kept into the transaction. The turn of the pair is the caller's. whole is up to which number all of
// ours are kept, last the last that was given.
func (x *Exchange) keepSigned(ctx context.Context, tx *sqlstore.Tx, p *peer, whole, last uint64) error {
	s := &p.signing
	s.mu.Lock()
	unkept := s.unkept
	s.mu.Unlock()
	if len(unkept) == 0 {
		return nil
	}
	was := whole
	for _, r := range unkept {
		if err := x.keepReceipt(ctx, tx, "in", p.org, r); err != nil {
			return err
		}
		if r.Head.Number == whole+1 {
			whole++
		}
	}
	if whole != last { // other nodes sign too, and keep theirs when they do
		var err error
		if whole, err = wholeFrom(ctx, tx, p.org, whole); err != nil {
			return err
		}
	}
	if whole > was {
		if _, err := tx.Exec(ctx, `UPDATE x_peer SET in_receipts = $2 WHERE peer = $1 AND in_receipts < $2`, string(p.org), int64(whole)); err != nil {
			return err
		}
	}
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.unkept = s.unkept[len(unkept):]
	})
	return nil
}

// wholeFrom is up to which number all receipts of ours are kept, of which those up to whole are.
func wholeFrom(ctx context.Context, tx *sqlstore.Tx, peer message.Org, whole uint64) (uint64, error) {
	rows, err := tx.Query(ctx, `SELECT number FROM x_receipt WHERE dir = 'in' AND peer = $1 AND number > $2 ORDER BY number LIMIT 1000`, string(peer), int64(whole))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() { // one row where the first is missing, which it may be for long: its node stopped before it signed
		var n uint64
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
		if n != whole+1 {
			break
		}
		whole = n
	}
	return whole, rows.Close()
}

// keep is the task that keeps signed receipts that no batch came to keep.
func (x *Exchange) keep(ctx context.Context) (next time.Time, err error) {
	now := x.cfg.Clock.Now()
	for _, o := range x.active() {
		s := &x.peers[o].signing
		s.mu.Lock()
		waits, due := len(s.unkept) > 0, s.since.Add(keepWithin)
		s.mu.Unlock()
		if waits && due.After(now) {
			if next.IsZero() || due.Before(next) {
				next = due
			}
			continue
		}
		if waits {
			// One pair whose receipts cannot be kept must not keep the others from being kept.
			err = errors.Join(err, x.keepOf(ctx, x.peers[o]))
		}
	}
	return next, err
}

// keepOf keeps the signed receipts of one pair now. It waits for the batch that is being taken, which keeps them as well.
func (x *Exchange) keepOf(ctx context.Context, p *peer) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p.signing.mu.Lock()
	none := len(p.signing.unkept) == 0
	p.signing.mu.Unlock()
	if none {
		return nil
	}
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		var whole, last int64
		if err := tx.QueryRow(ctx, `SELECT in_receipts, in_signed FROM x_peer WHERE peer = $1`, string(p.org)).Scan(&whole, &last); err != nil {
			return err
		}
		return x.keepSigned(ctx, tx, p, uint64(whole), uint64(last))
	})
	if err != nil {
		return fmt.Errorf("couldn't keep the receipts for %s: %w", p.org, err)
	}
	return nil
}

// holding is what a sender knows of the receipts that one peer signed for it.
type holding struct {
	mu      sync.Mutex
	whole   uint64    // all up to this number are held
	last    uint64    // the highest that is held
	signed  uint64    // the last that the peer says it signed
	lacking time.Time // since when some are known to be missing; zero: none are
	told    uint64    // what the peer was told of whole
	tellAt  time.Time // when it is told without a batch; zero: it knows
	askAt   time.Time // not before: for the missing ones
}

func (h *holding) lastOf() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

func (h *holding) wholeOf() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.whole
}

// greeted takes over what the store says, and what the peer says that it signed.
func (h *holding) greeted(whole, last, signed uint64, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if whole < signed && signed > h.signed {
		h.askAt = now.Add(askAfter)
	}
	h.whole, h.last, h.signed = whole, last, signed
	h.toldOf(whole)
	h.judge(now)
}

// toldOf notes that the peer knows up to which number we hold its receipts. The lock is the caller's.
func (h *holding) toldOf(whole uint64) {
	if h.told = whole; h.told == h.whole {
		h.tellAt = time.Time{}
	}
}

// due is when the next thing is to be done about the peer's receipts; zero: nothing.
func (h *holding) due() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.whole < h.signed {
		return earlier(h.tellAt, h.askAt)
	}
	return h.tellAt
}

// tellDue tells whether the peer is to be told now, by a hello.
func (h *holding) tellDue(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.tellAt.IsZero() && !now.Before(h.tellAt)
}

// earlier is the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// keep puts the receipt of a batch into the transaction that settles it. The receipt was checked: its number is new.
func (h *holding) keep(ctx context.Context, tx *sqlstore.Tx, x *Exchange, p *peer, r *message.Receipt, told uint64) error {
	if err := x.keepReceipt(ctx, tx, "out", p.org, r); err != nil {
		return err
	}
	number := r.Head.Number
	if number == h.wholeOf()+1 {
		if _, err := tx.Exec(ctx, `UPDATE x_peer SET out_receipts = $2 WHERE peer = $1 AND out_receipts < $2`, string(p.org), int64(number)); err != nil {
			return err
		}
	}
	now := x.cfg.Clock.Now()
	tx.OnCommit(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if number == h.whole+1 {
			h.whole = number
		}
		if number > h.signed+1 {
			h.askAt = now.Add(askAfter)
		}
		h.last, h.signed = max(h.last, number), max(h.signed, number)
		h.judge(now)
		h.tellAt = now.Add(tellAfter)
		h.toldOf(told)
	})
	return nil
}

// judge notes since when receipts are missing.
func (h *holding) judge(now time.Time) {
	switch {
	case h.whole >= h.signed:
		h.lacking = time.Time{}
	case h.lacking.IsZero():
		h.lacking = now
	}
}

// ReceiptOf is the receipt of what became of a message, ours or a peer's, and the place of its line.
func (x *Exchange) ReceiptOf(ctx context.Context, id message.ID) (*message.Receipt, int, error) {
	dir, peer := x.side(id)
	if p := x.peers[message.Org(peer)]; p != nil && dir == "in" {
		if err := x.keepOf(ctx, p); err != nil {
			return nil, 0, err
		}
	}
	var found *message.Receipt
	place := -1
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		found = nil
		query, args := `SELECT decisions, decided_at, outcome FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3`, []any{peer, int64(id.Epoch), int64(id.Seq)}
		if dir == "in" {
			query, args = `SELECT batch, decided_at, outcome FROM x_in WHERE peer = $1 AND epoch = $2 AND seq = $3 AND node = $4`, append(args, id.Node)
		}
		var decided, at int64
		var outcome message.Outcome
		if err := tx.QueryRow(ctx, query, args...).Scan(&decided, &at, &outcome); err != nil {
			return err
		}
		// The first receipt with at least so many decisions is the message's own. After a restoration numbers of decisions
		// are used again, so a few are looked at.
		look := func(query string, from int64) error {
			rows, err := receipts(ctx, tx, query, dir, peer, from)
			for _, r := range rows {
				if place = r.Find(id.Epoch, id.Seq); place >= 0 && (r.Lines[place].Outcome == outcome || r.Lines[place].Settled == outcome) {
					found = r
					break
				}
			}
			return err
		}
		err := look(selectReceiptOf, decided)
		if err == nil && found == nil && dir == "in" {
			err = look(selectReceiptFrom, at) // people accepted it, long after its batch
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) || err == nil && found == nil {
		return nil, 0, plain.Bad("message", "電文番号「"+id.String()+"」の受領証は、この団体にありません。電文の状態を確かめてください。",
			"this organisation has no receipt of message "+id.String()+": look at the message's state")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("couldn't find the receipt: %w", err)
	}
	return found, place, nil
}

const (
	selectReceipts  = `SELECT r.head, r.signature, c.der, r.lines FROM x_receipt r JOIN x_certificate c ON c.fingerprint = r.certificate WHERE r.dir = $1 AND r.peer = $2 AND `
	selectReceiptOf = selectReceipts + `r.decisions >= $3 ORDER BY r.decisions, r.number LIMIT 100`
	// Without an index: people ask so, for one message.
	selectReceiptFrom = selectReceipts + `r.signed_at >= $3 ORDER BY r.number LIMIT 100`
	selectPage        = selectReceipts + `r.number > $3 ORDER BY r.number LIMIT 101` // pageOf and one more
)

func receipts(ctx context.Context, tx *sqlstore.Tx, query string, args ...any) ([]*message.Receipt, error) {
	all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, to **message.Receipt) error {
		var w messagepb.SignedReceipt
		var raw []byte
		if err := r.Scan(&w.Head, &w.Signature, &w.Certificate, &raw); err != nil {
			return err
		}
		if lines, err := message.DecodeReceiptLines(raw); err == nil {
			*to, _ = message.OpenReceipt(&w, lines)
		}
		return nil
	}, query, args...)
	// A damaged row must not stop the others. Whoever asks for what it held finds that there is no receipt.
	return slices.DeleteFunc(all, func(r *message.Receipt) bool { return r == nil }), err
}

// missing tells how many receipts the peer signed that we do not hold, and since when.
func (h *holding) missing() (n int64, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.whole >= h.signed {
		return 0, time.Time{}
	}
	return int64(h.signed - h.whole), h.lacking
}
