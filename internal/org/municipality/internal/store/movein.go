package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// The states at the new municipality. Registered and Void are closed.
const (
	InPlanned    MoveState = "planned"    // the person is to come
	InLeft       MoveState = "left"       // and the old municipality has deleted the record
	InEarly      MoveState = "early"      // registered before the old municipality told of the deletion
	InRegistered MoveState = "registered" // and the old municipality has deleted the record
	InVoid       MoveState = "void"
	InPaper      MoveState = "paper"   // registered from a certificate on paper: the information has not come
	InDiffers    MoveState = "differs" // it has come, and does not agree with what was registered
)

// MoveHere is a person's move to us.
type MoveHere struct {
	Move, Family         string
	From                 resident.MunicipalityCode
	Code                 resident.RecordCode
	Version              resident.Version // planned: of the record; left: of its deletion
	Planned, Filed       resident.Date
	Special, SpecialVoid bool
	State                MoveState
	Info                 *message.MoveOut // as it came; nil when it has not come, or the move is settled
	Person               Person
	Became, Registered   resident.Date
	First                resident.Version // the first version here
	ArrivedAt            time.Time
	SettledAt            time.Time
	By, Trace            string
	Reason               string
	Why                  plain.Sentence
	Unread               error // the row cannot be read; it stands on the list and keeps no other off it
}

// Waits tells whether the person is to come and file the moving in.
func (m MoveHere) Waits() bool { return m.State == InPlanned || m.State == InLeft }

// Open tells whether the move still waits for somebody.
func (m MoveHere) Open() bool { return m.State != InRegistered && m.State != InVoid }

// LogValue shows nothing of the person.
func (m MoveHere) LogValue() slog.Value {
	return slog.GroupValue(slog.String("move", m.Move), slog.String("state", string(m.State)))
}

const moveInColumns = `move, family, from_code, code, version, planned, filed, special, special_void, state, body, person, became, registered, first,
	arrived_at, settled_at, by_person, trace, reason, why_ja, why_en`

func scanMoveIn(r *sqlstore.Rows, m *MoveHere) error {
	var from, code, planned, filed, became, registered string
	var version, first, settled int64
	var body []byte
	if err := r.Scan(&m.Move, &m.Family, &from, &code, &version, &planned, &filed, &m.Special, &m.SpecialVoid, &m.State, &body, &m.Person, &became, &registered,
		&first, sqlstore.Time(&m.ArrivedAt), &settled, &m.By, &m.Trace, &m.Reason, &m.Why.JA, &m.Why.EN); err != nil {
		return err
	}
	var p parser
	m.From, m.Code = read(&p, from, resident.ParseMunicipalityCode), read(&p, code, resident.ParseRecordCode)
	m.Planned, m.Filed = read(&p, planned, resident.ParseDate), read(&p, filed, resident.ParseDate)
	m.Became, m.Registered = read(&p, became, resident.ParseDate), read(&p, registered, resident.ParseDate)
	m.Version, m.First, m.SettledAt = resident.Version(version), resident.Version(first), sqlstore.FromMicrosOrNone(settled)
	if p.err == nil && len(body) > 0 {
		var n message.Payload
		if n, p.err = message.Decode(message.KindMoveOut, body); p.err == nil {
			info := n.(message.MoveOut)
			m.Info = &info
		}
	}
	if p.err != nil {
		m.Unread = fmt.Errorf("the move %s cannot be read: %w", m.Move, p.err)
	}
	return nil
}

