package received_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

func called(name string) func(*resident.IdentificationInfo) {
	return func(i *resident.IdentificationInfo) { i.Name = must(resident.ParseName("name", name)) }
}

func born(day string) func(*resident.IdentificationInfo) {
	return func(i *resident.IdentificationInfo) { i.Birth = must(resident.ParsePartialDate("birth", day)) }
}

func ask(name, birth string) (q resident.BasicFour) {
	if name != "" {
		q.Name = must(resident.ParseName("name", name))
	}
	if birth != "" {
		q.Birth = must(resident.ParsePartialDate("birth", birth))
	}
	return q
}

func (g *ground) put(all ...resident.IdentificationInfo) {
	g.t.Helper()
	g.must(func(_ context.Context, states received.States, _ received.Notices) error {
		for _, i := range all {
			states.PutFirst(i, matsumoto)
		}
		return nil
	})
}

func (g *ground) find(q resident.BasicFour, limit int) (f received.Found) {
	g.t.Helper()
	g.must(func(ctx context.Context, states received.States, _ received.Notices) (err error) {
		f, err = states.Find(ctx, q, limit, nil)
		return err
	})
	return f
}

func TestVariantsAreFoundAndTheClosestComesFirst(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		g := newGround(t, url)
		common := state(6, 1, resident.MoveIn, called("NGUYEN VAN A"))
		common.CommonName = must(resident.ParseName("name", "高橋　太郎"))
		g.put(state(1, 1, resident.MoveIn, called("高橋　太郎")), state(2, 1, resident.MoveIn, called("髙橋　太郎")),
			state(3, 1, resident.MoveIn, called("高橋　太郎"), born("1980-00-00")), state(4, 1, resident.MoveIn, called("高橋　太郎"), born("1990-01-01")),
			state(5, 1, resident.MoveIn, called("鈴木　一郎")), common)
		f := g.find(ask("髙橋　太郎", "1980-05-01"), 20)
		var got string
		for _, c := range f.Candidates {
			got += fmt.Sprintf("%s %v;", c.Name.Reveal(), c.Grade())
		}
		// 4 has another birth, 5 another name: one attribute each. The common name finds 6.
		if want := "髙橋　太郎 2;高橋　太郎 1;NGUYEN VAN A 1;高橋　太郎 1;"; got != want || f.More {
			t.Errorf("found %s, want %s", got, want)
		}
		address := ask("", "1980-05-01")
		address.Address = must(resident.ParseAddress("address", "長野県松本市丸の内3-7"))
		if f := g.find(address, 20); len(f.Candidates) != 4 || f.Candidates[0].Degree(resident.AttrAddress) != match.Numbered {
			t.Errorf("by birth and address: %d candidates", len(f.Candidates))
		}
		if f := g.find(ask("髙橋　太郎", "1980-05-01"), 2); len(f.Candidates) != 2 || !f.More {
			t.Errorf("%d candidates of more than 2, more: %v", len(f.Candidates), f.More)
		}
	})
}

// TestNameAndBirthFindAllWhoHaveBoth: also those of another key and of a birth that is partly unknown, and whoever else has the
// name or the birthday hides nobody.
func TestNameAndBirthFindAllWhoHaveBoth(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		g := newGround(t, url)
		var crowd []resident.IdentificationInfo
		for n := range uint64(510) {
			crowd = append(crowd, state(1000+n, 1, resident.MoveIn, called("化　太郎"), born("1950-01-01")), state(3000+n, 1, resident.MoveIn, called("鈴木　一郎")))
		}
		g.put(crowd...)
		common := state(6, 1, resident.MoveIn, called("NGUYEN VAN A"), born("1980-05-00"))
		common.CommonName = must(resident.ParseName("name", "㐶　太郎"))
		g.put(state(5001, 1, resident.MoveIn, called("㐶　太郎")), state(5002, 1, resident.MoveIn, called("化　太郎"), born("1980-00-00")),
			state(5003, 1, resident.MoveIn, called("化太郎")), state(5004, 1, resident.MoveIn, called("化　太郎"), born("0000-00-00")), common)
		f := g.find(ask("化　太郎", "1980-05-01"), 20)
		if len(f.Candidates) != 4 || f.More || f.Candidates[0].Code != resident.RecordCodeOf(5003) {
			t.Errorf("%d candidates, more: %v", len(f.Candidates), f.More)
		}
	})
}

// TestAKeyFollowsTheName: whoever changes the name is found under the new one and not under the old.
func TestAKeyFollowsTheName(t *testing.T) {
	g := newGround(t, "memory:")
	g.put(state(1, 1, resident.MoveIn, called("高橋　太郎")))
	g.must(func(ctx context.Context, states received.States, _ received.Notices) error {
		held, err := states.Standing(ctx, resident.RecordCodeOf(1))
		if err != nil {
			return err
		}
		return states.Put(ctx, resident.RecordCodeOf(1), *held, state(1, 2, resident.AmendmentExOfficio, called("渡邉　太郎")), matsumoto)
	})
	if f := g.find(ask("渡辺　太郎", "1980-05-01"), 20); len(f.Candidates) != 1 {
		t.Errorf("%d found under the new name", len(f.Candidates))
	}
	if f := g.find(ask("高橋　太郎", "1980-05-01"), 20); len(f.Candidates) != 0 {
		t.Errorf("%d found under the old name", len(f.Candidates))
	}
}

// TestADamagedRowStopsNoSearch: it is counted, and the others are found.
func TestADamagedRowStopsNoSearch(t *testing.T) {
	g := newGround(t, "memory:")
	g.put(state(1, 1, resident.MoveIn), state(2, 1, resident.MoveIn))
	g.exec(`UPDATE resident SET sex = 'x' WHERE code = $1`, resident.RecordCodeOf(1).Reveal())
	f := g.find(ask("松本　花子", "1980-05-01"), 20)
	if len(f.Candidates) != 1 || f.Unreadable == 0 {
		t.Errorf("%d found, %d unreadable", len(f.Candidates), f.Unreadable)
	}
	g.must(func(ctx context.Context, states received.States, _ received.Notices) error {
		for code, want := range map[uint64]int{1: 0, 2: 1, 3: 0} {
			if f, err := states.Known(ctx, resident.RecordCodeOf(code), ask("松本　花子", "")); err != nil || len(f.Candidates) != want || code == 1 && f.Unreadable != 1 {
				t.Errorf("code %d: %d found, %v", code, len(f.Candidates), err)
			}
		}
		return nil
	})
}

// TestOldRowsGetTheirKeys: rows of before the keys are found after a start, a damaged one is not asked for for ever.
func TestOldRowsGetTheirKeys(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		g := newGround(t, url)
		g.put(state(1, 1, resident.MoveIn, called("髙橋　太郎")), state(2, 1, resident.MoveIn))
		g.exec(`UPDATE resident SET name_key = ''`)
		g.exec(`UPDATE resident SET name = '' WHERE code = $1`, resident.RecordCodeOf(2).Reveal())
		if f := g.find(ask("高橋　太郎", "1980-05-00"), 20); len(f.Candidates) != 0 {
			t.Fatal("found without a key")
		}
		if err := received.FillKeys(t.Context(), g.store, func(tx *sqlstore.Tx) received.States { return received.In(tx, g.shared()) }); err != nil {
			t.Fatal(err)
		}
		if f := g.find(ask("高橋　太郎", "1980-05-00"), 20); len(f.Candidates) != 1 {
			t.Errorf("%d found", len(f.Candidates))
		}
		g.count(`resident WHERE name_key = ''`, 0)
	})
}
