package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// Both sides keep every receipt. One that the other side has and we have not was lost with its answer, or with a database
// that was restored from a copy, or we stopped before we had kept it. We ask for it.

const askReceipts = "exchange.receipts"

const (
	askAfter     = 4 * keepWithin   // before that it may be in the memory of another node of the peer's than that which would answer
	tellAfter    = 10 * time.Second // a peer to which nothing is to be sent is told so late which receipts we hold
	askAgain     = time.Minute      // after an answer that did not come
	receiptsPage = 100
	fillDeadline = 5 * time.Second // messages wait meanwhile
)

// answerReceipts returns a page of the receipts of the pair.
func (x *Exchange) answerReceipts(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	var q messagepb.ReceiptQuestion
	if err := proto.Unmarshal(body, &q); err != nil {
		return nil, fmt.Errorf("couldn't read the question: %w", err)
	}
	if q.After>>62 != 0 {
		return nil, errors.New("an impossible number")
	}
	dir := "in"
	if q.Ours {
		dir = "out"
	} else if err := x.keepOf(ctx, x.peers[from]); err != nil {
		return nil, err
	}
	page := &messagepb.ReceiptPage{}
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		page.Reset()
		rs, err := receipts(ctx, tx, selectPage, dir, string(from), int64(q.After))
		for i, r := range rs {
			if page.More = i == receiptsPage; page.More {
				break
			}
			page.Receipts = append(page.Receipts, r.Wire(true))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return proto.Marshal(page)
}

// fill asks a peer for a page of the receipts that we lack, when it is time. It tells whether there is more at once; an
// answer that does not come is no reason to hold up messages.
func (x *Exchange) fill(ctx context.Context, p *peer) (more bool) {
	now := x.cfg.Clock.Now()
	h, s := &p.holding, &p.signing
	h.mu.Lock()
	theirs := h.whole < h.signed && !now.Before(h.askAt)
	h.mu.Unlock()
	s.mu.Lock()
	ours := s.lost && !now.Before(s.askAt)
	s.mu.Unlock()
	if theirs {
		m, err := x.fillOne(ctx, p, "out")
		more = more || m
		if err != nil {
			x.cfg.Log.WarnContext(ctx, "missing receipts were not answered", "peer", p.org, "error", err)
			h.mu.Lock()
			h.askAt = now.Add(askAgain)
			h.mu.Unlock()
		}
	}
	if ours {
		m, err := x.fillOne(ctx, p, "in")
		more = more || m
		if err != nil {
			x.cfg.Log.WarnContext(ctx, "our own receipts that we lost were not answered", "peer", p.org, "error", err)
			s.mu.Lock()
			s.askAt = now.Add(askAgain)
			s.mu.Unlock()
		}
	}
	return more
}

// wholeColumn is the column of x_peer that says up to which number all receipts of a direction are kept.
var wholeColumn = map[string]string{"out": "out_receipts", "in": "in_receipts"}

// fillOne asks for a page of one direction: "out", those that the peer signed, or "in", those that we signed.
func (x *Exchange) fillOne(ctx context.Context, p *peer, dir string) (more bool, err error) {
	var whole int64
	err = x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT `+wholeColumn[dir]+` FROM x_peer WHERE peer = $1`, string(p.org)).Scan(&whole)
	})
	if err != nil {
		return false, err
	}
	body, err := proto.Marshal(&messagepb.ReceiptQuestion{Ours: dir == "in", After: uint64(whole)})
	if err != nil {
		return false, err
	}
	short, cancel := context.WithTimeout(ctx, fillDeadline)
	defer cancel()
	answer, err := x.Ask(short, p.org, askReceipts, body)
	if err != nil {
		return false, err
	}
	var page messagepb.ReceiptPage
	if err := proto.Unmarshal(answer, &page); err != nil {
		return false, fmt.Errorf("couldn't read the receipts: %w", err)
	}
	var got []*message.Receipt
	for _, w := range page.Receipts {
		r, err := x.lostReceipt(p, dir, w)
		if err != nil {
			return false, err
		}
		got = append(got, r)
	}
	if page.More && (len(got) == 0 || got[len(got)-1].Head.Number <= uint64(whole)) {
		return false, errors.New("the answer leads nowhere")
	}
	if err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return x.keepFilled(ctx, tx, p, dir, got, page.More)
	}); err != nil {
		return false, fmt.Errorf("couldn't keep the receipts that were missing: %w", err)
	}
	return page.More, nil
}

// lostReceipt reads a receipt that a peer sent again, and checks that it is of this pair and signed by whom it names.
func (x *Exchange) lostReceipt(p *peer, dir string, w *messagepb.SignedReceipt) (*message.Receipt, error) {
	r, err := message.OpenWholeReceipt(w)
	if err != nil {
		return nil, err
	}
	signer, other := p.org, x.cfg.Self
	if dir == "in" {
		signer, other = other, signer
	}
	if r.Head.Receiver != signer || r.Head.Sender != other {
		return nil, fmt.Errorf("a receipt from %s to %s does not belong here", r.Head.Receiver, r.Head.Sender)
	}
	return r, x.trusted(r, signer)
}

// keepFilled keeps what is new of a page. When it was the last one, numbers that are still missing were never kept by
// anybody.
func (x *Exchange) keepFilled(ctx context.Context, tx *sqlstore.Tx, p *peer, dir string, got []*message.Receipt, more bool) error {
	whole := uint64(0)
	for _, r := range got {
		whole = max(whole, r.Head.Number)
		if err := x.keepReceipt(ctx, tx, dir, p.org, r); err != nil {
			return err
		}
	}
	if !more {
		last, err := lastReceipt(ctx, tx, dir, p.org)
		if err != nil {
			return err
		}
		whole = max(whole, last)
	}
	column := wholeColumn[dir]
	if _, err := tx.Exec(ctx, `UPDATE x_peer SET `+column+` = $2 WHERE peer = $1 AND `+column+` < $2`, string(p.org), int64(whole)); err != nil {
		return err
	}
	tx.OnCommit(func() {
		if dir == "in" {
			p.signing.mu.Lock()
			defer p.signing.mu.Unlock()
			p.signing.lost = more
			return
		}
		h, now := &p.holding, x.cfg.Clock.Now()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.whole = max(h.whole, whole)
		if h.last = max(h.last, whole); !more {
			h.signed = h.whole
		}
		h.judge(now)
		h.tellAt = now.Add(tellAfter)
	})
	return nil
}
