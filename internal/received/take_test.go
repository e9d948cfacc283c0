package received_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"testing/fstest"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	matsumoto = message.Org("municipality-202029")
	iida      = message.Org("municipality-202053")
	nagano    = message.Org("prefecture-20")
	center    = message.Org("nationalcenter")
)

var (
	day  = resident.MustDate(2026, 4, 1)
	side = received.Side{Name: plain.Sentence{JA: "都道府県", EN: "the prefecture"}, Told: plain.Sentence{JA: "市区町村", EN: "municipality"}, Part: true}
)

// ground is the least that an organisation with such a table has.
type ground struct {
	t      testing.TB
	store  *sqlstore.Store
	books  *reconcile.Books
	tables []reconcile.Table
}

func newGround(t testing.TB, url string) *ground {
	own := sqlstore.Schema{Name: "own", FS: fstest.MapFS{"0001_resident.sql": {Data: []byte(`CREATE TABLE resident(code TEXT NOT NULL PRIMARY KEY,
		name TEXT NOT NULL, birth TEXT NOT NULL, sex TEXT NOT NULL, address TEXT NOT NULL, common_name TEXT NOT NULL, number TEXT NOT NULL,
		municipality TEXT NOT NULL, version BIGINT NOT NULL, built_on BIGINT NOT NULL, hash BYTEA NOT NULL, reason TEXT NOT NULL, arose TEXT NOT NULL,
		old_code TEXT NOT NULL, resides BOOLEAN NOT NULL, at BIGINT NOT NULL);
`)}}}
	g := &ground{t: t, store: sqlstoretest.Open(t, url, sqlstore.Options{}, exchange.Schema(), reconcile.Schema(), own, received.Schema)}
	below := func(o message.Org) bool { return o.Role() == message.Municipality }
	none := func(context.Context, *sqlstore.Tx, exchange.Delivery, message.Snapshot, message.Payload) ([]message.Out, error) {
		return nil, nil
	}
	g.tables = []reconcile.Table{
		received.ResidentsBook(below, center, func(tx *sqlstore.Tx) received.States { return received.In(tx, g.shared()) }, none),
		received.InvalidationsBook(below, center, func(tx *sqlstore.Tx) received.Notices { return received.NoticesIn(tx, g.shared()) }, none),
	}
	var err error
	if g.books, err = reconcile.New(t.Context(), reconcile.Config{Self: nagano, Store: g.store, Peers: []message.Org{matsumoto, iida, center},
		Tables: g.tables, Secrets: reconciletest.Secrets(nagano)}); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *ground) shared() received.Shared { return received.Shared{Books: g.books, Onward: center} }

func (g *ground) update(fn func(ctx context.Context, states received.States, notices received.Notices) error) error {
	return g.store.Update(g.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return fn(ctx, received.In(tx, g.shared()), received.NoticesIn(tx, g.shared()))
	})
}

func (g *ground) must(fn func(ctx context.Context, states received.States, notices received.Notices) error) {
	g.t.Helper()
	if err := g.update(fn); err != nil {
		g.t.Fatal(err)
	}
}

func (g *ground) exec(query string, args ...any) {
	g.t.Helper()
	if err := g.store.Update(g.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
		g.t.Fatal(err)
	}
}

