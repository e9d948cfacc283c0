package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Cut is a moment in the life of a receiver, as its sender can understand it: every message up to the mark has been
// applied or withdrawn, save the exceptions, and none beyond it.
type Cut struct {
	Epoch, Seq uint64 // the highest place that was seen; 0, 0: none
	Except     []Span // parked, held or deferred at the receiver, or never seen by it
}

// Span is a stretch of numbers.
type Span struct {
	Epoch    uint64 // 0: whatever epoch they were given in
	From, To uint64
}

// maxExcept is how many messages a cut may except, and how many Unapplied returns.
const maxExcept = 10_000

// ErrTooMany means that so much is under way or stuck between two organisations that they cannot speak of one moment.
var ErrTooMany = fmt.Errorf("more than %d messages of the pair are not applied", maxExcept)

// Cut tells, as receiver of a peer's messages, which of them have been applied at the moment of the transaction.
func (x *Exchange) Cut(ctx context.Context, tx *sqlstore.Tx, peer message.Org) (Cut, error) {
	var c Cut
	var epoch, seq int64
	if err := tx.QueryRow(ctx, `SELECT in_epoch, in_seq FROM x_peer WHERE peer = $1`, string(peer)).Scan(&epoch, &seq); err != nil {
		return c, fmt.Errorf("couldn't tell what has been seen of %s: %w", peer, err)
	}
	c.Epoch, c.Seq = uint64(epoch), uint64(seq)
	for _, query := range []string{selectCutStuck, selectCutHoles} {
		rows, err := tx.Query(ctx, query, string(peer), int64(maxExcept+1))
		if err != nil {
			return c, fmt.Errorf("couldn't tell what is not applied of %s: %w", peer, err)
		}
		for rows.Next() {
			var epoch, from, to int64
			if err := rows.Scan(&epoch, &from, &to); err != nil {
				rows.Close()
				return c, err
			}
			c.except(Span{uint64(epoch), uint64(from), uint64(to)})
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return c, err
		}
	}
	if len(c.Except) > maxExcept {
		return c, ErrTooMany
	}
	return c, nil
}

const (
	selectCutStuck = `SELECT epoch, seq, seq FROM x_in WHERE peer = $1 AND ` + stuckIn + ` ORDER BY epoch, seq LIMIT $2`
	selectCutHoles = `SELECT 0, from_seq, to_seq FROM x_in_hole WHERE peer = $1 ORDER BY from_seq LIMIT $2`
)

// except adds a span, joined to the one before when it goes on there.
func (c *Cut) except(s Span) {
	if n := len(c.Except); n > 0 && c.Except[n-1].Epoch == s.Epoch && c.Except[n-1].To+1 == s.From {
		c.Except[n-1].To = s.To
		return
	}
	c.Except = append(c.Except, s)
}

// Unapplied is a message of ours that its receiver had not applied at a cut. Its state is today's.
type Unapplied struct {
	message.ID
	Kind      message.Kind
	Payload   message.Payload // nil when its bytes are no longer kept, or cannot be read
	State     string          // as in Item
	Parked    bool
	CreatedAt time.Time
	DecidedAt time.Time // when its state was last decided upon; zero: never
}

