package statement

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// clockMargin is by how much a peer's clock may be ahead.
const clockMargin = 5 * time.Minute

// onAccount takes a peer's signed account: of its own stream, which is then answered, or its answer about ours.
func (s *Statements) onAccount(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ExchangeStatement) ([]message.Out, error) {
	a, refused := s.open(tx.Now(), d.Sender, n)
	if refused != nil {
		return nil, refused
	}
	dir := in
	if a.Side == message.ByReceiver {
		dir = out
	}
	if err := another(ctx, tx, d.Sender, dir, a, n); err != nil {
		return nil, err
	}
	if a.Side == message.ByReceiver {
		return nil, s.keep(ctx, tx, d.Sender, out, a, n)
	}
	if err := fewWait(ctx, tx, d.Sender, a.Span); err != nil {
		return nil, err
	}
	if err := s.keep(ctx, tx, d.Sender, in, a, n); err != nil {
		return nil, err
	}
	due.Add(tx, tx.Now(), answerKind, closeRef(d.Sender, a.Span), encodeJob(job{Peer: d.Sender, Span: a.Span, Close: a.Until, MadeAt: a.MadeAt}))
	return nil, nil
}

// mostWaiting is how many closes of a peer may wait for our answer. Each is due work, behind which other work waits; whoever
// was away for longer than so many days has them a little later.
const mostWaiting = 100

// fewWait defers an account while too many of the peer's are not answered.
func fewWait(ctx context.Context, tx *sqlstore.Tx, peer message.Org, span message.Span) error {
	var n int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM s_statement WHERE state = 'waiting' AND peer = $1 AND dir = 'in' AND span = $2 AND sender_at > 0`,
		string(peer), string(span)).Scan(&n); err != nil {
		return fmt.Errorf("couldn't count the statements that wait for our answer: %w", err)
	}
	if n >= mostWaiting {
		return fmt.Errorf("%d closes of %s wait for our answer already", n, peer)
	}
	return nil
}

// open reads an account and makes sure that the peer signed it, and that it is about the two of us.
func (s *Statements) open(now time.Time, from message.Org, n message.ExchangeStatement) (*message.Account, *exchange.Rejected) {
	a, err := message.OpenAccount(n.Account)
	if err != nil {
		if ps, ok := plain.AsProblems(err); ok {
			return nil, exchange.Reject("malformed", ps[0].JA, ps[0].EN)
		}
		return nil, exchange.Reject("malformed", "計算書が読めません。送信側のプログラムの版を確かめてください。", "the account cannot be read: check the version of the sender's program")
	}
	other := a.Receiver
	if a.Side == message.ByReceiver {
		other = a.Sender
	}
	if a.By() != from || other != s.cfg.Self {
		return nil, exchange.Reject("not-ours", "この二つの団体の間の計算書ではありません。送信側のプログラムを確かめてください。",
			"the account is not about the two organisations: check the sender's program")
	}
	if !a.Until.Equal(LastClose(a.Span, a.Until)) || a.Until.After(a.MadeAt) || a.MadeAt.After(now.Add(clockMargin)) {
		return nil, exchange.Reject("wrong-time", "計算書の締めか作成の時刻が正しくありません。双方の時計を確かめてください。",
			"the account's close, or the time at which it was made, is wrong: check both clocks")
	}
	// The certificate is asked at the time of signing, so that an account that waited outlives a change of keys.
	signer, err := s.cfg.Trust.Identify(n.Certificate, pki.ForSigning, a.MadeAt)
	if err != nil || signer.Organisation != string(from) || n.Verify(signer.Public) != nil {
		return nil, exchange.Reject("wrong-signature", "計算書の署名を確かめられません。送信側の鍵と証明書を確かめてください。",
			"the account's signature does not verify: check the sender's key and certificate")
	}
	return a, nil
}
