package auditlog_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

var start = time.Date(2004, 7, 29, 9, 0, 0, 0, time.UTC)

func write(t *testing.T, s *sqlstore.Store, entries ...auditlog.Entry) error {
	t.Helper()
	return s.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
		for _, e := range entries {
			auditlog.Write(tx, e)
		}
		return nil
	})
}

func list(t *testing.T, s *sqlstore.Store, f auditlog.Filter) (all []auditlog.Record) {
	t.Helper()
	err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = auditlog.List(ctx, tx, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func details(records []auditlog.Record) (all []string) {
	for _, r := range records {
		all = append(all, r.Detail)
	}
	return all
}

func TestListFiltersAndPages(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		v := clock.NewVirtual(start)
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: v}, auditlog.Schema)
		err := write(t, s,
			auditlog.Entry{Actor: "clerk-1", Act: auditlog.ActLook, Subject: "r1", Case: "c1", Detail: "1"},
			auditlog.Entry{Actor: "clerk-1", Act: "change", Subject: "r1", Case: "c1", Detail: "2"},
			auditlog.Entry{Actor: "clerk-2", Act: auditlog.ActLook, Subject: "r2", Detail: "3"})
		if err != nil {
			t.Fatal(err)
		}
		v.Set(start.Add(time.Hour))
		if err := write(t, s, auditlog.Entry{Actor: "clerk-2", Act: auditlog.ActLook, Subject: "r1", Detail: "4"}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			f    auditlog.Filter
			want []string
		}{
			{auditlog.Filter{}, []string{"4", "3", "2", "1"}},
			{auditlog.Filter{Subject: "r1"}, []string{"4", "2", "1"}},
			{auditlog.Filter{Actor: "clerk-2"}, []string{"4", "3"}},
			{auditlog.Filter{Act: "change"}, []string{"2"}},
			{auditlog.Filter{Case: "c1", Act: auditlog.ActLook}, []string{"1"}},
			{auditlog.Filter{Since: start.Add(time.Second)}, []string{"4"}},
			{auditlog.Filter{Subject: "nobody"}, nil},
		} {
			if got := details(list(t, s, c.f)); !slices.Equal(got, c.want) {
				t.Errorf("%+v: got %v, want %v", c.f, got, c.want)
			}
		}
		var paged []string
		f := auditlog.Filter{Limit: 1}
		for {
			page := list(t, s, f)
			if len(page) == 0 {
				break
			}
			paged = append(paged, details(page)...)
			f.Before = page[0].Position
		}
		if want := []string{"4", "3", "2", "1"}; !slices.Equal(paged, want) {
			t.Errorf("pages: got %v, want %v", paged, want)
		}
		if r := list(t, s, auditlog.Filter{Act: "change"})[0]; !r.At.Equal(start) || r.Subject != "r1" || r.Actor != "clerk-1" {
			t.Errorf("got %+v", r)
		}
	})
}

func TestEntriesCannotBeChanged(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, auditlog.Schema)
		if err := write(t, s, auditlog.Entry{Actor: "a", Act: "b", Detail: "first"}); err != nil {
			t.Fatal(err)
		}
		statements := []string{"UPDATE audit SET detail='x'", "DELETE FROM audit",
			"INSERT INTO audit SELECT * FROM audit WHERE true ON CONFLICT (at, seq) DO UPDATE SET detail='x'"}
		if s.Engine() == sqlstore.Postgres {
			statements = append(statements, "TRUNCATE audit")
		} else {
			statements = append(statements, "INSERT OR REPLACE INTO audit SELECT at, seq, actor, act, subject, case_ref, 'x' FROM audit")
		}
		for _, statement := range statements {
			err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, statement)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: got %v", statement, err)
			}
		}
		if got := details(list(t, s, auditlog.Filter{})); !slices.Equal(got, []string{"first"}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestWhatCannotBeRecordedDoesNotHappen(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, auditlog.Schema)
		for _, e := range []auditlog.Entry{
			{Act: "look"}, {Actor: "a"}, {Actor: "a", Act: "b", Detail: strings.Repeat("長", 1001)},
		} {
			if err := write(t, s, auditlog.Entry{Actor: "good", Act: "good"}, e); err == nil {
				t.Errorf("%v was committed", e)
			}
		}
		failed := errors.New("the act failed")
		err := s.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
			auditlog.Write(tx, auditlog.Entry{Actor: "a", Act: "b"})
			return failed
		})
		if !errors.Is(err, failed) || len(list(t, s, auditlog.Filter{})) != 0 {
			t.Errorf("got %v and %v", err, list(t, s, auditlog.Filter{}))
		}
	})
}

func TestTheProgramsLogDoesNotNameTheSubject(t *testing.T) {
	var b bytes.Buffer
	e := auditlog.Entry{Actor: "clerk-1", Act: "look", Subject: "12345678901"}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "entry", e, "record", auditlog.Record{Entry: e})
	if strings.Contains(b.String(), "12345678901") || !strings.Contains(b.String(), "clerk-1") {
		t.Error(b.String())
	}
}
