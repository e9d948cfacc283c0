package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Standing is how it stands with one book that we hold with one peer. Both ends show the same of the last comparison.
type Standing struct {
	Book         message.Book
	Self, Peer   message.Org
	Source, Copy message.Org // one of them is Self
	AsSource     bool

	Outcome                   Outcome
	Reason                    string    // why there was none
	Compared                  time.Time // the last comparison that came to an end, by the source's clock; zero: none
	Heard                     time.Time // the same by our clock
	Entries                   int64     // at the source
	Differences, Explained    int64
	Outstanding, Parked, Held int64 // messages of the book that the copy had not applied
	Trips, Bytes              int64 // of the last comparison; the source's

	OpenCases  int64
	OldestCase time.Time // zero: none is open
	Findings   int64     // of the self-audit, open

	Audited    time.Time     // end of the last full cycle of the self-audit; zero: none yet
	Cycle      time.Duration // how long that took
	CycleRows  int64
	Trouble    string // why the self-audit does not go on; "" when it does
	Refill     *RefillProgress
	Watched    time.Time // since when the comparison is waited for: the last one, or our start
	Comparable bool      // the entries of all that was there before the book are made
}

// Standings tells how it stands with every book.
func (b *Books) Standings(ctx context.Context) ([]Standing, error) {
	var all []Standing
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = b.StandingsIn(ctx, tx)
		return err
	})
	return all, err
}

// StandingsIn is Standings in the caller's transaction.
func (b *Books) StandingsIn(ctx context.Context, tx *sqlstore.Tx) ([]Standing, error) {
	var all []Standing
	for _, p := range b.order {
		if b.idle(p) {
			continue
		}
		s, err := b.standing(ctx, tx, p)
		if err != nil {
			return nil, fmt.Errorf("couldn't tell how it stands with the book %s of %s: %w", p.book, p.peer, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func (b *Books) standing(ctx context.Context, tx *sqlstore.Tx, p *pair) (Standing, error) {
	s := Standing{Book: p.book, Self: b.cfg.Self, Peer: p.peer, Source: b.cfg.Self, Copy: p.peer, AsSource: p.side == source}
	if !s.AsSource {
		s.Source, s.Copy = s.Copy, s.Source
	}
	adopted, err := p.isAdopted(ctx, tx)
	if err != nil {
		return s, err
	}
	p.mu.Lock()
	l := p.last
	s.Trouble = p.auditing.trouble
	at := p.auditing.at
	p.mu.Unlock()
	s.Comparable = adopted
	s.Outcome, s.Reason, s.Entries, s.Differences, s.Explained = l.outcome, l.reason, l.entries, l.differences, l.explained
	s.Outstanding, s.Parked, s.Held, s.Trips, s.Bytes = l.outstanding, l.parked, l.held, l.trips, l.bytes
	s.Compared, s.Heard = l.at, l.heard
	s.Watched = b.started
	if s.Heard.After(s.Watched) {
		s.Watched = s.Heard
	}
	g := progress{}
	if at != nil {
		g = *at
	} else if g, err = p.readProgress(ctx, tx); err != nil {
		return s, err
	}
	s.Audited, s.Cycle, s.CycleRows = moment(g.ended), time.Duration(g.took)*time.Microsecond, g.rows
	var oldest int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MIN(opened_at), 0) FROM r_case WHERE pair = $1 AND state <> 'closed' AND state = 'open'`, p.id).
		Scan(&s.OpenCases, &oldest); err != nil {
		return s, err
	}
	s.OldestCase = moment(oldest)
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM r_finding WHERE pair = $1 AND closed_at = 0`, p.id).Scan(&s.Findings); err != nil {
		return s, err
	}
	s.Refill, err = refillOf(ctx, tx, p.id)
	return s, err
}

// Says tells what the last comparison came to, for people.
func (s Standing) Says() plain.Sentence {
	switch s.Outcome {
	case Agreed:
		return plain.Sentence{JA: "双方の帳簿は一致しています。", EN: "Both ends hold the same."}
	case Accounted:
		return plain.Sentence{JA: "不一致は、すべて説明のついたものです。", EN: "All that differs is explained."}
	case Differs:
		return plain.Sentence{JA: "双方の帳簿に不一致があります。件を開いて確かめてください。", EN: "The two ends differ: open the cases."}
	case Backlog:
		return plain.Sentence{JA: "届いていない電文が多く、まだ突合できません。", EN: "Too many messages are under way to compare yet."}
	case Making:
		return plain.Sentence{JA: "帳簿を作成しています。できしだい突合します。", EN: "The book is being made, and will be compared when it is there."}
	case Unreachable:
		return plain.Sentence{JA: "写しの団体が答えません。", EN: "The copy does not answer."}
	case Failed:
		return plain.Sentence{JA: "突合できません。双方のプログラムの版と記録を確かめてください。", EN: "The book cannot be compared: check the versions and logs of both programs."}
	}
	return plain.Sentence{JA: "まだ突合していません。", EN: "Not compared yet."}
}

// PairStatus is one line of `akashi reconcile --json`.
type PairStatus struct {
	A           message.Org  `json:"a"` // the source
	B           message.Org  `json:"b"` // the copy
	Table       message.Book `json:"table"`
	Agree       bool         `json:"agree"`
	Differences int64        `json:"differences"`
	Explained   int64        `json:"explained"`
	Outstanding int64        `json:"outstanding"`
	Parked      int64        `json:"parked"`
	Held        int64        `json:"held"`
	ComparedAt  string       `json:"compared_at"` // RFC 3339, UTC; "" when never compared
	Outcome     Outcome      `json:"outcome"`
	Reason      string       `json:"reason,omitempty"`
	Entries     int64        `json:"entries"`
	Cases       int64        `json:"cases"`
	Findings    int64        `json:"findings"`
	AuditedAt   string       `json:"audited_at"`    // end of the last full cycle of this end's self-audit
	AuditCycle  float64      `json:"audit_cycle_s"` // seconds that it took

	Refill *RefillProgress `json:"refill,omitempty"` // of the source: proposed, or under way
}

// Status is the line of a standing. Agree is said only of what was compared: silence is no agreement.
func (s Standing) Status() PairStatus {
	return PairStatus{A: s.Source, B: s.Copy, Table: s.Book, Agree: s.Outcome == Agreed || s.Outcome == Accounted,
		Differences: s.Differences, Explained: s.Explained, Outstanding: s.Outstanding, Parked: s.Parked, Held: s.Held, ComparedAt: stamp(s.Compared),
		Outcome: s.Outcome, Reason: s.Reason, Entries: s.Entries, Cases: s.OpenCases, Findings: s.Findings,
		AuditedAt: stamp(s.Audited), AuditCycle: s.Cycle.Seconds(), Refill: s.Refill}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Cases lists cases, the oldest first: those that are not closed, or, when all are wanted, also those that are, the latest
// first.
func (b *Books) Cases(ctx context.Context, all bool, limit int) ([]Case, error) {
	query := `state <> 'closed' ORDER BY opened_at, id LIMIT $1`
	if all {
		query = `1 = 1 ORDER BY opened_at DESC, id DESC LIMIT $1`
	}
	var found []Case
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		found, err = b.cases(ctx, tx, query, int64(limit))
		return err
	})
	return found, err
}

// OpenCases names the open cases of a book with a peer, the oldest first, in the caller's transaction.
func (b *Books) OpenCases(ctx context.Context, tx *sqlstore.Tx, book message.Book, peer message.Org, limit int) ([]string, error) {
	p := b.pairs[pairName{book, peer}]
	if p == nil {
		return nil, nil
	}
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, id *string) error { return r.Scan(id) },
		`SELECT id FROM r_case WHERE pair = $1 AND state = 'open' ORDER BY opened_at, id LIMIT $2`, p.id, int64(limit))
}

