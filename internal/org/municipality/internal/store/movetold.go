package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// MoveTold is one thing that one municipality told another of a move: a fact, which both keep.
type MoveTold struct {
	Peer       message.Org
	Told       bool // by us
	Fact       string
	Leaving    bool // resident.moveout
	Move       string
	Step       message.MoveStep
	Code       resident.RecordCode
	Version    resident.Version
	Day, Filed resident.Date
	Special    bool
	At         time.Time
	Trace      string
	unread     bool
}

// Payload is as much of the message as its entry is made of.
func (m MoveTold) Payload() message.Booked {
	if m.Leaving {
		return message.MoveOut{Move: m.Move, Step: m.Step, Code: m.Code, Version: m.Version, Planned: m.Day, Filed: m.Filed, Special: m.Special}
	}
	return message.MoveIn{Move: m.Move, Step: m.Step, Code: m.Code, Version: m.Version, Day: m.Day, Filed: m.Filed}
}

// Entry is the fact in the book.
func (m MoveTold) Entry() reconcile.Row {
	row := reconcile.Row{Key: m.Fact}
	if e := m.Payload().Entries()[0]; !m.unread && e.Key == m.Fact {
		row.Value = e.Is
	}
	return row
}

const toldColumns = `fact, peer, told, leaving, move, step, code, version, day, filed, special, at, trace`

func scanTold(r *sqlstore.Rows, m *MoveTold) error {
	var code, day, filed string
	var version int64
	err := r.Scan(&m.Fact, &m.Peer, &m.Told, &m.Leaving, &m.Move, &m.Step, &code, &version, &day, &filed, &m.Special, sqlstore.Time(&m.At), &m.Trace)
	var p parser
	m.Code, m.Day, m.Filed = read(&p, code, resident.ParseRecordCode), read(&p, day, resident.ParseDate), read(&p, filed, resident.ParseDate)
	m.Version, m.unread = resident.Version(version), err != nil || p.err != nil
	return nil // a row that cannot be read must not keep those behind it from being read
}

// MovesTold is the table of what was told, by us or to us, as the books of a pair have it.
func MovesTold(byUs bool) booktable.Table[MoveTold] {
	where := "told = TRUE"
	if !byUs {
		where = "told = FALSE"
	}
	return booktable.Table[MoveTold]{Of: "steps of moves", Key: "fact", Peer: "peer", Where: where, Read: scanTold, Select: `SELECT ` + toldColumns + ` FROM move_told`}
}

// Tell keeps what is told to a peer, or was told by it; the books show the same. The same fact told twice is one.
func (tx *Tx) Tell(ctx context.Context, peer message.Org, byUs bool, n message.Booked, trace string) (first bool, err error) {
	m := MoveTold{Peer: peer, Told: byUs}
	switch n := n.(type) {
	case message.MoveOut:
		m.Leaving, m.Move, m.Step, m.Code, m.Version, m.Day, m.Filed, m.Special = true, n.Move, n.Step, n.Code, n.Version, n.Planned, n.Filed, n.Special
	case message.MoveIn:
		m.Move, m.Step, m.Code, m.Version, m.Day, m.Filed = n.Move, n.Step, n.Code, n.Version, n.Day, n.Filed
	default:
		return false, fmt.Errorf("a %T is no step of a move", n)
	}
	e := n.Entries()[0]
	rows, err := tx.Exec(ctx, `INSERT INTO move_told(`+toldColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		e.Key, string(peer), byUs, m.Leaving, m.Move, string(m.Step), m.Code.Reveal(), int64(m.Version), m.Day.String(), m.Filed.String(), m.Special, tx.Now(), trace)
	if err != nil {
		return false, fmt.Errorf("couldn't keep a step of a move: %w", err)
	}
	if rows == 0 {
		return false, nil
	}
	tx.books.Set(tx.Tx, e.Book, peer, e.Key, e.Is)
	return true, nil
}

// Untell takes out what a peer says that it never told us.
func (tx *Tx) Untell(ctx context.Context, peer message.Org, book message.Book, fact string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM move_told WHERE peer = $1 AND told = FALSE AND fact = $2`, string(peer), fact); err != nil {
		return fmt.Errorf("couldn't take a step of a move out: %w", err)
	}
	tx.books.Set(tx.Tx, book, peer, fact, message.Hash{})
	return nil
}

// StepsOf are what was told of a move, in the order of time.
func (tx *Tx) StepsOf(ctx context.Context, move string) ([]MoveTold, error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanTold, `SELECT `+toldColumns+` FROM move_told WHERE move = $1 ORDER BY at, fact`, move)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the steps of a move: %w", err)
	}
	return all, nil
}

// StepsWithoutMove are what was told about a code before the name of its move was known, in the order of time.
func (tx *Tx) StepsWithoutMove(ctx context.Context, code resident.RecordCode) ([]MoveTold, error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanTold, `SELECT `+toldColumns+` FROM move_told WHERE move = '' AND code = $1 ORDER BY at, fact`, code.Reveal())
	if err != nil {
		return nil, fmt.Errorf("couldn't read the steps of a move: %w", err)
	}
	return all, nil
}

// Show says what is held of a fact, without what the person is called.
func (m MoveTold) Show() plain.Sentence {
	if m.unread {
		return plain.Sentence{JA: "読めない行です。", EN: "A row that cannot be read."}
	}
	return plain.Sentence{JA: fmt.Sprintf("転出入%s、%s、記録の版%s、%s。", m.Move, m.Step, m.Version, m.Day.Wareki()),
		EN: fmt.Sprintf("Move %s, %s, record version %s, %s.", m.Move, m.Step, m.Version, m.Day)}
}

// ShowTold says what is held of a fact with a peer.
func (tx *Tx) ShowTold(ctx context.Context, peer message.Org, byUs bool, fact string) (plain.Sentence, error) {
	m, found, err := MovesTold(byUs).With(peer).Find(ctx, tx.Tx, fact)
	if err != nil || !found {
		return received.Nothing, err
	}
	return m.Show(), nil
}
