package statement

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Statement is what is known of one close of one stream.
type Statement struct {
	Key
	State                message.LineState // agreed, explained, unexplained; waiting; covered by a later one
	SenderAt, ReceiverAt time.Time         // when we had each account; zero: not yet
	Sender, Receiver     *Signed           // Receiver only when it answers Sender
	Lines                []message.Line    // when both are there
	Damaged              *plain.Sentence   // why the accounts cannot be read, when they cannot
}

// Signed is one side's account and its signature.
type Signed struct {
	*message.Account
	message.ExchangeStatement
}

// Date is the day that the statement closes, or the last day of its week.
func (k Key) Date() resident.Date { return resident.DateOf(k.Until.Add(-time.Second)) }

// UntilOf is the close of the day, or of the week in which it lies.
func UntilOf(span message.Span, day resident.Date) time.Time { return NextClose(span, day.Start()) }

// Stream names sender and receiver.
func (s *Statements) Stream(k Key) (sender, receiver message.Org) {
	if k.Out {
		return s.cfg.Self, k.Peer
	}
	return k.Peer, s.cfg.Self
}

// Find reads a statement with its accounts and lines.
func (s *Statements) Find(ctx context.Context, tx *sqlstore.Tx, k Key) (Statement, error) {
	st, err := find(ctx, tx, k)
	if err == nil && st.State == "" {
		err = plain.Bad("statement", "この締めの計算書はありません。相手、向き、日付を確かめてください。",
			"there is no statement of this close: check the peer, the direction and the day")
	}
	return st, err
}

func find(ctx context.Context, tx *sqlstore.Tx, k Key) (Statement, error) {
	st := Statement{Key: k}
	known, err := list(ctx, tx, `peer = $1 AND dir = $2 AND span = $3 AND until = $4`, string(k.Peer), string(k.dir()), string(k.Span), k.Until)
	if err != nil || len(known) == 0 {
		return st, err
	}
	st = known[0]
	rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *message.ExchangeStatement) error {
		return r.Scan(&n.Account, &n.Signature, &n.Certificate)
	}, `SELECT account, signature, certificate FROM s_account WHERE peer = $1 AND dir = $2 AND span = $3 AND until = $4
		ORDER BY side DESC, made_at DESC LIMIT $5`, string(k.Peer), string(k.dir()), string(k.Span), k.Until, int64(4*mostAccounts))
	if err != nil {
		return st, err
	}
	var senders, receivers []*Signed // the newest first
	for _, n := range rows {
		a, err := message.OpenAccount(n.Account)
		switch {
		case err != nil:
			st.Damaged = &plain.Sentence{JA: "保存した計算書が読めません。控えから戻すか、相手の控えを取り寄せてください。",
				EN: "A stored account cannot be read: restore it from a copy, or ask the peer for its own."}
		case a.Side == message.BySender:
			senders = append(senders, &Signed{a, n})
		default:
			receivers = append(receivers, &Signed{a, n})
		}
	}
	st.pair(senders, receivers)
	return st, nil
}

// pair puts the accounts together. The newest that both sides made are shown: a side that was restored from a copy may
// have made another. One that was wrong does not become right by being made again, so what an earlier one left unexplained
// stays, and whoever signs two different ones for a close is named.
func (st *Statement) pair(senders, receivers []*Signed) {
	said := map[message.Side]int{message.BySender: len(senders)}
	for _, s := range senders {
		answers := 0
		for _, r := range receivers {
			if r.AnswersTo(s.Account, s.ExchangeStatement.Account) != nil {
				continue
			}
			answers++
			lines := message.Lines(s.Account, r.Account)
			if st.Receiver == nil {
				st.Sender, st.Receiver, st.Lines = s, r, lines
				continue
			}
			for _, l := range lines {
				known := slices.ContainsFunc(st.Lines, func(k message.Line) bool {
					return k.State == message.Unexplained && k.About == l.About && k.Subject == l.Subject
				})
				if l.State == message.Unexplained && !known {
					l.Says = plain.Sentence{JA: "前に作られた計算書で: " + l.Says.JA, EN: "In the account made before: " + l.Says.EN}
					st.Lines = append(st.Lines, l)
				}
			}
		}
		said[message.ByReceiver] = max(said[message.ByReceiver], answers)
	}
	if st.Receiver == nil {
		if len(senders) > 0 {
			st.Sender = senders[0]
		}
		return
	}
	for _, side := range []message.Side{message.BySender, message.ByReceiver} {
		if n := said[side]; n > 1 {
			by := st.Sender.By()
			if side == message.ByReceiver {
				by = st.Receiver.By()
			}
			st.Lines = append(st.Lines, message.Line{About: "range", State: message.Explained, Says: plain.Sentence{
				JA: fmt.Sprintf("%s は、この締めの計算書を%d通作りました。控えから戻したのでなければ、わけを尋ねてください。", by, n),
				EN: fmt.Sprintf("%s made %d accounts of this close. Unless its database was restored from a copy, ask why.", by, n)}})
		}
	}
}

func list(ctx context.Context, tx *sqlstore.Tx, which string, args ...any) ([]Statement, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *Statement) error {
		var dir direction
		err := r.Scan(&s.Peer, &dir, &s.Span, sqlstore.Time(&s.Until), &s.State, timeOrZero(&s.SenderAt), timeOrZero(&s.ReceiverAt))
		s.Out = dir == out
		return err
	}, `SELECT peer, dir, span, until, state, sender_at, receiver_at FROM s_statement WHERE `+which, args...)
}

// List lists the statements with a peer, newest first, without their accounts: at most limit closed before a time.
func (s *Statements) List(ctx context.Context, tx *sqlstore.Tx, peer message.Org, span message.Span, before time.Time, limit int) ([]Statement, error) {
	var all []Statement
	for _, dir := range []direction{out, in} {
		found, err := list(ctx, tx, `peer = $1 AND dir = $2 AND span = $3 AND until < $4 ORDER BY until DESC LIMIT $5`,
			string(peer), string(dir), string(span), before, limit)
		if err != nil {
			return nil, fmt.Errorf("couldn't list the statements with %s: %w", peer, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// timeOrZero reads microseconds of which 0 means none.
func timeOrZero(t *time.Time) *zeroTime { return &zeroTime{t} }

type zeroTime struct{ t *time.Time }

func (z *zeroTime) Scan(src any) error {
	us, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a column of microseconds holds a %T", src)
	}
	if *z.t = (time.Time{}); us != 0 {
		*z.t = sqlstore.FromMicros(us)
	}
	return nil
}
