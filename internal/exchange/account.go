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

// An account (計算書) counts one stream over a range of its numbers. What it must know of one moment (the cut, what has not
// ended) is read in one short transaction, by AccountCut or AccountAnswer. What had ended at that moment does not change any
// more, so it is counted afterwards in pieces, by AccountPiece, while the exchange goes on.

// Bounds of what is read of one moment.
const (
	maxEach  = 10_000 // messages of a state whose numbers are read singly
	maxStray = 10_000 // messages that a receiver looks through for those that its sender holds for ended
)

// sinceMargin is by how much the clocks of two organisations may differ.
const sinceMargin = time.Minute

// ErrAccountMoved tells that messages that had ended when an account was begun are under way again, for a peer that lost
// them: it must be begun again.
var ErrAccountMoved = errors.New("messages that had ended are under way again, so the account must be begun anew")

// AccountCut begins a sender's account, of which stream, period and From are given: it fixes the cut (the last message made
// before the close), the numbers given up to it, and what has not ended.
func AccountCut(ctx context.Context, tx *sqlstore.Tx, a *message.Account) error {
	a.To = a.From
	last, err := sqlstore.List(ctx, tx, scanPlace, selectCut, string(a.Receiver), int64(a.From.Epoch), int64(a.From.Seq), a.Until)
	if err != nil {
		return fmt.Errorf("couldn't find the cut: %w", err)
	}
	if len(last) > 0 {
		a.To = last[0]
	}
	if a.Numbered, err = given(ctx, tx, a.Receiver, a.From, a.To); err != nil {
		return err
	}
	return unsettled(ctx, tx, a)
}

const (
	selectCut = `SELECT epoch, seq FROM x_out WHERE peer = $1 AND (epoch, seq) > ($2, $3) AND created_at < $4
		ORDER BY epoch DESC, seq DESC LIMIT 1`
	selectFirst    = `SELECT epoch, seq FROM x_out WHERE peer = $1 AND (epoch, seq) > ($2, $3) ORDER BY epoch, seq LIMIT 1`
	selectLast     = `SELECT epoch, seq FROM x_out WHERE peer = $1 AND epoch = $2 AND seq <= $3 ORDER BY seq DESC LIMIT 1`
	selectOpenOut  = `SELECT epoch, seq, kind, code FROM x_out WHERE peer = $1 AND state = $2 AND ` + stuckOut + ` AND (epoch, seq) <= ($3, $4) ORDER BY epoch, seq LIMIT $5`
	selectReadyOut = `SELECT epoch, seq, kind, code FROM x_out WHERE peer = $1 AND state = 'ready' AND (epoch, seq) <= ($2, $3) ORDER BY epoch, seq LIMIT $4`
	selectOpenIn   = `SELECT epoch, seq, kind, code FROM x_in WHERE peer = $1 AND node || '' = $2 AND outcome = $3 AND ` + stuckIn + ` AND (epoch, seq) <= ($4, $5)
		ORDER BY epoch, seq LIMIT $6`
)

func scanPlace(r *sqlstore.Rows, p *message.Place) error {
	var epoch, seq int64
	err := r.Scan(&epoch, &seq)
	*p = message.Place{Epoch: uint64(epoch), Seq: uint64(seq)}
	return err
}

// given finds the numbers that were given after a place and up to another, in each epoch the first and the last.
func given(ctx context.Context, tx *sqlstore.Tx, peer message.Org, from, to message.Place) (all []message.Stretch, err error) {
	for after := from; after.Before(to); {
		first, err := sqlstore.List(ctx, tx, scanPlace, selectFirst, string(peer), int64(after.Epoch), int64(after.Seq))
		if err != nil || len(first) == 0 || to.Before(first[0]) {
			return all, err
		}
		most := uint64(math.MaxInt64)
		if first[0].Epoch == to.Epoch {
			most = to.Seq
		}
		last, err := sqlstore.List(ctx, tx, scanPlace, selectLast, string(peer), int64(first[0].Epoch), int64(most))
		if err != nil {
			return nil, err
		}
		if len(all) == message.MaxNumbered {
			return nil, fmt.Errorf("more than %d epochs of the stream to %s are in one period", message.MaxNumbered, peer)
		}
		all = append(all, message.Stretch{Epoch: first[0].Epoch, First: first[0].Seq, Last: last[0].Seq})
		after = message.Place{Epoch: first[0].Epoch, Seq: math.MaxInt64}
	}
	return all, nil
}

