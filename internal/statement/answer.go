package statement

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// looks is how often we look again, a minute apart, whether what lies behind a cut is what a restored sender has lost.
const looks = 3

// prepareAnswer begins our account of a peer's stream, over what the peer's account is over, or counts its next piece.
func (s *Statements) prepareAnswer(ctx context.Context, tx *sqlstore.Tx, item due.Item) (any, error) {
	j, err := decodeJob(item)
	if err != nil {
		return nil, err
	}
	if !s.peers[j.Peer] {
		return job{}, nil
	}
	var raw []byte
	err = tx.QueryRow(ctx, `SELECT account FROM s_account WHERE peer = $1 AND dir = 'in' AND span = $2 AND until = $3 AND side = 'sender' AND made_at = $4`,
		string(j.Peer), string(j.Span), j.Close, j.MadeAt).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return job{}, nil // nobody to answer
	}
	if err != nil {
		return nil, err
	}
	theirs, err := message.OpenAccount(raw)
	if err != nil {
		return nil, fmt.Errorf("the account that is to be answered cannot be read: %w", err)
	}
	if j.Account == nil {
		j.At = exchange.AccountPlace{}
		a := *theirs
		a.Side, a.MadeAt, a.Answers = message.ByReceiver, tx.Now(), sha256.Sum256(raw)
		a.Kinds, a.Open, a.Books, a.Counts = nil, nil, nil, nil
		last, err := lastCut(ctx, tx, j.Peer, in, j.Span, a.Until)
		if err != nil {
			return nil, err
		}
		a.Held = last.to
		behind, err := exchange.AccountAnswer(ctx, tx, &a, theirs.MadeAt)
		if err != nil {
			return nil, err
		}
		if behind > 0 && j.Looks < looks {
			j.Looks++
			j.anew = true
			return j, nil
		}
		if len(theirs.Books)+len(theirs.Counts) > 0 && item.Tries < barely {
			if err := s.figures(ctx, tx, &a, j.Peer); err != nil {
				return nil, err
			}
		}
		j.Account = &a
	}
	return s.countOn(ctx, tx, j, theirs.MadeAt)
}

// finishAnswer keeps our signed account and sends it.
func (s *Statements) finishAnswer(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
	j := result.(job)
	switch {
	case j.Peer == "":
		return nil, nil
	case !j.done:
		goOn(tx, item, j)
		return nil, nil
	}
	if err := s.keep(ctx, tx, j.Peer, in, j.Account, j.signed); err != nil {
		return nil, err
	}
	return []message.Out{{To: j.Peer, Body: j.signed}}, nil
}
