package store

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestFromOneCA: what was written down when there was one CA is that one's, and what it was told keeps its reason.
func TestFromOneCA(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		before := fstest.MapFS{}
		for _, name := range []string{"0001_center.sql", "0002_books.sql"} {
			data, err := fs.ReadFile(Schema.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			before[name] = &fstest.MapFile{Data: data}
		}
		clk := clock.NewVirtual(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
		open := func(center sqlstore.Schema) *sqlstore.Store {
			s, err := sqlstore.Open(t.Context(), url, sqlstore.Options{Clock: clk}, center, received.Schema)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		code := resident.RecordCodeOf(1)
		s := open(sqlstore.Schema{Name: Schema.Name, FS: before})
		err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			tx.Collect("certificate", "serial, code, holder, profile, version, not_before, not_after, municipality, at, revoked_at",
				"4711", code.Reveal(), code.Reveal(), "signature", int64(1), tx.Now(), tx.Now().AddDate(5, 0, 0), "202029", tx.Now(), tx.Now())
			tx.Collect("demand", "key, serial, code, profile, version, reason, since, at",
				"4711", "4711", code.Reveal(), "signature", int64(2), resident.Death.Code(), "2026-04-01", tx.Now())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = open(Schema)
		defer s.Close()
		err = s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			h, found, err := Holdings.With("ca").Find(ctx, tx, "4711")
			if err != nil || !found || h.ToldBy != "ca" || h.Entry().Value == (message.Hash{}) {
				t.Errorf("the certificate: %+v, %v, %v", h, found, err)
			}
			d, found, err := Demands.With("ca").Find(ctx, tx, "4711")
			if err != nil || !found || d.CA != "ca" || d.Reason != cert.CessationOfOperation || d.Why != resident.Death || d.Entry().Value == (message.Hash{}) {
				t.Errorf("the demand: %+v, %v, %v", d, found, err)
			}
			if _, found, _ := Demands.With("ca-13").Find(ctx, tx, "4711"); found {
				t.Error("another CA was told too")
			}
			if after, left, err := In(tx, nil).Unsettled(ctx); err != nil || !left || after != "" {
				t.Errorf("to be gone through from %q, %v, %v", after, left, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
