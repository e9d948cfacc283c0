package statement

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Late is how long after its close a peer's account may come.
const Late = 30 * time.Minute

// What asks for a person, by name.
const (
	StatementMissing     = "statement-missing"     // Value: seconds since the close, of the oldest
	StatementUnexplained = "statement-unexplained" // Value: statements that no round has looked at since
	RoundMissed          = "round-missed"          // Value: days without a round
)

// Signal is one of them, about one peer or none.
type Signal struct {
	Code   string
	Peer   message.Org
	Value  int64
	Since  time.Time
	Detail plain.Sentence
}

// mostSignals bounds what one look reads; what is behind comes to light when the oldest is dealt with.
const mostSignals = 2000

// Missing tells what asks for a person at a time: accounts that have not come thirty minutes after their close, unexplained
// statements that no round has looked at, and days whose round nobody signed by noon of the next.
func (s *Statements) Missing(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]Signal, error) {
	var signals []Signal
	late, err := list(ctx, tx, `state = 'waiting' AND until <= $1 ORDER BY until, peer, dir, span LIMIT $2`, now.Add(-Late), mostSignals)
	if err != nil {
		return nil, fmt.Errorf("couldn't look for missing statements: %w", err)
	}
	unseen, err := list(ctx, tx, `state = 'unexplained' AND seen = 0 ORDER BY peer, until LIMIT $1`, mostSignals)
	if err != nil {
		return nil, fmt.Errorf("couldn't look for unexplained statements: %w", err)
	}
	for _, peer := range s.cfg.Peers {
		if of := about(late, peer); len(of) > 0 {
			signals = append(signals, Signal{Code: StatementMissing, Peer: peer, Value: int64(now.Sub(of[0].Until) / time.Second), Since: of[0].Until,
				Detail: s.lateDetail(of)})
		}
		if of := about(unseen, peer); len(of) > 0 {
			signals = append(signals, Signal{Code: StatementUnexplained, Peer: peer, Value: int64(len(of)), Since: of[0].Until,
				Detail: plain.Sentence{JA: "最も古いものは " + of[0].Date().String() + " の締めです。", EN: "The oldest is the close of " + of[0].Date().String() + "."}})
		}
	}
	days, err := s.MissedRounds(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	if len(days) > 0 {
		signals = append(signals, Signal{Code: RoundMissed, Value: int64(len(days)), Since: roundDue(days[0]),
			Detail: plain.Sentence{JA: "最も古いものは " + days[0].String() + " です。", EN: "The oldest is " + days[0].String() + "."}})
	}
	return signals, nil
}

func about(all []Statement, peer message.Org) (of []Statement) {
	for _, st := range all {
		if st.Peer == peer {
			of = append(of, st)
		}
	}
	return of
}

// lateDetail says whose account it is that is missing: it may be our own.
func (s *Statements) lateDetail(of []Statement) plain.Sentence {
	var own int
	for _, st := range of {
		if st.Out && st.SenderAt.IsZero() || !st.Out && !st.SenderAt.IsZero() {
			own++
		}
	}
	day := of[0].Date().String()
	d := plain.Sentence{JA: fmt.Sprintf("%s の締めから、計算書%d件がそろっていません。", day, len(of)),
		EN: fmt.Sprintf("Since the close of %s, %d statements are not complete.", day, len(of))}
	if own > 0 {
		d.JA += fmt.Sprintf("うち%d件は、この団体の計算書がまだ作られていません。", own)
		d.EN += fmt.Sprintf(" Of these, %d wait for this organisation's own account.", own)
	}
	return d
}

// roundDue is when the round of a day must have been signed: noon of the next day.
func roundDue(day resident.Date) time.Time { return day.AddDays(1).Start().Add(12 * time.Hour) }
