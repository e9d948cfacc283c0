package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Act is a way to resolve a parked message.
type Act string

// The acts. The sender corrects or withdraws its own message; the receiver accepts one that it refused.
const (
	Correct  Act = "correct"  // 訂正して再送: same sequence, next attempt, the payload that would be sent today
	Withdraw Act = "withdraw" // 取下げ: it shall never be applied; what built on it is re-based
	Accept   Act = "accept"   // そのまま受入れ: the receiver takes it as it is
	Discard  Act = "discard"  // 閉じる: the receiver closes what its sender lost and no longer knows
)

var (
	errNotParked = plain.Bad("message",
		"この電文は、いま解決を待っていません。画面を開き直して状態を確かめてください。",
		"this message is not waiting for a resolution: reload the page and look at its state")
	errSamePerson = plain.Bad("second",
		"提案した人は、承認できません。別の人が承認してください。",
		"whoever proposed it cannot confirm it: another person must")
	errOrphan = plain.Bad("act",
		"送信側が失った電文は受け入れられません。送信側に改めて送るよう頼み、この電文を閉じてください。",
		"a message that its sender lost cannot be accepted: ask the sender to send it anew, and close this one")
	errNotOrphan = plain.Bad("act",
		"送信側が失った電文だけを閉じられます。送信側に訂正か取下げを頼んでください。",
		"only a message that its sender lost can be closed: ask the sender to correct or withdraw it")
	errNoProposal = plain.Bad("message",
		"承認する提案がありません。先に一人目が解決方法を提案してください。",
		"there is no proposal to confirm: a first person must propose a resolution")
)

// With is what a caller adds to the transaction of a person's act: an audit entry, a last check of what that person had
// read. It gets the proposal concerned, the zero value for a note. Its error leaves everything as it was.
type With func(ctx context.Context, tx *sqlstore.Tx, p Proposal) error