// unsettled finds what has not ended up to the cut, and names those that wait for people.
func unsettled(ctx context.Context, tx *sqlstore.Tx, a *message.Account) error {
	for _, state := range []string{stateParked, stateDeferred, stateHeld, stateReady} {
		query, args := selectOpenOut, []any{string(a.Receiver), state, int64(a.To.Epoch), int64(a.To.Seq)}
		if state == stateReady {
			query, args = selectReadyOut, slices.Delete(args, 1, 2)
		}
		open, err := sqlstore.List(ctx, tx, scanOpen, query, append(slices.Clone(args), int64(maxEach+1))...)
		if err != nil {
			return fmt.Errorf("couldn't find what has not ended: %w", err)
		}
		name(a, open, state)
		for i, o := range open {
			if i == maxEach { // so many that everything from here on is held for unsettled
				before, err := given(ctx, tx, a.Receiver, message.Place{Epoch: o.Epoch, Seq: o.Seq - 1}, a.From)
				if err != nil {
					return err
				}
				within, err := given(ctx, tx, a.Receiver, later(message.Place{Epoch: o.Epoch, Seq: o.Seq - 1}, a.From), a.To)
				if err != nil {
					return err
				}
				a.Unsettled = slices.Concat(a.Unsettled, before, within)
				break
			}
			a.Unsettled = append(a.Unsettled, message.Stretch{Epoch: o.Epoch, First: o.Seq, Last: o.Seq})
		}
	}
	a.Unsettled = join(a.Unsettled, a.From)
	return nil
}

func scanOpen(r *sqlstore.Rows, o *message.OpenMessage) error {
	var epoch, seq int64
	err := r.Scan(&epoch, &seq, &o.Kind, &o.Code)
	o.Epoch, o.Seq = uint64(epoch), uint64(seq)
	return err
}

func name(a *message.Account, open []message.OpenMessage, state string) {
	for _, o := range open[:min(len(open), message.MaxNamed-len(a.Open))] {
		o.State = state
		a.Open = append(a.Open, o)
	}
}

func later(p, q message.Place) message.Place {
	if p.Before(q) {
		return q
	}
	return p
}

// join puts stretches in order, joins those that touch, and when there are too many those that are nearest to each other;
// never across the beginning of the range, because what stands before it is counted apart.
func join(all []message.Stretch, from message.Place) []message.Stretch {
	slices.SortFunc(all, func(a, b message.Stretch) int {
		return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.First, b.First))
	})
	gap := uint64(0)
	for {
		var joined []message.Stretch
		var gaps []uint64
		for _, s := range all {
			n := len(joined) - 1
			if n < 0 || joined[n].Epoch != s.Epoch || s.Epoch == from.Epoch && joined[n].First <= from.Seq && s.First > from.Seq {
				joined = append(joined, s)
				continue
			}
			if between := s.First - min(s.First, joined[n].Last+1); between > gap {
				joined, gaps = append(joined, s), append(gaps, between)
			} else {
				joined[n].Last = max(joined[n].Last, s.Last)
			}
		}
		if over := len(joined) - message.MaxUnsettled; over > 0 && len(gaps) > 0 {
			slices.Sort(gaps)
			all, gap = joined, gaps[min(over, len(gaps))-1]
			continue
		}
		return joined
	}
}

// AccountAnswer begins a receiver's account, of which all that the sender fixed is given: it finds what the sender holds for
// ended or never numbered. told is when the sender made its account. behind is how many messages it counted that lie behind the cut
// though they were here, or made, before the close. For a moment that is so when the sender was restored from a copy and has not
// seen it yet: the numbers that it gave a second time are refused, and it goes on in a new epoch. What stays so is a cut that
// stands still.
func AccountAnswer(ctx context.Context, tx *sqlstore.Tx, a *message.Account, told time.Time) (behind int64, err error) {
	for _, outcome := range []message.Outcome{message.Rejected, message.Gap, message.Deferred, message.Held} {
		open, err := sqlstore.List(ctx, tx, scanOpen, selectOpenIn, string(a.Sender), a.Node, string(outcome), int64(a.To.Epoch), int64(a.To.Seq), int64(maxStray))
		if err != nil {
			return 0, fmt.Errorf("couldn't find what has not ended: %w", err)
		}
		name(a, open, string(outcome))
		for _, o := range open {
			// What its sender lost is on the desk already; what is in the range is counted in its turn.
			if o.Code != codeOrphan && !a.From.Before(message.Place{Epoch: o.Epoch, Seq: o.Seq}) && !within(a.Unsettled, o) {
				kindOf(a, o.Kind).Stuck++
			}
		}
	}
	// Before, between and after the numbers that the sender gave, up to the cut.
	from := a.From
	for i := 0; i <= len(a.Numbered); i++ {
		to := a.To
		if i < len(a.Numbered) {
			to = message.Place{Epoch: a.Numbered[i].Epoch, Seq: a.Numbered[i].First - 1}
		}
		if from.Before(to) {
			beside, err := sqlstore.List(ctx, tx, scanKind, selectBeside, string(a.Sender), a.Node, int64(from.Epoch), int64(from.Seq),
				int64(to.Epoch), int64(to.Seq))
			if err != nil {
				return 0, fmt.Errorf("couldn't look for numbers that the sender did not give: %w", err)
			}
			for _, b := range beside {
				kindOf(a, b.kind).Beside += b.n
			}
		}
		if i < len(a.Numbered) {
			from = message.Place{Epoch: a.Numbered[i].Epoch, Seq: a.Numbered[i].Last}
		}
	}
	late, err := sqlstore.List(ctx, tx, scanKind, selectBehind, string(a.Sender), a.Node, int64(a.To.Epoch), int64(a.To.Seq),
		a.Until, a.Until.Add(-sinceMargin), told.Add(-sinceMargin))
	if err != nil {
		return 0, fmt.Errorf("couldn't look for messages behind the cut: %w", err)
	}
	for _, b := range late {
		kindOf(a, b.kind).Beside += b.n
		behind += b.n
	}
	return behind, nil
}

