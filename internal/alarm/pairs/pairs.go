// Package pairs watches how it stands between an organisation and its peers (つながりと電文の見張り): who refuses, who is
// silent, what is late, what is parked, what is missing, what grows.
//
// It reads what the exchange tells the screens, and nothing else: an alarm and a page cannot disagree. Values that are
// rates, growth and refusals, are differences over some minutes of its own looks; after a start they begin at nothing.
package pairs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

const (
	growthOver  = 5 * time.Minute
	refusedOver = 10 * time.Minute
	wrongOver   = time.Hour        // a receipt comes once: what was wrong must be seen by somebody
	lookEach    = 10 * time.Second // the distance of the looks that are remembered
)

// Source is the exchange as a source of alarms.
type Source struct {
	x       *exchange.Exchange
	looks   map[message.Org][]look
	figures []alarm.Figure

	reading  sync.Mutex // guards what follows: a look that was left behind may still be at it
	at       time.Time  // of what was read last
	pairs    []exchange.Pair
	backlogs []exchange.Backlog
}

// look is what changed of a peer at one moment.
type look struct {
	at                      time.Time
	waiting, refused, wrong int64
}

// New makes the source of an organisation's exchange.
func New(x *exchange.Exchange) *Source { return &Source{x: x, looks: map[message.Org][]look{}} }

// Name is exchange.
func (s *Source) Name() string { return "exchange" }

// Figures are those of the pairs.
func (s *Source) Figures() []alarm.Figure { return s.figures }

// Signals tells of every pair.
func (s *Source) Signals(ctx context.Context, now time.Time) ([]alarm.Signal, error) {
	pairs, backlogs, err := s.read(ctx, now)
	if err != nil {
		return nil, err
	}
	s.figures = nil
	var signals []alarm.Signal
	for _, p := range pairs {
		signals = append(signals, s.ofPair(p, now)...)
		s.measure(p, now)
	}
	for _, b := range backlogs {
		signals = append(signals, ofBacklog(b, now))
	}
	return signals, nil
}

// read reads the exchange, once for each moment.
func (s *Source) read(ctx context.Context, now time.Time) ([]exchange.Pair, []exchange.Backlog, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.at.Equal(now) {
		return s.pairs, s.backlogs, nil
	}
	pairs, err := s.x.Pairs(ctx)
	if err != nil {
		return nil, nil, err
	}
	backlogs, err := s.x.Backlogs(ctx)
	if err != nil {
		return nil, nil, err
	}
	s.at, s.pairs, s.backlogs = now, pairs, backlogs
	return pairs, backlogs, nil
}

// ofPair tells of the pair as a whole.
func (s *Source) ofPair(p exchange.Pair, now time.Time) (signals []alarm.Signal) {
	about := ""
	is := func(code alarm.Code, value int64, since time.Time, detail plain.Sentence) {
		signals = append(signals, alarm.Signal{Code: code, Peer: p.Peer, About: about, Value: value, Since: since, Detail: detail, Href: "/messages"})
	}
	reason := plain.Sentence{}
	if p.Reason != "" {
		reason = plain.Sentence{JA: "理由: " + p.Reason, EN: "Reason: " + p.Reason}
	}
	switch p.State {
	case exchange.PairRefused:
		is(alarm.PeerRefused, 1, p.Since, reason)
	case exchange.PairDown:
		is(alarm.PeerSilent, seconds(now, p.Since), p.Since, reason)
	}
	if !p.Oldest.IsZero() {
		is(alarm.OutstandingOld, seconds(now, p.Oldest), p.Oldest, plain.Sentence{})
	}
	then := s.remember(p, now)
	is(alarm.QueueGrowing, p.Waiting-then(growthOver).waiting, time.Time{}, plain.Sentence{
		JA: fmt.Sprintf("いま%d件が返事を待っています。", p.Waiting), EN: fmt.Sprintf("%d wait for a verdict now.", p.Waiting)})
	turned := plain.Sentence{}
	if p.Turned != "" {
		turned = plain.Sentence{JA: "最後に束を断った理由: " + p.Turned, EN: "Why a batch was last not taken: " + p.Turned}
	}
	is(alarm.PeerNotAllowed, p.InRefused-then(refusedOver).refused, time.Time{}, turned)
	is(alarm.ReceiptWrong, p.OutWrong-then(wrongOver).wrong, time.Time{}, plain.Sentence{})
	// A count without a time is of receipts that may come within seconds.
	missing := func(n int64, since time.Time) {
		if n > 0 && !since.IsZero() {
			is(alarm.ReceiptMissing, seconds(now, since), since, plain.Sentence{
				JA: fmt.Sprintf("届いていない受領証が%d通あります。", n), EN: fmt.Sprintf("%d receipts are missing.", n)})
		}
	}
	about = "sent"
	missing(p.OutMissing, p.OutMissingSince)
	about = "received"
	missing(p.InMissing, p.InMissingSince)
	return signals
}

