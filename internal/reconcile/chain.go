package reconcile

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Exchange is what the comparison needs of the exchange.
type Exchange interface {
	Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error)
	Answer(kind string, fn func(ctx context.Context, from message.Org, body []byte) ([]byte, error))
	Cut(ctx context.Context, tx *sqlstore.Tx, peer message.Org) (exchange.Cut, error)
	Unapplied(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cut exchange.Cut) ([]exchange.Unapplied, error)
	LastOf(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string, kinds ...message.Kind) (exchange.Item, bool, error)
	Send(ctx context.Context, tx *sqlstore.Tx, outs []message.Out, trace string) ([]message.ID, error)
	NewTrace() (string, error)
	// Idle tells that nothing has ever been exchanged with a peer, and that nobody need look for it.
	Idle(peer message.Org) bool
}

// step is what one message of ours does to a key, that the copy had not applied when it answered.
type step struct {
	was, is  message.Hash
	snapshot bool // it does not say what it builds on
	stuck    bool // it waits for a person, or behind one that does
}

// underWay is what of a book the copy had not applied when it answered: what is still to come, by key.
type underWay struct {
	chains                    map[string][]step
	lost                      map[string][]message.ID // we hold them for applied, the copy does not
	outstanding, parked, held int64
}

// underWay reads the messages that the copy had not applied at its cut. asked is when the question was put: what had
// ended before and is not applied even so is lost, and must not pass for something that is on its way.
func (b *Books) underWay(ctx context.Context, tx *sqlstore.Tx, p *pair, cut exchange.Cut, asked time.Time) (*underWay, error) {
	all, err := b.x.Unapplied(ctx, tx, p.peer, cut)
	if err != nil {
		return nil, err
	}
	u := &underWay{chains: map[string][]step{}, lost: map[string][]message.ID{}}
	for _, m := range all {
		steps := stepsIn(p.book, m.Payload)
		if len(steps) == 0 {
			continue
		}
		ended := m.State == "applied"
		if ended && m.DecidedAt.Before(asked) {
			for _, s := range steps {
				u.lost[s.key] = append(u.lost[s.key], m.ID)
			}
			continue
		}
		switch {
		case m.Parked:
			u.parked++
		case m.State == "held":
			u.held++
		default:
			u.outstanding++
		}
		for _, s := range steps {
			s.stuck = m.Parked || m.State == "held"
			u.chains[s.key] = append(u.chains[s.key], s.step)
		}
	}
	return u, nil
}

type keyedStep struct {
	key string
	step
}

// stepsIn are a payload's effects on a book.
func stepsIn(book message.Book, p message.Payload) []keyedStep {
	var steps []keyedStep
	switch n := p.(type) {
	case message.Snapshot:
		if n.Book == book {
			steps = append(steps, keyedStep{n.Key, step{is: saidBy(n), snapshot: true}})
		}
	case message.Booked:
		for _, e := range n.Entries() {
			if e.Book == book {
				steps = append(steps, keyedStep{e.Key, step{was: e.Was, is: e.Is}})
			}
		}
	}
	return steps
}

// saidBy is the value that a snapshot says is under its key.
func saidBy(n message.Snapshot) message.Hash {
	state, err := n.State()
	if err != nil || state == nil {
		return message.Hash{}
	}
	if of, ok := state.(message.Booked); ok {
		for _, e := range of.Entries() {
			if e.Book == n.Book && e.Key == n.Key {
				return e.Is
			}
		}
	}
	return message.Hash{}
}

// expected is what the copy must have held under a key at its cut: what the first message still to come builds on, or
// what we hold when there is none. known is false when that message does not say.
func (u *underWay) expected(key string, mine message.Hash) (value message.Hash, known bool) {
	chain := u.chains[key]
	switch {
	case len(chain) == 0:
		return mine, true
	case chain[0].snapshot:
		return mine, false
	}
	return chain[0].was, true
}

// moving tells whether a message about a key is on its way, so that the next comparison will know more.
func (u *underWay) moving(key string) bool {
	for _, s := range u.chains[key] {
		if !s.stuck {
			return true
		}
	}
	return false
}

// corrections are what has to be added to our sums to get those that the copy must have had, by bucket.
func (s *sight) corrections(ctx context.Context, u *underWay) (map[int]*Digest, error) {
	by := map[int]*Digest{rootBucket: {}}
	keys := make([]string, 0, len(u.chains))
	for k := range u.chains {
		keys = append(keys, k)
	}
	mine, err := s.valuesOf(ctx, keys)
	if err != nil {
		return nil, err
	}
	h := newHasher(s.p.secret, s.p.book)
	for _, k := range keys {
		if want, known := u.expected(k, mine[k]); known {
			h.change(by, place(k), k, mine[k], want)
		}
	}
	return by, nil
}
