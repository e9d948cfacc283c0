package exchange_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// order is a city and its prefecture, of whose database there is an empty copy. The rule fails while a version is bad.
type order struct {
	*duo
	line *faultyLink
	fall *fallingLink
	over map[uint64]bool // numbers over which the prefecture falls
	bad  map[uint64]bool
	copy string
}

func newOrder(t *testing.T, cityURL string) *order {
	dir := t.TempDir()
	o := &order{duo: newDuo(t, exchange.Limits{}, cityURL, "sqlite:"+filepath.Join(dir, "pref.db")),
		over: map[uint64]bool{}, bad: map[uint64]bool{}, copy: filepath.Join(dir, "copy.db")}
	o.fall = &fallingLink{Link: o.link.Link, over: func(seq uint64) bool { return o.over[seq] }, clk: o.clk}
	o.line = &faultyLink{to: o.fall}
	o.link.Link = o.line
	o.take = func(ctx context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
		if o.bad[uint64(n.After.Version)] {
			return errors.New("disk trouble")
		}
		_, err := tx.Exec(ctx, `INSERT INTO log(k, n, pos) VALUES ($1, $2, $3)`, n.After.Code.Reveal(), int64(n.After.Version), tx.Serial())
		return err
	}
	if err := o.pref.store.Backup(t.Context(), o.copy); err != nil {
		t.Fatal(err)
	}
	return o
}

// restore puts the copy in the place of the prefecture's database.
func (o *order) restore() {
	o.pref.store.Close()
	o.pref = o.open(pref, city, "sqlite:"+o.copy, o.net.As(pref))
}

// step lets the city alone do one piece of work.
func (o *order) step() {
	o.t.Helper()
	if _, err := o.city.Tasks()[0].Step(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

// TestOrderHolds: whatever is sent again, or goes on after a long wait, is applied in the order of its person, though some
// of it was tried by itself, or put off, before the rest came back. Versions are numbers in the stream, too.
func TestOrderHolds(t *testing.T) {
	for _, story := range []struct {
		name string
		tell func(o *order)
		want []int64 // of person 1
	}{
		{"the receiver is restored, and a message comes under suspicion in front of what it lost", func(o *order) {
			o.bad[2] = true
			o.city.send(o.t, change(1, 1), change(2, 2), change(1, 3))
			o.run(0)
			o.restore()
			o.clk.Set(o.clk.Now().Add(time.Second))
			o.line.next = []string{"drop"}
			o.step() // the second alone, for it was put off; the hello that follows tells that all were lost
			o.bad[2] = false
		}, []int64{1, 3}},
		{"the receiver is restored, and a suspect comes behind what it lost", func(o *order) {
			o.city.send(o.t, change(1, 1))
			o.run(0)
			o.over[2] = true
			o.city.send(o.t, change(1, 2))
			o.step()
			o.restore()
			o.over[2] = false
			o.city.send(o.t, change(3, 3)) // answered, so that the suspect is tried by itself
		}, []int64{1, 2}},
		{"the receiver is restored, and the first had been put off", func(o *order) {
			o.bad[1], o.bad[3] = true, true
			o.city.send(o.t, change(1, 1), change(1, 2), change(3, 3))
			o.run(0)
			o.bad[1] = false
			o.run(time.Second)
			o.bad[3] = false
			o.run(time.Minute) // so that the last batch was of what had been put off
			o.restore()
		}, []int64{1, 2}},
		{"the receiver is restored, and the second is put off", func(o *order) {
			o.bad[2] = true
			o.city.send(o.t, change(1, 1), change(1, 2))
			o.run(time.Second)
			o.city.send(o.t, change(3, 3)) // so that the last batch was not of what is put off
			o.step()
			o.restore()
			o.clk.Set(o.clk.Now().Add(time.Minute)) // it is due
			o.bad[2] = false
		}, []int64{1, 2}},
		{"the receiver is restored and falls over the first, and the second is put off", func(o *order) {
			o.bad[2] = true
			o.city.send(o.t, change(1, 1), change(1, 2))
			o.run(time.Second)
			o.restore()
			o.over[1], o.bad[2] = true, false
			o.city.send(o.t, change(3, 3))
			o.run(time.Minute)
			o.over[1] = false
			o.resolve(o.city, o.outID(1), exchange.Correct)
		}, []int64{1, 2}},
		{"what waited goes on while another is under suspicion", func(o *order) {
			o.over[1] = true
			o.city.send(o.t, change(1, 1), change(9, 2))
			o.run(time.Second) // the receiver never saw the first, over which it falls
			o.over[4] = true
			o.city.send(o.t, change(1, 3), change(3, 4), change(1, 5))
			o.step()
			o.step() // the fourth is all there is, so it may be the receiver that is away
			o.over[1] = false
			o.resolve(o.city, o.outID(1), exchange.Withdraw)
			o.step()
			o.over[4] = false
		}, []int64{3, 5}},
	} {
		t.Run(story.name, func(t *testing.T) {
			sqlstoretest.Both(t, func(t *testing.T, cityURL string) {
				o := newOrder(t, cityURL)
				story.tell(o)
				o.run(5 * time.Minute)
				var log []int64
				o.pref.view(t, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
					log, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *int64) error { return r.Scan(n) },
						`SELECT n FROM log WHERE k = $1 ORDER BY pos`, resident.RecordCodeOf(1).Reveal())
					return err
				})
				if p := o.pair(); !slices.Equal(log, story.want) || p.Open != 0 {
					t.Errorf("applied %v, want %v; pair %+v", log, story.want, p)
				}
			})
		})
	}
}

func (o *order) outID(seq uint64) message.ID {
	return message.ID{Sender: city, Node: "1", Epoch: 1, Receiver: pref, Seq: seq}
}
