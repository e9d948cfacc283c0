package store_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

var noon = time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)

// fill writes n certificates of 1,500 octets each, over the municipalities of the country as they come, a tenth of them revoked.
func fill(tb testing.TB, s *sqlstore.Store, n int) {
	tb.Helper()
	places := resident.Municipalities(resident.DateOf(noon))
	der := make([]byte, 1500)
	for at := 0; at < n; at += 1000 {
		err := s.Update(tb.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			for i := at; i < min(at+1000, n); i++ {
				serial := binary.BigEndian.AppendUint64([]byte{1}, uint64(i))
				profile, state, reason, revoked := "signature", "valid", "", int64(0)
				if i%2 == 1 {
					profile = "authentication"
				}
				if i%10 == 0 {
					state, reason, revoked = "revoked", "affiliationChanged", sqlstore.Micros(noon)
				}
				tx.Collect("certificate", `serial, profile, issuer, holder, version, municipality, requester, request, key_hash, not_before, not_after,
					state, intended_at, issued_at, certificate, revoked_at, reason, since, why, revoked_by, replaces, replaces_until`,
					serial, profile, "0123456789abcdef0123456789abcdef01234567", fmt.Sprintf("%011d", i), int64(1), places[i%len(places)].Code.String(), "municipality-202029",
					fmt.Sprint("r", i), serial, noon, noon.AddDate(5, 0, 0), state, noon, noon.Add(time.Duration(i)), der, revoked, reason, "", "", "", []byte{}, int64(0))
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// TestFiguresFromTheIndex: the figures are counted without the rows, whose certificates are by far the most of the table.
func TestFiguresFromTheIndex(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{Clock: clock.NewVirtual(noon)}, store.Schema)
	fill(t, s, 100)
	var plan []string
	err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		plan, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, line *string) error {
			var a, b, c int64
			return r.Scan(&a, &b, &c, line)
		}, "EXPLAIN QUERY PLAN "+store.SelectFigures, noon, noon)
		return err
	})
	if err != nil || !strings.Contains(strings.Join(plan, "\n"), "USING COVERING INDEX certificate_figures") {
		t.Errorf("%q, %v", plan, err)
	}
}

// TestFiguresAsOf: what was issued or revoked later was not, at the moment; in both engines.
func TestFiguresAsOf(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clock.NewVirtual(noon)}, store.Schema)
		fill(t, s, 20)
		for _, c := range []struct {
			since, until                            time.Time
			issued, fresh, valid, revoked, freshRev int64
		}{
			{noon.Add(-time.Hour), noon, 0, 0, 0, 0, 0},
			{noon.Add(-time.Hour), noon.Add(time.Second), 20, 20, 18, 2, 2},
			{noon.Add(time.Second), noon.Add(time.Minute), 20, 0, 18, 2, 0},
			{noon.Add(time.Second), noon.AddDate(6, 0, 0), 20, 0, 0, 2, 0},
		} {
			err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				all, unreadable, err := store.In(tx, store.Books{}).Figures(ctx, c.since, c.until)
				got := [5]int64{}
				for _, f := range all {
					for i, n := range []int64{f.Issued, f.Fresh, f.Valid, f.Revoked, f.RevokedFresh} {
						got[i] += n
					}
				}
				if want := [5]int64{c.issued, c.fresh, c.valid, c.revoked, c.freshRev}; got != want || unreadable != 0 {
					t.Errorf("from %s to %s: %v, want %v, %d unreadable", c.since, c.until, got, want, unreadable)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestListsWaiting: full lists and delta lists wait alike, and nothing else does.
func TestListsWaiting(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clock.NewVirtual(noon)}, store.Schema)
		err := s.Update(t.Context(), func(ctx context.Context, plainTx *sqlstore.Tx) error {
			tx := store.In(plainTx, store.Books{})
			for id, i := range []store.Intent{{Kind: store.RevocationList, Subject: "131211"}, {Kind: store.DeltaList, Subject: "202029"}, {Kind: store.DeltaList, Subject: "202053"}, {Kind: store.UserCertificate, Subject: "2020"}} {
				i.ID, i.TBS, i.Number = int64(id+1), []byte{}, int64(id+1)
				tx.PutIntent(i)
			}
			if err := tx.Flush(ctx); err != nil {
				return err
			}
			got, err := tx.ListsWaiting(ctx)
			slices.SortFunc(got, func(a, b store.Waiting) int { return int(a.Prefecture) - int(b.Prefecture) })
			if want := []store.Waiting{{Prefecture: 13, N: 1, Oldest: noon}, {Prefecture: 20, N: 2, Oldest: noon}}; !slices.Equal(got, want) {
				t.Errorf("%+v, want %+v", got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// BenchmarkFigures counts 100,000 certificates of the whole country, as the close of a day does.
func BenchmarkFigures(b *testing.B) {
	s := sqlstoretest.Open(b, sqlstoretest.SQLite(b), sqlstore.Options{Clock: clock.NewVirtual(noon)}, store.Schema)
	fill(b, s, 100_000)
	for b.Loop() {
		err := s.View(b.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, _, err := store.In(tx, store.Books{}).Figures(ctx, noon, noon.Add(time.Hour))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