func together(ctx context.Context, tx *sqlstore.Tx, p Proposal, with []With) error {
	for _, w := range with {
		if err := w(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}

// Propose writes down how a person would resolve a parked message. Nothing happens until Confirm.
func (x *Exchange) Propose(ctx context.Context, id message.ID, act Act, text, by string, with ...With) error {
	dir, peer := x.side(id)
	if by == "" || (act == Accept || act == Discard) != (dir == "in") || act != Accept && act != Discard && act != Correct && act != Withdraw {
		return plain.Bad("act",
			"この解決方法は選べません。送信側は「訂正して再送」か「取下げ」、受信側は「そのまま受入れ」を選んでください。",
			"this act cannot be chosen: the sender corrects or withdraws, the receiver accepts")
	}
	return x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		e, err := x.parkedRow(ctx, tx, id)
		if err != nil {
			return err
		}
		if isDamaged(e) && (act == Correct || act == Accept) {
			return errDamaged
		}
		_, err = tx.Exec(ctx, `INSERT INTO x_proposal(dir, peer, epoch, seq, act, body, by_person, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT(dir, peer, epoch, seq) DO UPDATE SET act = excluded.act, body = excluded.body, by_person = excluded.by_person, at = excluded.at`,
			dir, peer, int64(id.Epoch), int64(id.Seq), string(act), text, by, tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		return together(ctx, tx, Proposal{Act: act, Text: text, By: by, At: tx.Now()}, with)
	})
}

// errNotMet keeps people's decisions back for the moment in which our database may be a restored copy that nobody has
// noticed: a decision would count as one of those that were lost, and a lost one would never be offered again.
var errNotMet = plain.Bad("message",
	"送信側とまだ連絡が取れていないため、いまは受け入れられません。つながってから、もう一度承認してください。",
	"its sender has not called since this organisation started, so it cannot be decided upon now: confirm it when the two are connected")

// Confirm carries out what another person proposed, and tells the peer.
func (x *Exchange) Confirm(ctx context.Context, id message.ID, second string, with ...With) error {
	dir, peer := x.side(id)
	if other := x.peers[message.Org(peer)]; dir == "in" && other != nil {
		if may, err := x.mayDecide(ctx, other); err != nil {
			return err
		} else if !may {
			return errNotMet
		}
	}
	err := x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		var p Proposal
		err := tx.QueryRow(ctx, `SELECT act, body, by_person, at FROM x_proposal WHERE dir = $1 AND peer = $2 AND epoch = $3 AND seq = $4`,
			dir, peer, int64(id.Epoch), int64(id.Seq)).Scan(&p.Act, &p.Text, &p.By, sqlstore.Time(&p.At))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return errNoProposal
		case err != nil:
			return err
		case p.By == second || second == "":
			return errSamePerson
		}
		e, err := x.parkedRow(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM x_proposal WHERE dir = $1 AND peer = $2 AND epoch = $3 AND seq = $4`,
			dir, peer, int64(id.Epoch), int64(id.Seq)); err != nil {
			return err
		}
		switch p.Act {
		case Correct:
			err = x.correct(ctx, tx, e)
		case Withdraw:
			err = x.withdraw(ctx, tx, e, p.Text, p.By, second)
		case Accept:
			err = x.accept(ctx, tx, e, p.Text, p.By, second)
		case Discard:
			err = x.discard(ctx, tx, e)
		}
		if err != nil {
			return err
		}
		x.ringParked(tx)
		if err := x.note(ctx, tx, id, noteRow{author: x.cfg.Self, act: string(p.Act), text: p.Text, by: p.By, second: second}); err != nil {
			return err
		}
		return together(ctx, tx, p, with)
	})
	if errors.Is(err, sqlstore.ErrTaken) {
		return errHangs
	}
	return err
}

// correct sends the message again with the payload that would be sent today.
func (x *Exchange) correct(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope) error {
	if isDamaged(e) {
		return errDamaged
	}
	p, err := message.Decode(e.Kind, e.Body)
	if err != nil {
		return fmt.Errorf("couldn't read our own message: %w", err)
	}
	if x.cfg.Rebuild != nil {
		if p, err = x.cfg.Rebuild(ctx, tx, p); err != nil {
			return err
		}
		// What waits behind the message waits for its keys.
		if p.Kind() != e.Kind || !slices.Equal(p.Keys(), e.Keys) {
			return plain.Bad("message",
				"訂正後の内容は、種類か対象者が元の電文と違います。元の電文を取り下げ、新しく届け出てください。",
				"the corrected message would be of another kind or about another person: withdraw this one and file a new change")
		}
	}
	if err := x.replaceBody(ctx, tx, e, p); err != nil {
		return err
	}
	return x.makeReady(ctx, tx, e)
}

// withdraw puts a withdrawal in the message's place, and re-bases what built on it.
func (x *Exchange) withdraw(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope, text, by, second string) error {
	was, err := message.Decode(e.Kind, e.Body)
	if err != nil || isDamaged(e) {
		was = nil // unreadable even to us: what built on it finds a gap, which its receiver tells of
	}
	if err := x.replaceBody(ctx, tx, e, message.ExchangeWithdrawal{Of: e.Kind, Text: text, By: by, Second: second}); err != nil {
		return err
	}
	if err := x.makeReady(ctx, tx, e); err != nil {
		return err
	}
	return x.release(ctx, tx, e, was)
}

func (x *Exchange) makeReady(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope) error {
	_, err := tx.Exec(ctx, `UPDATE x_out SET state = 'ready', tries = 0 WHERE peer = $1 AND epoch = $2 AND seq = $3`,
		string(e.Receiver), int64(e.Epoch), int64(e.Seq))
	tx.OnCommit(x.peers[e.Receiver].bell.Ring)
	return err
}

// accept runs the rule again, telling it that two persons take the message as it is.
func (x *Exchange) accept(ctx context.Context, tx *sqlstore.Tx, e *message.Envelope, text, by, second string) error {
	if isDamaged(e) {
		return errDamaged
	}
	var code string
	if err := tx.QueryRow(ctx, `SELECT code FROM x_in WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq = $4`,
		string(e.Sender), e.Node, int64(e.Epoch), int64(e.Seq)).Scan(&code); err != nil {
		return err
	}
	if code == codeOrphan {
		return errOrphan // what its sender sent since then did not wait for it, and may have been applied
	}
	// Two persons may take what a rule refuses for its form. They cannot let a sender do what it may not (guarantee 10).
	refused := mayNot(e)
	var payload message.Payload
	if refused == nil {
		payload, refused = readPayload(e)
	}
	if refused != nil {
		return cannotAccept(refused)
	}
	d := Delivery{ID: e.ID, Attempt: e.Attempt, Kind: e.Kind, Keys: e.Keys, Trace: e.Trace, CreatedAt: e.CreatedAt, Accepted: true}
	within, cancel := context.WithTimeout(ctx, x.cfg.Limits.RuleDeadline)
	defer cancel()
	var outs []message.Out
	err := tx.Attempt(within, func() error {
		if !tx.Limit(x.leaveAfter()) {
			return errLeft
		}
		told, err := x.call(within, tx, d, payload)
		if !tx.Limit(0) {
			return errLeft
		}
		if err != nil {
			return err
		}
		outs = told
		return tx.Flush(within)
	})
	if rejected := (*Rejected)(nil); errors.As(err, &rejected) {
		return cannotAccept(rejected)
	}
	if err != nil && ctx.Err() == nil && errors.Is(within.Err(), context.DeadlineExceeded) {
		return errHangs // it came back, too late
	}
	if err != nil {
		return err
	}
	outs = append(outs, message.Out{To: e.Sender, Trace: e.Trace,
		Body: message.ExchangeNote{Epoch: e.Epoch, Seq: e.Seq, Of: "receiver", Act: "accepted", Text: text, By: by, Second: second}})
	if _, err := x.Send(ctx, tx, outs, e.Trace); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE x_in SET outcome = 'applied', envelope = $5, decided_at = $6 WHERE peer = $1 AND node = $2 AND epoch = $3 AND seq = $4`,
		string(e.Sender), e.Node, int64(e.Epoch), int64(e.Seq), []byte{}, tx.Now().UnixMicro()); err != nil {
		return err
	}
	if err := count(ctx, tx, "in_decisions", string(e.Sender), 1); err != nil {
		return err
	}
	return unhold(ctx, tx, "x_in_hold", "in_stuck", e)
}

