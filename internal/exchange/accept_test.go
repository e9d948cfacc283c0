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
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// acceptance is a city whose message its prefecture has refused, and a copy of both databases from that moment.
type acceptance struct {
	*duo
	id   message.ID
	dir  string
	back *faultyLink // from the prefecture to the city
}

func newAcceptance(t *testing.T) *acceptance {
	dir := t.TempDir()
	a := &acceptance{duo: newDuo(t, exchange.Limits{}, "sqlite:"+filepath.Join(dir, "city.db"), "sqlite:"+filepath.Join(dir, "pref.db")), dir: dir}
	a.back = &faultyLink{to: a.net.As(pref)}
	a.pref.store.Close()
	a.pref = a.open(pref, city, a.prefURL, a.back)
	a.take = func(ctx context.Context, tx *sqlstore.Tx, m exchange.Delivery, n message.ResidentChange) error {
		if n.After.Version == 1 && !m.Accepted {
			return exchange.Reject("model", "受け取れません。", "not taken")
		}
		_, err := tx.Exec(ctx, `INSERT INTO log(k, n, pos) VALUES ($1, $2, $3)`, "k", int64(n.After.Version), tx.Serial())
		return err
	}
	a.id = a.city.send(t, change(1, 1))[0]
	a.run(time.Minute)
	for _, m := range []member{a.city, a.pref} {
		if err := m.store.Backup(t.Context(), filepath.Join(dir, string(m.Self())+"-copy.db")); err != nil {
			t.Fatal(err)
		}
	}
	a.clk.Set(a.clk.Now().Add(time.Second))
	return a
}

func (a *acceptance) accept() { a.resolve(a.pref, a.id, exchange.Accept) }

// restore puts a side's copy in the place of its database.
func (a *acceptance) restore(self message.Org) {
	url := "sqlite:" + filepath.Join(a.dir, string(self)+"-copy.db")
	if self == city {
		a.city.store.Close()
		a.city = a.open(city, pref, url, a.link)
	} else {
		a.pref.store.Close()
		a.pref = a.open(pref, city, url, a.back)
	}
}

// both tells what the two say of a message.
func (a *acceptance) both(id message.ID) string {
	a.t.Helper()
	mine, _, _, err1 := a.city.Find(a.t.Context(), id)
	theirs, _, _, err2 := a.pref.Find(a.t.Context(), id)
	if err := errors.Join(err1, err2); err != nil {
		a.t.Fatal(err)
	}
	return mine.State + " " + theirs.State
}

// log is what the prefecture's database has of the messages that were applied.
func (a *acceptance) log() (log []int64) {
	a.pref.view(a.t, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		log, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *int64) error { return r.Scan(n) }, `SELECT n FROM log ORDER BY pos`)
		return err
	})
	return log
}

// TestAcceptanceLost: two persons of the receiver accept a message, and a database of before is restored. Whatever came
// first, both sides say the same of the message in the end: that it was applied, or that it waits for people.
func TestAcceptanceLost(t *testing.T) {
	const waits, done = "parked rejected", "applied applied"
	for _, story := range []struct {
		name string
		tell func(a *acceptance)
		want string
	}{
		{"nothing is restored", func(a *acceptance) { a.accept() }, done},
		{"nothing is restored, and people took their time", func(a *acceptance) {
			for range 110 {
				a.city.send(a.t, kill(9, 9)) // as many receipts
				a.run(0)
			}
			a.clk.Set(a.clk.Now().Add(time.Second))
			a.accept()
		}, done},
		{"the receiver", func(a *acceptance) {
			a.accept()
			a.run(time.Minute)
			a.restore(pref)
		}, waits},
		{"the receiver, before the sender was told", func(a *acceptance) {
			a.link.cut, a.back.next = errLink, []string{"drop", "drop", "drop"}
			a.accept()
			a.run(time.Second)
			a.restore(pref)
			a.link.cut, a.back.next = nil, nil
		}, waits},
		{"the receiver, and the note comes after that", func(a *acceptance) {
			a.back.next = []string{"late"}
			a.accept()
			a.pref.Tasks()[0].Step(a.t.Context())
			a.restore(pref)
			a.run(time.Minute)
			if len(a.back.late) != 1 {
				a.t.Fatal("the note is not under way")
			}
			a.back.deliverLate(a.t.Context())
		}, waits},
		{"the receiver, between the note and the verdict", func(a *acceptance) {
			a.accept()
			a.pref.Tasks()[0].Step(a.t.Context())
			a.restore(pref)
		}, waits},
		{"the sender", func(a *acceptance) {
			a.accept()
			a.run(time.Minute)
			a.restore(city)
		}, done},
		{"the sender, before it was told", func(a *acceptance) {
			a.back.next = []string{"drop"}
			a.accept()
			a.pref.Tasks()[0].Step(a.t.Context())
			a.restore(city)
		}, done},
		{"both", func(a *acceptance) {
			a.accept()
			a.run(time.Minute)
			a.restore(city)
			a.restore(pref)
		}, waits},
		{"the receiver, then the sender", func(a *acceptance) {
			a.accept()
			a.run(time.Minute)
			a.restore(pref)
			a.run(time.Minute)
			a.restore(city)
		}, waits},
		{"the note comes twice", func(a *acceptance) {
			a.back.next = []string{"lose"}
			a.accept()
		}, done},
	} {
		t.Run(story.name, func(t *testing.T) {
			a := newAcceptance(t)
			story.tell(a)
			a.run(5 * time.Minute)
			if got := a.both(a.id); got != story.want {
				t.Fatalf("sender and receiver say %s, want %s", got, story.want)
			}
			behind := a.city.send(t, change(1, 2))[0]
			a.run(5 * time.Minute)
			if story.want == waits {
				if got := a.log(); len(got) != 0 {
					t.Errorf("%v were applied past a message that waits", got)
				}
				a.accept() // again
				a.run(5 * time.Minute)
			}
			if got := []string{a.both(a.id), a.both(behind)}; !slices.Equal(got, []string{done, done}) || !slices.Equal(a.log(), []int64{1, 2}) {
				t.Errorf("sender and receiver say %q, applied %v", got, a.log())
			}
			if p := a.pair(); p.Open != 0 {
				t.Errorf("still open: %+v", p)
			}
			for _, m := range []member{a.city, a.pref} {
				if r, i, err := m.ReceiptOf(t.Context(), a.id); err != nil || r.Lines[i].Settled != message.Applied {
					t.Errorf("%s has no receipt that it was applied: %v", m.Self(), err)
				}
			}
		})
	}
}

