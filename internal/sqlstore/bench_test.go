package sqlstore_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

var benchSchema = sqlstore.Schema{Name: "bench", FS: fstest.MapFS{"0001_bench.sql": {Data: []byte(
	"CREATE TABLE msg(k BIGINT NOT NULL PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, c BIGINT NOT NULL, d BYTEA NOT NULL, e BIGINT NOT NULL);\n")}}}

func benchEach(b *testing.B, run func(b *testing.B, s *sqlstore.Store)) {
	open := func(b *testing.B, url string) {
		s, err := sqlstore.Open(b.Context(), url, sqlstore.Options{}, benchSchema)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		b.ResetTimer()
		run(b, s)
	}
	b.Run("sqlite", func(b *testing.B) { open(b, sqlstoretest.SQLite(b)) })
	b.Run("memory", func(b *testing.B) { open(b, "memory:") }) // what is left without the disk
	b.Run("postgres", func(b *testing.B) {
		if os.Getenv(sqlstoretest.Env) == "" {
			b.Skip(sqlstoretest.Env + " is not set")
		}
		open(b, sqlstoretest.Postgres(b))
	})
}

const insertMsg = "INSERT INTO msg(k, a, b, c, d, e) VALUES ($1, $2, $3, $4, $5, $6)"

// BenchmarkUpdate is one durable transaction of one row per operation.
func BenchmarkUpdate(b *testing.B) {
	data := make([]byte, 200)
	for _, parallel := range []int{1, 8} {
		b.Run(fmt.Sprint("callers=", parallel), func(b *testing.B) {
			benchEach(b, func(b *testing.B, s *sqlstore.Store) {
				var n atomic.Int64
				b.SetParallelism((parallel + 1) / 2)
				one := func() {
					err := s.Update(b.Context(), func(c ctx, x tx) error {
						_, err := x.Exec(c, insertMsg, n.Add(1), "stream", "key", int64(7), data, x.Now())
						return err
					})
					if err != nil {
						b.Error(err)
					}
				}
				if parallel == 1 {
					for b.Loop() {
						one()
					}
				} else {
					b.RunParallel(func(p *testing.PB) {
						for p.Next() {
							one()
						}
					})
				}
				b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "tx/s")
			})
		})
	}
}

// BenchmarkBatch is one durable transaction of 100 rows per operation, one by one and collected.
func BenchmarkBatch(b *testing.B) {
	data := make([]byte, 200)
	for _, how := range []string{"exec", "collect"} {
		b.Run(how, func(b *testing.B) {
			benchEach(b, func(b *testing.B, s *sqlstore.Store) {
				k := int64(0)
				for b.Loop() {
					err := s.Update(b.Context(), func(c ctx, x tx) error {
						for range 100 {
							k++
							if how == "collect" {
								x.Collect("msg", "k, a, b, c, d, e", k, "stream", "key", int64(7), data, x.Now())
							} else if _, err := x.Exec(c, insertMsg, k, "stream", "key", int64(7), data, x.Now()); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(k)/b.Elapsed().Seconds(), "rows/s")
			})
		})
	}
}

// BenchmarkChunk looks for the number of parameters at which a multi-row INSERT is cheapest on SQLite.
func BenchmarkChunk(b *testing.B) {
	data := make([]byte, 200)
	for _, n := range []int{6, 12, 24, 48, 96, 192, 384, 768, 6 * 512} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			defer sqlstore.SetSQLiteChunk(sqlstore.SetSQLiteChunk(n))
			s := sqlstoretest.Open(b, "memory:", sqlstore.Options{}, benchSchema)
			k := int64(0)
			for b.Loop() {
				err := s.Update(b.Context(), func(c ctx, x tx) error {
					for range 512 {
						k++
						x.Collect("msg", "k, a, b, c, d, e", k, "stream", "key", int64(7), data, x.Now())
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(k)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkRead is one View with one lookup by key per operation.
func BenchmarkRead(b *testing.B) {
	benchEach(b, func(b *testing.B, s *sqlstore.Store) {
		err := s.Update(b.Context(), func(_ ctx, x tx) error {
			for k := range int64(10_000) {
				x.Collect("msg", "k, a, b, c, d, e", k, "stream", "key", int64(7), []byte("data"), x.Now())
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		i := int64(0)
		for b.Loop() {
			i = (i + 7919) % 10_000
			err := s.View(b.Context(), func(c ctx, x tx) error {
				var a string
				return x.QueryRow(c, "SELECT a FROM msg WHERE k = $1", i).Scan(&a)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "views/s")
	})
}

// BenchmarkStatement is one INSERT per operation in one transaction, with its statement kept or compiled anew.
func BenchmarkStatement(b *testing.B) {
	data := make([]byte, 200)
	for _, kept := range []bool{true, false} {
		b.Run(fmt.Sprint("kept=", kept), func(b *testing.B) {
			s := sqlstoretest.Open(b, "memory:", sqlstore.Options{}, benchSchema)
			err := s.Update(b.Context(), func(c ctx, x tx) error {
				k := int64(0)
				for b.Loop() {
					if k++; !kept {
						s.ForgetStatements()
					}
					if _, err := x.Exec(c, insertMsg, k, "stream", "key", int64(7), data, x.Now()); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
