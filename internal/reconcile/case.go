package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The states of a case.
const (
	caseOpen      = "open"
	caseExplained = "explained" // it follows from what people decided; it ends by itself like an open one
	caseClosed    = "closed"
)

// How a case was closed.
const (
	byItself = "itself" // a later comparison found that both ends hold the same
	byPeople = "people"
)

// Case is a difference between what the source and the copy of a book hold under a key, as this end has it.
type Case struct {
	ID           string
	Book         message.Book
	Self, Peer   message.Org
	AsSource     bool // we are the source
	Key          string
	State        string // open, explained, closed
	What         string // missing (at the copy), extra (there), differs
	Opened       time.Time
	Closed       time.Time // zero: not closed
	ClosedHow    string    // itself, people
	Because      string    // what explains it: the message that was withdrawn, the case that people closed
	Source, Copy plain.Sentence
	Owner        string // the person here who works on it; "" nobody
	Proposal     *Proposal

	pair        int64
	sourceValue message.Hash
	copyPrint   [8]byte
	notes       int64
}

// Proposal is what one person of this end proposed, and a second has to confirm.
type Proposal struct {
	Act  Act
	Text string
	By   string
	At   time.Time
}

// Note is one entry of a case's history: what either end did or wrote.
type Note struct {
	At         time.Time
	Author     message.Org
	Act        string // one of message.CaseActs
	Text       string
	By, Second string
}

const selectCase = `SELECT id, pair, skey, state, what, opened_at, closed_at, closed_how, because, source_value, copy_print, source_ja, source_en, copy_ja, copy_en,
	owner, notes, prop_act, prop_text, prop_by, prop_at FROM r_case WHERE `

func (b *Books) cases(ctx context.Context, tx *sqlstore.Tx, where string, args ...any) ([]Case, error) {
	all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, c *Case) error {
		var opened, closed int64
		var value, print []byte
		var p Proposal
		var at int64
		if err := r.Scan(&c.ID, &c.pair, &c.Key, &c.State, &c.What, &opened, &closed, &c.ClosedHow, &c.Because, &value, &print,
			&c.Source.JA, &c.Source.EN, &c.Copy.JA, &c.Copy.EN, &c.Owner, &c.notes, &p.Act, &p.Text, &p.By, &at); err != nil {
			return err
		}
		copy(c.sourceValue[:], value)
		copy(c.copyPrint[:], print)
		c.Opened, c.Closed = moment(opened), moment(closed)
		if p.Act != "" {
			p.At = moment(at)
			c.Proposal = &p
		}
		return nil
	}, selectCase+where, args...)
	if err != nil {
		return nil, fmt.Errorf("couldn't read cases: %w", err)
	}
	known := all[:0]
	for _, c := range all {
		// The book of an old case may no longer be held.
		if i := slices.IndexFunc(b.order, func(p *pair) bool { return p.id == c.pair }); i >= 0 {
			p := b.order[i]
			c.Book, c.Self, c.Peer, c.AsSource = p.book, b.cfg.Self, p.peer, p.side == source
			known = append(known, c)
		}
	}
	return known, nil
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return sqlstore.FromMicros(us)
}

// ring tells whoever watches that there is something to see.
func (b *Books) ring(tx *sqlstore.Tx) {
	if b.cfg.Bell != "" {
		tx.Ring(b.cfg.Bell)
	}
}

// putCase writes a new case.
func (b *Books) putCase(ctx context.Context, tx *sqlstore.Tx, p *pair, c Case) error {
	b.ring(tx)
	closed := int64(0)
	if !c.Closed.IsZero() {
		closed = c.Closed.UnixMicro()
	}
	_, err := tx.Exec(ctx, `INSERT INTO r_case(id, pair, skey, state, what, opened_at, closed_at, closed_how, because, source_value, copy_print, source_ja, source_en, copy_ja, copy_en)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (id) DO NOTHING`, c.ID, p.id, c.Key, c.State, c.What, c.Opened, closed, c.ClosedHow, c.Because,
		c.sourceValue[:], c.copyPrint[:], cut(c.Source.JA, 1000), cut(c.Source.EN, 1000), cut(c.Copy.JA, 1000), cut(c.Copy.EN, 1000))
	if err != nil {
		return fmt.Errorf("couldn't open the case: %w", err)
	}
	return nil
}

// note writes into the history of a case.
func (b *Books) note(ctx context.Context, tx *sqlstore.Tx, id string, n Note) error {
	var number int64
	err := tx.QueryRow(ctx, `UPDATE r_case SET notes = notes + 1 WHERE id = $1 RETURNING notes`, id).Scan(&number)
	if err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO r_case_note(id, n, at, author, act, body, by_person, second_person) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, number, tx.Now(), string(n.Author), n.Act, cut(n.Text, 4000), cut(n.By, 200), cut(n.Second, 200))
	}
	if err != nil {
		return fmt.Errorf("couldn't keep the note: %w", err)
	}
	return nil
}

// closeCase ends a case.
func (b *Books) closeCase(ctx context.Context, tx *sqlstore.Tx, c Case, how string) error {
	b.ring(tx)
	if _, err := tx.Exec(ctx, `UPDATE r_case SET state = 'closed', closed_at = $2, closed_how = $3, prop_act = '', prop_text = '', prop_by = '', prop_at = 0
		WHERE id = $1 AND state <> 'closed'`, c.ID, tx.Now(), how); err != nil {
		return fmt.Errorf("couldn't close the case: %w", err)
	}
	return nil
}

// told is the message that tells the other end what happened to a case.
func told(c Case, act, text, by, second string) message.ReconcileCase {
	return message.ReconcileCase{Case: c.ID, Book: c.Book, Key: c.Key, Act: act, Source: c.Source, Copy: c.Copy, Text: text, By: by, Second: second}
}

// tell sends it and writes it into the history.
func (b *Books) tell(ctx context.Context, tx *sqlstore.Tx, c Case, trace, act, text, by, second string) error {
	if err := b.note(ctx, tx, c.ID, Note{Author: b.cfg.Self, Act: act, Text: text, By: by, Second: second}); err != nil {
		return err
	}
	_, err := b.x.Send(ctx, tx, []message.Out{{To: c.Peer, Body: told(c, act, text, by, second)}}, trace)
	return err
}

// newCaseID names a case for both ends. It holds the time, so that a database that was restored from a copy does not
// give a name again.
func (b *Books) newCaseID(now time.Time, p *pair, n int) string {
	return fmt.Sprintf("%s/%s-%d.%d", b.cfg.Self, now.In(japan).Format("20060102-150405"), p.id, n)
}

// openedBy tells whose name a case has: its source's.
func openedBy(id string) message.Org {
	org, _, _ := strings.Cut(id, "/")
	return message.Org(org)
}
