package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// damages are what may have become of the bytes of a stored message.
var damages = map[string]func(t *testing.T, raw []byte) []byte{
	"bytes that are none": func(*testing.T, []byte) []byte { return []byte{0xff, 0xff, 0xff} },
	"cut short":           func(_ *testing.T, raw []byte) []byte { return raw[:40] },
	"another stream's":    resealed(func(e *message.Envelope) { e.Receiver = center }),
	"another number's":    resealed(func(e *message.Envelope) { e.Seq++ }),
	"another attempt's":   resealed(func(e *message.Envelope) { e.Attempt++ }),
}

func resealed(with func(*message.Envelope)) func(*testing.T, []byte) []byte {
	return func(t *testing.T, raw []byte) []byte {
		e := must(message.OpenEnvelope(raw))
		with(e)
		if err := e.Seal(); err != nil {
			t.Fatal(err)
		}
		return e.Raw
	}
}

// damage changes the bytes of messages of the outbox, as a fault of the disk or a hand does.
func (m member) damage(t *testing.T, with func(*testing.T, []byte) []byte, ids ...message.ID) {
	t.Helper()
	err := m.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, id := range ids {
			var raw []byte
			if err := tx.QueryRow(ctx, `SELECT envelope FROM x_out WHERE epoch = $1 AND seq = $2`, int64(id.Epoch), int64(id.Seq)).Scan(&raw); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE x_out SET envelope = $3 WHERE epoch = $1 AND seq = $2`, int64(id.Epoch), int64(id.Seq), with(t, raw)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDamagedInTheOutbox: however many messages at the head are damaged, and however they are, the next good one is
// applied without a pause; the damaged ones are parked, and people can take them back.
func TestDamagedInTheOutbox(t *testing.T) {
	for how, with := range damages {
		for _, n := range []int{1, 11, 100, 250} {
			t.Run(fmt.Sprintf("%d %s", n, how), func(t *testing.T) {
				d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
				var outs []message.Out
				for i := range n {
					outs = append(outs, change(uint64(i+2), uint64(i+2)))
				}
				ids := d.city.send(t, outs...)
				d.city.damage(t, with, ids...)
				d.city.send(t, change(1, 1))
				begun := clock.System().Now()
				d.run(0)
				if took := clock.System().Now().Sub(begun); took > 10*time.Second { // tenfold slack on a busy machine
					t.Errorf("the good message took %v", took)
				}
				if p := d.pair(); len(d.applied) != 1 || p.Parked != int64(n) || p.State != exchange.PairUp {
					t.Fatalf("applied %v, pair %+v; want the good one applied and %d parked", d.applied, p, n)
				}
				items := must(d.city.Stuck(t.Context(), 1000))
				for _, i := range items {
					if i.Code != "damaged" || i.Reason.JA == "" || i.Reason.EN == "" {
						t.Fatalf("shown as %+v", i)
					}
				}
				if err := d.city.Propose(t.Context(), items[0].ID, exchange.Correct, "確認した", "operator-1"); err == nil {
					t.Error("what is lost was to be sent again")
				}
				d.resolve(d.city, items[0].ID, exchange.Withdraw)
				d.run(time.Minute)
				if p := d.pair(); p.Open != int64(n-1) || p.Parked != int64(n-1) {
					t.Errorf("after one was withdrawn: %+v", p)
				}
			})
		}
	}
}

// TestOrderBehindDamage: what shares a key with a damaged message waits for it, whichever of its keys it is.
func TestOrderBehindDamage(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, url, "memory:")
		ids := d.city.send(t, codeChange(1, 2, 1), change(1, 2), change(2, 3), change(3, 4))
		d.city.damage(t, damages["cut short"], ids[0])
		d.run(time.Minute)
		if p := d.pair(); fmt.Sprint(d.applied) != "["+applied(3, 4)+"]" || p.Parked != 1 || p.Held != 2 {
			t.Fatalf("applied %v, pair %+v", d.applied, p)
		}
		d.resolve(d.city, ids[0], exchange.Withdraw)
		d.run(time.Minute)
		if p := d.pair(); len(d.applied) != 3 || p.Open != 0 {
			t.Errorf("after it was withdrawn: applied %v, pair %+v", d.applied, p)
		}
		if err := d.city.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			var holds, bytes int64
			if err := tx.QueryRow(ctx, `SELECT COUNT(*), CAST(COALESCE(MAX(out_open_bytes), 0) AS BIGINT) FROM x_peer LEFT JOIN x_out_hold USING (peer)
				WHERE out_stuck > 0 OR out_open_bytes <> 0`).Scan(&holds, &bytes); err != nil {
				return err
			}
			if holds != 0 || bytes != 0 {
				t.Errorf("%d keys are held and %d bytes counted, with nothing open", holds, bytes)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
}

// TestDamagedWhileHeld: a message that was damaged while it waited for another is parked when that has ended, and keeps
// none waiting but what shares its keys.
func TestDamagedWhileHeld(t *testing.T) {
	for how, with := range damages {
		for _, n := range []int{1, 11, 100} {
			t.Run(fmt.Sprintf("%d %s", n, how), func(t *testing.T) {
				d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
				d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
					if n.After.Version == 1 {
						return exchange.Reject("unreadable", "読めません。", "unreadable")
					}
					return nil
				}
				blocked := d.city.send(t, codeChange(1, 2, 1))
				d.run(0)
				var outs []message.Out
				for i := range n {
					outs = append(outs, change(1, uint64(i+2)))
				}
				ids := d.city.send(t, outs...)
				d.city.damage(t, with, ids...)
				d.city.send(t, change(2, 1000), change(1, 1001))
				d.resolve(d.city, blocked[0], exchange.Withdraw)
				d.run(0)
				if p := d.pair(); fmt.Sprint(d.applied) != "["+applied(2, 1000)+"]" || p.Parked != int64(n) || p.Held != 1 {
					t.Fatalf("applied %v, pair %+v; want the one of the other key, %d parked, one held", d.applied, p, n)
				}
				for _, id := range ids {
					d.resolve(d.city, id, exchange.Withdraw)
				}
				d.run(time.Minute)
				if p := d.pair(); len(d.applied) != 2 || p.Open != 0 {
					t.Errorf("after they were withdrawn: applied %v, pair %+v", d.applied, p)
				}
			})
		}
	}
}

// TestDamagedInTheInbox: what the receiver kept of messages that it had put off is damaged. They are decided upon when
// they are offered again, and what comes with them is too.
func TestDamagedInTheInbox(t *testing.T) {
	for how, cut := range map[string]string{
		"cut short":         `envelope = substr(envelope, 1, 40)`,
		"another message's": `envelope = (SELECT i.envelope FROM x_in i WHERE i.seq = 50)`,
		"its hash too":      `envelope = substr(envelope, 1, 40), hash = substr(hash, 1, 5)`,
	} {
		for _, n := range []int{1, 11, 49} {
			t.Run(fmt.Sprintf("%d %s", n, how), func(t *testing.T) {
				d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
				broken := true
				d.take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) error {
					if broken {
						return errors.New("disk trouble")
					}
					return nil
				}
				var outs []message.Out
				for i := range 50 {
					outs = append(outs, codeChange(uint64(2*i+10), uint64(2*i+11), uint64(i+1)))
				}
				d.city.send(t, outs...)
				d.run(0)
				if err := d.pref.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					_, err := tx.Exec(ctx, `UPDATE x_in SET `+cut+` WHERE seq <= $1`, int64(n))
					return err
				}); err != nil {
					t.Fatal(err)
				}
				broken = false
				d.city.send(t, change(1, 100), change(10, 101)) // the second waits for the first of the damaged ones
				d.run(time.Minute)
				if p := d.pair(); len(d.applied) != 52 || p.Open != 0 || p.State != exchange.PairUp {
					t.Errorf("%d applied, pair %+v", len(d.applied), p)
				}
				if err := d.pref.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					var holds int64
					err := tx.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM x_in_hold) + (SELECT SUM(in_stuck) FROM x_peer)`).Scan(&holds)
					if err == nil && holds != 0 {
						t.Errorf("%d keys are still held", holds)
					}
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestDamagedCorrection: the receiver's copy of a correction is damaged, and its sender, restored from a backup, does not
// remember it: a person decides.
func TestDamagedCorrection(t *testing.T) {
	d := newDuo(t, exchange.Limits{DeferTimes: 1000}, "memory:", "memory:")
	d.take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) error {
		return errors.New("disk trouble")
	}
	id := d.city.send(t, change(1, 1))[0]
	d.run(0)
	if err := d.pref.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE x_in SET attempt = 2, hash = $1, envelope = $2`, []byte("the hash of the second attempt .."[:32]), []byte{0xff})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	d.run(time.Minute)
	if p := d.pair(); p.Parked != 1 {
		t.Fatalf("pair %+v, want it parked", p)
	}
	d.take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) error { return nil }
	d.resolve(d.city, id, exchange.Correct)
	d.run(time.Minute)
	if p := d.pair(); p.Open != 0 || len(d.applied) != 1 {
		t.Errorf("applied %v, pair %+v", d.applied, p)
	}
}
