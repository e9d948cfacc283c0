package prefecture_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// few makes a country for each of a few checks, always the same, unless all are wanted: the long run looks for new stories.
func few(t *testing.T) {
	if os.Getenv("AKASHI_FULL") != "" {
		return
	}
	for name, value := range map[string]string{"rapid.checks": "20", "rapid.seed": "1"} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			if err := f.Value.Set(value); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestBooks: whatever municipalities tell, lose and tell twice, and whatever snapshots they send between, what the tables
// say, what was written into the books, and what the center was told are the same.
func TestBooks(t *testing.T) {
	few(t)
	rapid.Check(t, func(r *rapid.T) {
		l := newLand(t, r)
		actions := l.actions()
		actions[""] = func(*rapid.T) { l.agrees() }
		r.Repeat(actions)
		l.mend()
		l.agrees()
	})
}

// TestSnapshotsMend: whatever else somebody did behind the program's back, when each municipality has sent a snapshot of
// every key on which the two differ, the prefecture holds what they hold, and no more.
func TestSnapshotsMend(t *testing.T) {
	few(t)
	rapid.Check(t, func(r *rapid.T) {
		l := newLand(t, r)
		actions := l.actions()
		row := func(r *rapid.T) string {
			return fmt.Sprintf("(SELECT code FROM resident ORDER BY code LIMIT 1 OFFSET %d)", rapid.IntRange(0, 3).Draw(r, "row"))
		}
		actions["delete a row"] = func(r *rapid.T) { l.tamper(`DELETE FROM resident WHERE code = ` + row(r)) }
		actions["change a row"] = func(r *rapid.T) {
			what := rapid.SampledFrom([]string{`address = 'どこか'`, `version = version + 1`, `version = 0`, `resides = NOT resides`, `birth = 'unreadable'`, `reason = ''`,
				`hash = X'00'`, `name = ''`, `told_by = 'municipality-202053'`}).Draw(r, "what")
			l.tamper(`UPDATE resident SET ` + what + ` WHERE code = ` + row(r))
		}
		actions["double a row"] = func(r *rapid.T) {
			l.tamper(fmt.Sprintf(`INSERT INTO resident SELECT '%s', name, birth, sex, address, common_name, number, municipality, version, built_on, hash, reason, arose,
				old_code, resides, at, told_by, name_key, common_key FROM resident WHERE code = %s ON CONFLICT DO NOTHING`, resident.RecordCodeOf(rapid.Uint64Range(900, 903).Draw(r, "code")).Reveal(), row(r)))
		}
		actions["lose notices"] = func(*rapid.T) {
			l.tamper(`DELETE FROM invalidation_notice WHERE version = (SELECT MAX(version) FROM invalidation_notice)`)
		}
		actions["change notices"] = func(r *rapid.T) {
			l.tamper(`UPDATE invalidation_notice SET ` + rapid.SampledFrom([]string{`since = 'never'`, `signature = FALSE`, `since = '2001-01-01'`}).Draw(r, "what") +
				` WHERE version = (SELECT MIN(version) FROM invalidation_notice)`)
		}
		actions["forge a notice"] = func(*rapid.T) {
			l.tamper(`INSERT INTO invalidation_notice SELECT told_by, code, 77, signature, authentication, card, reason, since, at FROM invalidation_notice LIMIT 1 ON CONFLICT DO NOTHING`)
		}
		r.Repeat(actions)
		l.mend()
	})
}

// TestSnapshotGoesOn: what a snapshot changed is told to the center in the form in which the center can follow it.
func TestSnapshotGoesOn(t *testing.T) {
	a := newPerson(t, 1, "松本　花子")
	first := a.change(resident.MoveIn)
	second := a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
	b := *a
	third := b.change(resident.MinorAmendment)
	left := a.change(resident.MoveOut)
	again := a.change(resident.MoveWithin) // of a stay of which the prefecture knows nothing
	recoded := a.change(resident.CodeChangeRequested, func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(7) })
	snapshot := func(key resident.RecordCode, state message.Payload, of string) message.Snapshot {
		return must(message.SnapshotOf(message.Residents, key.Reveal(), state, of))
	}
	code := first.After.Code
	for _, c := range []struct {
		name string
		held []message.ResidentChange
		said message.Snapshot
		on   []message.Payload
	}{
		{"nothing was held", nil, snapshot(code, second, "x/1"), []message.Payload{message.ResidentChange{After: second.After}}},
		{"the same", []message.ResidentChange{first}, snapshot(code, first, "x/1"), nil},
		{"a later state", []message.ResidentChange{first}, snapshot(code, second, "x/1"), []message.Payload{second}},
		{"an earlier state", []message.ResidentChange{first, second}, snapshot(code, first, "x/1"), []message.Payload{snapshot(code, first, "")}},
		{"one between", []message.ResidentChange{first, {After: third.After, Before: first.After.StateHash()}}, snapshot(code, second, "x/1"), []message.Payload{snapshot(code, second, "")}},
		{"the end", []message.ResidentChange{first}, snapshot(code, left, "x/1"), []message.Payload{message.ResidentChange{After: left.After, Before: first.After.StateHash()}}},
		{"a state after the end", []message.ResidentChange{first, second, left}, snapshot(code, again, "x/1"), []message.Payload{snapshot(code, again, "")}},
		{"a change of code, of the new one", []message.ResidentChange{first}, snapshot(recoded.After.Code, recoded, "x/1"),
			[]message.Payload{message.ResidentChange{After: recoded.After, Before: first.After.StateHash()}}},
		{"a change of code, of the old one", []message.ResidentChange{first}, snapshot(code, recoded, "x/1"), []message.Payload{snapshot(code, recoded, "")}},
		{"not there any more", []message.ResidentChange{first}, snapshot(code, nil, "x/1"), []message.Payload{snapshot(code, nil, "")}},
		{"never there", nil, snapshot(code, nil, "x/1"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newCountry(t, "memory:")
			var outs []message.Out
			take := func(p message.Payload) {
				if err := l.nagano.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
					outs, err = l.nagano.Take(ctx, tx, exchange.Delivery{ID: message.ID{Sender: matsumoto, Seq: 1}, CreatedAt: tx.Now()}, p)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			for _, n := range c.held {
				take(n)
			}
			take(c.said)
			var on []message.Payload
			for _, o := range outs {
				on = append(on, o.Body)
			}
			if !reflect.DeepEqual(on, c.on) {
				t.Errorf("the center is told %+v, want %+v", on, c.on)
			}
		})
	}
}

// TestCodeGivenUpBeforeTheLeaving: somebody leaves Iida, comes to Matsumoto, whose entry waits for the leaving, and changes the code there; the leaving and the
// change are lost. Matsumoto's snapshot of the new code gives up a code that is Iida's resident's as far as the prefecture
// knows. It waits until Iida has said that the person left: told before, the center would hold nothing under the old
// code, of which the prefecture's book says that it does, and Iida's leaving would follow nothing there.
func TestCodeGivenUpBeforeTheLeaving(t *testing.T) {
	l := newCountry(t, "memory:")
	seq, told := uint64(0), []message.Payload(nil)
	take := func(from message.Org, p message.Payload) string {
		t.Helper()
		seq++
		var outs []message.Out
		err := l.nagano.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			outs, err = l.nagano.Take(ctx, tx, exchange.Delivery{ID: message.ID{Sender: from, Seq: seq}, CreatedAt: tx.Now()}, p)
			return err
		})
		refused := (*exchange.Rejected)(nil)
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		for _, o := range outs {
			told = append(told, o.Body)
		}
		if held, said := reconciletest.Held(t, l.nagano.Store, l.nagano.Tables()[0], theCenter), reconciletest.Told(message.Residents, told...); !maps.Equal(held, said) {
			t.Errorf("after message %d the prefecture holds %x, and told the center %x", seq, held, said)
		}
		if refused != nil {
			return refused.Code
		}
		return ""
	}
	a := newPerson(t, 1, "飯田　花子")
	entry := a.change(resident.Birth, in("202053", "長野県飯田市大久保町2534番地"))
	left := a.change(resident.MoveOut)
	a.last = resident.StateHash{}
	came := a.change(resident.MoveIn, in("202029", "長野県松本市丸の内3番7号"))
	recoded := a.change(resident.CodeChangeRequested, func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(7) })
	now := must(message.SnapshotOf(message.Residents, recoded.After.Code.Reveal(), recoded, "municipality-202029/1"))
	for i, step := range []struct {
		from message.Org
		p    message.Payload
		code string
	}{
		{iida, entry, ""}, {matsumoto, came, "awaits-another"}, {matsumoto, now, "held-elsewhere"},
		{iida, left, ""}, {matsumoto, now, ""}, {matsumoto, now, ""},
	} {
		if code := take(step.from, step.p); code != step.code {
			t.Errorf("message %d, %s of %s: %q, want %q", i+1, step.p.Kind(), step.from, code, step.code)
		}
	}
	now.Case = ""
	if want := []message.Payload{entry, left, now}; !reflect.DeepEqual(told, want) {
		t.Errorf("the center was told %+v, want %+v", told, want)
	}
}
