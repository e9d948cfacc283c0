package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// AccountPlace is how far an account has been counted.
type AccountPlace struct {
	Part int    // of the parts in which the numbers are counted
	Seq  uint64 // in it
}

// part is a stretch of numbers that are counted under one heading.
type part struct {
	message.Stretch
	heading
}

type heading uint8

const (
	isSettled heading = iota
	isInside
	isBefore
)

// parts cuts the account's numbers into stretches under one heading each.
func parts(a *message.Account) (all []part) {
	for _, u := range a.Unsettled {
		if at := (message.Place{Epoch: u.Epoch, Seq: u.Last}); !a.From.Before(at) {
			all = append(all, part{u, isBefore})
			continue
		}
		if u.Epoch == a.From.Epoch && u.First <= a.From.Seq {
			all = append(all, part{message.Stretch{Epoch: u.Epoch, First: u.First, Last: a.From.Seq}, isBefore})
			u.First = a.From.Seq + 1
		}
		all = append(all, part{u, isInside})
	}
	for _, n := range a.Numbered {
		for _, u := range a.Unsettled {
			if u.Epoch != n.Epoch || u.Last < n.First || n.Last < u.First {
				continue
			}
			if n.First < u.First {
				all = append(all, part{message.Stretch{Epoch: n.Epoch, First: n.First, Last: u.First - 1}, isSettled})
			}
			n.First = u.Last + 1
		}
		if n.First <= n.Last {
			all = append(all, part{n, isSettled})
		}
	}
	return all
}

// mostParts bounds the parts of one piece, most of which are a number or two.
const mostParts = 100

// AccountPiece counts the next most messages of an account, begun by AccountCut or AccountAnswer, from a place on. It returns
// the place at which to go on; done when there is none. A receiver says when the sender made its account.
func AccountPiece(ctx context.Context, tx *sqlstore.Tx, a *message.Account, told time.Time, at AccountPlace, most int) (next AccountPlace, done bool, err error) {
	all := parts(a)
	for n := 0; at.Part < len(all) && n < mostParts && most > 0; n++ {
		p := all[at.Part]
		p.First = max(p.First, at.Seq)
		whole := p.Last
		if p.Last, err = pieceEnd(ctx, tx, a, p, most); err != nil {
			return at, false, err
		}
		counted, err := countPart(ctx, tx, a, told, p)
		if err != nil {
			return at, false, fmt.Errorf("couldn't count the messages from %d/%d to %d: %w", p.Epoch, p.First, p.Last, err)
		}
		most -= int(counted)
		if at.Seq = p.Last + 1; p.Last == whole {
			at = AccountPlace{Part: at.Part + 1}
		}
	}
	return at, at.Part >= len(all), nil
}

const (
	selectEndOut = `SELECT seq FROM x_out WHERE peer = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4 ORDER BY seq LIMIT 1 OFFSET $5`
	selectEndIn  = `SELECT seq FROM x_in WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq BETWEEN $4 AND $5 ORDER BY seq LIMIT 1 OFFSET $6`
)

// pieceEnd is the number of the message with which a piece of a part ends, the part's last when there are not so many.
func pieceEnd(ctx context.Context, tx *sqlstore.Tx, a *message.Account, p part, most int) (uint64, error) {
	if p.Last-p.First < uint64(most) {
		return p.Last, nil
	}
	query, args := selectEndOut, []any{string(a.Receiver)}
	if a.Side == message.ByReceiver {
		query, args = selectEndIn, []any{string(a.Sender), a.Node}
	}
	end, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *int64) error { return r.Scan(n) }, query,
		append(args, int64(p.Epoch), int64(p.First), int64(p.Last), int64(most-1))...)
	if err != nil || len(end) == 0 {
		return p.Last, err
	}
	return uint64(end[0]), nil
}

const (
	selectPartOut = `SELECT kind, state, COUNT(*), CAST(SUM(seq - $5) AS BIGINT), MIN(created_at) FROM x_out
		WHERE peer = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4 GROUP BY kind, state`
	selectPartIn = `SELECT kind, outcome, COUNT(*), CAST(SUM(seq - $6) AS BIGINT), MIN(created_at) FROM x_in
		WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq BETWEEN $4 AND $5 GROUP BY kind, outcome`
	// What two persons accepted, or what was applied after the sender had counted, the sender could not know.
	selectOpenPartIn = `SELECT kind, CASE WHEN outcome = 'applied' AND (decided_at > $7 OR EXISTS (SELECT 1 FROM x_note n WHERE n.dir = 'in'
			AND n.peer = x_in.peer AND n.epoch = x_in.epoch AND n.seq = x_in.seq AND n.act = 'accept')) THEN 'since' ELSE outcome END AS stands,
			COUNT(*), CAST(SUM(seq - $6) AS BIGINT), MIN(created_at) FROM x_in
		WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq BETWEEN $4 AND $5 GROUP BY kind, stands`
)

