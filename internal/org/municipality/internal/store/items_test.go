package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// whole are a Japanese national and a foreign resident with every item.
func whole(t *testing.T) (national, foreign Version) {
	national = sample(t)
	day := func(d int) resident.Date { return resident.MustDate(2001, 1, 1).AddDays(d) }
	term := func(d int) resident.Term { return resident.Term{Since: day(d), Until: day(d + 1)} }
	r := &national.Record
	r.Kana, r.Furigana = must[resident.Kana](t)(resident.ParseKana("", "ミホン　ハナ")), must[resident.Kana](t)(resident.ParseKana("", "ミホン　ハナコ"))
	r.FormerName = must[resident.FormerName](t)(resident.ParseFormerName("", "髙橋"))
	r.FamilyRegister = resident.FamilyRegister{State: resident.DomicileKnown, Domicile: r.Address, Head: r.Name}
	r.Residence = resident.Residence{Since: day(1), Notified: day(2), Earlier: must[resident.Address](t)(resident.ParseAddress("", "東京都足立区"))}
	r.Qualified = resident.Qualifications{Voter: true, Health: term(3), Elderly: term(5), Care: term(7),
		Pension: resident.Pension{Term: term(9), Kind: resident.PensionVoluntary, KindSince: day(11),
			Number: must[resident.PensionNumber](t)(resident.ParsePensionNumber("", "1234567890"))},
		Allowance: resident.Allowance{Since: resident.MonthOf(day(12)), Until: resident.MonthOf(day(60))}}
	foreign = sample(t)
	foreign.Person = 2
	f := &foreign.Record
	f.Code, f.Nationality = resident.RecordCodeOf(2), must[resident.Nationality](t)(resident.ParseNationality("", "ブラジル"))
	f.Stay = resident.Stay{Category: resident.MidToLongTerm, Status: must[resident.StayStatus](t)(resident.ParseStayStatus("", "留学")),
		Period: must[resident.StayPeriod](t)(resident.ParseStayPeriod("", "1年3月")), Until: day(13),
		Card: must[resident.StayCard](t)(resident.ParseStayCard("", "AB12345678CD")), Since: day(14)}
	return national, foreign
}

// TestItems: every item is read as it was entered; the furigana is what a person is found by; and one that was changed behind
// the program's back is not taken for what was entered.
func TestItems(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clock.NewVirtual(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))}, Schema)
		national, foreign := whole(t)
		if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			if err := In(tx, Books{}).put(ctx, national, true); err != nil {
				return err
			}
			return In(tx, Books{}).put(ctx, foreign, true)
		}); err != nil {
			t.Fatal(err)
		}
		view := func(look func(ctx context.Context, tx *Tx) error) error {
			return s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return look(ctx, In(tx, Books{})) })
		}
		if err := view(func(ctx context.Context, tx *Tx) error {
			for _, v := range []Version{national, foreign} {
				got, found, err := tx.Current(ctx, v.Person)
				if err != nil || !found || got != v {
					t.Errorf("person %s: found %v, the same %v, %v", v.Person, found, got == v, err)
				}
			}
			for kana, want := range map[string]int{"ミホンハナコ": 1, "ミホン　ハナ": 1, "ミホンタロウ": 0} {
				if found, err := tx.Search(ctx, Query{Kana: kana}, 10); err != nil || len(found) != want {
					t.Errorf("by %s %d are found, want %d, %v", kana, len(found), want, err)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		drop := "DROP TRIGGER record_version_no_update"
		if s.Engine() == sqlstore.Postgres {
			drop = "DROP TRIGGER record_version_no_change ON record_version"
		}
		if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			if _, err := tx.Exec(ctx, drop); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "UPDATE record_version SET domicile_head = '別人' WHERE person = 1")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		err := view(func(ctx context.Context, tx *Tx) error {
			_, _, err := tx.Current(ctx, national.Person)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "record hash") {
			t.Errorf("a head of the family register that nobody entered: %v", err)
		}
	})
}
