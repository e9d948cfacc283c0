package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// What is committed is copied out of the log while nobody commits, and so in nobody's commit.
func TestTheLogIsCopiedBesideTheCommits(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{}, testSchema)
	page := strings.Repeat("頁", 2000) // more than a page of the database
	for from := int64(0); from < 600; from += 100 {
		if err := s.Update(t.Context(), func(c ctx, t tx) error {
			for k := range int64(100) {
				if err := put(c, t, from+k, page); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-s.Copied().C():
	case <-time.After(time.Minute):
		t.Fatal("the log was not copied within a minute")
	}
	length, copied, err := s.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if copied == 0 || length < 600 {
		t.Errorf("of %d pages of the log %d were copied", length, copied)
	}
	if got := len(items(t, s)); got != 600 {
		t.Errorf("%d rows", got)
	}
}

// When nobody copies beside, the log is copied by a commit, and does not grow without end.
func TestTheLogHasAnEnd(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{}, testSchema)
	big := strings.Repeat("x", 4096*sqlstore.LogPages/4)
	for k := range int64(6) {
		if err := s.Update(t.Context(), func(c ctx, t tx) error { return put(c, t, k, big) }); err != nil {
			t.Fatal(err)
		}
	}
	length, _, err := s.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if length >= sqlstore.LogPages {
		t.Errorf("the log has %d pages", length)
	}
}
