package probe

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of the probes.
var Schema = sqlstore.SchemaIn("probe", files)

// sample is what came of one probe.
type sample struct {
	target  Target
	at      time.Time
	minute  int64
	outcome Outcome
	reason  Reason
	took    time.Duration
	learnt  func(context.Context, *sqlstore.Tx) error
}

// put writes a sample down. The same one again changes nothing; of two of one minute the failed one stays.
func (p *Prober) put(ctx context.Context, s sample) error {
	return p.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if s.learnt != nil {
			if err := s.learnt(ctx, tx); err != nil {
				return err
			}
		}
		was, err := outcomeAt(ctx, tx, s.target, s.minute)
		if err != nil || was == s.outcome || was == Failed || was == OK && s.outcome == Unmeasured {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO probe_minute(target, minute, outcome, reason, ms) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (target, minute) DO UPDATE SET outcome = EXCLUDED.outcome, reason = EXCLUDED.reason, ms = EXCLUDED.ms`,
			s.target.String(), s.minute, int64(s.outcome), string(s.reason), s.took.Milliseconds()); err != nil {
			return err
		}
		return stand(ctx, tx, s)
	})
}

// outcomeAt is what is known of a minute; 0: nothing.
func outcomeAt(ctx context.Context, tx *sqlstore.Tx, t Target, minute int64) (was Outcome, err error) {
	err = tx.QueryRow(ctx, `SELECT outcome FROM probe_minute WHERE target = $1 AND minute = $2`, t.String(), minute).Scan((*int64)(&was))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return was, err
}

// stand counts the failures in a row. What was not measured neither ends nor prolongs them.
func stand(ctx context.Context, tx *sqlstore.Tx, s sample) error {
	if s.outcome == Unmeasured {
		return nil
	}
	defer tx.Ring(alarm.Bell)
	failed := int64(0)
	since := time.UnixMicro(0)
	if s.outcome == Failed {
		failed, since = 1, s.at
	}
	_, err := tx.Exec(ctx, `INSERT INTO probe_target(target, in_row, since, last_at, last_outcome, last_reason) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (target) DO UPDATE SET
			since = CASE WHEN EXCLUDED.in_row = 0 OR probe_target.in_row = 0 THEN EXCLUDED.since ELSE probe_target.since END,
			in_row = CASE WHEN EXCLUDED.in_row = 0 THEN 0 ELSE probe_target.in_row + 1 END,
			last_at = EXCLUDED.last_at, last_outcome = EXCLUDED.last_outcome, last_reason = EXCLUDED.last_reason`,
		s.target.String(), failed, since, s.at, int64(s.outcome), string(s.reason))
	return err
}

// Standing is how a target stands now.
type Standing struct {
	Target  Target
	InRow   int64     // failed probes in a row
	Since   time.Time // the first of them
	LastAt  time.Time // the last probe that measured
	Outcome Outcome
	Reason  Reason
}

// Standings tells how the targets stand that were ever measured.
func Standings(ctx context.Context, tx *sqlstore.Tx) ([]Standing, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *Standing) error {
		var name, reason string
		err := r.Scan(&name, &s.InRow, sqlstore.Time(&s.Since), sqlstore.Time(&s.LastAt), (*int64)(&s.Outcome), &reason)
		s.Target, _ = parseTarget(name)
		s.Reason = Reason(reason)
		return err
	}, `SELECT target, in_row, since, last_at, last_outcome, last_reason FROM probe_target ORDER BY target`)
}

// lists are the newest lists that were seen, by municipality.
func (p *Prober) lists(ctx context.Context, t Target) (map[string]seen, error) {
	all := map[string]seen{}
	err := p.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		found, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *seen) error {
			var code int64
			err := r.Scan(&s.municipality, &s.number, &s.digest, &s.tag, sqlstore.Time(&s.this), sqlstore.Time(&s.next), &s.serial, sqlstore.Time(&s.at), &code)
			if reason, bad := cert.ReasonOfCode(int(code)); bad == nil {
				s.reason = reason.String()
			}
			return err
		}, `SELECT municipality, number, digest, tag, this_update, next_update, known_serial, known_at, known_reason FROM probe_list WHERE target = $1 ORDER BY municipality`, t.String())
		for _, s := range found {
			all[s.municipality] = s
		}
		return err
	})
	return all, err
}

// knownRevoked is a certificate that stands on a list that was seen; nil: none does.
func (p *Prober) knownRevoked(ctx context.Context, t Target) (*revoked, error) {
	held, err := p.lists(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, part := range p.cfg.Partitions {
		if s := held[part.Municipality]; len(s.serial) > 0 {
			return &s.revoked, nil
		}
	}
	return nil, nil
}

func putList(ctx context.Context, tx *sqlstore.Tx, t Target, s seen) error {
	code := int64(0)
	for _, r := range cert.Reasons {
		if r.String() == s.reason {
			code = int64(r.Code())
		}
	}
	if s.serial == nil {
		s.serial, s.at = []byte{}, time.UnixMicro(0)
	}
	_, err := tx.Exec(ctx, `INSERT INTO probe_list(target, municipality, number, digest, tag, this_update, next_update, known_serial, known_at, known_reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (target, municipality) DO UPDATE SET number = EXCLUDED.number, digest = EXCLUDED.digest,
		tag = EXCLUDED.tag, this_update = EXCLUDED.this_update, next_update = EXCLUDED.next_update, known_serial = EXCLUDED.known_serial,
		known_at = EXCLUDED.known_at, known_reason = EXCLUDED.known_reason`,
		t.String(), s.municipality, s.number, s.digest, s.tag, s.this, s.next, s.serial, s.at, code)
	return err
}