// Find returns one case with its history.
func (b *Books) Find(ctx context.Context, id string) (Case, []Note, error) {
	var found []Case
	var notes []Note
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if found, err = b.cases(ctx, tx, `id = $1`, id); err != nil {
			return err
		}
		notes, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *Note) error {
			return r.Scan(sqlstore.Time(&n.At), &n.Author, &n.Act, &n.Text, &n.By, &n.Second)
		}, `SELECT at, author, act, body, by_person, second_person FROM r_case_note WHERE id = $1 ORDER BY n`, id)
		return err
	})
	if err == nil && len(found) == 0 {
		err = errNoCase
	}
	if err != nil {
		return Case{}, nil, err
	}
	return found[0], notes, nil
}

// DayCount is what the comparisons of one book with one peer came to on one day of the Japanese calendar.
type DayCount struct {
	Book   message.Book
	Peer   message.Org
	Day    string // 2026-11-22
	Agreed int64
	// Explained counts those that found only what people had decided, Differed those that found a difference, PutOff those
	// that could not be made.
	Explained, Differed, PutOff int64
	Most                        int64 // the most differences at once
	First, Last                 time.Time
}

// Colour is how a day looks in the calendar: green, explained, unexplained; "" when nothing was compared.
func (d DayCount) Colour() string {
	switch {
	case d.Differed > 0:
		return "unexplained"
	case d.Explained > 0:
		return "explained"
	case d.Agreed > 0:
		return "green"
	}
	return ""
}

// Days counts the comparisons by day, from one day to another, both in the form of Day.
func (b *Books) Days(ctx context.Context, from, to string) ([]DayCount, error) {
	var counts []DayCount
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		counts = nil
		for _, p := range b.order {
			rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, d *DayCount) error {
				return r.Scan(&d.Day, &d.Agreed, &d.Explained, &d.Differed, &d.PutOff, &d.Most, sqlstore.Time(&d.First), sqlstore.Time(&d.Last))
			}, `SELECT day, agreed, explained, differed, put_off, most, first_at, last_at FROM r_comparison WHERE pair = $1 AND day BETWEEN $2 AND $3 ORDER BY day`, p.id, from, to)
			if err != nil {
				return err
			}
			for _, d := range rows {
				d.Book, d.Peer = p.book, p.peer
				counts = append(counts, d)
			}
		}
		return nil
	})
	return counts, err
}

// Tally is how many entries of a book we hold with a peer, and their sum, in the caller's transaction: what a statement
// says of it. The sum means nothing to anybody but the pair.
func (b *Books) Tally(ctx context.Context, tx *sqlstore.Tx, book message.Book, peer message.Org) (entries int64, sum [32]byte, held bool, err error) {
	p := b.pairs[pairName{book, peer}]
	if p == nil {
		return 0, sum, false, nil
	}
	if err := tx.Flush(ctx); err != nil {
		return 0, sum, true, err
	}
	s, err := p.see(ctx, tx)
	if err != nil {
		return 0, sum, true, err
	}
	d, err := s.root(ctx)
	return d.N, [32]byte(rootToWire(d)), true, err
}
