package statement

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Cell is how a day or a week with a peer stands.
type Cell string

// The cells.
const (
	NoClose     Cell = ""            // before the first close, or not over yet
	Pending     Cell = "pending"     // closed less than thirty minutes ago, and not complete
	Green       Cell = "agreed"      // both streams agree
	Explained   Cell = "explained"   // what differs is open and named
	Unexplained Cell = "unexplained" // somebody has to find out
	Absent      Cell = "missing"     // an account has not come
)

// order is by how much a cell asks for somebody.
var order = map[Cell]int{NoClose: 0, Green: 1, Explained: 2, Pending: 3, Absent: 4, Unexplained: 5}

func worseOf(a, b Cell) Cell {
	if order[a] > order[b] {
		return a
	}
	return b
}

// PairDay is one pair's day, or week: both streams, and the worse of the two.
type PairDay struct {
	Peer          message.Org
	Cell          Cell
	Out, In       Cell
	KeyOut, KeyIn Key // of the statements
}

// CalendarDay is a day of the calendar: its closes (made at the next midnight), and its round.
type CalendarDay struct {
	Day         resident.Date
	Pairs       []PairDay // in the order of the configuration
	Rounds      []Round
	RoundMissed bool
}

// CalendarWeek is a week that ends in the month.
type CalendarWeek struct {
	First, Last resident.Date // Monday and Sunday
	Pairs       []PairDay
}

// Calendar is a month at a glance (月間暦).
type Calendar struct {
	Year  int
	Month time.Month
	Days  []CalendarDay
	Weeks []CalendarWeek
}

// Calendar tells how each day and week of a month stands with each peer, and who signed its round.
func (s *Statements) Calendar(ctx context.Context, tx *sqlstore.Tx, year int, month time.Month, now time.Time) (Calendar, error) {
	c := Calendar{Year: year, Month: month}
	first, err := resident.NewDate(year, month, 1)
	if err != nil {
		return c, err
	}
	last := first.AddDays(27)
	for next := last.AddDays(1); next.Valid() && next.Month() == month; next = next.AddDays(1) {
		last = next
	}
	states, err := s.states(ctx, tx, first.Start(), last.AddDays(1).Start(), now)
	if err != nil {
		return c, err
	}
	rounds, err := s.Rounds(ctx, tx, first, last)
	if err != nil {
		return c, err
	}
	began, err := s.firstRound(ctx, tx)
	if err != nil {
		return c, err
	}
	for d := first; !d.After(last) && len(c.Days) < 31; d = d.AddDays(1) { // no day comes after the last of the year 9999
		day := CalendarDay{Day: d, Pairs: s.pairs(states, message.Day, d)}
		for _, r := range rounds {
			if r.Day == d {
				day.Rounds = append(day.Rounds, r)
			}
		}
		day.RoundMissed = len(day.Rounds) == 0 && began.Valid() && !d.Before(began) && !now.Before(roundDue(d))
		c.Days = append(c.Days, day)
		if UntilOf(message.Week, d).Equal(UntilOf(message.Day, d)) {
			c.Weeks = append(c.Weeks, CalendarWeek{First: d.AddDays(-6), Last: d, Pairs: s.pairs(states, message.Week, d)})
		}
	}
	return c, nil
}

func (s *Statements) pairs(states map[Key]Cell, span message.Span, d resident.Date) (pairs []PairDay) {
	until := UntilOf(span, d).UTC()
	for _, peer := range s.cfg.Peers {
		p := PairDay{Peer: peer, KeyOut: Key{peer, true, span, until}, KeyIn: Key{peer, false, span, until}}
		p.Out, p.In = states[p.KeyOut], states[p.KeyIn]
		p.Cell = worseOf(p.Out, p.In)
		pairs = append(pairs, p)
	}
	return pairs
}

// states reads how the closes after one time and up to another stand. A close that a later one covers stands as that one.
func (s *Statements) states(ctx context.Context, tx *sqlstore.Tx, from, to, now time.Time) (map[Key]Cell, error) {
	states := map[Key]Cell{}
	for _, peer := range s.cfg.Peers {
		for _, dir := range []direction{out, in} {
			for _, span := range Spans {
				// Newest first, and what was covered by a close after the month is looked up once.
				found, err := list(ctx, tx, `peer = $1 AND dir = $2 AND span = $3 AND until > $4 AND until <= $5 ORDER BY until DESC`,
					string(peer), string(dir), string(span), from, to)
				if err != nil {
					return nil, fmt.Errorf("couldn't read the statements with %s: %w", peer, err)
				}
				later := NoClose
				for i, st := range found {
					if st.State == Covered && i == 0 {
						behind, err := list(ctx, tx, `peer = $1 AND dir = $2 AND span = $3 AND until > $4 AND state <> 'covered' ORDER BY until LIMIT 1`,
							string(peer), string(dir), string(span), to)
						if err != nil {
							return nil, err
						}
						if len(behind) > 0 {
							later = cellOf(behind[0], now)
						}
					}
					if st.State != Covered {
						later = cellOf(st, now)
					}
					states[st.Key] = later
				}
			}
		}
	}
	return states, nil
}

func cellOf(st Statement, now time.Time) Cell {
	switch {
	case st.State != waiting:
		return Cell(st.State)
	case now.Sub(st.Until) < Late:
		return Pending
	}
	return Absent
}