const (
	// selectBehind finds what was made before the close, or was here in good time, and that the cut leaves out all the same: of
	// a sender whose cut stands still. What a restored sender has lost is of an epoch that has ended; and what it had in its
	// outbox when it found that out has other numbers since, which an account from before does not know.
	selectBehind = `SELECT kind, COUNT(*) FROM x_in WHERE peer = $1 AND node = $2 AND (epoch, seq) > ($3, $4)
		AND epoch = (SELECT in_epoch FROM x_peer WHERE peer = $1) AND (created_at < $5 OR decided_at < $6)
		AND (epoch = $3 OR EXISTS (SELECT 1 FROM x_in known WHERE known.peer = x_in.peer AND known.node = x_in.node AND known.epoch = x_in.epoch AND known.decided_at < $7))
		GROUP BY kind`
	selectBeside   = `SELECT kind, COUNT(*) FROM x_in WHERE peer = $1 AND node = $2 AND (epoch, seq) > ($3, $4) AND (epoch, seq) <= ($5, $6) GROUP BY kind`
	selectLaterOut = `SELECT kind, COUNT(*) FROM x_out WHERE peer = $1 AND (epoch, seq) > ($2, $3) AND state <> 'withdrawn' GROUP BY kind`
	selectLaterIn  = `SELECT kind, COUNT(*) FROM x_in WHERE peer = $1 AND node = $2 AND (epoch, seq) > ($3, $4) AND outcome = 'applied' GROUP BY kind`
)

type kindCount struct {
	kind message.Kind
	n    int64
}

func scanKind(r *sqlstore.Rows, k *kindCount) error { return r.Scan(&k.kind, &k.n) }

// AccountLater counts the messages beyond the cut by kind: as sender those that were made, as receiver those that were
// applied. What they brought is not to be counted as of the cut.
func AccountLater(ctx context.Context, tx *sqlstore.Tx, a *message.Account) (map[message.Kind]int64, error) {
	query, args := selectLaterOut, []any{string(a.Receiver)}
	if a.Side == message.ByReceiver {
		query, args = selectLaterIn, []any{string(a.Sender), a.Node}
	}
	found, err := sqlstore.List(ctx, tx, scanKind, query, append(args, int64(a.To.Epoch), int64(a.To.Seq))...)
	if err != nil {
		return nil, fmt.Errorf("couldn't count what came after the cut: %w", err)
	}
	n := map[message.Kind]int64{}
	for _, k := range found {
		n[k.kind] = k.n
	}
	return n, nil
}

func within(all []message.Stretch, o message.OpenMessage) bool {
	return slices.ContainsFunc(all, func(s message.Stretch) bool { return s.Epoch == o.Epoch && s.First <= o.Seq && o.Seq <= s.Last })
}

// kindOf is the account's figures of a kind.
func kindOf(a *message.Account, kind message.Kind) *message.KindAccount {
	i, found := slices.BinarySearchFunc(a.Kinds, kind, func(k message.KindAccount, kind message.Kind) int { return cmp.Compare(k.Kind, kind) })
	if !found {
		a.Kinds = slices.Insert(a.Kinds, i, message.KindAccount{Kind: kind})
	}
	return &a.Kinds[i]
}
