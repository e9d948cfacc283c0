package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// A peer that answers a hello and not a batch is there, and falls over something in that batch. What that is, is found
// at once and without a pause, for what is behind it must not wait: the batch is halved, and a message that is not answered
// alone is passed over, with what shares its keys. It is under suspicion, and no more: it may be the peer that answers
// nothing at all, its disk full. Only when another was answered is each suspect tried once more, by turns with the rest;
// whichever is not answered again, though others are, is parked.
//
// When nothing is answered, whatever is tried, it is the peer that is away, and no message is to blame. After a pause a few
// suspects are tried again; what is new meanwhile is tried at once.

const (
	mostSuspects = 2000 // a thousand in front of a good message must not keep it waiting
	triedAgain   = 8    // suspects after each pause: a peer that answers nothing is not to be overrun
)

// probes is what a sender knows of the messages that a peer did not answer. It is of the sending task alone.
type probes struct {
	size     int                 // messages that go together; 0: as many as fit
	from     place               // up to here all was tried, or passed over
	passed   map[string]bool     // keys that come behind what was not answered: order holds
	suspects []*message.Envelope // not answered alone, and nothing else was since
	accused  []*message.Envelope // not answered alone, though another was then: tried once more
	blamed   []*message.Envelope // nor that time
	retry    []*message.Envelope // suspects that are still to be tried again after the last pause
	trying   *message.Envelope   // of these or the accused, what is under way, or was last
	spent    bool                // nothing is left to be tried before the next pause is over
	hailed   bool                // the peer answered a hello, and got no batch since
}

// sifting tells whether messages are to be chosen with care.
func (p *probes) sifting() bool { return p.size > 0 || p.doubts() }

func (p *probes) doubts() bool { return len(p.suspects)+len(p.accused)+len(p.blamed) > 0 }

// again begins a new round after a pause: with the suspects whose turn it is, and with whatever is before them now.
func (p *probes) again() {
	n := min(triedAgain, len(p.suspects))
	p.retry = slices.Clone(p.suspects[:n])
	p.suspects = append(p.suspects[n:], p.retry...)
	p.accused, p.blamed = append(p.accused, p.blamed...), nil
	p.spent = false
	p.anew()
}

// goesOn tells whether what is new may be tried before the pause is over.
func (p *probes) goesOn() bool { return p.spent && len(p.suspects) < mostSuspects }

// pass keeps back what comes behind e and shares a key with it; passes tells whether e is kept back so itself.
func (p *probes) pass(e *message.Envelope) {
	if spec, _ := message.SpecOf(e.Kind); spec.Safe {
		return
	}
	if p.passed == nil {
		p.passed = map[string]bool{}
	}
	for _, k := range e.Keys {
		p.passed[k] = true
	}
}

func (p *probes) passes(e *message.Envelope) bool {
	spec, _ := message.SpecOf(e.Kind)
	return !spec.Safe && slices.ContainsFunc(e.Keys, func(k string) bool { return p.passed[k] })
}

// choose leaves, of messages after p.from, those that may go together now.
func (p *probes) choose(r ready) ready {
	chosen := ready{next: r.next}
	for i, e := range r.envelopes {
		same := func(s *message.Envelope) bool { return s.Seq == e.Seq && s.Epoch == e.Epoch }
		switch {
		case p.passes(e), slices.ContainsFunc(p.suspects, same), slices.ContainsFunc(p.accused, same), slices.ContainsFunc(p.blamed, same):
			p.pass(e)
			if len(chosen.envelopes) == 0 {
				p.from = place{e.Epoch, e.Seq}
			}
		case p.size == 0 || len(chosen.envelopes) < p.size:
			chosen.envelopes, chosen.again = append(chosen.envelopes, e), append(chosen.again, r.again[i])
		}
	}
	return chosen
}

