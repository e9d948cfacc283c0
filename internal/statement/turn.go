package statement

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// turn hands out the closes whose time has come: a statement that is expected in either direction of each pair, and one
// piece of due work for each peer. It is the same at midnight and for the closes that were missed while we were off.
func (s *Statements) turn(ctx context.Context) (time.Time, error) {
	now := s.cfg.Clock.Now()
	for _, span := range Spans {
		if err := s.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return s.turnSpan(ctx, tx, span) }); err != nil {
			return time.Time{}, fmt.Errorf("couldn't hand out the close of the %s: %w", span, err)
		}
	}
	return NextClose(message.Day, now), nil
}

func (s *Statements) turnSpan(ctx context.Context, tx *sqlstore.Tx, span message.Span) error {
	last := LastClose(span, tx.Now())
	known, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, t *time.Time) error { return r.Scan(sqlstore.Time(t)) },
		`SELECT until FROM s_turn WHERE span = $1`, string(span))
	if err != nil {
		return err
	}
	if len(known) == 0 { // the first start: there is nothing to close yet
		_, err := tx.Exec(ctx, `INSERT INTO s_turn(span, first, until) VALUES ($1, $2, $3)`, string(span), last, last)
		return err
	}
	closes := missed(span, known[0], tx.Now())
	if len(closes) == 0 {
		return nil
	}
	for _, peer := range s.cfg.Peers {
		for _, until := range closes {
			for _, dir := range []direction{out, in} {
				if err := expect(ctx, tx, Key{peer, dir == out, span, until}); err != nil {
					return err
				}
			}
		}
		due.Add(tx, tx.Now(), closeKind, closeRef(peer, span), encodeJob(job{Peer: peer, Span: span, Closes: closes}))
	}
	_, err = tx.Exec(ctx, `UPDATE s_turn SET until = $2 WHERE span = $1`, string(span), last)
	return err
}

// expect writes down that a statement is to come, if it has not come already.
func expect(ctx context.Context, tx *sqlstore.Tx, k Key) error {
	_, err := tx.Exec(ctx, `INSERT INTO s_statement(peer, dir, span, until, state) VALUES ($1, $2, $3, $4, 'waiting') ON CONFLICT DO NOTHING`,
		string(k.Peer), string(k.dir()), string(k.Span), k.Until)
	return err
}
