package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// MoveState is where a move stands at one of its ends.
type MoveState string

// The states at the old municipality. Settled and Cancelled are closed; every other one waits for somebody.
const (
	OutPlanned    MoveState = "planned"    // the day has not come
	OutLeft       MoveState = "left"       // the record is deleted; the notice of moving in is waited for
	OutCancelling MoveState = "cancelling" // the new municipality was asked to give the move up
	OutCancelled  MoveState = "cancelled"
	OutSettled    MoveState = "settled"
	OutUnfiled    MoveState = "unfiled" // the person is registered elsewhere, and nobody filed the moving out here
	OutVoided     MoveState = "voided"  // the new municipality gave the move up after the record was deleted here
)

// MoveAway is a person's move to another municipality that exchanges with us.
type MoveAway struct {
	Move, Family   string
	Person         Person
	Code           resident.RecordCode
	To             resident.MunicipalityCode
	Planned, Filed resident.Date
	Special        bool
	State          MoveState
	Present        bool // of OutCancelling: the record had not been deleted
	Version        resident.Version
	MovedOn        resident.Date
	SettledAt      time.Time
	FiledAt        time.Time
	FiledBy, Trace string
	Why            plain.Sentence
	Unread         error // the row cannot be read; it stands on the list and keeps no other off it
}

// Open tells whether the move still waits for somebody.
func (m MoveAway) Open() bool { return m.State != OutSettled && m.State != OutCancelled }

// LogValue shows nothing of the person.
func (m MoveAway) LogValue() slog.Value {
	return slog.GroupValue(slog.String("move", m.Move), slog.String("state", string(m.State)))
}

const moveOutColumns = `move, family, person, code, to_code, planned, filed, special, state, present, version, moved_on, settled_at,
	filed_at, filed_by, trace, why_ja, why_en`

func scanMoveOut(r *sqlstore.Rows, m *MoveAway) error {
	var code, to, planned, filed, moved string
	var version, settled int64
	if err := r.Scan(&m.Move, &m.Family, &m.Person, &code, &to, &planned, &filed, &m.Special, &m.State, &m.Present, &version, &moved, &settled,
		sqlstore.Time(&m.FiledAt), &m.FiledBy, &m.Trace, &m.Why.JA, &m.Why.EN); err != nil {
		return err
	}
	var p parser
	m.Code, m.To = read(&p, code, resident.ParseRecordCode), read(&p, to, resident.ParseMunicipalityCode)
	m.Planned, m.Filed, m.MovedOn = read(&p, planned, resident.ParseDate), read(&p, filed, resident.ParseDate), read(&p, moved, resident.ParseDate)
	m.Version, m.SettledAt = resident.Version(version), sqlstore.FromMicrosOrNone(settled)
	if p.err != nil {
		m.Unread = fmt.Errorf("the move %s cannot be read: %w", m.Move, p.err)
	}
	return nil
}

// PutMoveAway writes a move as it is now.
func (tx *Tx) PutMoveAway(ctx context.Context, m MoveAway) error {
	_, err := tx.Exec(ctx, `INSERT INTO move_out(`+moveOutColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		ON CONFLICT(move) DO UPDATE SET code = excluded.code, planned = excluded.planned, state = excluded.state, present = excluded.present,
		version = excluded.version, moved_on = excluded.moved_on, settled_at = excluded.settled_at, why_ja = excluded.why_ja, why_en = excluded.why_en`,
		m.Move, m.Family, int64(m.Person), m.Code.Reveal(), m.To.String(), m.Planned.String(), m.Filed.String(), m.Special, string(m.State), m.Present,
		int64(m.Version), m.MovedOn.String(), sqlstore.MicrosOrNone(m.SettledAt), m.FiledAt, m.FiledBy, m.Trace, m.Why.JA, m.Why.EN)
	if err != nil {
		return fmt.Errorf("couldn't write the move %s: %w", m.Move, err)
	}
	return nil
}

// movesAway are the moves of one person or one notice, of which each must be read.
func (tx *Tx) movesAway(ctx context.Context, where string, args ...any) ([]MoveAway, error) {
	all, err := tx.movesAwayListed(ctx, where, args...)
	for _, m := range all {
		if err == nil {
			err = m.Unread
		}
	}
	return all, err
}

func (tx *Tx) movesAwayListed(ctx context.Context, where string, args ...any) ([]MoveAway, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	all, err := sqlstore.List(ctx, tx.Tx, scanMoveOut, `SELECT `+moveOutColumns+` FROM move_out WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("couldn't read moves away: %w", err)
	}
	return all, nil
}

