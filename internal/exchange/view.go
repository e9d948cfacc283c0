package exchange

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Pair is how it stands between this organisation and another, as this one sees it.
type Pair struct {
	Self, Peer message.Org
	State      PairState
	Since      time.Time // of the state; zero when unknown
	Reason     string    // why the peer is down or refuses
	Contact    time.Time // last answer or call; zero: none since the start

	Sent, Applied                 int64 // messages to the peer, ever; of these ended: applied, or withdrawn
	Open                          int64 // not ended: Waiting + Parked + Held
	Waiting, Parked, Held         int64
	Oldest                        time.Time // the oldest that has not ended; zero: none
	Received, InParked, InRefused int64     // decisions on the peer's messages; of these parked now; messages and batches that the peer may not send
	Turned                        string    // why a batch of the peer was last not taken at all; empty: none since the start
	LastReceived                  time.Time

	// Receipts. OutMissing: the peer signed them for our messages, and we do not hold them. InMissing: we signed them for the
	// peer's, and it has not said that it holds them. A peer to which nothing is sent is told within seconds, so that more
	// than a minute means that they are lost on the way. Since is zero when none is missing.
	OutMissing, InMissing           int64
	OutMissingSince, InMissingSince time.Time
	OutWrong                        int64 // receipts of the peer that were not taken
}

// Pairs tells how it stands with every peer, from one read transaction.
func (x *Exchange) Pairs(ctx context.Context) ([]Pair, error) {
	var pairs []Pair
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		pairs = nil
		for _, o := range x.active() {
			p, err := x.pair(ctx, tx, x.peers[o])
			if err != nil {
				return fmt.Errorf("couldn't tell how it stands with %s: %w", o, err)
			}
			pairs = append(pairs, p)
		}
		return nil
	})
	return pairs, err
}

