package sqlstore

import (
	"context"
	"database/sql"

	"github.com/akashi-id/akashi/internal/clock"
)

// AssertLite lets tests show a connection that is not durable to the check of Open.
func AssertLite(ctx context.Context, c *sql.Conn) error { return assertLite(ctx, c, true) }

// AtLeast is the comparison of versions.
func AtLeast(version string, want ...int) bool { return atLeast(version, want...) }

// LoseConnection closes the writing connection behind the store's back.
func (s *Store) LoseConnection() { s.lite.writer.conn.c.Close() }

// Queued is the number of callers that wait to write.
func (s *Store) Queued() int {
	s.lite.writer.mu.Lock()
	defer s.lite.writer.mu.Unlock()
	return len(s.lite.writer.queue)
}

// SetSQLiteChunk changes the limit of a multi-row INSERT, for BenchmarkChunk.
func SetSQLiteChunk(n int) (old int) { old, sqliteParameters = sqliteParameters, n; return old }

// ForgetStatements drops the statements that are compiled on the writing connection.
func (s *Store) ForgetStatements() { s.lite.writer.conn.forget() }

// Alone tells whether a transaction on PostgreSQL has this process to itself.
func (s *Store) Alone() bool {
	if s.turns.TryRLock() {
		s.turns.RUnlock()
		return false
	}
	return true
}

// LogPages is the length of the log at which a commit copies it.
const LogPages = logPages

// Copied rings when the log was copied beside the commits.
func (s *Store) Copied() *clock.Bell { return &s.lite.copier.copied }

// Log tells how many pages the log of the writing connection has, and how many of them were copied.
func (s *Store) Log(ctx context.Context) (length, copied int, err error) {
	err = s.lite.writer.alone(ctx, s.lite.closed, func() error {
		length, copied, err = checkpoint(ctx, s.lite.writer.conn, "NOOP")
		return err
	})
	return length, copied, err
}

// What makes the writer's cache large, and small again.
const (
	SmallCache, LargeCache = smallCache, largeCache
	MuchAtOnce, LittleLong = muchAtOnce, littleLong
)

// WriterCache is how many KiB of pages the writing connection keeps.
func (s *Store) WriterCache(ctx context.Context) (kibibytes int, err error) {
	err = s.lite.writer.alone(ctx, s.lite.closed, func() error {
		return s.lite.writer.conn.c.QueryRowContext(ctx, "PRAGMA cache_size").Scan(&kibibytes)
	})
	return -kibibytes, err // SQLite counts pages upwards, and KiB downwards
}