func cannotAccept(why *Rejected) error {
	return &plain.Problem{Field: "message", Sentence: plain.Sentence{
		JA: "そのままでは受け入れられません。送信側に訂正か取下げを頼んでください。" + why.JA,
		EN: "it cannot be accepted as it is, ask the sender to correct or withdraw it: " + why.EN}}
}

// side tells on which side of us a message is, and who is on the other.
func (x *Exchange) side(id message.ID) (dir, peer string) {
	if id.Sender == x.cfg.Self {
		return "out", string(id.Receiver)
	}
	return "in", string(id.Sender)
}

// parkedRow reads a message that waits for a person. Of a damaged one it returns what is left.
func (x *Exchange) parkedRow(ctx context.Context, tx *sqlstore.Tx, id message.ID) (*message.Envelope, error) {
	dir, peer := x.side(id)
	query := `SELECT attempt, envelope FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3 AND state = 'parked'`
	args := []any{peer, int64(id.Epoch), int64(id.Seq)}
	if dir == "in" {
		query = `SELECT attempt, envelope FROM x_in WHERE peer = $1 AND epoch = $2 AND seq = $3 AND node = $4 AND outcome IN ('rejected', 'gap')`
		args = append(args, id.Node)
	}
	var attempt int64
	var raw []byte
	err := tx.QueryRow(ctx, query, args...).Scan(&attempt, &raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNotParked
	}
	if err != nil {
		return nil, err
	}
	if e := whole(raw, id, attempt); e != nil {
		return e, nil
	}
	return x.rest(ctx, tx, id)
}
