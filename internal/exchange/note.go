package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Write sends a person's words about a message to the organisation on its other side: an inquiry (問合せ) or an
// answer (回答). Both sides keep them with the message.
func (x *Exchange) Write(ctx context.Context, id message.ID, act, text, by string, with ...With) error {
	if strings.TrimSpace(text) == "" || len(text) > 4000 || by == "" {
		return plain.Bad("text",
			"問合せの内容を、4,000バイト以内で書いてください。",
			"write what you want to ask or answer, in at most 4,000 bytes")
	}
	if act != "inquiry" && act != "answer" {
		return plain.Bad("act", "問合せか回答のどちらかを選んでください。", "choose inquiry or answer")
	}
	dir, peer := x.side(id)
	of := "sender"
	if dir == "in" {
		of = "receiver"
	}
	return x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		trace, err := x.traceOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := x.note(ctx, tx, id, noteRow{author: x.cfg.Self, act: act, text: text, by: by}); err != nil {
			return err
		}
		n := message.ExchangeNote{Epoch: id.Epoch, Seq: id.Seq, Of: of, Act: act, Text: text, By: by}
		if _, err := x.Send(ctx, tx, []message.Out{{To: message.Org(peer), Body: n}}, trace); err != nil {
			return err
		}
		return together(ctx, tx, Proposal{}, with)
	})
}

// traceOf reads the trace of a message that we have.
func (x *Exchange) traceOf(ctx context.Context, tx *sqlstore.Tx, id message.ID) (string, error) {
	dir, peer := x.side(id)
	var trace string
	err := tx.QueryRow(ctx, `SELECT trace FROM x_`+dir+` WHERE peer = $1 AND epoch = $2 AND seq = $3`,
		peer, int64(id.Epoch), int64(id.Seq)).Scan(&trace)
	if errors.Is(err, sql.ErrNoRows) {
		return "", plain.Bad("message",
			"電文番号「"+id.String()+"」の電文は、この団体にありません。",
			"this organisation has no message "+id.String())
	}
	return trace, err
}

// ownRoutes are the rules for the kinds that belong to the exchange itself.
func (x *Exchange) ownRoutes() []Route {
	same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	return []Route{On(same, x.onNote), On(same, x.onWithdrawal)}
}

// onNote keeps a peer's words with the message they are about. On an acceptance we ask for the verdict.
func (x *Exchange) onNote(ctx context.Context, tx *sqlstore.Tx, d Delivery, n message.ExchangeNote) ([]message.Out, error) {
	about := message.ID{Sender: d.Sender, Node: d.Node, Epoch: n.Epoch, Receiver: x.cfg.Self, Seq: n.Seq}
	if n.Of == "receiver" {
		about = message.ID{Sender: x.cfg.Self, Node: x.cfg.Node, Epoch: n.Epoch, Receiver: d.Sender, Seq: n.Seq}
	}
	if _, err := x.traceOf(ctx, tx, about); err != nil {
		var problem *plain.Problem
		if errors.As(err, &problem) {
			return nil, Reject("no-such-message", problem.JA, problem.EN)
		}
		return nil, err
	}
	if n.Act == "accepted" {
		if err := x.accepted(ctx, tx, about); err != nil {
			return nil, err
		}
	}
	return nil, x.note(ctx, tx, about, noteRow{author: d.Sender, act: n.Act, text: n.Text, by: n.By, second: n.Second})
}

// accepted offers a message of ours again that its receiver took as it is. The note does not end it: a receiver that is
// restored from a copy forgets what it accepted, and only the count of decisions that comes with a verdict tells that it did.
func (x *Exchange) accepted(ctx context.Context, tx *sqlstore.Tx, id message.ID) error {
	e, err := x.parkedRow(ctx, tx, id)
	if errors.Is(err, errNotParked) {
		// It has ended, or will be offered all the same. But a verdict that is under way may be the one from before.
		x.peers[id.Receiver].offered.accept(id)
		return nil
	}
	if err != nil {
		return err
	}
	// What a person proposed was about a message that its receiver does not take.
	if _, err := tx.Exec(ctx, `DELETE FROM x_proposal WHERE dir = 'out' AND peer = $1 AND epoch = $2 AND seq = $3`,
		string(id.Receiver), int64(id.Epoch), int64(id.Seq)); err != nil {
		return err
	}
	return x.makeReady(ctx, tx, e)
}

// onWithdrawal has no effect of its own: that it is applied in the withdrawn message's place is the effect.
func (x *Exchange) onWithdrawal(ctx context.Context, tx *sqlstore.Tx, d Delivery, n message.ExchangeWithdrawal) ([]message.Out, error) {
	return nil, x.note(ctx, tx, d.ID, noteRow{author: d.Sender, act: string(Withdraw), text: n.Text, by: n.By, second: n.Second})
}

type noteRow struct {
	author                message.Org
	act, text, by, second string
}

func (x *Exchange) note(ctx context.Context, tx *sqlstore.Tx, id message.ID, n noteRow) error {
	dir, peer := x.side(id)
	var last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(n), 0) FROM x_note WHERE dir = $1 AND peer = $2 AND epoch = $3 AND seq = $4`,
		dir, peer, int64(id.Epoch), int64(id.Seq)).Scan(&last); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO x_note(dir, peer, epoch, seq, n, at, author, act, body, by_person, second_person)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, dir, peer, int64(id.Epoch), int64(id.Seq), last+1,
		tx.Now().UnixMicro(), string(n.author), n.act, n.text, n.by, n.second); err != nil {
		return fmt.Errorf("couldn't keep the note: %w", err)
	}
	return nil
}
