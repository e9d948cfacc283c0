package statement

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// direction tells our stream to a peer from the peer's to us.
type direction string

const (
	out direction = "out"
	in  direction = "in"
)

// Key names a statement of an organisation.
type Key struct {
	Peer  message.Org
	Out   bool // of our stream to the peer; otherwise of the peer's to us
	Span  message.Span
	Until time.Time // the close
}

func (k Key) dir() direction {
	if k.Out {
		return out
	}
	return in
}

// The states of a statement that has not both its accounts.
const (
	waiting message.LineState = "waiting"
	Covered message.LineState = "covered" // by a later one: whoever had to make it was off
)

// cut is where a close ended.
type cut struct {
	until time.Time // zero: there was none
	to    message.Place
}

// lastCut is the sender's last cut of a stream, of a close before a time; the zero time asks for the last of all.
func lastCut(ctx context.Context, tx *sqlstore.Tx, peer message.Org, dir direction, span message.Span, before time.Time) (c cut, err error) {
	most := int64(1) << 62
	if !before.IsZero() {
		most = before.UnixMicro()
	}
	cuts, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, c *cut) error {
		var epoch, seq int64
		err := r.Scan(sqlstore.Time(&c.until), &epoch, &seq)
		c.to = message.Place{Epoch: uint64(epoch), Seq: uint64(seq)}
		return err
	}, `SELECT until, to_epoch, to_seq FROM s_account WHERE peer = $1 AND dir = $2 AND span = $3 AND until < $4 AND side = 'sender'
		ORDER BY until DESC, made_at DESC LIMIT 1`, string(peer), string(dir), string(span), most)
	if err != nil {
		return c, fmt.Errorf("couldn't find the close before: %w", err)
	}
	if len(cuts) > 0 {
		c = cuts[0]
	}
	return c, nil
}

// mostAccounts is how many accounts of one close, and as many answers, are kept: one, and those of databases that were
// restored from copies. Each is evidence, and each of the peer's costs us a count and a signature.
const mostAccounts = 16

// another tells whether a peer may still give an account of a close. Two that were made at the same moment are not two of a
// database that was restored.
func another(ctx context.Context, tx *sqlstore.Tx, peer message.Org, dir direction, a *message.Account, n message.ExchangeStatement) error {
	kept, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, k *signedAt) error { return r.Scan(&k.at, &k.account) },
		`SELECT made_at, account FROM s_account WHERE peer = $1 AND dir = $2 AND span = $3 AND until = $4 AND side = $5`,
		string(peer), string(dir), string(a.Span), a.Until, string(a.Side))
	if err != nil {
		return fmt.Errorf("couldn't look for other accounts of the close: %w", err)
	}
	for _, k := range kept {
		switch {
		case bytes.Equal(k.account, n.Account):
			return nil
		case k.at == a.MadeAt.UnixMicro():
			return exchange.Reject("two-accounts", "同じ締めについて、同じ時刻に作られた別の計算書を受け取っています。送信側のプログラムを確かめてください。",
				"another account of the same close, made at the same moment, has come before: check the sender's program")
		}
	}
	if len(kept) >= mostAccounts {
		return exchange.Reject("too-many-accounts", "この締めの計算書は、もう何通も受け取っています。送信側のプログラムを確かめてください。",
			"too many accounts of this close have come: check the sender's program")
	}
	return nil
}

type signedAt struct {
	at      int64
	account []byte
}

// keep writes an account down and, when its counterpart is there, what comes of the two.
func (s *Statements) keep(ctx context.Context, tx *sqlstore.Tx, peer message.Org, dir direction, a *message.Account, n message.ExchangeStatement) error {
	k := Key{peer, dir == out, a.Span, a.Until}
	if err := expect(ctx, tx, k); err != nil {
		return err
	}
	fresh, err := tx.Exec(ctx, `INSERT INTO s_account(peer, dir, span, until, side, made_at, to_epoch, to_seq, account, signature, certificate)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`, string(peer), string(dir), string(a.Span), a.Until,
		string(a.Side), a.MadeAt, int64(a.To.Epoch), int64(a.To.Seq), n.Account, n.Signature, n.Certificate)
	if err != nil {
		return fmt.Errorf("couldn't keep the account: %w", err)
	}
	if fresh == 0 {
		return nil // it came before
	}
	if a.Side == message.BySender {
		// Closes that its maker missed, and made into one.
		if _, err := tx.Exec(ctx, `UPDATE s_statement SET state = 'covered' WHERE peer = $1 AND dir = $2 AND span = $3 AND until > $4 AND until < $5
			AND state = 'waiting' AND sender_at = 0`, string(peer), string(dir), string(a.Span), microsOf(a.Since), a.Until); err != nil {
			return err
		}
	}
	column := "sender_at"
	if a.Side == message.ByReceiver {
		column = "receiver_at"
	}
	if _, err := tx.Exec(ctx, `UPDATE s_statement SET `+column+` = $5 WHERE peer = $1 AND dir = $2 AND span = $3 AND until = $4`,
		string(peer), string(dir), string(a.Span), a.Until, tx.Now()); err != nil {
		return err
	}
	return s.judge(ctx, tx, k)
}

// microsOf is 0 for the zero time: before every close.
func microsOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// judge compares the accounts. Whoever looked at an unexplained statement has not seen the account that came since.
func (s *Statements) judge(ctx context.Context, tx *sqlstore.Tx, k Key) error {
	st, err := find(ctx, tx, k)
	if err != nil {
		return err
	}
	state := waiting
	if st.Receiver != nil {
		state = message.StateOf(st.Lines)
	}
	_, err = tx.Exec(ctx, `UPDATE s_statement SET state = $5, judged_at = $6, seen = 0 WHERE peer = $1 AND dir = $2 AND span = $3 AND until = $4
		AND (state <> $5 OR state = 'unexplained' AND seen = 1)`, string(k.Peer), string(k.dir()), string(k.Span), k.Until, string(state), tx.Now())
	if state == message.Unexplained {
		tx.OnCommit(func() {
			s.cfg.Log.WarnContext(ctx, "statement has unexplained lines", "peer", k.Peer, "out", k.Out, "span", k.Span, "until", k.Until)
		})
	}
	return err
}
