package exchange_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestOrderHoldsWhenTheSenderIsRewound: a restored city finds out late that it is one, by a number that it gave a second time.
// Those behind it that were decided upon meanwhile are neither lost nor applied twice, and the order of each person holds.
func TestOrderHoldsWhenTheSenderIsRewound(t *testing.T) {
	for _, story := range []struct {
		name string
		tell func(w *rewound)
		want []int64 // of person 5
	}{
		{"one is held behind another that waits for a person", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12), change(8, 14), change(8, 15))
			w.run(time.Second)
			w.city.send(w.t, change(5, 13))
			w.meet()
			w.correct(3)
		}, []int64{11, 12, 13}},
		{"the one that waits for a person is withdrawn", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.city.send(w.t, change(5, 13))
			w.meet()
			w.resolve(w.city, w.ours(3), exchange.Withdraw)
		}, []int64{12, 13}},
		{"it was withdrawn before, and what it held was refused", func(w *rewound) {
			w.begin()
			w.bad[11], w.bad[12] = true, true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.city.send(w.t, change(5, 13))
			w.resolve(w.city, w.ours(3), exchange.Withdraw)
			w.run(time.Second)
			w.meet()
			w.correct(4)
		}, []int64{12, 13}},
		{"the receiver's people close the one that is held, which seems to be lost", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.city.send(w.t, change(5, 13))
			w.meet()
			w.resolve(w.pref, w.theirs(4), exchange.Discard)
			w.correct(3)
		}, []int64{11, 12, 13}},
		{"the receiver's people accepted one, and their note is on its way", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.resolve(w.pref, w.theirs(3), exchange.Accept)
			w.resolve(w.city, w.ours(1), exchange.Withdraw)
			if err := clock.Drive(w.t.Context(), w.clk, w.city.Tasks(), w.clk.Now().Add(time.Minute)); err != nil {
				w.t.Fatal(err)
			}
			w.run(time.Second)
			w.resolve(w.pref, w.stuck(w.pref, true, 1), exchange.Withdraw) // it names a number that the city no longer has
		}, []int64{11, 12}},
		{"one was applied, and the answer got lost", func(w *rewound) {
			w.begin()
			w.city.send(w.t, change(5, 11))
			w.line.next = []string{"lose", "drop", "drop", "drop"}
			for range 4 { // number 3 is under suspicion
				w.step()
			}
			w.meet()
			w.city.send(w.t, change(5, 12))
		}, []int64{11, 12}},
		{"what was on its way comes once more", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.line.next = []string{"late"}
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.meet()
			w.correct(3)
			w.line.deliverLate(w.t.Context())
		}, []int64{11, 12}},
		{"what was on its way of the lost database comes late", func(w *rewound) {
			w.backup(w.city, "copy")
			w.city.send(w.t, change(9, 1), change(9, 2))
			w.run(time.Second)
			w.line.next = []string{"late"}
			w.city.send(w.t, change(5, 3))
			w.run(0)
			w.restore("copy")
			w.city.send(w.t, change(5, 11))
			w.run(time.Second)
			w.line.deliverLate(w.t.Context())
			w.city.send(w.t, change(5, 12), change(9, 13), change(5, 14))
		}, []int64{11, 12, 14}},
		{"what was on its way of the lost database comes late, and the first number was never seen", func(w *rewound) {
			w.bad[1] = true
			w.city.send(w.t, change(1, 1))
			w.run(time.Second)
			w.backup(w.city, "copy")
			w.city.send(w.t, change(1, 2), change(9, 3)) // the first is not offered
			w.run(time.Second)
			w.line.next = []string{"late"}
			w.city.send(w.t, change(5, 4))
			w.step()
			w.restore("copy")
			w.city.send(w.t, change(5, 11))
			w.run(time.Second)
			w.line.deliverLate(w.t.Context())
			w.resolve(w.city, w.ours(1), exchange.Withdraw)
		}, []int64{11}},
		{"what was on its way of the lost database has a number that was given again", func(w *rewound) {
			w.backup(w.city, "copy")
			w.line.next = []string{"late"}
			w.city.send(w.t, change(5, 1))
			w.step()
			w.restore("copy")
			w.bad[11] = true
			w.city.send(w.t, change(9, 10), change(5, 11), change(5, 12))
			w.run(time.Second)
			w.line.deliverLate(w.t.Context())
			w.resolve(w.pref, w.theirs(2), exchange.Accept) // it is not lost
		}, []int64{11, 12}},
		{"what was lost is known for lost before its number is given again", func(w *rewound) {
			w.bad[1], w.bad[3] = true, true
			w.city.send(w.t, change(1, 1))
			w.run(time.Second)
			w.backup(w.city, "copy")
			w.city.send(w.t, change(1, 2), change(5, 3)) // the first is not offered
			w.run(time.Second)
			w.restore("copy")
			w.city.send(w.t, change(5, 11), change(1, 12), change(5, 13))
			w.run(time.Second)
			w.resolve(w.pref, w.theirs(3), exchange.Discard) // it cannot be accepted
			w.resolve(w.city, w.ours(1), exchange.Withdraw)
		}, []int64{11, 13}},
		{"a message has two keys", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.city.send(w.t, change(6, 11), codeChange(5, 6, 12))
			w.run(time.Second)
			w.city.send(w.t, change(5, 13), codeChange(6, 5, 14))
			w.meet()
			w.correct(3)
		}, []int64{12, 13, 14}},
		{"one is put off", func(w *rewound) {
			w.begin()
			w.failing[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.city.send(w.t, change(5, 13))
			w.resolve(w.city, w.ours(1), exchange.Withdraw)
			w.run(time.Second)
			clear(w.failing)
		}, []int64{11, 12, 13}},
		{"what is stored of the one that is held is damaged", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.city.send(w.t, change(5, 13))
			if err := w.city.store.Update(w.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE x_out SET envelope = $1 WHERE seq = 4`, []byte("?"))
				return err
			}); err != nil {
				w.t.Fatal(err)
			}
			w.meet()
			w.correct(3)
			w.resolve(w.city, w.ours(4), exchange.Withdraw)
		}, []int64{11, 13}},
		{"the sender is restored three times", func(w *rewound) {
			w.begin()
			w.restore("copy")
			w.city.send(w.t, change(1, 10))
			w.crash()
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12)) // 3, 4
			w.run(time.Second)
			w.city.send(w.t, change(5, 13)) // 5
			w.meet()
			w.bad[14] = true
			w.city.send(w.t, change(1, 14)) // 6
			w.run(time.Second)
			w.backup(w.city, "copy of the second epoch")
			w.city.send(w.t, change(9, 15)) // 7, lost
			w.run(time.Second)
			w.restore("copy of the second epoch")
			w.bad[17] = true
			w.city.send(w.t, change(1, 16), change(7, 17), change(7, 18)) // 7 again, 8, 9
			w.crash()
			w.run(time.Second)
			w.resolve(w.city, w.ours(6), exchange.Withdraw)
			w.run(time.Minute)
			if at := w.ours(8); at.Epoch != 3 {
				w.t.Errorf("in the third epoch is %s", at)
			}
			w.correct(8)
			w.correct(3)
		}, []int64{11, 12, 13}},
		{"the sender is restored from an older copy first, and then from a newer one", func(w *rewound) {
			w.backup(w.city, "older")
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.backup(w.city, "newer")
			w.city.send(w.t, change(9, 2))
			w.run(time.Second)
			w.restore("older")
			w.city.send(w.t, change(9, 3)) // 1 again: the prefecture takes what it has of 1 and 2 for lost
			w.run(time.Second)
			w.restore("newer")
			w.run(time.Second)
			w.city.send(w.t, change(5, 13))
			w.correct(1)
			w.correct(2)
		}, []int64{11, 12, 13}},
	} {
		t.Run(story.name, func(t *testing.T) {
			sqlstoretest.Both(t, func(t *testing.T, prefURL string) {
				w := newRewound(t, prefURL)
				story.tell(w)
				w.run(5 * time.Minute)
				w.settled(story.want)
			})
		})
	}
}

// TestOrderHoldsWhenBothAreRewound: as before, and the receiver is restored as well.
func TestOrderHoldsWhenBothAreRewound(t *testing.T) {
	for _, story := range []struct {
		name string
		tell func(w *rewound)
		want []int64
	}{
		{"it forgets the new epoch", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.backup(w.pref, "pref")
			w.city.send(w.t, change(5, 13))
			w.meet()
			w.put(&w.pref, pref, city, w.net.As(pref), "pref")
			w.run(time.Minute)
			w.correct(3)
		}, []int64{11, 12, 13}},
		{"it forgets one that was held, and had been applied", func(w *rewound) {
			w.begin()
			w.bad[11] = true
			w.city.send(w.t, change(5, 11), change(5, 12))
			w.run(time.Second)
			w.backup(w.pref, "pref")
			w.city.send(w.t, change(5, 13))
			w.meet()
			w.correct(3)
			w.put(&w.pref, pref, city, w.net.As(pref), "pref")
			w.city.send(w.t, change(5, 14))
		}, []int64{11, 12, 13, 14}},
		{"it refuses what it had applied, and its people accept that", func(w *rewound) {
			w.begin()
			w.backup(w.pref, "pref")
			w.city.send(w.t, change(5, 11))
			w.run(time.Second)
			w.meet()
			w.bad[10], w.bad[11] = true, true
			w.put(&w.pref, pref, city, w.net.As(pref), "pref")
			w.run(time.Minute)
			w.city.send(w.t, change(5, 12))
			w.resolve(w.city, w.ours(2), exchange.Correct) // of the new epoch, with a smaller number
			w.run(time.Minute)
			w.resolve(w.pref, w.theirs(3), exchange.Accept)
			w.run(time.Minute)
			w.correct(2)
		}, []int64{11, 12}},
	} {
		t.Run(story.name, func(t *testing.T) {
			w := newRewound(t, sqlstoretest.SQLite(t))
			story.tell(w)
			w.run(5 * time.Minute)
			w.settled(story.want)
		})
	}
}
