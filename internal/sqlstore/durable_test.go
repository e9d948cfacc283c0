package sqlstore_test

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// Open must look at what the database does, not at what it was asked to do.
func TestSQLiteThatIsNotDurableIsRefused(t *testing.T) {
	for _, c := range []struct {
		pragmas []string
		refused bool
	}{
		{[]string{"journal_mode=WAL", "synchronous=FULL"}, false},
		{[]string{"journal_mode=WAL", "synchronous=NORMAL"}, true},
		{[]string{"journal_mode=WAL", "synchronous=OFF"}, true},
		{[]string{"journal_mode=MEMORY", "synchronous=FULL"}, true},
		{[]string{"encoding='UTF-16'", "journal_mode=WAL", "synchronous=FULL"}, true},
	} {
		db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "x.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, p := range c.pragmas {
			if _, err := conn.ExecContext(t.Context(), "PRAGMA "+p); err != nil {
				t.Fatal(err)
			}
		}
		err = sqlstore.AssertLite(t.Context(), conn)
		if _, said := plain.AsProblems(err); said != c.refused {
			t.Errorf("%v: got %v", c.pragmas, err)
		}
	}
	for version, want := range map[string]bool{"3.51.2": false, "3.51.3": true, "3.52.0": true, "3.9.9": false, "4.0": true, "3.51": false} {
		if got := sqlstore.AtLeast(version, 3, 51, 3); got != want {
			t.Errorf("%s: got %v", version, got)
		}
	}
}

func TestPostgresThatIsNotDurableIsRefused(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		u, err := url.Parse(sqlstoretest.Postgres(t))
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("synchronous_commit", "off")
		u.RawQuery = q.Encode()
		_, err = sqlstore.Open(t.Context(), u.String(), sqlstore.Options{})
		if _, ok := plain.AsProblems(err); !ok || !strings.Contains(err.Error(), "synchronous_commit") {
			t.Errorf("got %v", err)
		}
		q.Del("synchronous_commit")
		q.Set("search_path", "no_such_schema")
		u.RawQuery = q.Encode()
		_, err = sqlstore.Open(t.Context(), u.String(), sqlstore.Options{})
		if _, ok := plain.AsProblems(err); !ok || !strings.Contains(err.Error(), "search_path") {
			t.Errorf("got %v", err)
		}
	})
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	at := sqlstoretest.SQLite(t)
	s := sqlstoretest.Open(t, at, sqlstore.Options{}, testSchema)
	if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 1, "a") }); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(strings.TrimPrefix(at, "sqlite:") + "*")
	if err != nil || len(files) != 4 { // the database, -wal, -shm, .lock
		t.Fatal(files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}
}
