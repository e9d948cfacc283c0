package store_test

import (
	"bytes"
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/verify"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

func serial(t *testing.T, hex string) cert.Serial {
	t.Helper()
	s, err := cert.ParseSerial(hex)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerifications(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clock.NewVirtual(start)}, store.Schema)
		one, two := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
		revoked := store.Verification{At: start.Add(time.Second), Way: store.API, ContentHash: one, SignatureHash: two, Serial: serial(t, "4A01"),
			Profile: cert.Signature, Verdict: verify.Revoked, Reason: verify.Sentence{JA: "失効しています。", EN: "Revoked."},
			RevokedAt: start.Add(-time.Minute), Revocation: cert.AffiliationChanged, Asked: "http://127.0.0.1/ocsp", Responder: "CN=OCSP",
			ThisUpdate: start, NextUpdate: start.Add(time.Hour), Answer: []byte{0x30, 0}}
		unread := store.Verification{At: start, Way: store.Page, SignatureHash: one, Verdict: verify.Invalid,
			Reason: verify.Sentence{JA: "読めません。", EN: "It cannot be read."}}
		same := unread // at the same moment as the one before
		same.SignatureHash = two
		update(t, s, func(tx *store.Tx) error {
			tx.Keep(unread)
			tx.Keep(same)
			tx.Keep(revoked)
			return nil
		})
		list := func(f store.Filter, limit int) (found []store.Verification) {
			t.Helper()
			update(t, s, func(tx *store.Tx) (err error) { found, err = tx.Verifications(t.Context(), f, limit); return err })
			return found
		}
		all := list(store.Filter{}, 10)
		if len(all) != 3 {
			t.Fatalf("%d checks are kept", len(all))
		}
		for i, want := range []store.Verification{revoked, same, unread} {
			var got store.Verification
			var found bool
			update(t, s, func(tx *store.Tx) (err error) { got, found, err = tx.Verification(t.Context(), all[i].ID); return err })
			want.ID = all[i].ID
			if !found || !reflect.DeepEqual(got, want) {
				t.Errorf("kept %+v,\nread %+v", want, got)
			}
			want.Answer = nil // which a list does not read
			if !reflect.DeepEqual(all[i], want) {
				t.Errorf("listed %+v,\nwant %+v", all[i], want)
			}
		}
		for name, x := range map[string]struct {
			filter store.Filter
			want   []store.Verification
		}{
			"verdict":         {store.Filter{Verdict: verify.Revoked}, all[:1]},
			"serial":          {store.Filter{Serial: serial(t, "4A01")}, all[:1]},
			"another serial":  {store.Filter{Serial: serial(t, "4A02")}, nil},
			"content":         {store.Filter{Content: one}, all[:1]},
			"the next page":   {store.Filter{Before: store.Position{At: all[0].At, ID: all[0].ID}}, all[1:]},
			"within a moment": {store.Filter{Before: store.Position{At: all[1].At, ID: all[1].ID}}, all[2:]},
			"all at once":     {store.Filter{Verdict: verify.Invalid, Content: one, Before: store.Position{At: all[0].At, ID: all[0].ID}}, nil},
		} {
			if got := list(x.filter, 10); len(got) != len(x.want) || len(got) > 0 && !reflect.DeepEqual(got, x.want) {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if got := list(store.Filter{}, 2); len(got) != 2 {
			t.Errorf("%d of two", len(got))
		}
		update(t, s, func(tx *store.Tx) error {
			counts, err := tx.Counts(t.Context())
			if want := (map[verify.Verdict]int64{verify.Revoked: 1, verify.Invalid: 2}); err != nil || !reflect.DeepEqual(counts, want) {
				t.Errorf("counts %v, %v", counts, err)
			}
			_, found, err := tx.Verification(t.Context(), -1)
			if found || err != nil {
				t.Errorf("a check that was not: %v, %v", found, err)
			}
			return nil
		})
	})
}

func update(t *testing.T, s *sqlstore.Store, f func(*store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error { return f(store.In(tx)) }); err != nil {
		t.Fatal(err)
	}
}
