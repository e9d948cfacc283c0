package exchange_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestGap: a message that builds on one that never came is made to build on what its receiver holds, and applied, with
// nobody's help; both sides can see that, and what shares its key goes on behind it.
func TestGap(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, url, "memory:")
		var last resident.StateHash
		d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
			if n.After.Code != resident.RecordCodeOf(1) {
				return nil
			}
			if n.Before != last {
				return exchange.Missing("前の異動がありません。", "the change before it is missing").
					Holding(message.Residents, n.After.Code.Reveal(), message.Hash(last))
			}
			last = n.After.StateHash()
			return nil
		}
		var before resident.StateHash
		var ids []message.ID
		file := func(v uint64) {
			c := change(1, v).Body.(message.ResidentChange)
			c.Before, before = before, c.After.StateHash()
			ids = append(ids, d.city.send(t, message.Out{To: pref, Body: c})...)
		}
		file(1)
		d.run(time.Second)
		file(2)
		// The second is lost: its sender holds it for applied.
		d.exec(d.city, `UPDATE x_out SET state = 'applied', outcome = 'applied' WHERE seq = 2`)
		d.exec(d.city, `UPDATE x_peer SET out_open = 0, out_open_bytes = 0`)
		file(3)
		file(4)
		d.city.send(t, change(9, 1))
		d.run(time.Minute)
		if p := d.pair(); p.Open != 0 || last != before || len(d.applied) != 4 {
			t.Errorf("applied %v, pair %+v: want 1, 3, 4 joined", d.applied, p)
		}
		item, notes, _, err := d.city.Find(t.Context(), ids[2])
		if err != nil || item.State != "applied" || item.Attempt != 2 || len(notes) != 1 || notes[0].Act != "grounded" || notes[0].By != "system" {
			t.Errorf("%+v, %+v, %v", item, notes, err)
		}
	})
}

// TestGapStays: what building on the receiver's state does not help is left to people after a few times, and stops nobody.
func TestGapStays(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	offers := 0
	d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
		if n.After.Code != resident.RecordCodeOf(1) {
			return nil
		}
		offers++
		return exchange.Missing("前の異動がありません。", "the change before it is missing").
			Holding(message.Residents, n.After.Code.Reveal(), message.Hash{byte(offers)})
	}
	id := d.city.send(t, change(1, 1), change(2, 1))[0]
	d.run(10 * time.Minute)
	p, theirs := d.pair(), must(d.pref.Pairs(t.Context()))[0]
	if offers != 4 || p.Parked != 1 || len(d.applied) != 1 || theirs.Open != 0 || theirs.Parked != 0 {
		t.Errorf("offered %d times, pair %+v and %+v: want it parked after three more", offers, p, theirs)
	}
	d.resolve(d.city, id, exchange.Withdraw)
	d.run(time.Minute)
	if p := d.pair(); p.Open != 0 {
		t.Errorf("after its withdrawal %+v", p)
	}
}

// TestGapOfOthers: a request about a message that is not parked for a gap changes nothing.
func TestGapOfOthers(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
		if n.After.Version == 2 {
			return exchange.Reject("unreadable", "読めません。", "unreadable")
		}
		return nil
	}
	d.city.send(t, change(1, 1), change(2, 2))
	d.run(time.Second)
	for seq := range uint64(3) {
		d.pref.send(t, message.Out{To: city, Body: message.SnapshotRequest{Epoch: 1, Seq: seq + 1, Book: message.Residents, Key: "k", Holds: message.Hash{1}}})
	}
	d.run(time.Minute)
	theirs := must(d.pref.Pairs(t.Context()))[0]
	for _, i := range must(d.city.Stuck(t.Context(), 10)) {
		if i.Attempt != 1 {
			t.Errorf("changed: %+v", i)
		}
	}
	if p := d.pair(); p.Parked != 1 || p.Applied != 1 || theirs.Open != 0 {
		t.Errorf("pair %+v and %+v", p, theirs)
	}
}

// TestGapBeforeReceipt: the request may arrive before the receipt that tells of the gap.
func TestGapBeforeReceipt(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	var held message.Hash = message.Hash{7}
	d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
		if message.Hash(n.Before) != held {
			return exchange.Missing("前の異動がありません。", "the change before it is missing").Holding(message.Residents, n.After.Code.Reveal(), held)
		}
		return nil
	}
	line := &stopper{Link: d.link.Link}
	d.link.Link = line
	line.after = func() error { // while the sender waits for its answer, the receiver's request is delivered
		line.after = nil
		return clock.Drive(t.Context(), d.clk, d.pref.Tasks()[:1], d.clk.Now())
	}
	d.city.send(t, change(1, 1))
	d.run(time.Minute)
	if p := d.pair(); p.Open != 0 || p.Applied != 1 {
		t.Errorf("pair %+v", p)
	}
}

// exec does what a program must not.
func (d *duo) exec(m member, statement string) {
	d.t.Helper()
	if err := m.store.Update(d.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
}
