package store

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// columnsBefore are those of a version as the first four migrations have them.
const columnsBefore = `person, version, code, name, kana, birth, sex, address, common_name, nationality, municipality,
	household, relation, became_resident, number, reason, arose, old_code, basis, place, kills, entered_at, entered_by, trace,
	before_hash, hash`

// sample is a version that could be entered.
func sample(t *testing.T) Version {
	t.Helper()
	name, err := resident.ParseName("name", "見本　花子")
	if err != nil {
		t.Fatal(err)
	}
	address, err := resident.ParseAddress("address", "長野県松本市丸の内3番7号")
	if err != nil {
		t.Fatal(err)
	}
	body, err := resident.ParseMunicipalityCode("municipality", "202029")
	if err != nil {
		t.Fatal(err)
	}
	born := resident.MustDate(1980, 4, 1)
	return Version{Person: 1, Number: 1, Basis: "law-22", EnteredAt: time.Date(2026, 4, 1, 1, 0, 0, 0, time.UTC), EnteredBy: "clerk-aoki", Trace: "t1",
		Record: resident.Record{Code: resident.RecordCodeOf(1), BasicFour: resident.BasicFour{Name: name, Birth: resident.WholeDate(born), Sex: resident.Female, Address: address},
			Municipality: body, Household: "H1", Relation: resident.Head, BecameResident: resident.MustDate(2026, 3, 30)},
		Change: resident.ChangeInfo{Reason: resident.MoveIn, Arose: resident.MustDate(2026, 3, 30)}}
}

// TestVersionsFromBefore: a version that was entered before the register kept all items is read as it was, says nothing of them,
// and versions stay append-only.
func TestVersionsFromBefore(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		before := fstest.MapFS{}
		for _, name := range []string{"0001_registry.sql", "0002_append_only.sqlite.sql", "0002_append_only.postgres.sql", "0003_books.sql", "0004_held.sql"} {
			data, err := fs.ReadFile(Schema.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			before[name] = &fstest.MapFile{Data: data}
		}
		clk := clock.NewVirtual(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
		open := func(schema sqlstore.Schema) *sqlstore.Store {
			s, err := sqlstore.Open(t.Context(), url, sqlstore.Options{Clock: clk}, schema)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		v := sample(t)
		r, hash := v.Record, v.Hash()
		s := open(sqlstore.Schema{Name: Schema.Name, FS: before})
		if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			tx.Collect("record_version", columnsBefore, int64(v.Person), int64(v.Number), r.Code.Reveal(), r.Name.Reveal(), "", r.Birth.String(), int64(r.Sex),
				r.Address.Reveal(), "", "", r.Municipality.String(), string(r.Household), r.Relation.Reveal(), r.BecameResident.String(), "", v.Change.Reason.Code(),
				v.Change.Arose.String(), "", v.Basis, "", int64(0), v.EnteredAt, v.EnteredBy, v.Trace, []byte{}, hash[:])
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = open(Schema)
		defer s.Close()
		if err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			all, err := In(tx, Books{}).Versions(ctx, v.Person)
			if err == nil && (len(all) != 1 || all[0] != v) {
				t.Errorf("read %d versions, or another one", len(all))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{"UPDATE record_version SET event = 'x'", "UPDATE record_version SET corrects = 1", "DELETE FROM record_version"} {
			err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, statement)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: got %v", statement, err)
			}
		}
	})
}

// TestEventAndCorrection: what happened and which version is corrected are read as they were entered.
func TestEventAndCorrection(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clock.NewVirtual(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))}, Schema)
		first := sample(t)
		second := first
		second.Number, second.Event, second.Corrects, second.Before = 2, "move-in-cancelled", 1, first.Hash()
		if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			if err := In(tx, Books{}).put(ctx, first, true); err != nil {
				return err
			}
			if err := tx.Flush(ctx); err != nil {
				return err
			}
			return In(tx, Books{}).put(ctx, second, false)
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			all, err := In(tx, Books{}).Versions(ctx, first.Person)
			if err == nil && (len(all) != 2 || all[0] != second || all[1] != first) {
				t.Errorf("read %d versions, or others", len(all))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