// Unapplied tells, as sender to a peer, which messages the peer had not applied at a cut of its own: those beyond the
// cut and those that it excepts, in order. Withdrawn messages are left out. The transaction must have begun after the
// peer made the cut: then a message that is missing from both is one that the peer had applied.
func (x *Exchange) Unapplied(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cut Cut) ([]Unapplied, error) {
	if len(cut.Except) > maxExcept {
		return nil, ErrTooMany
	}
	if (cut.Epoch|cut.Seq)>>62 != 0 {
		return nil, fmt.Errorf("the cut of %s has impossible numbers", peer)
	}
	found := map[place]Unapplied{}
	take := func(query string, args ...any) error {
		rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, u *Unapplied) error { return x.scanUnapplied(r, peer, u) },
			selectUnapplied+query+andNotWithdrawn,
			append([]any{string(peer), int64(maxExcept + 1 - len(found))}, args...)...)
		if err != nil {
			return fmt.Errorf("couldn't tell what %s had not applied: %w", peer, err)
		}
		for _, u := range rows {
			found[place{u.Epoch, u.Seq}] = u
		}
		if len(found) > maxExcept {
			return ErrTooMany
		}
		return nil
	}
	if err := take(beyondCut, int64(cut.Epoch), int64(cut.Seq)); err != nil {
		return nil, err
	}
	epochs, err := x.epochsTo(ctx, tx, peer, cut.Epoch)
	if err != nil {
		return nil, err
	}
	begins, err := x.beginnings(ctx, tx, peer, epochs)
	if err != nil {
		return nil, err
	}
	for _, s := range cut.Except {
		if (s.Epoch|s.From|s.To)>>62 != 0 {
			return nil, fmt.Errorf("the cut of %s has impossible numbers", peer)
		}
		for _, epoch := range epochs {
			to := s.To
			if epoch == cut.Epoch {
				to = min(to, cut.Seq)
			}
			if first, ok := begins[epoch]; ok && s.Epoch == 0 {
				to = min(to, first-1)
			}
			if s.Epoch != 0 && s.Epoch != epoch || s.From > to {
				continue
			}
			if err := take(insideCut, int64(epoch), int64(s.From), int64(to)); err != nil {
				return nil, err
			}
		}
	}
	all := make([]Unapplied, 0, len(found))
	for _, u := range found {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b Unapplied) int { return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Seq, b.Seq)) })
	return all, nil
}

const (
	selectUnapplied = `SELECT epoch, seq, kind, state, created_at, decided_at, envelope FROM x_out WHERE peer = $1 AND `
	andNotWithdrawn = ` AND state <> 'withdrawn' AND kind <> 'exchange.withdrawal' ORDER BY epoch, seq LIMIT $2`
	// Nothing else about the epoch: SQLite would then start at the beginning of it.
	beyondCut = `(epoch, seq) > ($3, $4)`
	insideCut = `epoch = $3 AND seq BETWEEN $4 AND $5`
)

func (x *Exchange) scanUnapplied(r *sqlstore.Rows, peer message.Org, u *Unapplied) error {
	var epoch, seq, decided int64
	var raw []byte
	if err := r.Scan(&epoch, &seq, &u.Kind, &u.State, sqlstore.Time(&u.CreatedAt), &decided, &raw); err != nil {
		return err
	}
	u.DecidedAt = fromMicros(decided)
	u.ID = message.ID{Sender: x.cfg.Self, Node: x.cfg.Node, Epoch: uint64(epoch), Receiver: peer, Seq: uint64(seq)}
	u.Parked = u.State == stateParked
	if len(raw) > 0 {
		if e, err := message.OpenEnvelope(raw); err == nil {
			u.Payload, _ = message.Decode(e.Kind, e.Body) // one that cannot be read is parked already, or will be
		}
	}
	return nil
}

// beginnings tells, of each epoch that is not the last, the smallest number of a later one. What still has a number from there on
// in the epoch had ended before the later one began (renumber.go), so its receiver has applied it, though it counts the number among
// those of the later epoch that it has not seen.
func (x *Exchange) beginnings(ctx context.Context, tx *sqlstore.Tx, peer message.Org, epochs []uint64) (map[uint64]uint64, error) {
	begins := map[uint64]uint64{}
	for i, least := len(epochs)-1, uint64(math.MaxInt64); i > 0; i-- {
		var first int64
		if err := tx.QueryRow(ctx, selectFirstOf, string(peer), int64(epochs[i])).Scan(&first); err != nil {
			return nil, fmt.Errorf("couldn't tell where an epoch begins: %w", err)
		}
		least = min(least, uint64(first))
		begins[epochs[i-1]] = least
	}
	return begins, nil
}

// epochsTo lists the epochs in which we have numbered messages to a peer, up to one. There are few.
func (x *Exchange) epochsTo(ctx context.Context, tx *sqlstore.Tx, peer message.Org, last uint64) ([]uint64, error) {
	var epochs []uint64
	for after := int64(0); ; {
		next, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, e *int64) error { return r.Scan(e) },
			`SELECT epoch FROM x_out WHERE peer = $1 AND epoch > $2 ORDER BY epoch LIMIT 1`, string(peer), after)
		if err != nil || len(next) == 0 || uint64(next[0]) > last {
			return epochs, err
		}
		after = next[0]
		epochs = append(epochs, uint64(after))
	}
}