// PutMoveHere writes a move as it is now. Of one that is settled, what came is not kept: the record has it, or nobody needs it.
func (tx *Tx) PutMoveHere(ctx context.Context, m MoveHere) error {
	body := []byte{}
	if m.Info != nil && m.SettledAt.IsZero() {
		var err error
		if body, err = message.Encode(*m.Info); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO move_in(`+moveInColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
		ON CONFLICT(move) DO UPDATE SET code = excluded.code, version = excluded.version, planned = excluded.planned, special_void = excluded.special_void,
		state = excluded.state, body = excluded.body, person = excluded.person, became = excluded.became, registered = excluded.registered, first = excluded.first,
		settled_at = excluded.settled_at, by_person = excluded.by_person, trace = excluded.trace, why_ja = excluded.why_ja, why_en = excluded.why_en`,
		m.Move, m.Family, m.From.String(), m.Code.Reveal(), int64(m.Version), m.Planned.String(), m.Filed.String(), m.Special, m.SpecialVoid, string(m.State), body,
		int64(m.Person), m.Became.String(), m.Registered.String(), int64(m.First), m.ArrivedAt, sqlstore.MicrosOrNone(m.SettledAt), m.By, m.Trace, m.Reason, m.Why.JA, m.Why.EN)
	if err != nil {
		return fmt.Errorf("couldn't write the move %s: %w", m.Move, err)
	}
	return nil
}

// DropMoveHere takes a paper move away whose information has come under its own name.
func (tx *Tx) DropMoveHere(ctx context.Context, move string) error {
	_, err := tx.Exec(ctx, `DELETE FROM move_in WHERE move = $1`, move)
	return err
}

// movesHere are the moves of one person or one notice, of which each must be read.
func (tx *Tx) movesHere(ctx context.Context, where string, args ...any) ([]MoveHere, error) {
	all, err := tx.movesHereListed(ctx, where, args...)
	for _, m := range all {
		if err == nil {
			err = m.Unread
		}
	}
	return all, err
}

func (tx *Tx) movesHereListed(ctx context.Context, where string, args ...any) ([]MoveHere, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	all, err := sqlstore.List(ctx, tx.Tx, scanMoveIn, `SELECT `+moveInColumns+` FROM move_in WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("couldn't read moves to us: %w", err)
	}
	return all, nil
}

// MoveHereOf finds a move by its name.
func (tx *Tx) MoveHereOf(ctx context.Context, move string) (m MoveHere, found bool, err error) {
	all, err := tx.movesHere(ctx, `move = $1`, move)
	if err != nil || len(all) == 0 {
		return m, false, err
	}
	return all[0], true, nil
}

// FamilyHere are the moves of one notice at the old municipality.
func (tx *Tx) FamilyHere(ctx context.Context, family string) ([]MoveHere, error) {
	return tx.movesHere(ctx, `family = $1 ORDER BY move`, family)
}

// OpenMovesHere are the open moves under a code, the newest first.
func (tx *Tx) OpenMovesHere(ctx context.Context, code resident.RecordCode) ([]MoveHere, error) {
	return tx.movesHere(ctx, `code = $1 AND settled_at = 0 ORDER BY arrived_at DESC, move DESC`, code.Reveal())
}

// PapersHere are the moves under a code that were registered from a certificate on paper of a municipality and whose information has not
// come, the newest first; those too that were closed by hand.
func (tx *Tx) PapersHere(ctx context.Context, code resident.RecordCode, from resident.MunicipalityCode) ([]MoveHere, error) {
	return tx.movesHere(ctx, `code = $1 AND from_code = $2 AND move LIKE 'paper-%' AND state IN ('paper', 'registered', 'differs') ORDER BY arrived_at DESC, move DESC`,
		code.Reveal(), from.String())
}

// MovesHereFirst are the moves by which a person's record began here with a version.
func (tx *Tx) MovesHereFirst(ctx context.Context, code resident.RecordCode, first resident.Version) ([]MoveHere, error) {
	return tx.movesHere(ctx, `code = $1 AND first = $2 ORDER BY move LIMIT 1`, code.Reveal(), int64(first))
}

// MovesHere lists moves for the page: the open ones by their day, or the closed ones, the newest first.
func (tx *Tx) MovesHere(ctx context.Context, open bool, limit int) ([]MoveHere, error) {
	if open {
		return tx.movesHereListed(ctx, `settled_at = 0 ORDER BY planned, family, move LIMIT $1`, int64(limit))
	}
	return tx.movesHereListed(ctx, `settled_at <> 0 ORDER BY settled_at DESC, move LIMIT $1`, int64(limit))
}
