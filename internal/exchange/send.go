package exchange

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// NewTrace is a name for all that will follow from one act.
func (x *Exchange) NewTrace() (string, error) {
	var b [9]byte
	if _, err := io.ReadFull(x.cfg.Rand, b[:]); err != nil {
		return "", fmt.Errorf("couldn't name the act: %w", err)
	}
	return "t-" + hex.EncodeToString(b[:]), nil
}

// Send puts messages into the outbox, within the transaction that makes the change they tell of. trace is used for
// those that name none. It fails with a plain sentence, and the caller's transaction with it, when the peer's window
// is full: what cannot be told must not be done.
func (x *Exchange) Send(ctx context.Context, tx *sqlstore.Tx, outs []message.Out, trace string) ([]message.ID, error) {
	ids := make([]message.ID, len(outs))
	byPeer := map[message.Org][]int{}
	var order []message.Org
	for i, o := range outs {
		if _, seen := byPeer[o.To]; !seen {
			order = append(order, o.To)
		}
		byPeer[o.To] = append(byPeer[o.To], i)
	}
	for _, to := range order {
		if err := x.sendTo(ctx, tx, to, outs, byPeer[to], trace, ids); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func (x *Exchange) sendTo(ctx context.Context, tx *sqlstore.Tx, to message.Org, outs []message.Out, which []int, trace string, ids []message.ID) error {
	p := x.peers[to]
	if p == nil {
		return fmt.Errorf("%s does not exchange with %s", x.cfg.Self, to)
	}
	p.idle.Store(false)
	envelopes, allSafe, bytes := make([]*message.Envelope, len(which)), true, int64(0)
	for n, i := range which {
		o := outs[i]
		spec, _ := message.SpecOf(o.Body.Kind())
		if !message.MaySend(o.Body.Kind(), x.cfg.Self, to) {
			return fmt.Errorf("%s may not send %s to %s", x.cfg.Self, o.Body.Kind(), to)
		}
		body, err := message.Encode(o.Body)
		if err != nil {
			return fmt.Errorf("couldn't encode %s: %w", o.Body.Kind(), err)
		}
		if o.Trace == "" {
			o.Trace = trace
		}
		e := &message.Envelope{
			ID:      message.ID{Sender: x.cfg.Self, Node: x.cfg.Node, Epoch: 1, Receiver: to, Seq: 1},
			Attempt: 1, Kind: o.Body.Kind(), Keys: o.Body.Keys(), CreatedAt: tx.Now(), Trace: o.Trace, Body: body,
		}
		// What no receiver could read must not get into the outbox: it would stop what is behind it.
		if err := fits(e); err != nil {
			return err
		}
		envelopes[n], allSafe, bytes = e, allSafe && spec.Safe, bytes+weight(body)
	}
	var epoch, next, open, openBytes, stuck int64
	err := tx.QueryRow(ctx, `UPDATE x_peer SET next_seq = next_seq + $2, out_sent = out_sent + $2, out_open = out_open + $2, out_open_bytes = out_open_bytes + $3
		WHERE peer = $1 RETURNING out_epoch, next_seq, out_open, out_open_bytes, out_stuck`, string(to), int64(len(which)), bytes).
		Scan(&epoch, &next, &open, &openBytes, &stuck)
	if err != nil {
		return fmt.Errorf("couldn't number the messages to %s: %w", to, err)
	}
	// Guarantee 9. What protects a person may go beyond the window: it is small, and must not be refused.
	if (open > x.cfg.Limits.Open || openBytes > x.cfg.Limits.OpenBytes) && !allSafe {
		// The numbers go back, so that a caller who does something else instead leaves none without a message.
		if _, err := tx.Exec(ctx, `UPDATE x_peer SET next_seq = next_seq - $2, out_sent = out_sent - $2, out_open = out_open - $2,
			out_open_bytes = out_open_bytes - $3 WHERE peer = $1`, string(to), int64(len(which)), bytes); err != nil {
			return err
		}
		return &WindowFull{plain.Bad("exchange",
			fmt.Sprintf("%s あての電文が%d件たまっているため、新しい届出を受け付けられません。連携状況の画面を確かめ、運用員に知らせてください。", to, open-int64(len(which))),
			fmt.Sprintf("%d messages to %s are waiting, and no new one is taken: look at the exchange screen and call an operator", open-int64(len(which)), to))}
	}
	seq := next - int64(len(which))
	for n, i := range which {
		e := envelopes[n]
		e.Epoch, e.Seq = uint64(epoch), uint64(seq)
		if err := e.Seal(); err != nil {
			return err
		}
		state := stateReady
		if spec, _ := message.SpecOf(e.Kind); stuck > 0 && !spec.Safe {
			waits, err := waitsForKey(ctx, tx, "x_out_hold", e)
			if err != nil {
				return err
			}
			if waits {
				state = stateHeld
				if err := hold(ctx, tx, "x_out_hold", "out_stuck", e); err != nil {
					return err
				}
			}
		}
		x.addOut(tx, e, state)
		ids[i] = e.ID
		seq++
	}
	tx.OnCommit(p.bell.Ring)
	return nil
}

// WindowFull says that too much waits for a peer. To a caller it is the sentence; to a rule's message, a reason to come
// again later.
type WindowFull struct{ *plain.Problem }

func (w *WindowFull) Unwrap() error { return w.Problem }

// fits tells whether a receiver will be able to read an envelope's header, whatever number it gets.
func fits(e *message.Envelope) error {
	room := *e
	room.Epoch, room.Seq, room.Attempt = math.MaxInt64, math.MaxInt64, math.MaxUint32
	if err := room.Seal(); err != nil {
		return err
	}
	if _, err := message.OpenEnvelope(room.Raw); err != nil {
		return fmt.Errorf("couldn't send %s: %w", e.Kind, err)
	}
	return nil
}

func (x *Exchange) addOut(tx *sqlstore.Tx, e *message.Envelope, state string) {
	tx.Collect("x_out", `peer, epoch, seq, attempt, kind, key1, trace, created_at, bytes, envelope, state`,
		string(e.Receiver), int64(e.Epoch), int64(e.Seq), int64(e.Attempt), string(e.Kind), firstKey(e.Keys), e.Trace,
		e.CreatedAt.UnixMicro(), weight(e.Body), e.Raw, state)
	for i, k := range e.Keys {
		if i > 0 && !slices.Contains(e.Keys[:i], k) {
			tx.Collect("x_out_more", "peer, skey, epoch, seq", string(e.Receiver), k, int64(e.Epoch), int64(e.Seq))
		}
	}
}

func firstKey(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}

// weight is what a message counts in the byte budget: its payload, and about what its header takes.
func weight(body []byte) int64 { return int64(len(body)) + 256 }