// MoveAwayOf finds a move by its name.
func (tx *Tx) MoveAwayOf(ctx context.Context, move string) (m MoveAway, found bool, err error) {
	all, err := tx.movesAway(ctx, `move = $1`, move)
	if err != nil || len(all) == 0 {
		return m, false, err
	}
	return all[0], true, nil
}

// OpenMovesAway are the open moves of a person, the newest first.
func (tx *Tx) OpenMovesAway(ctx context.Context, who Person) ([]MoveAway, error) {
	return tx.movesAway(ctx, `person = $1 AND settled_at = 0 ORDER BY filed_at DESC, move DESC`, int64(who))
}

// SettledMoveAway is the move of a person to a municipality that its notice of a day has settled.
func (tx *Tx) SettledMoveAway(ctx context.Context, who Person, to resident.MunicipalityCode, day resident.Date) (m MoveAway, found bool, err error) {
	all, err := tx.movesAway(ctx, `person = $1 AND to_code = $2 AND moved_on = $3 AND state = 'settled' ORDER BY filed_at DESC, move DESC LIMIT 1`,
		int64(who), to.String(), day.String())
	if err != nil || len(all) == 0 {
		return m, false, err
	}
	return all[0], true, nil
}

// FamilyAway are the moves of one notice.
func (tx *Tx) FamilyAway(ctx context.Context, family string) ([]MoveAway, error) {
	return tx.movesAway(ctx, `family = $1 ORDER BY person`, family)
}

// MovesAway lists moves for the page: the open ones by their day, or the closed ones, the newest first.
func (tx *Tx) MovesAway(ctx context.Context, open bool, limit int) ([]MoveAway, error) {
	if open {
		return tx.movesAwayListed(ctx, `settled_at = 0 ORDER BY planned, family, person LIMIT $1`, int64(limit))
	}
	return tx.movesAwayListed(ctx, `settled_at <> 0 ORDER BY settled_at DESC, person LIMIT $1`, int64(limit))
}

// MoveCounts are the open moves at both ends, by state.
type MoveCounts struct{ Out, In map[MoveState]int64 }

// Asks is how many of them no message will end: somebody has to find out.
func (c MoveCounts) Asks() int64 {
	return c.Out[OutUnfiled] + c.Out[OutVoided] + c.In[InPaper] + c.In[InDiffers]
}

// CountMoves counts the open moves.
func (tx *Tx) CountMoves(ctx context.Context) (c MoveCounts, err error) {
	type count struct {
		state MoveState
		n     int64
	}
	scan := func(r *sqlstore.Rows, v *count) error { return r.Scan(&v.state, &v.n) }
	c = MoveCounts{Out: map[MoveState]int64{}, In: map[MoveState]int64{}}
	for table, to := range map[string]map[MoveState]int64{"move_out": c.Out, "move_in": c.In} {
		all, err := sqlstore.List(ctx, tx.Tx, scan, `SELECT state, COUNT(*) FROM `+table+` WHERE settled_at = 0 GROUP BY state`)
		if err != nil {
			return c, fmt.Errorf("couldn't count the moves: %w", err)
		}
		for _, v := range all {
			to[v.state] = v.n
		}
	}
	return c, nil
}

// Unsettled are the moves that do not end by themselves.
type Unsettled struct{ Out, In int64 }

// UnsettledMoves counts them: those planned before a day for which nobody has come or no notice has, those that wait for a message since
// before a time, and those about which somebody has to find out.
func (tx *Tx) UnsettledMoves(ctx context.Context, before resident.Date, since time.Time) (u Unsettled, err error) {
	if err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM move_out WHERE settled_at = 0 AND (state IN ('unfiled', 'voided') OR planned < $1)`, before.String()).Scan(&u.Out); err != nil {
		return u, fmt.Errorf("couldn't count the moves that do not end: %w", err)
	}
	if err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM move_in WHERE settled_at = 0 AND (state = 'differs' OR state IN ('paper', 'early') AND arrived_at < $2 OR planned < $1)`,
		before.String(), since).Scan(&u.In); err != nil {
		return u, fmt.Errorf("couldn't count the moves that do not end: %w", err)
	}
	return u, nil
}
