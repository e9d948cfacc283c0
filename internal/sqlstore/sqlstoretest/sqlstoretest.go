// Package sqlstoretest runs a test on each database engine (両方のデータベースで同じ試験) and makes commits fail on request.
//
// SQLite is always there. PostgreSQL is used when AKASHI_TEST_POSTGRES holds the postgres:// URL of a role that may create
// schemas; otherwise the test shows a skipped subtest, so that nobody takes half the test for the whole.
package sqlstoretest

import (
	"context"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Env is the environment variable that names the PostgreSQL server for tests.
const Env = "AKASHI_TEST_POSTGRES"

// Both runs test as the subtests "sqlite" and "postgres", each with the URL of an empty database for sqlstore.Open. On
// PostgreSQL that is a fresh schema, which is dropped at the end.
func Both(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// Each is Both in the long run (AKASHI_FULL=1). In the short one it leaves PostgreSQL out of three tests in four, as their names fall: that
// half of a test takes four times as long as the other.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	if os.Getenv("AKASHI_FULL") != "" || crc32.ChecksumIEEE([]byte(t.Name()))%4 == 0 {
		Both(t, test)
		return
	}
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) {
		t.Skip("NOT TESTED ON POSTGRESQL IN THIS RUN, which takes every fourth of these tests there: AKASHI_FULL=1 runs it")
	})
}

// SQLite returns the URL of a database in a directory of the test.
func SQLite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") }

// Postgres returns the URL of a fresh schema, or skips the test when no server was named.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Env)
	if server == "" {
		t.Skipf("not tested on PostgreSQL: %s is not set to a postgres:// URL", Env)
	}
	fresh, drop, err := sqlstore.Scratch(t.Context(), server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	t.Cleanup(func() {
		// The test's own context has ended.
		if err := drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return fresh
}

// Open opens a store and closes it at the end of the test.
func Open(t testing.TB, url string, opt sqlstore.Options, schemas ...sqlstore.Schema) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), url, opt, schemas...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ErrInjected is the error of a commit that Faults made fail.
var ErrInjected = errors.New("injected fault")

// Faults is a sqlstore.Faults that fails the next commits as told. The zero Faults lets all commits pass.
type Faults struct {
	mu            sync.Mutex
	before, after int
}

// FailNext makes the next n commits fail: nothing is applied.
func (f *Faults) FailNext(n int) { f.mu.Lock(); f.before = n; f.mu.Unlock() }

// LoseNext makes the next n commits be applied and their answers be lost.
func (f *Faults) LoseNext(n int) { f.mu.Lock(); f.after = n; f.mu.Unlock() }

// BeforeCommit implements sqlstore.Faults.
func (f *Faults) BeforeCommit() error { return f.take(&f.before) }

// AfterCommit implements sqlstore.Faults.
func (f *Faults) AfterCommit() error { return f.take(&f.after) }

func (f *Faults) take(n *int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *n == 0 {
		return nil
	}
	*n--
	return ErrInjected
}
