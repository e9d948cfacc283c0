package statement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The kinds of due work.
const (
	closeKind  = "statement.close"
	answerKind = "statement.answer"
)

const (
	// piece is how many messages one step counts, so that no transaction gets long.
	piece = 5000
	// barely is after how many failures an account is made of the messages alone: what counts the business, or the books, is
	// then what fails, and must not keep the two sides from comparing their messages.
	barely = 3
)

// job is an account that is being made. It is the payload of due work from step to step.
type job struct {
	Peer    message.Org
	Span    message.Span
	Closes  []time.Time `json:",omitempty"` // as sender: those to be made, in order
	Close   time.Time   // as receiver: which account of the sender is answered
	MadeAt  time.Time
	Looks   int              `json:",omitempty"` // as receiver: how often messages behind the cut have put the answer off
	Account *message.Account `json:",omitempty"` // once begun
	At      exchange.AccountPlace
	done    bool // counted
	anew    bool // to be begun again, a little later
	signed  message.ExchangeStatement
}

func closeRef(peer message.Org, span message.Span) string { return string(peer) + "/" + string(span) }

func encodeJob(j job) []byte {
	b, err := json.Marshal(j)
	if err != nil {
		panic(err) // it holds nothing that JSON does not know
	}
	return b
}

func decodeJob(item due.Item) (job, error) {
	var j job
	if err := json.Unmarshal(item.Payload, &j); err != nil {
		return j, fmt.Errorf("the work on a statement cannot be read: %w", err)
	}
	return j, nil
}

// prepareClose begins the sender's account, or counts its next piece.
func (s *Statements) prepareClose(ctx context.Context, tx *sqlstore.Tx, item due.Item) (any, error) {
	j, err := decodeJob(item)
	if err != nil {
		return nil, err
	}
	last, err := lastCut(ctx, tx, j.Peer, out, j.Span, time.Time{})
	if err != nil {
		return nil, err
	}
	// A later close that was made meanwhile has covered an earlier one.
	for len(j.Closes) > 0 && !j.Closes[0].After(last.until) {
		j.Closes, j.Account = j.Closes[1:], nil
	}
	if len(j.Closes) == 0 || !s.peers[j.Peer] {
		j.Closes = nil
		return j, nil
	}
	if j.Account == nil {
		j.At = exchange.AccountPlace{}
		j.Account = &message.Account{Sender: s.cfg.Self, Node: s.cfg.Node, Receiver: j.Peer, Side: message.BySender, Span: j.Span,
			Since: last.until, Until: j.Closes[0], MadeAt: tx.Now(), From: last.to}
		if err := exchange.AccountCut(ctx, tx, j.Account); err != nil {
			return nil, err
		}
		// What the business was at a close that was missed can no longer be told.
		if j.Account.Until.Equal(LastClose(j.Span, tx.Now())) && item.Tries < barely {
			if err := s.figures(ctx, tx, j.Account, j.Peer); err != nil {
				return nil, err
			}
		}
	}
	return s.countOn(ctx, tx, j, j.Account.MadeAt)
}

// figures adds the books and the figures of the business.
func (s *Statements) figures(ctx context.Context, tx *sqlstore.Tx, a *message.Account, peer message.Org) (err error) {
	source := a.Side == message.BySender
	if s.cfg.Books != nil {
		if a.Books, err = s.cfg.Books(ctx, tx, peer, source); err != nil {
			return fmt.Errorf("couldn't tell of the books with %s: %w", peer, err)
		}
	}
	if s.cfg.Counts == nil {
		return nil
	}
	if a.Counts, err = s.cfg.Counts(ctx, tx, peer, source); err != nil || len(a.Counts) == 0 {
		return err
	}
	later, err := exchange.AccountLater(ctx, tx, a)
	for i := range a.Counts {
		a.Counts[i].Later = later[a.Counts[i].Kind]
	}
	return err
}

// countOn counts the next piece of an account.
func (s *Statements) countOn(ctx context.Context, tx *sqlstore.Tx, j job, told time.Time) (any, error) {
	var err error
	j.At, j.done, err = exchange.AccountPiece(ctx, tx, j.Account, told, j.At, piece)
	if errors.Is(err, exchange.ErrAccountMoved) {
		j.anew, j.Account, j.done = true, nil, false
		return j, nil
	}
	return j, err
}

// sign signs an account that is counted. No transaction is open: the key may be in a device.
func (s *Statements) sign(_ context.Context, prepared any) (any, error) {
	j := prepared.(job)
	if !j.done {
		return j, nil
	}
	var err error
	j.signed, err = j.Account.Sign(s.cfg.Rand, s.cfg.Signer.Key, s.cfg.Signer.Certificate)
	return j, err
}

// finishClose keeps the signed account and sends it, or puts the next piece on the list.
func (s *Statements) finishClose(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
	j := result.(job)
	if len(j.Closes) == 0 {
		return nil, nil
	}
	if !j.done {
		goOn(tx, item, j)
		return nil, nil
	}
	last, err := lastCut(ctx, tx, j.Peer, out, j.Span, time.Time{})
	if err != nil {
		return nil, err
	}
	if last.to != j.Account.From || !last.until.Equal(j.Account.Since) { // another was made meanwhile
		j.Account = nil
		goOn(tx, item, j)
		return nil, nil
	}
	if err := s.keep(ctx, tx, j.Peer, out, j.Account, j.signed); err != nil {
		return nil, err
	}
	if j.Closes = j.Closes[1:]; len(j.Closes) > 0 {
		j.Account = nil
		goOn(tx, item, j)
	}
	return []message.Out{{To: j.Peer, Body: j.signed}}, nil
}

// goOn puts the next step of an account on the list.
func goOn(tx *sqlstore.Tx, item due.Item, j job) {
	at := tx.Now()
	if j.anew {
		at = at.Add(time.Minute)
	}
	due.Add(tx, at, item.Kind, item.Ref, encodeJob(j))
}