func (x *Exchange) pair(ctx context.Context, tx *sqlstore.Tx, p *peer) (Pair, error) {
	p.mu.Lock()
	v := Pair{Self: x.cfg.Self, Peer: p.org, State: p.state, Since: p.since, Reason: p.reason, Contact: p.contact, Turned: p.turned}
	p.mu.Unlock()
	peer := string(p.org)
	if err := tx.QueryRow(ctx, `SELECT out_sent, out_open, in_decisions, in_refused, out_wrong FROM x_peer WHERE peer = $1`, peer).
		Scan(&v.Sent, &v.Open, &v.Received, &v.InRefused, &v.OutWrong); err != nil {
		return v, err
	}
	v.Applied = v.Sent - v.Open
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM x_out WHERE peer = $1 AND state = 'parked' AND `+stuckOut, peer).Scan(&v.Parked); err != nil {
		return v, err
	}
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM x_out WHERE peer = $1 AND state = 'held' AND `+stuckOut, peer).Scan(&v.Held); err != nil {
		return v, err
	}
	v.Waiting = v.Open - v.Parked - v.Held
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM x_in WHERE peer = $1 AND outcome IN ('rejected', 'gap') AND `+stuckIn, peer).Scan(&v.InParked); err != nil {
		return v, err
	}
	var oldest, last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MIN(at), 0) FROM (
		SELECT MIN(created_at) AS at FROM x_out WHERE peer = $1 AND state = 'ready' UNION ALL
		SELECT MIN(created_at) AS at FROM x_out WHERE peer = $1 AND state IN ('parked', 'held', 'deferred')) AS open_ones`, peer).Scan(&oldest); err != nil {
		return v, err
	}
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(received_at), 0) FROM x_batch WHERE peer = $1 AND id =
		(SELECT MAX(id) FROM x_batch WHERE peer = $1)`, peer).Scan(&last); err != nil {
		return v, err
	}
	v.Oldest, v.LastReceived = fromMicros(oldest), fromMicros(last)
	v.OutMissing, v.OutMissingSince = p.holding.missing()
	return v, x.inMissing(ctx, tx, p, &v)
}

// inMissing tells which of our receipts the peer has not said that it holds.
func (x *Exchange) inMissing(ctx context.Context, tx *sqlstore.Tx, p *peer, v *Pair) error {
	var told int64
	if err := tx.QueryRow(ctx, `SELECT in_receipts_told FROM x_peer WHERE peer = $1`, string(p.org)).Scan(&told); err != nil {
		return err
	}
	kept, err := lastReceipt(ctx, tx, "in", p.org)
	if err != nil {
		return err
	}
	signed, since := p.signing.signed()
	if v.InMissing = max(int64(signed), int64(kept)) - told; v.InMissing <= 0 {
		v.InMissing = 0
		return nil
	}
	v.InMissingSince = since
	first, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, at *time.Time) error { return r.Scan(sqlstore.Time(at)) },
		`SELECT signed_at FROM x_receipt WHERE dir = 'in' AND peer = $1 AND number > $2 ORDER BY number LIMIT 1`, string(p.org), told)
	if len(first) > 0 {
		v.InMissingSince = first[0]
	}
	return err
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return sqlstore.FromMicros(us)
}

// Item is one message as one of its two organisations sees it. It holds no payload.
type Item struct {
	message.ID
	Out       bool // ours; otherwise the peer's
	Attempt   int64
	Kind      message.Kind
	Trace     string
	State     string // of ours: ready, deferred, parked, held, applied, withdrawn; of the peer's: the outcome
	Code      string
	Reason    plain.Sentence
	CreatedAt time.Time
	DecidedAt time.Time // zero: not yet
	Tries     int64
	Key       string `json:"-"` // the first order key: of a message about a person the 住民票コード, which no answer shows
}

// Peer is with whom it was exchanged.
func (i Item) Peer() message.Org {
	if i.Out {
		return i.Receiver
	}
	return i.Sender
}

// Stuck tells whether the message waits for a person or for another message.
func (i Item) Stuck() bool {
	switch i.State {
	case stateParked, stateHeld, stateDeferred, string(message.Rejected), string(message.Gap):
		return true
	}
	return false
}

// Parked tells whether it waits for a person.
func (i Item) Parked() bool {
	return i.State == stateParked || i.State == string(message.Rejected) || i.State == string(message.Gap)
}

// Stopped tells whether it waits for a person, or for one that does.
func (i Item) Stopped() bool { return i.Parked() || i.State == stateHeld }

// Orphan tells whether its sender lost the message and no longer knows it: it can only be closed.
func (i Item) Orphan() bool { return !i.Out && i.Code == codeOrphan }

const (
	outItem = `SELECT peer, '', epoch, seq, attempt, kind, trace, state, code, reason_ja, reason_en, created_at, decided_at, tries, key1 FROM x_out WHERE `
	inItem  = `SELECT peer, node, epoch, seq, attempt, kind, trace, outcome, code, reason_ja, reason_en, created_at, decided_at, 0, key1 FROM x_in WHERE `
)

// Stuck lists what is parked, deferred or held, on both sides of this organisation, oldest first.
func (x *Exchange) Stuck(ctx context.Context, limit int) ([]Item, error) {
	var items []Item
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		items = nil
		for _, o := range x.active() {
			for _, q := range []string{
				outItem + `peer = $1 AND state IN ('parked', 'held', 'deferred') ORDER BY epoch, seq LIMIT $2`,
				inItem + `peer = $1 AND outcome IN ('rejected', 'gap', 'held', 'deferred') ORDER BY epoch, seq LIMIT $2`,
			} {
				got, err := x.items(ctx, tx, q, string(o), int64(limit))
				if err != nil {
					return err
				}
				items = append(items, got...)
			}
		}
		return nil
	})
	return items, err
}

// Find returns one message, with what people wrote about it and the proposal that waits for a second person.
func (x *Exchange) Find(ctx context.Context, id message.ID) (Item, []Note, *Proposal, error) {
	dir, peer := x.side(id)
	var items []Item
	var notes []Note
	var proposal *Proposal
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		query := outItem
		if dir == "in" {
			query = inItem
		}
		if items, err = x.items(ctx, tx, query+`peer = $1 AND epoch = $2 AND seq = $3`, peer, int64(id.Epoch), int64(id.Seq)); err != nil {
			return err
		}
		if notes, err = sqlstore.List(ctx, tx, scanNote, `SELECT at, author, act, body, by_person, second_person FROM x_note
			WHERE dir = $1 AND peer = $2 AND epoch = $3 AND seq = $4 ORDER BY n`, dir, peer, int64(id.Epoch), int64(id.Seq)); err != nil {
			return err
		}
		proposals, err := sqlstore.List(ctx, tx, scanProposal, `SELECT act, body, by_person, at FROM x_proposal
			WHERE dir = $1 AND peer = $2 AND epoch = $3 AND seq = $4`, dir, peer, int64(id.Epoch), int64(id.Seq))
		if len(proposals) > 0 {
			proposal = &proposals[0]
		}
		return err
	})
	if err == nil && len(items) == 0 {
		err = plain.Bad("message",
			"電文番号「"+id.String()+"」の電文は、この団体にありません。",
			"this organisation has no message "+id.String())
	}
	if err != nil {
		return Item{}, nil, nil, err
	}
	return items[0], notes, proposal, nil
}

// Note is what a person wrote about a message.
type Note struct {
	At         time.Time
	Author     message.Org
	Act        string // inquiry, answer, or how it was resolved
	Text       string
	By, Second string
}

// Proposal is a resolution that waits for a second person.
type Proposal struct {
	Act  Act
	Text string
	By   string
	At   time.Time
}

func scanNote(r *sqlstore.Rows, n *Note) error {
	return r.Scan(sqlstore.Time(&n.At), &n.Author, &n.Act, &n.Text, &n.By, &n.Second)
}

func scanProposal(r *sqlstore.Rows, p *Proposal) error {
	return r.Scan(&p.Act, &p.Text, &p.By, sqlstore.Time(&p.At))
}

// Traced lists this organisation's part in what followed from acts: by trace, by message id, or by order key (a
// 住民票コード), in the order of time.
func (x *Exchange) Traced(ctx context.Context, what string) ([]Item, error) {
	var items []Item
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		items = nil
		column, arg := "trace", what
		if id, err := message.ParseID(what); err == nil {
			trace, err := x.traceOf(ctx, tx, id)
			if err != nil {
				return nil // the message of two others: not ours to tell
			}
			arg = trace
		} else if !strings.HasPrefix(what, "t-") {
			column = "key1"
		}
		for _, q := range []string{
			outItem + column + ` = $1 ORDER BY created_at DESC LIMIT 200`,
			inItem + column + ` = $1 ORDER BY received_at DESC LIMIT 200`,
		} {
			got, err := x.items(ctx, tx, q, arg)
			if err != nil {
				return err
			}
			items = append(items, got...)
		}
		return nil
	})
	return items, err
}

func (x *Exchange) items(ctx context.Context, tx *sqlstore.Tx, query string, args ...any) ([]Item, error) {
	out := strings.Contains(query, " FROM x_out ")
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, i *Item) error {
		var peer, node string
		var epoch, seq int64
		if err := r.Scan(&peer, &node, &epoch, &seq, &i.Attempt, &i.Kind, &i.Trace, &i.State, &i.Code, &i.Reason.JA, &i.Reason.EN,
			sqlstore.Time(&i.CreatedAt), sqlstore.Time(&i.DecidedAt), &i.Tries, &i.Key); err != nil {
			return err
		}
		i.Out = out
		if out {
			i.ID = message.ID{Sender: x.cfg.Self, Node: x.cfg.Node, Epoch: uint64(epoch), Receiver: message.Org(peer), Seq: uint64(seq)}
		} else {
			i.ID = message.ID{Sender: message.Org(peer), Node: node, Epoch: uint64(epoch), Receiver: x.cfg.Self, Seq: uint64(seq)}
		}
		return nil
	}, query, args...)
}

// Parked tells, inside a rule, whether a message of a kind with a key came from a peer and waits for a person: what it would
// have told us must then be reckoned with.
func Parked(ctx context.Context, tx *sqlstore.Tx, peer message.Org, kind message.Kind, key string) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM x_in WHERE key1 = $1 AND kind = $2 AND peer = $3 AND outcome IN ('rejected', 'gap', 'held', 'deferred')`,
		key, string(kind), string(peer)).Scan(&n)
	return n > 0, err
}