// TestClosingLost: the receiver closes a message that its sender lost, and a database of before is restored, in which the
// message was merely refused. It cannot be accepted there either, and is closed again.
func TestClosingLost(t *testing.T) {
	dir := t.TempDir()
	d := newDuo(t, exchange.Limits{}, "sqlite:"+filepath.Join(dir, "city.db"), "sqlite:"+filepath.Join(dir, "pref.db"))
	d.take = func(_ context.Context, _ *sqlstore.Tx, m exchange.Delivery, n message.ResidentChange) error {
		if n.After.Version == 1 && !m.Accepted {
			return exchange.Reject("model", "受け取れません。", "not taken")
		}
		return nil
	}
	copies := map[message.Org]string{city: filepath.Join(dir, "city-copy.db"), pref: filepath.Join(dir, "pref-copy.db")}
	if err := d.city.store.Backup(t.Context(), copies[city]); err != nil {
		t.Fatal(err)
	}
	id := d.city.send(t, change(1, 1))[0]
	d.run(time.Minute)
	if err := d.pref.store.Backup(t.Context(), copies[pref]); err != nil {
		t.Fatal(err)
	}
	d.city.store.Close()
	d.city = d.open(city, pref, "sqlite:"+copies[city], d.link)
	d.run(time.Minute)
	d.resolve(d.pref, id, exchange.Discard)
	d.pref.store.Close()
	d.pref = d.open(pref, city, "sqlite:"+copies[pref], d.net.As(pref))
	d.run(time.Minute) // the sender has nothing to say
	if err := d.pref.Propose(t.Context(), id, exchange.Accept, "確認した", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := d.pref.Confirm(t.Context(), id, "operator-2"); err == nil {
		t.Error("a message that its sender lost was accepted")
	}
	d.resolve(d.pref, id, exchange.Discard)
	d.city.send(t, change(1, 2))
	d.run(time.Minute)
	if p := d.pair(); p.Open != 0 || !slices.Equal(d.applied, []string{applied(1, 2)}) {
		t.Errorf("applied %v, pair %+v", d.applied, p)
	}
}

// TestAcceptanceOvertakes: the note that a message was accepted comes before the verdict by which it was refused.
func TestAcceptanceOvertakes(t *testing.T) {
	a := newAcceptance(t)
	second := message.ID{}
	a.take = func(_ context.Context, _ *sqlstore.Tx, m exchange.Delivery, _ message.ResidentChange) error {
		if m.Accepted {
			return nil
		}
		return exchange.Reject("model", "受け取れません。", "not taken")
	}
	a.link.Link = overtaken{a.link.Link, func() {
		if err := a.pref.Propose(t.Context(), second, exchange.Accept, "確認した", "operator-1"); err != nil {
			return // offered again
		}
		if err := a.pref.Confirm(t.Context(), second, "operator-2"); err != nil {
			t.Error(err)
		}
		a.pref.Tasks()[0].Step(t.Context())
	}}
	second = a.city.send(t, change(2, 2))[0]
	a.run(time.Minute)
	if got := a.both(second); got != "applied applied" {
		t.Errorf("sender and receiver say %s, want applied", got)
	}
}

// overtaken lets something happen while an answer is under way.
type overtaken struct {
	exchange.Link
	meanwhile func()
}

func (o overtaken) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	r, err := o.Link.Deliver(ctx, to, b)
	o.meanwhile()
	return r, err
}