type group struct {
	kind   message.Kind
	state  string
	n, sum int64
	oldest time.Time
}

func scanGroup(r *sqlstore.Rows, g *group) error {
	return r.Scan(&g.kind, &g.state, &g.n, &g.sum, sqlstore.Time(&g.oldest))
}

// countPart adds the messages of a part to the account.
func countPart(ctx context.Context, tx *sqlstore.Tx, a *message.Account, told time.Time, p part) (n int64, err error) {
	query, args := selectPartOut, []any{string(a.Receiver)}
	if a.Side == message.ByReceiver {
		query, args = selectPartIn, []any{string(a.Sender), a.Node}
	}
	args = append(args, int64(p.Epoch), int64(p.First), int64(p.Last), int64(a.From.Seq))
	if a.Side == message.ByReceiver && p.heading != isSettled {
		query, args = selectOpenPartIn, append(args, told.Add(-sinceMargin))
	}
	groups, err := sqlstore.List(ctx, tx, scanGroup, query, args...)
	if err != nil {
		return 0, err
	}
	if a.Side == message.BySender {
		if groups, err = takenAllTheSame(ctx, tx, a, p, groups); err != nil {
			return 0, err
		}
	}
	for _, g := range groups {
		n += g.n
		if err := add(a, p.heading, g); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func add(a *message.Account, h heading, g group) error {
	k := kindOf(a, g.kind)
	ended := g.state == stateApplied || g.state == stateWithdrawn || g.state == message.AppliedSince
	if !ended && (k.Oldest.IsZero() || g.oldest.Before(k.Oldest)) {
		k.Oldest = g.oldest
	}
	switch {
	case h == isInside:
		addState(&k.Inside, g)
	case h == isBefore:
		addState(&k.Before, g)
	case g.state == stateApplied:
		k.Applied, k.AppliedSum = k.Applied+g.n, k.AppliedSum+g.sum
	case g.state == stateWithdrawn:
		k.Withdrawn, k.WithdrawnSum = k.Withdrawn+g.n, k.WithdrawnSum+g.sum
	case a.Side == message.BySender:
		return ErrAccountMoved
	default:
		k.Stuck += g.n
	}
	return nil
}

func addState(to *[]message.StateCount, g group) {
	i := slices.IndexFunc(*to, func(s message.StateCount) bool { return s.State == g.state })
	if i < 0 {
		i, _ = slices.BinarySearchFunc(*to, g.state, func(s message.StateCount, state string) int { return strings.Compare(s.State, state) })
		*to = slices.Insert(*to, i, message.StateCount{State: g.state})
	}
	(*to)[i].N += g.n
}

// takenAllTheSame finds messages that were withdrawn here while their receiver accepted them: they count under the kind under
// which the receiver has them. They are few, because both sides had to resolve the same message at the same moment.
func takenAllTheSame(ctx context.Context, tx *sqlstore.Tx, a *message.Account, p part, groups []group) ([]group, error) {
	i := slices.IndexFunc(groups, func(g group) bool { return g.kind == message.KindExchangeWithdrawal && g.state == stateApplied })
	if i < 0 {
		return groups, nil
	}
	type row struct {
		seq      int64
		envelope []byte
	}
	rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, w *row) error { return r.Scan(&w.seq, &w.envelope) }, `SELECT seq, envelope FROM x_out
		WHERE peer = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4 AND kind = 'exchange.withdrawal' AND state = 'applied' ORDER BY seq`,
		string(a.Receiver), int64(p.Epoch), int64(p.First), int64(p.Last))
	if err != nil {
		return nil, err
	}
	for _, w := range rows {
		kind, err := withdrawnKind(w.envelope)
		if err != nil {
			continue // its bytes are gone: it stays where it is, and a person looks
		}
		sum := w.seq - int64(a.From.Seq)
		groups[i].n, groups[i].sum = groups[i].n-1, groups[i].sum-sum
		groups = append(groups, group{kind: kind, state: stateApplied, n: 1, sum: sum})
	}
	return groups, nil
}

func withdrawnKind(envelope []byte) (message.Kind, error) {
	e, err := message.OpenEnvelope(envelope)
	if err != nil {
		return "", err
	}
	p, err := message.Decode(e.Kind, e.Body)
	if err != nil {
		return "", err
	}
	w, ok := p.(message.ExchangeWithdrawal)
	if !ok {
		return "", errors.New("no withdrawal")
	}
	return w.Of, nil
}
