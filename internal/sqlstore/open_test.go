package sqlstore_test

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

func TestSecondOpenerIsRefused(t *testing.T) {
	url := sqlstoretest.SQLite(t)
	s, err := sqlstore.Open(t.Context(), url, sqlstore.Options{}, testSchema)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlstore.Open(t.Context(), url, sqlstore.Options{}, testSchema); err == nil || !strings.Contains(err.Error(), "別のプロセス") || !strings.Contains(err.Error(), "PostgreSQLを使って") {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
}

func TestClose(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s, err := sqlstore.Open(t.Context(), url, sqlstore.Options{}, testSchema)
		if err != nil {
			t.Fatal(err)
		}
		closed := make(chan error, 1)
		err = s.Update(t.Context(), func(c ctx, x tx) error {
			go func() { closed <- s.Close() }()
			for range 1000 {
				runtime.Gosched() // lets Close come first if it does not wait
			}
			if len(closed) > 0 {
				t.Error("closed under an open transaction")
			}
			return put(c, x, 1, "a")
		})
		if err := errors.Join(err, <-closed, s.Close()); err != nil {
			t.Error(err)
		}
		for name, run := range map[string]func(ctx, func(ctx, tx) error) error{"update": s.Update, "view": s.View} {
			if err := run(t.Context(), func(ctx, tx) error { return nil }); !errors.Is(err, sqlstore.ErrClosed) {
				t.Errorf("%s after close: %v", name, err)
			}
		}
	})
}

// TestBeside: two Stores on one database in memory are what two processes on one PostgreSQL schema are: rows are shared, and nothing else.
func TestBeside(t *testing.T) {
	one := sqlstoretest.Open(t, "memory:", sqlstore.Options{}, testSchema)
	other, err := sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Beside: one}, testSchema)
	if err != nil {
		t.Fatal(err)
	}
	serials := map[int64]bool{}
	for i, s := range []*sqlstore.Store{one, other} {
		if err := s.Update(t.Context(), func(c ctx, x tx) error {
			serials[x.Serial()] = true
			x.Ring("bell")
			return put(c, x, int64(i), "a")
		}); err != nil {
			t.Fatal(err)
		}
		if rung, there := one.Bell("bell").Rung(), other.Bell("bell").Rung(); rung != (s == one) || there != (s == other) {
			t.Errorf("store %d rang: %v, %v", i, rung, there)
		}
	}
	if len(serials) != 2 {
		t.Errorf("both gave the serial number %v", serials)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if err := one.View(t.Context(), func(ctx, tx) error { return nil }); !errors.Is(err, sqlstore.ErrClosed) {
		t.Errorf("a closed Store whose database is still open: %v", err)
	}
	var n int64
	if err := other.View(t.Context(), func(c ctx, x tx) error { return x.QueryRow(c, "SELECT count(*) FROM item").Scan(&n) }); err != nil || n != 2 {
		t.Errorf("the other sees %d rows: %v", n, err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Beside: one}, testSchema); !errors.Is(err, sqlstore.ErrClosed) {
		t.Errorf("beside a closed one: %v", err)
	}
	if _, err := sqlstore.Open(t.Context(), sqlstoretest.SQLite(t), sqlstore.Options{Beside: other}, testSchema); err == nil {
		t.Error("a file was opened beside a database in memory")
	}
}

func TestBackup(t *testing.T) {
	for _, url := range []string{sqlstoretest.SQLite(t), "memory:"} {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 1, "a") }); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "name with ? and #.db")
		if err := s.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if err := s.Backup(t.Context(), path); err == nil || !strings.Contains(err.Error(), "exists already") {
			t.Errorf("overwrote a backup: %v", err)
		}
		if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 2, "b") }); err != nil {
			t.Fatal(err)
		}
		copied := sqlstoretest.Open(t, "sqlite:"+path, sqlstore.Options{}, testSchema)
		if got := items(t, copied); len(got) != 1 || got[1] != "a" {
			t.Errorf("the copy holds %v", got)
		}
	}
}

func TestUnknownURLIsRefusedWithoutQuotingIt(t *testing.T) {
	_, err := sqlstore.Open(t.Context(), "mysql://akashi:secret@host/db", sqlstore.Options{})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