func (g *ground) count(what string, want int64) {
	g.t.Helper()
	var n int64
	if err := g.store.View(g.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM `+what).Scan(&n)
	}); err != nil {
		g.t.Fatal(err)
	}
	if n != want {
		g.t.Errorf("%s: %d rows, want %d", what, n, want)
	}
}

// holds fails unless the books with these peers are what the messages leave.
func (g *ground) holds(table int, peers []message.Org, left ...message.Payload) {
	g.t.Helper()
	want := reconciletest.Told(g.tables[table].Book, left...)
	for _, p := range peers {
		if held := reconciletest.Held(g.t, g.store, g.tables[table], p); !maps.Equal(held, want) {
			g.t.Errorf("the book %s with %s holds %x, want %x", g.tables[table].Book, p, held, want)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// state is a state of a resident of Matsumoto.
func state(code uint64, version resident.Version, reason resident.ChangeReason, edit ...func(*resident.IdentificationInfo)) resident.IdentificationInfo {
	i := resident.IdentificationInfo{Code: resident.RecordCodeOf(code), Version: version, Change: resident.ChangeInfo{Reason: reason, Arose: day},
		BasicFour: resident.BasicFour{Name: must(resident.ParseName("name", "松本　花子")), Birth: must(resident.ParsePartialDate("birth", "1980-05-01")),
			Sex: resident.Female, Address: must(resident.ParseAddress("address", "長野県松本市丸の内3番7号"))},
		Municipality: must(resident.ParseMunicipalityCode("municipality", "202029"))}
	for _, e := range edit {
		e(&i)
	}
	return i
}

func formerly(code uint64) func(*resident.IdentificationInfo) {
	return func(i *resident.IdentificationInfo) { i.Change.OldCode = resident.RecordCodeOf(code) }
}

func change(i resident.IdentificationInfo) message.ResidentChange {
	return message.ResidentChange{After: i}
}

// take takes the snapshot of a key that carries a state; the zero state for nothing.
func (g *ground) take(from message.Org, code uint64, i resident.IdentificationInfo) (taken received.Taken, err error) {
	g.t.Helper()
	var carried *message.ResidentChange
	var p message.Payload
	if i.Version > 0 {
		n := change(i)
		carried, p = &n, n
	}
	n := must(message.SnapshotOf(message.Residents, resident.RecordCodeOf(code).Reveal(), p, string(from)+"/1"))
	err = g.update(func(ctx context.Context, states received.States, _ received.Notices) (err error) {
		taken, err = states.Take(ctx, side, from, n, carried)
		return err
	})
	return taken, err
}

func TestOutOfForce(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		g := newGround(t, url)
		a, b := state(1, 3, resident.MoveWithin), state(2, 1, resident.Birth)
		g.must(func(_ context.Context, states received.States, _ received.Notices) error {
			states.PutFirst(a, matsumoto)
			states.PutFirst(b, matsumoto)
			return nil
		})
		for i, want := range []bool{true, false} { // once more is the same as once
			if taken, err := g.take(matsumoto, 1, resident.IdentificationInfo{}); err != nil || taken.Changed != want || want && taken.Held.Hash != a.StateHash() {
				t.Errorf("time %d: %+v, %v", i, taken, err)
			}
		}
		if taken, err := g.take(iida, 2, resident.IdentificationInfo{}); err != nil || taken.Changed {
			t.Errorf("somebody else's record: %+v, %v", taken, err)
		}
		g.holds(0, []message.Org{matsumoto, center}, change(b))
		g.holds(0, []message.Org{iida})
		// What stood there is evidence, whole.
		g.count(`resident WHERE code = '`+a.Code.Reveal()+`'`, 0)
		g.count(`resident_struck WHERE code = '`+a.Code.Reveal()+`' AND version = 3 AND case_ref = 'municipality-202029/1' AND told_by = 'municipality-202029' AND resides`, 1)
		// The code is free: nothing takes what was struck for a record.
		g.must(func(ctx context.Context, states received.States, _ received.Notices) error {
			held, err := states.Standing(ctx, a.Code)
			if held != nil {
				t.Error("it is still held")
			}
			return err
		})
	})
}

func TestSnapshotReplaces(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		g := newGround(t, url)
		old, lost, now := state(1, 1, resident.Birth), state(1, 2, resident.MoveWithin), state(1, 4, resident.MoveWithin)
		g.must(func(_ context.Context, states received.States, _ received.Notices) error {
			states.PutFirst(old, matsumoto)
			return nil
		})
		taken, err := g.take(matsumoto, 1, now)
		if err != nil || !taken.Changed || taken.Held.Hash != old.StateHash() || taken.Was != now.Code {
			t.Fatalf("%+v, %v", taken, err)
		}
		if taken, err = g.take(matsumoto, 1, now); err != nil || taken.Changed {
			t.Errorf("a second time: %+v, %v", taken, err)
		}
		g.holds(0, []message.Org{matsumoto, center}, change(now))
		g.count(`resident_struck WHERE version = 1`, 1)
		g.must(func(ctx context.Context, states received.States, _ received.Notices) error {
			held := must(states.Standing(ctx, now.Code))
			// A change that was lost on the way, and comes after all, has nothing left to say.
			if done, err := side.Follows(held, message.ResidentChange{After: lost, Before: old.StateHash()}); !done || err != nil {
				t.Errorf("a change between: done %v, %v", done, err)
			}
			next := state(1, 5, resident.MinorAmendment)
			if done, err := side.Follows(held, message.ResidentChange{After: next, Before: now.StateHash()}); done || err != nil {
				t.Errorf("the next change: done %v, %v", done, err)
			}
			return nil
		})
		// A register that was restored from a backup has an older state, and it is the source.
		if taken, err = g.take(matsumoto, 1, lost); err != nil || !taken.Changed {
			t.Fatalf("%+v, %v", taken, err)
		}
		g.holds(0, []message.Org{matsumoto, center}, change(lost))
		// A deleted state leaves the book and stays in the table, for who comes back.
		if taken, err = g.take(matsumoto, 1, state(1, 6, resident.MoveOut)); err != nil || !taken.Changed {
			t.Fatalf("%+v, %v", taken, err)
		}
		g.holds(0, []message.Org{matsumoto, center})
		g.count(`resident WHERE NOT resides`, 1)
	})
}

func TestSnapshotMendsARowThatCannotBeRead(t *testing.T) {
	for _, damage := range []string{`birth = 'never'`, `hash = X'00'`, `name = 'だれか'`, `reason = 'no reason'`, `version = 0`, `resides = FALSE`, `municipality = ''`} {
		t.Run(damage, func(t *testing.T) {
			g := newGround(t, "memory:")
			a := state(1, 2, resident.MoveWithin)
			g.must(func(_ context.Context, states received.States, _ received.Notices) error {
				states.PutFirst(a, matsumoto)
				return nil
			})
			g.exec(`UPDATE resident SET ` + damage)
			if taken, err := g.take(matsumoto, 1, a); err != nil || !taken.Changed {
				t.Fatalf("%+v, %v", taken, err)
			}
			g.holds(0, []message.Org{matsumoto, center}, change(a))
			g.count(`resident_struck WHERE `+damage, 1)
		})
	}
}

// TestDamagedRowIsAGap: a change finds a row that cannot be read. It can follow nothing until it builds on nothing.
func TestDamagedRowIsAGap(t *testing.T) {
	g := newGround(t, "memory:")
	a, b := state(1, 1, resident.Birth), state(1, 2, resident.MoveWithin)
	g.must(func(_ context.Context, states received.States, _ received.Notices) error {
		states.PutFirst(a, matsumoto)
		return nil
	})
	g.exec(`UPDATE resident SET hash = X'00'`)
	follow := func(from message.Org, before resident.StateHash) error {
		return g.update(func(ctx context.Context, states received.States, _ received.Notices) error {
			n := message.ResidentChange{After: b, Before: before}
			held, err := states.Held(ctx, exchange.Delivery{ID: message.ID{Sender: from}}, n)
			if err != nil {
				return err
			}
			if _, err := side.Follows(held, n); err != nil {
				return err
			}
			states.PutFirst(n.After, from)
			return nil
		})
	}
	for _, c := range []struct {
		from   message.Org
		before resident.StateHash
		code   string
	}{{iida, resident.StateHash{}, "damaged-record"}, {matsumoto, a.StateHash(), "gap"}, {matsumoto, resident.StateHash{}, ""}} {
		var refused *exchange.Rejected
		if err := follow(c.from, c.before); errors.As(err, &refused) != (c.code != "") || refused != nil && refused.Code != c.code {
			t.Errorf("a change of %s: %v, want %q", c.from, err, c.code)
		}
	}
	g.holds(0, []message.Org{matsumoto, center}, change(b))
	g.count(`resident_struck WHERE version = 1`, 1)
}

// TestPutIntoForceByHand: who told of a deleted record that somebody put into force again loses the entry of it when its
// holder comes to another municipality.
func TestPutIntoForceByHand(t *testing.T) {
	g := newGround(t, "memory:")
	left, came := state(1, 2, resident.MoveOut), state(1, 3, resident.MoveIn)
	g.must(func(_ context.Context, states received.States, _ received.Notices) error {
		states.PutFirst(left, matsumoto)
		return nil
	})
	g.exec(`UPDATE resident SET resides = TRUE`)
	if err := g.store.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error { // as the self-audit does
		for _, peer := range []message.Org{matsumoto, center} {
			g.books.Set(tx, message.Residents, peer, left.Code.Reveal(), message.EntryValue(message.Residents, "unreadable"))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	g.must(func(ctx context.Context, states received.States, _ received.Notices) error {
		return states.Put(ctx, left.Code, *must(states.Standing(ctx, left.Code)), came, iida)
	})
	g.holds(0, []message.Org{matsumoto})
	g.holds(0, []message.Org{iida, center}, change(came))
}

func TestSnapshotOfSomebodyElsesResident(t *testing.T) {
	in := func(i *resident.IdentificationInfo) {
		i.Municipality = must(resident.ParseMunicipalityCode("municipality", "202053"))
	}
	for _, c := range []struct {
		name    string
		held    resident.IdentificationInfo
		by      message.Org
		said    resident.IdentificationInfo
		changed bool
		code    string
	}{
		{"resides elsewhere", state(1, 5, resident.MoveWithin, in), iida, state(1, 6, resident.MoveWithin), false, "held-elsewhere"},
		{"moved on since", state(1, 5, resident.MoveIn, in), iida, state(1, 4, resident.MoveOut), false, ""},
		{"left that one, long ago", state(1, 5, resident.MoveOut, in), iida, state(1, 5, resident.MoveWithin), false, "version-not-after"},
		{"left that one, and came", state(1, 5, resident.MoveOut, in), iida, state(1, 7, resident.MoveWithin), true, ""},
		{"left that one after", state(1, 5, resident.MoveOut, in), iida, state(1, 3, resident.MoveOut), false, ""},
		{"nobody is known to have told of it", state(1, 5, resident.MoveWithin), "", state(1, 6, resident.MoveWithin), true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGround(t, "memory:")
			g.must(func(_ context.Context, states received.States, _ received.Notices) error {
				states.PutFirst(c.held, max(c.by, matsumoto))
				return nil
			})
			g.exec(`UPDATE resident SET told_by = $1`, string(c.by))
			taken, err := g.take(matsumoto, 1, c.said)
			var refused *exchange.Rejected
			if errors.As(err, &refused) != (c.code != "") || refused != nil && refused.Code != c.code || taken.Changed != c.changed {
				t.Errorf("%+v, %v; want changed %v, %q", taken, err, c.changed, c.code)
			}
		})
	}
}

func TestAdopt(t *testing.T) {
	g := newGround(t, "memory:")
	g.must(func(_ context.Context, states received.States, _ received.Notices) error {
		states.PutFirst(state(1, 1, resident.Birth), matsumoto)
		states.PutFirst(state(2, 1, resident.Birth, func(i *resident.IdentificationInfo) {
			i.Municipality = must(resident.ParseMunicipalityCode("municipality", "202053"))
		}), matsumoto)
		return nil
	})
	g.exec(`UPDATE resident SET told_by = ''`)
	g.must(func(ctx context.Context, states received.States, _ received.Notices) error {
		return states.Adopt(ctx, func(m resident.MunicipalityCode) message.Org {
			if m.String() == matsumoto.Code() {
				return matsumoto
			}
			return ""
		})
	})
	g.count(`resident WHERE told_by = 'municipality-202029' AND code = '`+resident.RecordCodeOf(1).Reveal()+`'`, 1)
	g.count(`resident WHERE told_by = ''`, 1)
}

func TestKeeps(t *testing.T) {
	ward := must(resident.ParseMunicipalityCode("ward", "141011")) // 横浜市鶴見区
	for _, c := range []struct {
		o    message.Org
		want bool
	}{{"municipality-141003", true}, {"municipality-141305", false}, {"municipality-141011", true}, {"prefecture-14", false}, {"ca", false}} {
		if got := received.Keeps(c.o, ward, day); got != c.want {
			t.Errorf("%s keeps the register of a ward of Yokohama: %v", c.o, got)
		}
	}
}
