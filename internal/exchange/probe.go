package exchange

import (
	"context"
	"sync"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// A peer that gave no verdict is probed by one message. It may be that very message that makes the peer fall over, each
// time; then what is behind it must not wait for it. So a message that was probed in vain passes the turn to the next
// that shares no key with it, and when that one is answered, the first is parked. When none is answered, it is the peer
// that is away, and no message is to blame.
const (
	inVain      = 2 // probes, before the next message has its turn
	mostSuspect = 8 // messages; then the first is tried again
)

type probes struct {
	mu      sync.Mutex
	failing map[message.ID]int
	suspect []*message.Envelope
}

// choose returns which of the messages to probe with.
func (p *probes) choose(of []*message.Envelope) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	passed := map[string]bool{}
	for i, e := range of {
		pass := false
		for _, s := range p.suspect {
			pass = pass || s.ID == e.ID
		}
		for _, k := range e.Keys {
			pass = pass || passed[k] // an earlier message of this key is passed over: order holds for it too
		}
		if !pass {
			return i
		}
		for _, k := range e.Keys {
			passed[k] = true
		}
	}
	p.failing, p.suspect = nil, nil
	return 0
}

// failed notes that a probe was not answered.
func (p *probes) failed(e *message.Envelope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failing == nil {
		p.failing = map[message.ID]int{}
	}
	if p.failing[e.ID]++; p.failing[e.ID] < inVain {
		return
	}
	if p.suspect = append(p.suspect, e); len(p.suspect) > mostSuspect {
		p.failing, p.suspect = nil, nil
	}
}

// answered returns the messages that are to blame, now that another was answered.
func (p *probes) answered() []*message.Envelope {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.suspect
	p.failing, p.suspect = nil, nil
	return s
}

// setAside parks messages on which the peer gives no verdict though it gives one on others.
func (x *Exchange) setAside(ctx context.Context, p *peer, suspects []*message.Envelope) error {
	return x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		s := settlement{x: x, tx: tx, peer: p, held: map[message.ID]bool{}}
		for _, e := range suspects {
			var ready int64
			if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3 AND attempt = $4 AND state = 'ready'`,
				string(p.org), int64(e.Epoch), int64(e.Seq), int64(e.Attempt)).Scan(&ready); err != nil {
				return err
			}
			if ready == 0 {
				continue // held meanwhile, behind another
			}
			x.cfg.Log.WarnContext(ctx, "no verdict on this message, though on others: parked", "message", e.ID.String())
			if err := s.stick(ctx, e, stateParked, &messagepb.Verdict{Outcome: string(message.Deferred), Code: "no-verdict",
				ReasonJa: "相手は他の電文には答えますが、この電文には答えません。相手の運用員に問い合わせてください。",
				ReasonEn: "the peer answers other messages, but not this one: ask its operators"}); err != nil {
				return err
			}
		}
		return nil
	})
}
