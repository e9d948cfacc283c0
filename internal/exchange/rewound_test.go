package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// rewound is a city that is restored from copies of its database, and its prefecture, whose rule refuses what is bad.
type rewound struct {
	*duo
	dir      string
	file     string // the city's database, once it was restored
	line     *faultyLink
	bad      map[uint64]bool
	failing  map[uint64]bool // its rule does, so that it is put off
	replaced int             // databases that were put in another's place
}

func newRewound(t *testing.T, prefURL string) *rewound {
	dir := t.TempDir()
	w := &rewound{duo: newDuo(t, exchange.Limits{}, "sqlite:"+filepath.Join(dir, "city.db"), prefURL), dir: dir, bad: map[uint64]bool{}, failing: map[uint64]bool{}}
	w.line = &faultyLink{to: w.link.Link}
	w.link.Link = w.line
	w.take = func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentChange) error {
		if w.bad[uint64(n.After.Version)] && !d.Accepted {
			return exchange.Reject("bad", "受け取れません。", "not taken")
		}
		if w.failing[uint64(n.After.Version)] {
			return errors.New("disk trouble")
		}
		for _, k := range n.Keys() {
			if _, err := tx.Exec(ctx, `INSERT INTO log(k, n, pos) VALUES ($1, $2, $3)`, k, int64(n.After.Version), tx.Serial()); err != nil {
				return err
			}
		}
		return nil
	}
	return w
}

func (w *rewound) backup(m member, name string) {
	w.t.Helper()
	if err := m.store.Backup(w.t.Context(), filepath.Join(w.dir, name)); err != nil {
		w.t.Fatal(err)
	}
}

// put puts a copy in the place of an organisation's database.
func (w *rewound) put(m *member, self, peer message.Org, link exchange.Link, name string) {
	w.t.Helper()
	w.clk.Set(w.clk.Now().Add(time.Second)) // a copy is not restored in the instant in which the original gave its numbers
	m.store.Close()
	w.replaced++
	file := filepath.Join(w.dir, fmt.Sprintf("%s.%d", name, w.replaced))
	if err := os.WriteFile(file, must(os.ReadFile(filepath.Join(w.dir, name))), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if *m = w.open(self, peer, "sqlite:"+file, link); self == city {
		w.file = file
	}
}

// step lets the city alone do one piece of work.
func (w *rewound) step() {
	w.t.Helper()
	if _, err := w.city.Tasks()[0].Step(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *rewound) restore(name string) { w.put(&w.city, city, pref, w.link, name) }

// ours is the city's message with a number, in whichever epoch it is; and theirs is what the prefecture has parked of it.
func (w *rewound) ours(seq uint64) message.ID { return w.stuck(w.city, true, seq) }

func (w *rewound) theirs(seq uint64) message.ID { return w.stuck(w.pref, false, seq) }

func (w *rewound) stuck(m member, out bool, seq uint64) message.ID {
	w.t.Helper()
	var is message.ID
	for _, i := range must(m.Stuck(w.t.Context(), 100)) {
		if i.Out == out && i.ID.Seq == seq && i.Parked() {
			is = i.ID
		}
	}
	if is.Seq == 0 {
		w.t.Fatalf("message %d is not parked", seq)
	}
	return is
}

// crash starts the city once more: what it has numbered was numbered before, for all that it knows.
func (w *rewound) crash() {
	w.city.store.Close()
	w.city = w.open(city, pref, "sqlite:"+w.file, w.link)
}

// begin makes the city lose number 2, which the prefecture has, and gives it again to a message of person 1, behind one that
// waits for a person. So the city meets the conflict only when that one ends.
func (w *rewound) begin() {
	w.bad[1] = true
	w.city.send(w.t, change(1, 1))
	w.run(time.Second)
	w.backup(w.city, "copy")
	w.city.send(w.t, change(9, 2))
	w.run(time.Second)
	w.restore("copy")
	w.city.send(w.t, change(1, 10))
	w.crash()
}

// meet lets the city meet the conflict.
func (w *rewound) meet() {
	w.resolve(w.city, w.ours(1), exchange.Withdraw)
	w.run(time.Minute)
}

// correct lets the prefecture take what it refused, and the city send it again.
func (w *rewound) correct(seq uint64) {
	clear(w.bad)
	w.resolve(w.city, w.ours(seq), exchange.Correct)
	w.run(time.Minute)
}

// settled checks what was applied of person 5, and that nothing is left that waits, on either side.
func (w *rewound) settled(want []int64) {
	w.t.Helper()
	type applied struct {
		k string
		n int64
	}
	var all []applied
	w.pref.view(w.t, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, a *applied) error { return r.Scan(&a.k, &a.n) }, `SELECT k, n FROM log ORDER BY pos`)
		return err
	})
	var log []int64
	last := map[string]int64{}
	for _, a := range all {
		if a.n < last[a.k] {
			w.t.Errorf("of …%s, %d was applied after %d", a.k[len(a.k)-2:], a.n, last[a.k])
		}
		if last[a.k] = a.n; a.k == resident.RecordCodeOf(5).Reveal() {
			log = append(log, a.n)
		}
	}
	if !slices.Equal(log, want) {
		w.t.Errorf("applied %v, want %v", log, want)
	}
	var cut exchange.Cut
	w.pref.view(w.t, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		cut, err = w.pref.Cut(ctx, tx, city)
		return err
	})
	w.city.view(w.t, func(ctx context.Context, tx *sqlstore.Tx) error {
		unapplied, err := w.city.Unapplied(ctx, tx, pref, cut)
		for _, u := range unapplied {
			w.t.Errorf("not applied at the cut: %s, which is %s", u.ID, u.State)
		}
		return err
	})
	if p := w.pair(); p.Open != 0 {
		w.t.Errorf("still open: %+v", p)
	}
	for _, m := range []member{w.city, w.pref} {
		for _, i := range must(m.Stuck(w.t.Context(), 100)) {
			w.t.Errorf("still there: ours %v, %s %s (%s)", i.Out, i.ID, i.State, i.Code)
		}
	}
}