// remember keeps this look and returns how to find the oldest one that is not older than so long.
func (s *Source) remember(p exchange.Pair, now time.Time) func(ago time.Duration) look {
	looks := s.looks[p.Peer]
	if n := len(looks); n == 0 || now.Sub(looks[n-1].at) >= lookEach {
		looks = append(looks, look{now, p.Waiting, p.InRefused, p.OutWrong})
	}
	for len(looks) > 1 && now.Sub(looks[0].at) > max(growthOver, refusedOver, wrongOver) {
		looks = looks[1:]
	}
	s.looks[p.Peer] = looks
	return func(ago time.Duration) look {
		for _, l := range looks {
			if now.Sub(l.at) <= ago {
				return l
			}
		}
		return look{now, p.Waiting, p.InRefused, p.OutWrong}
	}
}

// ofBacklog tells of what waits, by kind. What a drill sent is told in the same way and marked.
func ofBacklog(b exchange.Backlog, now time.Time) alarm.Signal {
	s := alarm.Signal{Code: alarm.MessageLag, Peer: b.Peer, About: string(b.Kind), Value: seconds(now, b.Oldest), Since: b.Oldest, Href: "/messages",
		Drill: b.Kind == message.KindExchangeDrill,
		Detail: plain.Sentence{JA: fmt.Sprintf("この種類の%d件が待っています。", b.N),
			EN: fmt.Sprintf("%d of this kind wait.", b.N)}}
	if b.Parked {
		s.Code, s.Value = alarm.MessageParked, b.N
		if !b.Out {
			s.Code = alarm.MessageParkedHere
		}
		s.Detail = plain.Sentence{}
	}
	return s
}

func seconds(now, since time.Time) int64 {
	if since.IsZero() {
		return 0
	}
	return int64(now.Sub(since) / time.Second)
}

// measure gives the figures of a pair.
func (s *Source) measure(p exchange.Pair, now time.Time) {
	figure := func(name, help string, value int64, counter bool, labels ...alarm.Label) {
		s.figures = append(s.figures, alarm.Figure{Name: "akashi_exchange_" + name, Help: help, Counter: counter, Value: float64(value),
			Labels: append([]alarm.Label{{Name: "peer", Value: string(p.Peer)}}, labels...)})
	}
	figure("sent_messages_total", "Messages that were put into the outbox, ever.", p.Sent, true)
	figure("ended_messages_total", "Of these, applied or withdrawn.", p.Applied, true)
	figure("waiting_messages", "Messages that wait for a verdict.", p.Waiting, false)
	figure("parked_messages", "Messages of ours that wait for people.", p.Parked, false)
	figure("held_messages", "Messages of ours that wait for another one.", p.Held, false)
	figure("oldest_seconds", "The age of the oldest message that has not ended.", seconds(now, p.Oldest), false)
	figure("decisions_total", "Decisions on the peer's messages, ever.", p.Received, true)
	figure("parked_here_messages", "Messages of the peer that wait for people here.", p.InParked, false)
	figure("missing_receipts", "Receipts that did not come, of both directions.", p.OutMissing+p.InMissing, false)
	figure("wrong_receipts_total", "Receipts of the peer that were not taken, ever.", p.OutWrong, true)
	figure("refused_total", "Messages and batches that the peer may not send, ever.", p.InRefused, true)
	for _, state := range []exchange.PairState{exchange.PairUnknown, exchange.PairUp, exchange.PairDown, exchange.PairRefused} {
		is := int64(0)
		if p.State == state {
			is = 1
		}
		figure("pair_state", "1 for the state in which the pair is.", is, false, alarm.Label{Name: "state", Value: string(state)})
	}
}
