package sqlstore_test

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

func schema(files ...string) sqlstore.Schema {
	m := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return sqlstore.Schema{Name: "m", FS: m}
}

const (
	one   = "CREATE TABLE one(k BIGINT NOT NULL PRIMARY KEY);\n"
	two   = "-- a comment with a word; and a semicolon\nCREATE TABLE two(k BIGINT NOT NULL PRIMARY KEY);\n\nINSERT INTO two(k) VALUES (1);"
	three = "-- sqlite only\nINSERT INTO two(k) VALUES (100);\n-- postgres only\nINSERT INTO two(k) VALUES (200);\nINSERT INTO two(k) VALUES (3);\n"
)

func TestMigrations(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		open := func(s sqlstore.Schema) (sum int64, err error) {
			t.Helper()
			store, err := sqlstore.Open(t.Context(), url, sqlstore.Options{}, s)
			if err != nil {
				return 0, err
			}
			defer store.Close()
			err = store.View(t.Context(), func(c ctx, x tx) error {
				if err := x.QueryRow(c, "SELECT count(*) FROM sqlstore_migration").Scan(&sum); err != nil || sum < 2 {
					return err
				}
				return x.QueryRow(c, "SELECT CAST(sum(k) AS BIGINT) FROM two").Scan(&sum)
			})
			return sum, err
		}
		refused := func(s sqlstore.Schema, says string) {
			t.Helper()
			_, err := open(s)
			if _, ok := plain.AsProblems(err); err == nil || !strings.Contains(err.Error(), says) || (says > "z") != ok {
				t.Errorf("got %v, want a sentence with %q", err, says)
			}
		}
		if n, err := open(schema("0001_one.sql", one)); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		// A migration that fails leaves nothing of itself.
		if _, err := open(schema("0001_one.sql", one, "0002_two.sql", two+"\nINSERT INTO nowhere(k) VALUES (1);\n")); err == nil {
			t.Fatal("a broken migration was applied")
		}
		if n, err := open(schema("0001_one.sql", one, "0002_two.sql", two)); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		full := []string{"0001_one.sql", one, "0002_two.sql", two, "0003_three.sql", three,
			"0004_four.sqlite.sql", "INSERT INTO two(k) VALUES (1000);\n", "0004_four.postgres.sql", "INSERT INTO two(k) VALUES (2000);\n"}
		for range 2 { // the second time nothing is left to do
			n, err := open(schema(full...))
			want := int64(1 + 3 + 100 + 1000)
			if strings.HasPrefix(url, "postgres") {
				want = 1 + 3 + 200 + 2000
			}
			if err != nil || n != want {
				t.Fatal(n, want, err)
			}
		}
		refused(schema("0001_one.sql", one, "0002_two.sql", two), "より新しい版")
		edited := append([]string(nil), full...)
		edited[3] += "-- edited\n"
		refused(schema(edited...), "書き換えられています")
		refused(schema("0001_one.sql", one, "0003_three.sql", three), "where number 0002 should be")
		refused(schema("0001_one.sql", one, "0001_two.sql", two), "where number 0002 should be")
		refused(schema("1_one.sql", one), "is not named")
	})
}

// Several processes of an organisation may start at the same moment on one PostgreSQL schema.
func TestMigrationsAtTheSameTime(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		url := sqlstoretest.Postgres(t)
		var wg sync.WaitGroup
		serials := make([]int64, 4)
		for i := range serials {
			wg.Go(func() {
				s, err := sqlstore.Open(t.Context(), url, sqlstore.Options{}, schema("0001_one.sql", one, "0002_two.sql", two))
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				err = s.Update(t.Context(), func(c ctx, x tx) error {
					serials[i] = x.Serial()
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		seen := map[int64]bool{}
		for _, n := range serials {
			if seen[n] {
				t.Errorf("serial %d was given twice", n)
			}
			seen[n] = true
		}
	})
}