// failed notes that messages were not answered though the peer is there.
func (p *probes) failed(of []*message.Envelope) {
	switch {
	case p.trying != nil:
		if len(p.accused) > 0 && p.accused[0] == p.trying {
			p.blamed, p.accused = append(p.blamed, p.trying), p.accused[1:]
		}
		return
	case len(of) > 1:
		p.size = len(of) / 2
		return
	}
	p.size, p.suspects, p.from = 1, append(p.suspects, of[0]), place{of[0].Epoch, of[0].Seq}
	p.pass(of[0])
	p.spent = p.spent || len(p.suspects) >= mostSuspects
}

// answered notes that messages were answered. That the suspects were not is then no fault of the peer as a whole.
func (p *probes) answered() {
	if p.trying != nil {
		p.drop(p.trying)
	} else if p.size *= 2; p.size >= message.MaxBatch {
		p.size = 0
	}
	p.accused, p.suspects, p.retry, p.spent = append(p.accused, p.suspects...), nil, nil, false
	p.begin()
}

// drop forgets a message.
func (p *probes) drop(e *message.Envelope) {
	is := func(s *message.Envelope) bool { return s == e }
	p.suspects, p.accused = slices.DeleteFunc(p.suspects, is), slices.DeleteFunc(p.accused, is)
}

// anew goes back to the first message. Those that are under suspicion are passed over again.
func (p *probes) anew() { p.from, p.passed = place{}, nil }

// begin goes back to the first message when nothing is passed over any more.
func (p *probes) begin() {
	if !p.doubts() {
		p.trying = nil
		p.anew()
	}
}

// turn is the message that is to be tried by itself now; nil: what comes next is.
func (p *probes) turn() *message.Envelope {
	switch last := p.trying; {
	case len(p.retry) > 0:
		p.trying, p.retry = p.retry[0], p.retry[1:]
	case len(p.accused) > 0 && last == nil:
		p.trying = p.accused[0]
	default:
		p.trying = nil
	}
	return p.trying
}

// sift takes the next messages to be tried from the outbox.
func (x *Exchange) sift(ctx context.Context, p *peer, now time.Time) (ready, error) {
	s := &p.probes
	if e := s.turn(); e != nil {
		before := place{e.Epoch, e.Seq - 1}
		r, _, err := x.look(ctx, p, before, 1)
		if err != nil {
			return r, err
		}
		if len(r.envelopes) != 1 || r.envelopes[0].ID != e.ID || r.envelopes[0].Attempt != e.Attempt {
			s.drop(e) // it is held now, or has ended
			return ready{next: now}, nil
		}
		overtakes, err := x.overtakes(ctx, p, before, r.envelopes)
		if err != nil || !overtakes {
			return r, err
		}
		s.drop(e) // it comes behind another now
		s.anew()
		return ready{next: now}, nil
	}
	most := message.MaxBatch
	if s.size > 0 {
		most = min(most, s.size+15) // some may be passed over
	}
	r, damaged, err := x.look(ctx, p, s.from, most)
	if err != nil {
		return r, err
	}
	if len(damaged) > 0 {
		return ready{next: now}, x.setDamaged(ctx, p, damaged)
	}
	chosen := s.choose(r)
	overtakes, err := x.overtakes(ctx, p, s.from, chosen.envelopes)
	if err != nil {
		return r, err
	}
	if overtakes {
		s.anew()
		return ready{next: now}, nil
	}
	switch {
	case len(chosen.envelopes) > 0:
		return chosen, nil
	case len(r.envelopes) > 0, len(s.accused) > 0: // what comes behind these, or the next of the accused
		return ready{next: now}, nil
	case len(s.suspects) == 0: // and nothing else is left that could be answered
		s.size = 0
		return ready{next: now}, x.setAside(ctx, p)
	}
	s.spent = true
	if !chosen.next.IsZero() && !chosen.next.After(now) { // one of those that were put off may be answered
		err = x.offerAgain(ctx, p, now)
	}
	return ready{}, err
}

const (
	selectReadyUpTo     = `SELECT kind FROM x_out WHERE peer = $1 AND key1 = $2 AND state = 'ready' AND (epoch, seq) <= ($3, $4)`
	selectReadyUpToMore = `SELECT o.kind FROM x_out_more m CROSS JOIN x_out o WHERE m.peer = $1 AND m.skey = $2
		AND (m.epoch, m.seq) <= ($3, $4) AND o.peer = m.peer AND o.epoch = m.epoch AND o.seq = m.seq AND o.state = 'ready'`
)

// overtakes tells whether one of the chosen messages would come before another that shares a key and is ready at a place,
// or before it. Such a one became ready after its turn was over: the peer was restored from a copy and is sent again what
// it lost, or what the message had waited for has ended.
func (x *Exchange) overtakes(ctx context.Context, p *peer, at place, chosen []*message.Envelope) (overtakes bool, err error) {
	if at == (place{}) || len(chosen) == 0 {
		return false, nil
	}
	err = x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		overtakes = false
		for _, e := range chosen {
			if spec, _ := message.SpecOf(e.Kind); spec.Safe {
				continue
			}
			for _, k := range e.Keys {
				for _, query := range []string{selectReadyUpTo, selectReadyUpToMore} {
					kinds, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, k *message.Kind) error { return r.Scan(k) },
						query, string(p.org), k, int64(at.epoch), int64(at.seq))
					if err != nil {
						return fmt.Errorf("couldn't look for what comes first: %w", err)
					}
					if slices.ContainsFunc(kinds, func(k message.Kind) bool { spec, _ := message.SpecOf(k); return !spec.Safe }) {
						overtakes = true
						return nil
					}
				}
			}
		}
		return nil
	})
	return overtakes, err
}

// unanswered decides how to go on after a batch that got no answer.
func (x *Exchange) unanswered(ctx context.Context, p *peer, batch ready, why error) (time.Time, error) {
	s := &p.probes
	hailed := s.hailed
	s.hailed = false
	if refused := (*Refusal)(nil); errors.As(why, &refused) || ctx.Err() != nil {
		if hailed {
			s.failed(batch.envelopes)
		}
		return x.noAnswer(ctx, p, why)
	}
	p.mu.Lock()
	retryAt := p.retryAt
	p.mu.Unlock()
	next, _ := x.noAnswer(ctx, p, why)
	a, err := x.hello(ctx, p)
	if err == nil {
		s.hailed = true
		err = x.compare(ctx, p, a)
	}
	// A peer that answered a hello just before may have ended over the batch, each time.
	if there := s.hailed; there || hailed {
		s.failed(batch.envelopes)
	}
	now := x.cfg.Clock.Now()
	switch {
	case ctx.Err() != nil:
		return time.Time{}, ctx.Err()
	case err != nil:
		return next, nil
	case now.Before(retryAt): // This was new in a round that is over. That is no reason to put off the next round.
		next = retryAt
	case !s.spent:
		next = time.Time{}
	default:
		return next, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retryAt = next
	p.failures--
	return now, nil
}

// setAside parks the messages to blame.
func (x *Exchange) setAside(ctx context.Context, p *peer) error {
	s := &p.probes
	for len(s.blamed) > 0 {
		some := s.blamed[:min(len(s.blamed), message.MaxBatch)]
		if err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return x.parkSilent(ctx, tx, p, some) }); err != nil {
			return err
		}
		s.blamed = s.blamed[len(some):]
	}
	s.begin()
	return nil
}

// parkSilent parks messages on which the peer gives no verdict though it gives one on others.
func (x *Exchange) parkSilent(ctx context.Context, tx *sqlstore.Tx, p *peer, blamed []*message.Envelope) error {
	s := settlement{x: x, tx: tx, peer: p, held: map[message.ID]bool{}}
	for _, e := range blamed {
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
}
